"""What holds for every correlation structure, whatever the brain."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from defaultmode.core.missing import Missing
from defaultmode.measures import connectivity, find
from toy_recordings import atlas_of, recording_of, signal_of

ATLAS = atlas_of()
NETWORKS = len({*ATLAS.networks} - {"unassigned"})
ROUNDING = 1e-9


@st.composite
def recordings(draw):
    """Recording with a random positive-definite covariance of any strength of coupling."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    factors = draw(st.integers(1, len(ATLAS)))
    own = draw(st.floats(0.01, 10.0))
    loadings = rng.standard_normal((len(ATLAS), factors))
    covariance = loadings @ loadings.T + own * np.eye(len(ATLAS))
    return recording_of(signal_of(covariance, n_time=60, seed=int(rng.integers(2**31))), ATLAS)


def bounded(name, recording, low, high):
    value = find(name)(recording)
    if not isinstance(value, Missing):
        assert low - ROUNDING <= value <= high + ROUNDING


@settings(max_examples=40, deadline=None)
@given(recordings())
def test_indices_stay_within_their_bounds(recording):
    bounded("participation_default_mode", recording, 0.0, 1 - 1 / NETWORKS)
    bounded("boundary_silhouette", recording, -1.0, 1.0)
    bounded("modularity", recording, -0.5, 1.0)
    bounded("segregation_default_mode", recording, -np.inf, 1.0)
    bounded("default_mode_membership", recording, 0.0, 1.0)
    bounded("global_signal_fraction", recording, 0.0, 1.0)
    bounded("falff_default_mode", recording, 0.0, 1.0)


@settings(max_examples=40, deadline=None)
@given(recordings())
def test_means_lie_between_the_extremes_of_what_they_average(recording):
    z = connectivity(recording).z
    pairs = z[np.triu_indices_from(z, k=1)]
    for name in (
        "within_default_mode",
        "default_mode_task_positive",
        "global_brain_connectivity",
        "global_brain_connectivity_default_mode",
    ):
        bounded(name, recording, pairs.min(), pairs.max())
    assert find("global_brain_connectivity")(recording) == pytest.approx(pairs.mean(), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(recordings())
def test_connectivity_is_symmetric_and_positive_semidefinite(recording):
    r = connectivity(recording).r
    np.testing.assert_array_equal(r, r.T)
    np.testing.assert_array_equal(np.diag(r), 1.0)
    assert np.linalg.eigvalsh(r).min() > -ROUNDING


@settings(max_examples=40, deadline=None)
@given(recordings(), st.permutations(range(len(ATLAS))))
def test_names_not_places_decide(recording, order):
    moved = recording_of(recording.signal[:, order], ATLAS.take(order))
    for name in (
        "boundary_silhouette",
        "participation_default_mode",
        "modularity",
        "segregation_default_mode_signed",
    ):
        here, there = find(name)(recording), find(name)(moved)
        if isinstance(here, Missing):
            assert isinstance(there, Missing)
        else:
            assert there == pytest.approx(here, rel=1e-7, abs=ROUNDING)


@settings(max_examples=40, deadline=None)
@given(recordings(), st.floats(0.05, 20.0))
def test_amplitudes_grow_with_the_signal(recording, gain):
    louder = recording_of(gain * recording.signal, ATLAS)
    for name, power in (
        ("alff_default_mode", 1),
        ("global_signal_amplitude", 1),
        ("global_signal_variance", 2),
    ):
        assert find(name)(louder) == pytest.approx(gain**power * find(name)(recording), rel=1e-9)
