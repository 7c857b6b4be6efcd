"""Which of the two prevails, the default mode or the task-positive networks.

BOLD has no absolute zero: over a run at rest the mean of either network is 0 whatever the brain
does, so no level is given here that could be compared between runs, only what differs within one.
"""

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.core.reference import Reference
from defaultmode.core.tested import Tested
from defaultmode.measures._dominance import dominance, role_weights
from defaultmode.measures._registry import SHAPE_ONLY, measure
from defaultmode.measures._surrogates import against_surrogates

DELAY_S = 5.0  # from neural activity to the peak of its haemodynamic response (Glover 1999)
LEAST_BLOCK_S = 20.0  # our own: under two oscillations of 0.1 Hz there is no mean to speak of


@measure(
    unit="share",
    cites=("Hamilton2011", "Prichard1994"),
    unchanged_by=SHAPE_ONLY,
    premises=("stream",),
)
def default_dominance_asymmetry(recording: Recording, reference: Reference) -> Tested:
    """Share of the frames in which the default mode network exceeds task-positive ones, less ½.

    Share from −½ to ½, of the standardised mean signals (Hamilton 2011 counts such frames). Both
    have mean 0 over the run, so it is an asymmetry: above 0, the default mode network prevails for
    longer and less high than the task-positive networks do.
    """
    weights = role_weights(recording)

    def asymmetry(signal: Array) -> dict[str, float]:
        return {"asymmetry": float((dominance(signal, recording, weights) > 0).mean() - 0.5)}

    return against_surrogates(recording, reference, asymmetry)["asymmetry"]


@measure(
    unit="SD",
    cites=("Fransson2006", "Glover1999", "Prichard1994"),
    unchanged_by=("scale", "offset", "region order"),
    premises=("task known", "stream"),
)
def default_dominance_task(recording: Recording, reference: Reference) -> Tested:
    """How much more the default mode network exceeds task-positive ones at rest than in the task.

    Standard deviations: mean of zD − zP over the frames outside every event less that inside, both
    5 s later for the haemodynamic delay, within this run. E306 where either lasts less than 20 s.
    """
    busy, weights = _busy(recording), role_weights(recording)

    def contrast(signal: Array) -> dict[str, float]:
        found = dominance(signal, recording, weights)
        return {"contrast": float(found[~busy].mean() - found[busy].mean())}

    return against_surrogates(recording, reference, contrast)["contrast"]


def _busy(recording: Recording) -> NDArray[np.bool_]:
    """Which usable frames show an event, (n_usable,); raises E306."""
    time_s = np.flatnonzero(recording.usable) * recording.tr_s - DELAY_S
    busy = np.zeros(len(time_s), dtype=bool)
    for event in recording.events:
        busy |= (event.onset_s <= time_s) & (time_s < event.onset_s + event.duration_s)
    for name, frames in (("the task", busy), ("rest", ~busy)):
        lasted_s = frames.sum() * recording.tr_s
        if lasted_s < LEAST_BLOCK_S:
            msg = f"{lasted_s:.0f} s of {name} are usable; {LEAST_BLOCK_S:.0f} s are needed."
            raise DefaultModeError("E306", msg)
    return busy
