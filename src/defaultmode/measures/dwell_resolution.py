"""How long visits last by the spectrum of a recording alone."""

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Recording
from defaultmode.measures._dominance import dominance, role_weights
from defaultmode.measures._regions import carrying
from defaultmode.measures._registry import SHAPE_ONLY, measure


@measure(unit="s", cites=("Rice1945", "Kedem1986"), unchanged_by=SHAPE_ONLY, role="quality")
def dwell_resolution_s(recording: Recording) -> float:
    """Mean time between zero crossings that the spectrum alone makes.

    s; of zD − zP, the default mode less the task-positive networks. Gaussian noise dwells so
    long on either side, and a dwell of two states as short as that cannot be told from it. Rice's
    formula for a signal of spectrum S, ½ √(∫ S df / ∫ f² S df) (Rice 1945), in its form for sampled
    signals, π TR / arccos ρ, with ρ the correlation of successive frames (Kedem 1986): the same
    where the repetition time is short, 8.2 s for a flat band of 0.01–0.1 Hz. It takes steps between
    usable frames only: a spectrum across gaps holds fast power that is not in the signal. E306
    where no two successive frames are usable.
    """
    whole = recording.signal[:, carrying(recording)]
    found = np.full(recording.n_time, np.nan)
    found[recording.usable] = dominance(whole, recording, role_weights(recording))
    steps = np.stack([found[:-1], found[1:]])[:, recording.usable[:-1] & recording.usable[1:]]
    power = (steps**2).sum()
    if not power:
        raise DefaultModeError("E306", "No two successive frames are usable.")
    rho = 1 - ((steps[1] - steps[0]) ** 2).sum() / power
    return float(np.pi * recording.tr_s / np.arccos(max(rho, -1.0)))  # −1 but for rounding
