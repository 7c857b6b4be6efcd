"""The switch model: two networks that silence each other and tire."""

import numpy as np
from numpy.typing import NDArray

from defaultmode.simulation.brain import Brain
from defaultmode.simulation.models._model import Parameter, Slopes

Array = NDArray[np.float64]

OWN = "our own reduced model; chosen so that dwell times are a few seconds"
Z, COMMON, X, ADAPTATION = 0, 1, 2, 3


class Switch:
    """Two populations, default and task-positive, that inhibit each other and adapt.

    τ dx/dt = −x + F(w x − w_I x_other − a + I + z + c),  F(u) = 1 / (1 + exp(−(u − θ) / k))
    τ_a da/dt = −a + β x
    τ_n dz/dt = −z + σ √(2 τ_n) ξ, and c the same with σ_c and one ξ for both
    Hypothetical: no source measures these numbers. Blood flow follows x.
    """

    name = "switch"
    sentence = "Two networks that inhibit each other and adapt, so that they take turns."
    cites = ()
    states = ("z", "c", "x", "a")  # noise enters the first two
    routes = ("rivalry",)
    drives_blood_flow = True
    parameters = (
        Parameter("recurrent", 0.25, "1", "excitation w of a population by itself", OWN, False),
        Parameter("rivalry", 0.5, "1", "inhibition w_I by the other population", OWN, False),
        Parameter("adaptation", 0.25, "1", "adaptation β per unit of activity", OWN, False),
        Parameter("drive", 0.30, "1", "input I", OWN, False),
        Parameter("noise", 0.08, "1", "standard deviation σ of its own noise", OWN, False),
        Parameter("shared_noise", 0.03, "1", "standard deviation σ_c of shared noise", OWN, False),
        Parameter("threshold", 0.2, "1", "input θ that gives half of full activity", OWN, False),
        Parameter("softness", 0.1, "1", "width k of the response", OWN, False),
        Parameter("activity_ms", 100.0, "ms", "time constant τ of activity", OWN, False),
        Parameter("adaptation_ms", 5000.0, "ms", "time constant τ_a of adaptation", OWN, False),
        Parameter("noise_ms", 100.0, "ms", "time constant τ_n of both noises", OWN, False),
    )

    def start(self, brain: Brain) -> Array:
        """The first population active at .6, the others at .2, rested and without noise."""
        state = np.zeros((4, brain.n_regions, brain.n_people))
        state[X] = 0.2
        state[X, 0] = 0.6
        return state

    def sent(self, state: Array) -> Array:
        """What travels is x."""
        return np.asarray(state[X])

    def response(self, state: Array, inputs: dict[str, Array], brain: Brain) -> Array:
        """F of all that a population receives, 0 to 1, (n_regions, n_people)."""
        v = brain.value
        own = v("recurrent") * state[X] - state[ADAPTATION] + state[Z] + state[COMMON]
        received = own + v("drive") - v("rivalry") * inputs["rivalry"]
        return np.asarray(1.0 / (1.0 + np.exp((v("threshold") - received) / v("softness"))))

    def drift(self, state: Array, inputs: dict[str, Array], brain: Brain) -> Array:
        """Change per millisecond of every state."""
        v = brain.value
        moved = self.response(state, inputs, brain) - state[X]
        tired = v("adaptation") * state[X] - state[ADAPTATION]
        fading = -state[[Z, COMMON]] / v("noise_ms")
        return np.stack([*fading, moved / v("activity_ms"), tired / v("adaptation_ms")])

    def noise(self, brain: Brain) -> Array:
        """On z only."""
        private = brain.full("noise") * np.sqrt(2.0 / brain.full("noise_ms"))
        return np.stack([private, *np.zeros((3, *private.shape))])

    def shared_noise(self, brain: Brain) -> Array:
        """On c only, which is therefore the same in both populations."""
        common = brain.full("shared_noise") * np.sqrt(2.0 / brain.full("noise_ms"))
        nothing = np.zeros_like(common)
        return np.stack([nothing, common, nothing, nothing])

    def bounded(self, state: Array) -> Array:
        """Every state as it is: x stays between 0 and 1 by itself."""
        return state

    def drive(self, state: Array, inputs: dict[str, Array], brain: Brain) -> Array:  # noqa: ARG002
        """Blood flow follows x."""
        return np.asarray(state[X])

    def slopes(self, state: Array, inputs: dict[str, Array], brain: Brain) -> Slopes:
        """Derivatives of the drift; x is sent and seen."""
        v = brain.value
        response = self.response(state, inputs, brain)
        steep = response * (1.0 - response) / (v("softness") * v("activity_ms"))
        local = np.zeros((4, *state.shape))
        local[Z, Z] = local[COMMON, COMMON] = -1.0 / v("noise_ms")
        local[X, Z] = local[X, COMMON] = steep
        local[X, X] = v("recurrent") * steep - 1.0 / v("activity_ms")
        local[X, ADAPTATION] = -steep
        local[ADAPTATION, X] = v("adaptation") / v("adaptation_ms")
        local[ADAPTATION, ADAPTATION] = -1.0 / v("adaptation_ms")
        rivals, seen = np.zeros_like(state), np.zeros_like(state)
        rivals[X] = -v("rivalry") * steep
        seen[X] = 1.0
        return Slopes(local, {"rivalry": rivals[:, None]}, sent=seen[None], drive=seen)


MODEL = Switch()
