"""The reduced Wong–Wang mean field: an excitatory and an inhibitory pool per region."""

import numpy as np
from numpy.typing import NDArray

from defaultmode.simulation.brain import Brain
from defaultmode.simulation.models._model import Parameter, Slopes

Array = NDArray[np.float64]

DECO = "Deco 2014, doi 10.1523/JNEUROSCI.5068-13.2014, table 1"
OWN = "our own"
A_E, B_E, D_E = 310.0, 125.0, 0.16  # nC⁻¹, Hz, s: Deco 2014, eq. 7
A_I, B_I, D_I = 615.0, 177.0, 0.087  # nC⁻¹, Hz, s: Deco 2014, eq. 8
GAMMA_E = 0.641e-3  # per ms and Hz: Deco 2014, eq. 9, γ = 0.641/1000
GAMMA_I = 1e-3  # per ms and Hz: Deco 2014, eq. 10
TAU_I_MS = 10.0  # Deco 2014, τ_GABA
J_NMDA_NA = 0.15  # Deco 2014
I_0_NA = 0.382  # Deco 2014
W_E, W_I = 1.0, 0.7  # Deco 2014, eqs. 5 and 6
S_E, S_I, ADAPTATION = 0, 1, 2


def rate_of_drive(u: Array, curvature: float) -> Array:
    """Hz: u / (1 − exp(−d u)), with its limit 1/d at u = 0."""
    x = curvature * np.asarray(u, dtype=np.float64)
    near = np.abs(x) < 1e-6
    safe = np.where(near, 1.0, x)
    with np.errstate(over="ignore"):  # far below threshold the rate is 0, which the quotient gives
        ratio = np.where(near, 1.0 + x / 2.0, safe / -np.expm1(-safe))
    return np.asarray(ratio / curvature)


def rate_slope(u: Array, curvature: float) -> Array:
    """Derivative of `rate_of_drive` by u, with its limit 1/2 at u = 0."""
    x = curvature * np.asarray(u, dtype=np.float64)
    near = np.abs(x) < 1e-4
    safe = np.where(near, 1.0, x)
    e = np.exp(-np.abs(safe))
    positive = (1.0 - e - safe * e) / (1.0 - e) ** 2
    negative = e * (e - 1.0 - safe) / (1.0 - e) ** 2
    return np.asarray(np.where(near, 0.5 + x / 6.0, np.where(safe > 0, positive, negative)))


def rate_curve(u: Array, curvature: float) -> Array:
    """Second derivative of `rate_of_drive` by u, with its limit d/6 at u = 0."""
    x = np.abs(curvature * np.asarray(u, dtype=np.float64))
    near = x < 1e-2
    safe = np.where(near, 1.0, x)
    e = np.exp(-safe)
    curve = e * (safe - 2.0 + e * (safe + 2.0)) / (1.0 - e) ** 3
    return np.asarray(curvature * np.where(near, 1.0 / 6.0 - x**2 / 60.0, curve))


