"""How two networks take turns: the switch model through time, and what is counted of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.models import find_model
from defaultmode.simulation.switch_kernel import advance, packed

Array = NDArray[np.float64]
Timeline = Callable[[float], Brain]

NETWORKS = ("default", "task-positive")
REST_DRIVE = ((0.33,), (0.30,))  # a little more into the default network; our own, unverified
MARGIN = 0.1  # a network leads once it is this much above the other, until the other is
STEP_MS = 5.0
SAMPLE_STEPS = 10
DRAWN_SAMPLES = 200  # noise is drawn for so many samples at once; it is the same for any number


@dataclass(frozen=True, slots=True)
class Switching:
    """How one person's networks take turns.

    fraction_default : share of the time that the default network leads
    dwell_default_s, dwell_task_positive_s : time that a network leads, per time it loses the lead
    switches_per_min : changes of lead
    """

    fraction_default: float
    dwell_default_s: float | Missing
    dwell_task_positive_s: float | Missing
    switches_per_min: float


def switch_brain(**changed: ArrayLike) -> Brain:
    """The switch model of a healthy person at rest, with some parameters set otherwise.

    changed : parameter → a number, (2, 1) for default and task-positive, or (2, n_people)
    Raises E506 for a parameter that the model lacks.
    """
    values = {p.name: np.array([p.value]) for p in find_model("switch").parameters}
    values["drive"] = np.array(REST_DRIVE)
    rivalry = np.array([[0.0, 1.0], [1.0, 0.0]])
    return Brain("switch", NETWORKS, values, {"rivalry": rivalry}).changed(**changed)


def alternate(
    brain: Brain | Timeline, seeds: Sequence[int], *, duration_s: float, settle_s: float = 40.0
) -> Array:
    """Activity of both networks every 50 ms, (n_samples, 2, n_people), by Euler–Maruyama.

    brain : of one person or of as many as there are seeds; or a function of the time in seconds
        since the recording began, below 0 while it settles, asked every 50 ms
    Steps of 5 ms, which 100 ms time constants allow, make it several times faster than the engine.
    One stream of noise per seed: a person is the same in any company.
    """
    timeline = brain if callable(brain) else lambda _: brain
    n_settle, n_kept = (round(1000 * t / (STEP_MS * SAMPLE_STEPS)) for t in (settle_s, duration_s))
    now = timeline(-settle_s)
    start = np.zeros((4, 2, len(seeds))) + find_model("switch").start(now)
    state = np.ascontiguousarray(np.moveaxis(start, 2, 0))
    parameters = packed(now, len(seeds))
    activity = np.empty((n_settle + n_kept, 2, len(seeds)))
    streams = [np.random.default_rng(seed) for seed in seeds]
    for sample in range(n_settle + n_kept):
        if sample % DRAWN_SAMPLES == 0:
            drawn = [r.standard_normal((DRAWN_SAMPLES, SAMPLE_STEPS, 3)) for r in streams]
            noise = np.stack(drawn, axis=1)
        asked = timeline((sample - n_settle) * SAMPLE_STEPS * STEP_MS / 1000.0)
        if asked is not now:
            now, parameters = asked, packed(asked, len(seeds))
        advance(state, noise[sample % DRAWN_SAMPLES], parameters, STEP_MS)
        activity[sample] = state[:, 2].T
    return activity[n_settle:]


def leads(activity: Array, *, margin: float = MARGIN) -> NDArray[np.bool_]:
    """Whether the default network leads, (n_samples,), from one person's activity (n_samples, 2).

    The lead changes only when the other network is above by the margin; before the first time
    that one is, whichever is above leads. Raises E506 for another shape.
    """
    if activity.ndim != 2 or activity.shape[1] != 2 or not len(activity):
        msg = f"activity has shape {activity.shape}; expected (n_samples, 2), default first."
        raise DefaultModeError("E506", msg)
    ahead = activity[:, 0] - activity[:, 1]
    clear = np.flatnonzero(np.abs(ahead) > margin)
    latest = np.searchsorted(clear, np.arange(len(ahead)), side="right") - 1
    known = latest >= 0
    leading = np.full(len(ahead), ahead[0] > 0)
    leading[known] = ahead[clear[latest[known]]] > 0
    return leading


def switching(activity: Array, step_s: float, *, margin: float = MARGIN) -> Switching:
    """Turns of one person's networks, from (n_samples, 2) at `step_s`; dwell Missing if never left.

    Dwell is time in the lead divided by losses of the lead, which the ends of a recording do not
    shorten.
    """
    leading = leads(activity, margin=margin)
    lost_by_default = int((leading[:-1] & ~leading[1:]).sum())
    lost_by_task = int((~leading[:-1] & leading[1:]).sum())
    n_default, n_samples = int(leading.sum()), len(leading)
    return Switching(
        fraction_default=n_default / n_samples,
        dwell_default_s=_dwell_s(n_default * step_s, lost_by_default),
        dwell_task_positive_s=_dwell_s((n_samples - n_default) * step_s, lost_by_task),
        switches_per_min=60.0 * (lost_by_default + lost_by_task) / (n_samples * step_s),
    )


def task_blocks(rest: Brain, task: Brain, *, rest_s: float, task_s: float) -> Timeline:
    """Rest and task in turn, rest first, as a function of time in seconds."""

    def now(time_s: float) -> Brain:
        return task if time_s >= 0 and time_s % (rest_s + task_s) >= rest_s else rest

    return now


def disengagement_s(
    activity: Array, step_s: float, cues_s: Sequence[float], *, longest_s: float
) -> float | Missing:
    """Median time from a task cue until the default network has lost the lead.

    activity : (n_samples, 2, n_people); only cues at which the default network leads count
    cues_s : when the task begins; `longest_s` : how long it lasts
    Missing where it never leads at a cue, or keeps the lead to the end in half of the cases.
    """
    within = round(longest_s / step_s)
    times: list[float] = []
    for person in range(activity.shape[2]):
        leading = leads(activity[..., person])
        for start in (round(cue / step_s) for cue in cues_s):
            following = leading[start : start + within]
            if len(following) and following[0]:
                lost = np.flatnonzero(~following)
                times.append(float(lost[0]) * step_s if len(lost) else np.inf)
    if not times:
        return Missing("the default network leads at no cue")
    median = float(np.median(times))
    if not np.isfinite(median):
        return Missing(f"it keeps the lead beyond {longest_s:g} s at half of the cues or more")
    return median


def task_suppression(rest: Array, task: Array) -> float:
    """Share of its mean resting activity that the default network loses in a task.

    rest, task : activity of one person or more, (n_samples, 2) or (n_samples, 2, n_people)
    """
    return float(1.0 - task[:, 0].mean() / rest[:, 0].mean())


def _dwell_s(led_s: float, times_lost: int) -> float | Missing:
    if not times_lost:
        return Missing("the lead was never lost")
    return led_s / times_lost
