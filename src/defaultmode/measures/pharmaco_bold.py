"""How the level of the BOLD signal follows the concentration of a drug within a run."""

import numpy as np
from scipy.fft import irfft, rfft

from defaultmode.core.recording import Array, Recording
from defaultmode.core.reference import Reference
from defaultmode.core.tested import Tested
from defaultmode.measures._exposure_model import exposure_fit
from defaultmode.measures._regions import regions, spread
from defaultmode.measures._registry import measure
from defaultmode.measures._task_model import without

CITES = ("DeSimoni2013",)
PREMISES = ("concentration known", "percent scale", "slow changes kept")
NULL = "drift as much as the signal does, at times of their own"


@measure(
    unit="%",
    cites=(*CITES, "Prichard1994"),
    unchanged_by=("offset", "region order"),
    premises=("stream", *PREMISES),
)
def pharmaco_bold_default_mode(recording: Recording, reference: Reference) -> Tested:
    """Change of the level of default-mode regions at the peak of a drug's concentration.

    Percent signal change, mean over regions: the coefficient of the concentration in plasma over
    its peak, beside a straight line and the confounds (pharmacological MRI). Scanner drift,
    breathing, blood pressure and motion follow an infusion too: it is held against copies of the
    signal with random phases, which drift as much, and means little without a placebo run.
    """
    fit = exposure_fit(recording)
    ours = np.isin(fit.columns, regions(recording, "default"))
    level = fit.signal[:, ours].mean(axis=1)
    copies = without(_drifting(level, recording, reference), fit.basis)
    # what the straight line took off the copies as well, or they would drift less than the signal
    copies *= np.linalg.norm(level) / np.linalg.norm(copies, axis=0)
    return Tested(float(fit.change(level[:, None])[0]), fit.change(copies), NULL)


@measure(
    unit="%",
    cites=CITES,
    unchanged_by=("offset", "region order"),
    premises=PREMISES,
    kind="regions",
)
def pharmaco_bold_by_region(recording: Recording) -> Array:
    """Change of the level of each region at the peak of a drug's concentration.

    Percent signal change, (n_regions,), NaN where a region has no signal; the model of
    `pharmaco_bold_default_mode`.
    """
    fit = exposure_fit(recording)
    return spread(recording, fit.columns, fit.change(fit.signal))


def _drifting(level: Array, recording: Recording, reference: Reference) -> Array:
    """Copies of a course (n_usable,) with phases of their own, (n_usable, n_surrogates).

    The course and its mirror image are turned together: without a step from its end to its
    beginning the spectrum is that of the drift alone.
    """
    spectrum = rfft(np.concatenate([level, level[::-1]]))
    rng = reference.stream(recording, "pharmaco-BOLD")
    turn = np.exp(2j * np.pi * rng.random((len(spectrum), reference.surrogates)))
    turn[[0, -1]] = 1.0  # the mean, and the Nyquist frequency, which has no phase of its own
    whole = irfft(spectrum[:, None] * turn, n=2 * len(level), axis=0)
    return np.asarray(whole[: len(level)])
