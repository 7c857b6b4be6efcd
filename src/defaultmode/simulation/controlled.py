"""The mean field under inhibition control, frequency by frequency, with its exact derivatives.

Control holds every region at one rate whatever its connections are, so that excitation keeps one
slope everywhere and only inhibition moves. Eliminating the inhibitory pool leaves one complex
matrix per frequency, and the derivative of anything computed from its cross-spectra by every
parameter costs about as much again as the cross-spectra (an adjoint).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from defaultmode.simulation.brain import Brain
from defaultmode.simulation.inhibition import balance, balanced_state, inhibition_at_rest
from defaultmode.simulation.models import mean_field as field

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]
MS_PER_S = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """What a fit may move, or the derivative of a number by each of them.

    net : (n, n) signed weights, a row receives: above 0 long-range excitation, below 0 feed-forward
        inhibition
    local_excitation, nmda_on_inhibitory, noise, shared : (n,); noise and shared (σ_s u) per √ms
    """

    net: Array
    local_excitation: Array
    nmda_on_inhibitory: Array
    noise: Array
    shared: Array


@dataclass(frozen=True, slots=True, eq=False)
class Control:
    """What inhibition control keeps fixed.

    s_e : S_E at the target rate; current_na : the current that gives that rate
    slope_e : change of dS_E/dt per nA, per ms; leak : of S_E without input, per ms
    noise_inhibitory : per √ms
    """

    s_e: float
    current_na: float
    slope_e: float
    leak: float
    noise_inhibitory: float


@dataclass(frozen=True, slots=True, eq=False)
class Inhibition:
    """The inhibitory pools at rest, (n,) each.

    s_i : S_I; j : inhibition in nA; gain : change of dS_I/dt per unit of S_I's input, per ms
    decay : of a disturbance of S_I, per ms; by_current : change of (s_i, gain) per nA
    """

    s_i: Array
    j: Array
    gain: Array
    decay: Array
    by_current: tuple[Array, Array]


@dataclass(frozen=True, slots=True, eq=False)
class Spectra:
    """Cross-spectra of S_E and what they were computed from.

    crossed : (n_frequencies, n, n) two-sided, in ms; frequencies_hz : (n_frequencies,)
    """

    parameters: Parameters
    control: Control
    inhibition: Inhibition
    frequencies_hz: Array
    inverse: Complex
    crossed: Complex


def control_at(rate_hz: float, *, noise_inhibitory: float) -> Control:
    """What holds wherever control keeps every region at `rate_hz` (> 0), at the usual constants."""
    parameters = {p.name: np.array([p.value]) for p in field.MODEL.parameters}
    alone = Brain("mean_field", ("one",), parameters, {})
    alone = balance(alone, rate_hz)
    state = balanced_state(alone, rate_hz)
    inputs = {route: np.zeros((1, 1)) for route in field.MODEL.routes}
    drive_e, _ = field.MODEL.drives(state, inputs, alone)
    slopes = field.MODEL.slopes(state, inputs, alone)
    slope_e = -float(slopes.local[field.S_E, field.ADAPTATION, 0, 0])
    own = slope_e * field.J_NMDA_NA * float(alone.value("local_excitation")[0, 0])
    return Control(
        s_e=float(state[field.S_E, 0, 0]),
        current_na=float((drive_e[0, 0] + field.B_E) / field.A_E),
        slope_e=slope_e,
        leak=own - float(slopes.local[field.S_E, field.S_E, 0, 0]),
        noise_inhibitory=noise_inhibitory,
    )


def cross_spectra(parameters: Parameters, control: Control, frequencies_hz: Array) -> Spectra:
    """Cross-spectra of S_E at some frequencies; raises nothing, not even for an unstable brain."""
    inhibition = _inhibition(parameters, control)
    s = _laplace(frequencies_hz)
    inverse = _inverse(_matrix(parameters, control, inhibition, s))
    private = parameters.noise**2 + _heard(control, inhibition, s)
    together = inverse @ parameters.shared
    crossed = (inverse * private[:, None, :]) @ inverse.conj().transpose(0, 2, 1)
    crossed += together[:, :, None] * together[:, None, :].conj()
    return Spectra(parameters, control, inhibition, frequencies_hz, inverse, crossed)


def derivatives(spectra: Spectra, by_crossed: Complex) -> Parameters:
    """Derivative of a number by every parameter.

    by_crossed : (n_frequencies, n, n) Hermitian Γ with d(number) = Σ_f Re tr(Γ_f dX_f)
    """
    weighed = by_crossed @ spectra.inverse
    by_matrix = -2.0 * (spectra.crossed @ weighed).transpose(0, 2, 1)
    by_noise = spectra.inverse.conj().transpose(0, 2, 1) @ weighed
    by_private = np.einsum("fii->fi", by_noise).real
    p = spectra.parameters
    through = _through(
        p,
        spectra.control,
        spectra.inhibition,
        _laplace(spectra.frequencies_hz),
        by_matrix,
        by_private,
    )
    noise = 2.0 * p.noise * by_private.sum(axis=0)
    shared = 2.0 * (by_noise @ p.shared).real.sum(axis=0)
    return replace(through, noise=noise, shared=shared)


def slowest(parameters: Parameters, control: Control) -> tuple[float, Parameters]:
    """Growth per second that no disturbance exceeds, and its derivative by every parameter.

    The inhibitory pools follow at once; the bound is the largest eigenvalue of the symmetric part,
    which no eigenvalue's real part exceeds and which is close where routes are symmetric. The exact
    growth of a brain is `fixed_point(...).growth_per_s`.
    """
    inhibition = _inhibition(parameters, control)
    still = np.zeros(1, np.complex128)
    matrix = _matrix(parameters, control, inhibition, still)[0].real
    values, vectors = eigh((matrix + matrix.T) / 2.0, subset_by_index=[0, 0])
    vector = vectors[:, :1]
    by_matrix = (-MS_PER_S * vector @ vector.T).astype(np.complex128)[None]
    by_private = np.zeros((1, len(matrix)))
    by = _through(parameters, control, inhibition, still, by_matrix, by_private)
    return -MS_PER_S * float(values[0]), by


def _through(
    p: Parameters, c: Control, inh: Inhibition, s: Complex, by_matrix: Complex, by_private: Array
) -> Parameters:
    """Derivatives through the matrix at frequencies `s`, and through the noise of S_I that E hears.

    by_matrix : d(number) = Σ Re(by_matrix_ij dM_ij); by_private : by the private noise's variance
    """
    forward = _forward(p)
    falls = s[:, None] + inh.decay
    loop = _loop(c, inh, s)
    by_loop = np.einsum("fij,ij->fi", by_matrix, forward)
    by_log_loop = (by_loop * loop).real.sum(axis=0)
    by_log_heard = by_private * _heard(c, inh, s)
    by_j = (by_log_loop + 2.0 * by_log_heard.sum(axis=0)) / inh.j
    by_decay = -(by_loop * loop / falls).real - 2.0 * by_log_heard * inh.decay / np.abs(falls) ** 2
    onto = field.J_NMDA_NA * p.nmda_on_inhibitory
    by_slope = by_log_loop / inh.gain * onto + by_decay.sum(axis=0)
    s_i_by_current, slope_by_current = inh.by_current
    by_current = by_slope * slope_by_current - by_j * inh.j / inh.s_i * s_i_by_current
    by_received = by_j * field.J_NMDA_NA * c.s_e / inh.s_i  # what E receives, J balances
    by_e = -c.slope_e * field.J_NMDA_NA * by_matrix.real.sum(axis=0) + by_received[:, None]
    by_f = np.einsum("fij,fi->ij", by_matrix, loop).real + (by_current * onto * c.s_e)[:, None]
    own = by_current * field.J_NMDA_NA * c.s_e * forward.sum(axis=1)
    return Parameters(
        net=np.where(p.net > 0, by_e, -by_f),
        local_excitation=np.diagonal(by_e).copy(),
        nmda_on_inhibitory=own + by_log_loop / p.nmda_on_inhibitory,
        noise=np.zeros_like(p.noise),
        shared=np.zeros_like(p.shared),
    )


def _inhibition(p: Parameters, c: Control) -> Inhibition:
    """Rest of the inhibitory pools, and the inhibition that control sets."""
    received = c.s_e * (1.0 + np.maximum(-p.net, 0.0).sum(axis=1))
    current = field.W_I * field.I_0_NA + field.J_NMDA_NA * p.nmda_on_inhibitory * received
    s_i = inhibition_at_rest(current)
    u = field.A_I * (current - s_i) - field.B_I
    slope = field.GAMMA_I * field.A_I * field.rate_slope(u, field.D_I)
    curve = field.GAMMA_I * field.A_I**2 * field.rate_curve(u, field.D_I)
    follows = field.TAU_I_MS * slope
    excitation = np.maximum(p.net, 0.0).sum(axis=1) + p.local_excitation
    without = field.W_E * field.I_0_NA + field.J_NMDA_NA * c.s_e * excitation
    return Inhibition(
        s_i=s_i,
        j=(without - c.current_na) / s_i,
        gain=field.J_NMDA_NA * p.nmda_on_inhibitory * slope,
        decay=1.0 / field.TAU_I_MS + slope,
        by_current=(follows / (1.0 + follows), curve / (1.0 + follows)),
    )


def _inverse(matrix: Complex) -> Complex:
    return np.asarray(np.linalg.inv(matrix), np.complex128)


def _matrix(p: Parameters, c: Control, inh: Inhibition, s: Complex) -> Complex:
    """M(s) with M S_E = noise: s − A_EE + A_EI (s − A_II)⁻¹ A_IE, (n_s, n, n)."""
    matrix = _loop(c, inh, s)[:, :, None] * _forward(p)
    matrix -= c.slope_e * field.J_NMDA_NA * np.maximum(p.net, 0.0)
    here = np.arange(len(p.noise))
    own = c.leak - c.slope_e * field.J_NMDA_NA * p.local_excitation
    matrix[:, here, here] += s[:, None] + own
    return matrix


def _forward(p: Parameters) -> Array:
    """What the inhibitory pools hear: their own region, and others by feed-forward inhibition."""
    return np.asarray(np.eye(len(p.noise)) + np.maximum(-p.net, 0.0))


def _loop(c: Control, inh: Inhibition, s: Complex) -> Complex:
    """How strongly S_E is inhibited by what its inhibitory pool hears, per ms, (n_s, n)."""
    return np.asarray(c.slope_e * inh.j * inh.gain / (s[:, None] + inh.decay))


def _heard(c: Control, inh: Inhibition, s: Complex) -> Array:
    """Variance per ms that the noise of S_I adds to S_E, (n_s, n)."""
    amplitude = c.slope_e * inh.j * c.noise_inhibitory
    return np.asarray((amplitude / np.abs(s[:, None] + inh.decay)) ** 2)


def _laplace(frequencies_hz: Array) -> Complex:
    return np.asarray(2j * np.pi * frequencies_hz / MS_PER_S)
