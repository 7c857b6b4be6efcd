"""What every model of a region offers: its parameters, its drift, and what is seen of it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from defaultmode.simulation.brain import Brain

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One named number of a model: its default, unit, what it is and where it comes from."""

    name: str
    value: float
    unit: str
    sentence: str
    source: str
    verified: bool = True


class Model(Protocol):
    """The drift of one region; the loop, the noise and the connections belong to the engines.

    States have shape (n_states, n_regions, n_people); inputs hold one row per route of the brain,
    (n_regions, n_people) each: the sum over the route's columns of what they send.
    """

    name: str
    sentence: str
    cites: tuple[str, ...]
    states: tuple[str, ...]
    routes: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    time_unit_ms: float

    def start(self, brain: Brain) -> Array:
        """State at which a run begins, (n_states, n_regions, n_people)."""
        ...

    def sent(self, state: Array) -> Array:
        """What a region sends along its connections, (n_regions, n_people)."""
        ...

    def drift(self, state: Array, inputs: dict[str, Array], brain: Brain) -> Array:
        """Change of the state per millisecond, (n_states, n_regions, n_people)."""
        ...

    def noise(self, brain: Brain) -> Array:
        """Private noise per square root of a millisecond, (n_states, n_regions, n_people)."""
        ...

    def shared_noise(self, brain: Brain) -> Array:
        """Weight of the one stream all regions share, (n_states, n_regions, n_people)."""
        ...

    def bounded(self, state: Array) -> Array:
        """The state held inside its limits after a step."""
        ...

    def drive(self, state: Array, inputs: dict[str, Array], brain: Brain) -> Array:
        """What the blood-flow response follows, (n_regions, n_people)."""
        ...
