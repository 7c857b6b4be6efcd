"""What is kept of a run, and how often: what the engine and its two integrators agree on."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from defaultmode.simulation.brain import Brain

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """The steps of a run, all of which fit into whole milliseconds.

    dt_ms : step of the integration; `steps_per_ms` of them make a millisecond
    coupling_steps : regions read one another's state every so many steps
    tr_ms : one BOLD volume every so many milliseconds
    activity_ms : one sample of mean excitation every so many milliseconds, 0 for none
    """

    dt_ms: float
    coupling_steps: int
    tr_ms: int
    activity_ms: int = 0

    @property
    def steps_per_ms(self) -> int:
        """Integration steps in a millisecond."""
        return round(1.0 / self.dt_ms)

    def volumes(self, start_ms: int, n_ms: int) -> int:
        """How many volumes end within these milliseconds of the recording."""
        return (start_ms + n_ms) // self.tr_ms - start_ms // self.tr_ms

    def samples(self, start_ms: int, n_ms: int) -> int:
        """How many samples of activity end within these milliseconds of the recording."""
        every = self.activity_ms
        return (start_ms + n_ms) // every - start_ms // every if every else 0


@dataclass(frozen=True, slots=True)
class Window:
    """What a stretch of a run left behind.

    bold : (n_volumes, n_regions, n_people), percent signal change
    activity : (n_samples, n_regions, n_people), mean of what drives blood flow
    rate_hz : mean rate of the excitatory pool, (n_regions, n_people); no rows without rates
    excitation : mean of what drives blood flow (S_E), (n_regions, n_people)
    """

    bold: Array
    activity: Array
    rate_hz: Array
    excitation: Array


class Run(Protocol):
    """A batch of brains on its way through time; the state stays inside between calls."""

    def advance(self, brain: Brain, n_ms: int, *, start_ms: int | None) -> Window:
        """Goes on for `n_ms`; `start_ms` since the recording began, None while settling."""
        ...
