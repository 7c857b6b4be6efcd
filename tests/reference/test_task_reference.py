"""The task model beside nilearn's own fit of the same design."""

import numpy as np
import pandas as pd
from nilearn.glm.contrasts import compute_contrast
from nilearn.glm.first_level import make_first_level_design_matrix, run_glm

from defaultmode.core.recording import TaskEvent
from defaultmode.measures._task_model import task_fit
from toy_recordings import atlas_of, recording_of

N_TIME, TR_S = 180, 1.5
ROWS = [(t + 0.37, 12.5, "faces" if i % 2 else "houses") for i, t in enumerate(range(8, 250, 31))]


def test_coefficients_and_standard_errors_are_those_of_nilearn():
    """Ordinary least squares with the same drifts; both differ in the order of sums alone."""
    rng = np.random.default_rng(4)
    atlas = atlas_of()
    signal = rng.standard_normal((N_TIME, len(atlas))).cumsum(axis=0)
    frames_s = np.arange(N_TIME) * TR_S
    events = pd.DataFrame(ROWS, columns=["onset", "duration", "trial_type"])
    matrix = make_first_level_design_matrix(
        frames_s, events, hrf_model="spm", drift_model="polynomial", drift_order=3
    )
    labels, results = run_glm(signal, matrix.to_numpy(), noise_model="ols")
    seconds = events.groupby("trial_type")["duration"].sum()
    weights = seconds / seconds.sum()
    contrast = np.array([weights.get(column, 0.0) for column in matrix.columns])
    theirs = compute_contrast(labels, results, contrast, stat_type="t")

    drifts = matrix[[c for c in matrix.columns if c not in weights]].to_numpy()
    recording = recording_of(
        signal, atlas, tr_s=TR_S, removed=drifts, events=tuple(TaskEvent(*row) for row in ROWS)
    )
    ours = task_fit(recording)
    np.testing.assert_allclose(
        ours.activation, np.ravel(theirs.effect_size()), rtol=1e-9, atol=1e-10
    )
    errors = [ours.error(np.array([i])) for i in ours.columns]
    np.testing.assert_allclose(errors, np.sqrt(np.ravel(theirs.effect_variance())), rtol=1e-9)
