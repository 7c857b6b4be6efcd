"""How a condition's level moves over days: plasticity and sessions lower it, and it relapses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.simulation.clock import MINUTES_PER_DAY
from defaultmode.simulation.constants import constants
from defaultmode.simulation.events import Learning

Array = NDArray[np.float64]
STEP_MIN = 15.0  # plasticity moves over hours; it is taken as constant for this long


@dataclass(frozen=True, slots=True)
class Lesson:
    """One session as far as it teaches: when, and how much."""

    begins_min: float
    ends_min: float
    learning: Learning


@dataclass(frozen=True, slots=True, eq=False)
class Recovery:
    """The level of a condition at some times, in between read off linearly.

    times_min : (n_times,); level, relapse_level : (n_times, n_people)
    """

    times_min: Array
    level: Array
    relapse_level: Array

    def at(self, times_min: ArrayLike) -> tuple[Array, Array]:
        """Level and relapse level, (n, n_people) each; outside, those of the first or last time."""
        wanted = np.asarray(times_min, dtype=np.float64).reshape(-1)
        after = np.clip(np.searchsorted(self.times_min, wanted), 1, len(self.times_min) - 1)
        width = self.times_min[after] - self.times_min[after - 1]
        share = np.clip((wanted - self.times_min[after - 1]) / width, 0.0, 1.0)[:, None]
        level, relapse = (
            rows[after - 1] * (1.0 - share) + rows[after] * share
            for rows in (self.level, self.relapse_level)
        )
        return level, relapse


def recover(
    start: Array,
    plasticity: Callable[[Array], Array],
    lessons: Sequence[Lesson],
    *,
    until_min: tuple[float, float],
    pace: ArrayLike = 1.0,
) -> Recovery:
    """The course of a condition's level between two times.

    start : (n_people,) level, and the level that it relapses to, at the first time
    plasticity : times (n,) in minutes → (n, n_people or 1), 1 is its peak after a standard dose
    until_min : first and last time, in minutes
    pace : (n_people,) factor on what plasticity and sessions do

    The equations of `recovery.toml`, solved exactly for a plasticity that is constant over steps of
    at most 15 minutes (its value in the middle of each).
    """
    edges = [t for lesson in lessons for t in (lesson.begins_min, lesson.ends_min)]
    times = _grid(until_min, edges)
    middles = (times[1:] + times[:-1]) / 2.0
    drive = np.broadcast_to(plasticity(middles), (len(middles), start.size)) * np.asarray(pace)
    taught = _learning_per_d(middles, drive, lessons, np.asarray(pace))
    level, relapse = [start], [start]
    for days, p, lesson in zip(np.diff(times) / MINUTES_PER_DAY, drive, taught, strict=True):
        x, s = _step(level[-1], relapse[-1], days, plasticity=p, learning=lesson)
        level.append(x)
        relapse.append(s)
    return Recovery(times, np.stack(level), np.stack(relapse))


def _grid(until_min: tuple[float, float], edges: Sequence[float]) -> Array:
    first, last = until_min
    last = max(last, first + STEP_MIN)
    inside = [t for t in edges if first < t < last]
    steps = np.arange(first, last, STEP_MIN)
    return np.unique(np.concatenate([steps, inside, [last]]))


def _learning_per_d(times: Array, drive: Array, lessons: Sequence[Lesson], pace: Array) -> Array:
    """ℓ at each time, (n_times, n_people): a session takes its share evenly over its duration."""
    rate = np.zeros_like(drive)
    for lesson in lessons:
        on = (times > lesson.begins_min) & (times < lesson.ends_min)
        days = (lesson.ends_min - lesson.begins_min) / MINUTES_PER_DAY
        learnt = lesson.learning.rate * (pace + lesson.learning.plasticity_gain * drive[on])
        rate[on] -= np.log1p(-np.minimum(learnt, _number("most_learnt"))) / days
    return rate


def _step(
    level: Array, relapse: Array, days: float, *, plasticity: Array, learning: Array
) -> tuple[Array, Array]:
    """Both levels after a step of constant plasticity and learning: the exact solution."""
    relapsing = 1.0 / _number("relapse_d")
    difference = _number("plasticity_rate_per_d") * plasticity + relapsing  # of the two decay rates
    learnt = np.exp(-learning * days)
    kept = np.exp(-(difference + learning) * days)
    return level * kept + relapse * relapsing * (learnt - kept) / difference, relapse * learnt


def _number(name: str) -> float:
    return constants("recovery")[name].value
