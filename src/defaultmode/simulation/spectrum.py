"""What the linear noise approximation says frequency by frequency, and seen through blood flow."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.simulation import hemodynamics as blood
from defaultmode.simulation.fixed_point import inputs_of, mixed_by_routes
from defaultmode.simulation.linear import Linear
from defaultmode.simulation.models import find_model

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

BAND_NODES = 12  # Gauss–Legendre; a test holds the band's covariance to 1e-6 of twice as many


def power_spectrum(linear: Linear, frequencies_hz: ArrayLike) -> Array:
    """Power of what blood flow follows, squared unit per Hz, (n_frequencies, n_regions).

    One-sided: its integral from 0 upwards is the variance.
    """
    crossed = cross_spectrum(linear, frequencies_hz)
    return np.asarray(np.einsum("fii->fi", crossed).real)


def mean_power_spectrum(linear: Linear, frequencies_hz: ArrayLike) -> Array:
    """Power of the mean over regions, squared unit per Hz, (n_frequencies,)."""
    return np.asarray(cross_spectrum(linear, frequencies_hz).mean(axis=(1, 2)).real)


def cross_spectrum(linear: Linear, frequencies_hz: ArrayLike) -> Complex:
    """One-sided cross-spectra, squared unit per Hz, (n_frequencies, n_regions, n_regions)."""
    per_ms = np.atleast_1d(np.asarray(frequencies_hz, np.float64)) / 1000.0
    both_signs_per_hz = 2.0 / 1000.0
    return np.stack([_crossed(linear, f) for f in per_ms]) * both_signs_per_hz


def band_covariance(
    linear: Linear, *, low_hz: float = 0.01, high_hz: float = 0.1, nodes: int = BAND_NODES
) -> Array:
    """Covariance of the BOLD signal between two frequencies, percent squared, (n_regions,) * 2.

    The cross-spectrum, seen through Balloon–Windkessel blood flow linear around its mean, summed
    over the band by Gauss–Legendre: what a long recording shows after an ideal band-pass. A model
    that does not drive blood flow is its own signal, in its own unit.
    """
    where, weights = np.polynomial.legendre.leggauss(nodes)
    half = (high_hz - low_hz) / 2.0
    frequencies = low_hz + half * (where + 1.0)
    crossed = cross_spectrum(linear, frequencies)
    response = _response(linear, frequencies)
    seen = response[:, :, None] * crossed * response[:, None, :].conj()
    return np.asarray(np.einsum("f,fij->ij", half * weights, seen.real))


def blood_flow_response(frequencies_hz: ArrayLike, mean_drive: ArrayLike) -> Complex:
    """Percent signal change per unit of drive, (n_frequencies, n_regions).

    Balloon–Windkessel (Friston 2003, eqs. 3 and 4, with the constants of `hemodynamics`), linear
    around the rest that the mean drive, (n_regions,), keeps.
    """
    p = 2j * np.pi * np.asarray(frequencies_hz, np.float64)[:, None]
    inflow = 1.0 + np.asarray(mean_drive, np.float64)[None, :] / blood.GAMMA_PER_S
    volume = inflow**blood.ALPHA
    kept = (1.0 - blood.RHO) ** (1.0 / inflow)
    extraction = (1.0 - kept) / blood.RHO
    deoxy = volume * extraction
    out_by_volume = inflow / (blood.ALPHA * volume)
    deoxy_in = extraction + kept * np.log(1.0 - blood.RHO) / (blood.RHO * inflow)
    deoxy_out = deoxy * (out_by_volume - inflow / volume) / volume
    to_inflow = 1.0 / (p**2 + blood.KAPPA_PER_S * p + blood.GAMMA_PER_S)
    to_volume = to_inflow / (blood.TAU_S * p + out_by_volume)
    to_deoxy = deoxy_in * to_inflow - deoxy_out * to_volume
    to_deoxy = to_deoxy / (blood.TAU_S * p + inflow / volume)
    by_volume = blood.K_2 * deoxy / volume**2 - blood.K_3
    by_deoxy = -blood.K_1 - blood.K_2 / volume
    return np.asarray(100.0 * blood.V_0 * (by_volume * to_volume + by_deoxy * to_deoxy))


def _response(linear: Linear, frequencies_hz: Array) -> Complex:
    model, brain = find_model(linear.brain.model), linear.brain
    if not model.drives_blood_flow:
        return np.ones((len(frequencies_hz), brain.n_regions), np.complex128)
    state = linear.point.state[..., None]
    mean_drive = model.drive(state, inputs_of(model, brain, state), brain)[:, 0]
    return blood_flow_response(frequencies_hz, mean_drive)


def _crossed(linear: Linear, frequency_per_ms: float) -> Complex:
    """Two-sided cross-spectrum at one frequency, (n_regions, n_regions), in unit² ms.

    Solved by way of what regions send: a region answers noise by itself, and through what others
    send, so that the unknowns are one per region and thing sent.
    """
    model, brain, slopes = find_model(linear.brain.model), linear.brain, linear.slopes
    local = np.moveaxis(slopes.local[..., 0], -1, 0)
    alone = np.linalg.inv(2j * np.pi * frequency_per_ms * np.eye(local.shape[1]) - local)
    sent = np.einsum("ksn,nst->ktn", slopes.sent[..., 0], alone)
    seen = np.einsum("sn,nst->tn", slopes.drive[..., 0], alone)
    heard = np.eye(sent.shape[0] * brain.n_regions) - mixed_by_routes(brain, slopes, sent)
    shown = mixed_by_routes(brain, slopes, seen[None])
    mixed = np.linalg.solve(heard.T, shown.T).T.reshape(brain.n_regions, *sent.shape[::2])
    private, shared = model.noise(brain)[..., 0], model.shared_noise(brain)[..., 0]
    crossed = np.zeros((brain.n_regions, brain.n_regions), np.complex128)
    together = np.zeros(brain.n_regions, np.complex128)
    for state in np.flatnonzero((private != 0).any(1) | (shared != 0).any(1)):
        transfer = np.einsum("ikj,kj->ij", mixed, sent[:, state]) + np.diag(seen[state])
        crossed += (transfer * private[state] ** 2) @ transfer.conj().T
        together += transfer @ shared[state]
    return np.asarray(crossed + np.outer(together, together.conj()))
