"""The Hopf model: every region an oscillator near the edge of oscillating by itself."""

import numpy as np
from numpy.typing import NDArray

from defaultmode.simulation.brain import Brain
from defaultmode.simulation.models._model import Parameter, Slopes

Array = NDArray[np.float64]

DECO = "Deco 2017, doi 10.1038/s41598-017-03073-5, eqs. 3 and 4"
X, Y = 0, 1
MS_PER_S = 1000.0


class Hopf:
    """Stuart–Landau oscillators coupled by their differences (Deco 2017, eqs. 3 and 4).

    dx/dt = (a − x² − y²) x − ω y + G Σ_j C_ij (x_j − x_i) + β η
    dy/dt = (a − x² − y²) y + ω x + G Σ_j C_ij (y_j − y_i) + β η'
    with t in seconds and ω = 2π f. Below a = 0 noise rings, above it a region oscillates. x itself
    is compared with the BOLD signal: there is no blood flow in between.
    """

    name = "hopf"
    sentence = "Stuart–Landau oscillators near the Hopf bifurcation; x is the BOLD signal itself."
    cites = ("Deco2017",)
    states = ("x", "y")
    routes = ("long_range",)
    drives_blood_flow = False
    parameters = (
        Parameter("bifurcation", -0.02, "1/s", "distance a from the bifurcation", DECO, False),
        Parameter("frequency_hz", 0.05, "Hz", "frequency f, of a band 0.04–0.07 Hz", DECO, False),
        Parameter("coupling", 0.5, "1/s", "strength G of the coupling", "our own", False),
        Parameter("noise", 0.02, "s^-1/2", "private noise β on x and y", DECO, False),
        Parameter("shared_noise", 0.0, "s^-1/2", "noise on x that regions share", "our own", False),
    )

    def start(self, brain: Brain) -> Array:
        """Both states at .1, inside the unit circle."""
        return np.full((2, brain.n_regions, brain.n_people), 0.1)

    def sent(self, state: Array) -> Array:
        """Both x and y travel, (2, n_regions, n_people)."""
        return state

    def drift(self, state: Array, inputs: dict[str, Array], brain: Brain) -> Array:
        """Change per millisecond of x and y (Deco 2017, eqs. 3 and 4)."""
        x, y = state
        omega = 2.0 * np.pi * brain.value("frequency_hz")
        within = brain.value("bifurcation") - x**2 - y**2
        arriving = inputs["long_range"] - _strength(brain) * state
        turning = np.stack([within * x - omega * y, within * y + omega * x])
        return np.asarray((turning + brain.value("coupling") * arriving) / MS_PER_S)

    def noise(self, brain: Brain) -> Array:
        """β on x and on y."""
        own = brain.full("noise") / np.sqrt(MS_PER_S)
        return np.stack([own, own])

    def shared_noise(self, brain: Brain) -> Array:
        """On x only."""
        common = brain.full("shared_noise") / np.sqrt(MS_PER_S)
        return np.stack([common, np.zeros_like(common)])

    def bounded(self, state: Array) -> Array:
        """Neither state has limits of its own."""
        return state

    def drive(self, state: Array, inputs: dict[str, Array], brain: Brain) -> Array:  # noqa: ARG002
        """What is seen is x."""
        return np.asarray(state[X])

    def slopes(self, state: Array, inputs: dict[str, Array], brain: Brain) -> Slopes:  # noqa: ARG002
        """Derivatives of the drift; x and y are sent, x is seen."""
        x, y = state
        omega = 2.0 * np.pi * brain.value("frequency_hz")
        lost = brain.value("coupling") * _strength(brain)
        within = brain.value("bifurcation") - x**2 - y**2 - lost
        local = np.zeros((2, *state.shape))
        local[X, X], local[X, Y] = within - 2.0 * x**2, -omega - 2.0 * x * y
        local[Y, X], local[Y, Y] = omega - 2.0 * x * y, within - 2.0 * y**2
        alike = np.zeros_like(local)
        alike[X, X] = alike[Y, Y] = 1.0
        arriving = brain.value("coupling") * alike / MS_PER_S
        seen = np.zeros_like(state)
        seen[X] = 1.0
        return Slopes(local / MS_PER_S, {"long_range": arriving}, sent=alike, drive=seen)


def _strength(brain: Brain) -> Array | float:
    """Σ_j C_ij, (n_regions, 1)."""
    route = brain.routes.get("long_range")
    return 0.0 if route is None else np.asarray(route.sum(axis=1, keepdims=True))


MODEL = Hopf()
