"""How the default mode and the task-positive networks take turns within one run.

BOLD has no absolute zero: over a run at rest the mean of either network is 0 whatever the brain
does, so no level is given here that could be compared between runs, only what differs within one.
"""

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording, TaskEvent
from defaultmode.core.reference import Reference
from defaultmode.core.tested import Tested
from defaultmode.measures._dominance import dominance, role_weights
from defaultmode.measures._registry import SHAPE_ONLY, measure
from defaultmode.measures._surrogates import against_surrogates
from defaultmode.measures._task_design import STICK_S, is_rest

DELAY_S = 5.0  # from neural activity to the peak of its haemodynamic response (Glover 1999)
LEAST_BLOCK_S = 20.0  # our own: under two oscillations of 0.1 Hz there is no mean to speak of
Frames = NDArray[np.bool_]


@measure(
    unit="share",
    cites=("Hamilton2011", "Prichard1994"),
    unchanged_by=SHAPE_ONLY,
    premises=("stream",),
)
def default_dominance_asymmetry(recording: Recording, reference: Reference) -> Tested:
    """How lopsided zD − zP, default mode less task-positive signal, is about its mean; no level.

    Share of the frames above the mean less ½, from −½ to ½ (Hamilton 2011 counts such frames). Both
    signals are standardised over the run, so their difference has mean 0 in every run: a symmetric
    fluctuation gives 0 whichever network is the stronger, and more than 0 says, as a negative
    skewness does, that rises of the default mode network are longer and lower than its falls.
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

    Standard deviations: mean of zD − zP over the frames of rest less that over those of the task,
    within this run, both 5 s later for the haemodynamic delay. Rest is that of the task model; an
    event without duration, which that model leaves out of its contrast, counts as a second of task
    here. E306 where either lasts less than 20 s.
    """
    busy, idle = _task_and_rest(recording)
    weights = role_weights(recording)

    def contrast(signal: Array) -> dict[str, float]:
        found = dominance(signal, recording, weights)
        return {"contrast": float(found[idle].mean() - found[busy].mean())}

    return against_surrogates(recording, reference, contrast)["contrast"]


def _task_and_rest(recording: Recording) -> tuple[Frames, Frames]:
    """Which usable frames show the task, and which show rest, both (n_usable,); raises E306.

    Rest is the trial types called so, else the time without a task; events without a type are left
    out: as in `task_design`. Frames that show an event without duration are no rest.
    """
    typed = [e for e in recording.events if e.trial_type]
    breaks = [e for e in typed if is_rest(e.trial_type)]
    busy = _shown(recording, [e for e in typed if not is_rest(e.trial_type)])
    idle = ~busy & _shown(recording, breaks) if breaks else ~busy
    for name, frames in (("the task", busy), ("rest", idle)):
        lasted_s = frames.sum() * recording.tr_s
        if lasted_s < LEAST_BLOCK_S:
            msg = f"{lasted_s:.0f} s of {name} are usable; {LEAST_BLOCK_S:.0f} s are needed."
            raise DefaultModeError("E306", msg)
    return busy, idle


def _shown(recording: Recording, events: list[TaskEvent]) -> Frames:
    """Which usable frames show one of the events, (n_usable,)."""
    time_s = np.flatnonzero(recording.usable) * recording.tr_s - DELAY_S
    shown = np.zeros(len(time_s), dtype=bool)
    for event in events:
        end_s = event.onset_s + (event.duration_s or STICK_S)
        shown |= (event.onset_s <= time_s) & (time_s < end_s)
    return shown
