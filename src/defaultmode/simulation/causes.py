"""What acts on a brain: effects placed on its regions, with a level that moves in time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.simulation.clock import MINUTES_PER_DAY
from defaultmode.simulation.effects import Effect, region_weights
from defaultmode.simulation.events import Lasting
from defaultmode.simulation.spans import Span

Array = NDArray[np.float64]
Course = Callable[[Array], Array]


@dataclass(frozen=True, slots=True, eq=False)
class Cause:
    """A condition, drug or event at work.

    effects : each with its region weights (n_regions,)
    level : minutes (n_times,) → what the effects are multiplied with, (n_times, n_people)
    in_steps : it is on or off, so that its level must not be read off between times
    """

    name: str
    effects: tuple[tuple[Effect, Array], ...]
    level: Course
    in_steps: bool = False


def placed(
    effects: Sequence[Effect], atlas: Atlas, maps: Mapping[str, ArrayLike]
) -> tuple[tuple[Effect, Array], ...]:
    """Effects with their region weights; raises E506 and E513."""
    return tuple((effect, region_weights(effect, atlas, maps)) for effect in effects)


def during(spans: Sequence[Span], n_people: int) -> Course:
    """Level 1 from the beginning of each span to just before its end, 0 otherwise."""

    def level(times_min: Array) -> Array:
        on = np.zeros(len(times_min))
        for span in spans:
            on[(times_min >= span.begins_min) & (times_min < span.ends_min)] = 1.0
        return np.repeat(on[:, None], n_people, axis=1)

    return level


def afterwards(spans: Sequence[Span], lasting: Lasting, n_people: int) -> Course:
    """A level that each span raises at its end by a share of what is left to 1, and that decays."""
    ordered = sorted(spans, key=lambda span: span.ends_min)

    def level(times_min: Array) -> Array:
        now, then = np.zeros(len(times_min)), np.full(len(times_min), -np.inf)
        for span in ordered:
            after = times_min >= span.ends_min
            left = now[after] * _decay(span.ends_min - then[after], lasting.decay_d)
            now[after] = left + lasting.per_session * (1.0 - left)
            then[after] = span.ends_min
        faded = now * _decay(times_min - then, lasting.decay_d)
        return np.repeat(faded[:, None], n_people, axis=1)

    return level


def _decay(since_min: Array, decay_d: float) -> Array:
    return np.asarray(np.exp(-since_min / (decay_d * MINUTES_PER_DAY)))
