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


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """How a model answers small changes around one state, every region by itself.

    local : change per millisecond of the first state by the second of the same region,
        (n_states, n_states, n_regions, n_people)
    inputs : route → change per millisecond of each state by each kind of thing that arrives,
        (n_states, n_sent, n_regions, n_people)
    sent : each kind of thing sent by each state, (n_sent, n_states, n_regions, n_people)
    drive : what blood flow follows by each state, (n_states, n_regions, n_people)
    """

    local: Array
    inputs: dict[str, Array]
    sent: Array
    drive: Array


class Model(Protocol):
    """The drift of one region; the loop, the noise and the connections belong to the engines.

    States have shape (n_states, n_regions, n_people); inputs hold, for every route of the model,
    the sum over the route's columns of what they send, in the shape of `sent`; 0 where a brain
    lacks the route.
    """

    name: str
    sentence: str
    cites: tuple[str, ...]
    states: tuple[str, ...]
    routes: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    drives_blood_flow: bool  # False where the state itself is compared with the BOLD signal

    def start(self, brain: Brain) -> Array:
        """State at which a run begins, (n_states, n_regions, n_people)."""
        ...

    def sent(self, state: Array) -> Array:
        """What a region sends along its connections.

        (n_regions, n_people), or (n_sent, n_regions, n_people) where it sends several things.
        """
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

    def slopes(self, state: Array, inputs: dict[str, Array], brain: Brain) -> Slopes:
        """Derivatives of `drift`, `sent` and `drive`; the linear noise approximation needs them."""
        ...