class MeanField:
    """Deco 2014's mean field, with feed-forward inhibition, drug sites, shared noise, adaptation.

    I_E = W_E I_0 + w J_N a_loc S_E + G J_N a_long Σ_j C_ij S_j − J S_I + I_ext − A
    I_I = W_I I_0 + J_N a_inh S_E − S_I + λ J_N a_inh Σ_j F_ij S_j
    r = φ(g (a I − b); d) for E, without g for I
    dS_E/dt = −S_E/τ_E + (1 − S_E) γ r_E + σ ξ + σ_s u η(t);  dS_I/dt = −S_I/τ_I + r_I + σ_I ξ'
    dA/dt = (−A + β S_E)/τ_A
    S_E is held in [0, 1] and S_I above 0. Blood flow follows S_E.
    """

    name = "mean_field"
    sentence = "Reduced Wong–Wang mean field with excitatory and inhibitory pools."
    cites = ("Deco2014",)
    states = ("S_E", "S_I", "A")
    routes = ("long_range", "feed_forward")
    drives_blood_flow = True
    parameters = (
        Parameter("local_excitation", 1.4, "1", "recurrent excitation w", DECO),
        Parameter("coupling", 1.0, "1", "strength G of long-range excitation", DECO),
        Parameter("feed_forward", 1.0, "1", "strength λ of feed-forward inhibition", OWN, False),
        Parameter("inhibition", 1.0, "nA", "local inhibition J on E", DECO),
        Parameter("nmda_local", 1.0, "1", "NMDA transmission from E to its own E", OWN, False),
        Parameter("nmda_long_range", 1.0, "1", "NMDA transmission from other regions", OWN, False),
        Parameter("nmda_on_inhibitory", 1.0, "1", "NMDA transmission onto I", OWN, False),
        Parameter("gain", 1.0, "1", "gain of E, on a I − b", "Deco 2018"),
        Parameter("current_na", 0.0, "nA", "current from outside, onto E", DECO),
        Parameter("glutamate_decay_ms", 100.0, "ms", "decay τ_E of S_E", DECO),
        Parameter("adaptation_na", 0.0, "nA", "adaptation β per unit of S_E", OWN, False),
        Parameter("adaptation_decay_ms", 5000.0, "ms", "decay τ_A of adaptation", OWN, False),
        Parameter("noise", 0.01, "ms^-1/2", "private noise σ on S_E", DECO),
        Parameter("noise_inhibitory", 0.01, "ms^-1/2", "private noise on S_I", DECO),
        Parameter("shared_noise", 0.0, "ms^-1/2", "noise σ_s that regions share", OWN, False),
        Parameter("shared_weight", 1.0, "1", "weight u of a region in it", OWN, False),
    )

    def start(self, brain: Brain) -> Array:
        """S_E and S_I at .001 (Deco 2014's own start); adaptation at its level for that S_E."""
        shape = (brain.n_regions, brain.n_people)
        low = np.full(shape, 0.001)
        return np.stack([low, low, brain.full("adaptation_na") * low])

    def sent(self, state: Array) -> Array:
        """S_E travels along the connections."""
        return np.asarray(state[S_E])

    def drives(self, state: Array, inputs: dict[str, Array], brain: Brain) -> tuple[Array, Array]:
        """Drives g (a I − b) of the excitatory and a I − b of the inhibitory pool, in Hz."""
        v = brain.value
        long_range = v("coupling") * v("nmda_long_range") * inputs["long_range"]
        local = v("local_excitation") * v("nmda_local") * state[S_E]
        current_e = W_E * I_0_NA + J_NMDA_NA * (local + long_range) - v("inhibition") * state[S_I]
        current_e = current_e + v("current_na") - state[ADAPTATION]
        onto_i = state[S_E] + v("feed_forward") * inputs["feed_forward"]
        current_i = W_I * I_0_NA + J_NMDA_NA * v("nmda_on_inhibitory") * onto_i - state[S_I]
        return v("gain") * (A_E * current_e - B_E), A_I * current_i - B_I

    def rates_hz(self, state: Array, inputs: dict[str, Array], brain: Brain) -> tuple[Array, Array]:
        """Firing rates of the excitatory and the inhibitory pool, (n_regions, n_people) each."""
        u_e, u_i = self.drives(state, inputs, brain)
        return rate_of_drive(u_e, D_E), rate_of_drive(u_i, D_I)

    def drift(self, state: Array, inputs: dict[str, Array], brain: Brain) -> Array:
        """Change per millisecond of S_E, S_I and adaptation (Deco 2014, eqs. 9 and 10)."""
        v = brain.value
        rate_e, rate_i = self.rates_hz(state, inputs, brain)
        e, i, a = state
        d_e = -e / v("glutamate_decay_ms") + (1.0 - e) * GAMMA_E * rate_e
        d_i = -i / TAU_I_MS + GAMMA_I * rate_i
        d_a = (v("adaptation_na") * e - a) / v("adaptation_decay_ms")
        return np.stack([d_e, d_i, d_a])

    def noise(self, brain: Brain) -> Array:
        """σ on S_E, its own on S_I, none on adaptation."""
        e, i = brain.full("noise"), brain.full("noise_inhibitory")
        return np.stack([e, i, np.zeros_like(e)])

    def shared_noise(self, brain: Brain) -> Array:
        """σ_s u on S_E only."""
        e = brain.full("shared_noise") * brain.full("shared_weight")
        return np.stack([e, np.zeros_like(e), np.zeros_like(e)])

    def bounded(self, state: Array) -> Array:
        """S_E in [0, 1], S_I not below 0."""
        return np.stack([np.clip(state[S_E], 0, 1), np.maximum(state[S_I], 0), state[ADAPTATION]])

    def drive(self, state: Array, inputs: dict[str, Array], brain: Brain) -> Array:  # noqa: ARG002
        """Blood flow follows S_E (Deco 2014; other packages let it follow the rate)."""
        return np.asarray(state[S_E])

    def slopes(self, state: Array, inputs: dict[str, Array], brain: Brain) -> Slopes:
        """Derivatives of the drift by every state and input; S_E is what is sent and seen."""
        v = brain.value
        u_e, u_i = self.drives(state, inputs, brain)
        per_na_e = (1.0 - state[S_E]) * GAMMA_E * rate_slope(u_e, D_E) * v("gain") * A_E
        per_na_i = GAMMA_I * rate_slope(u_i, D_I) * A_I
        onto_i = J_NMDA_NA * v("nmda_on_inhibitory") * per_na_i
        leak = 1.0 / v("glutamate_decay_ms") + GAMMA_E * rate_of_drive(u_e, D_E)
        local = np.zeros((3, *state.shape))
        local[S_E, S_E] = per_na_e * J_NMDA_NA * v("local_excitation") * v("nmda_local") - leak
        local[S_E, S_I] = -per_na_e * v("inhibition")
        local[S_E, ADAPTATION] = -per_na_e
        local[S_I, S_E] = onto_i
        local[S_I, S_I] = -1.0 / TAU_I_MS - per_na_i
        local[ADAPTATION, S_E] = v("adaptation_na") / v("adaptation_decay_ms")
        local[ADAPTATION, ADAPTATION] = -1.0 / v("adaptation_decay_ms")
        long_range, feed_forward, seen = (np.zeros_like(state) for _ in range(3))
        long_range[S_E] = per_na_e * J_NMDA_NA * v("coupling") * v("nmda_long_range")
        feed_forward[S_I] = onto_i * v("feed_forward")
        seen[S_E] = 1.0
        routes = {"long_range": long_range[:, None], "feed_forward": feed_forward[:, None]}
        return Slopes(local, routes, sent=seen[None], drive=seen)


MODEL = MeanField()
