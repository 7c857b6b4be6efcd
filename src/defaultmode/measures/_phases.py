"""The instantaneous phase of every region, and the pattern that leads it in every frame."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.measures._regions import LEAST_FRAMES

# The transform takes the run for a circle, and the jump where its ends meet spoils the phases near
# them. Cut from longer series of a flat 0.01–0.1 Hz spectrum, phases were wrong by 0.6 rad in the
# first frame, 0.13 rad after 6 s, 0.1 rad after 10 s and 0.07 rad after 20 s, on average.
EDGE_S = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Phases:
    """Cosine and sine of the phases, both (n_time, k): what is needed of an angle, without it."""

    cosine: Array
    sine: Array


def phases_of(signal: Array) -> Phases:
    """Phase of the analytic signal of each column (Hilbert transform), of a signal (n_time, k)."""
    level = signal - signal.mean(axis=0)
    level /= np.abs(level).max(axis=0)  # so that no unit overflows or underflows when squared
    quadrature = irfft(-1j * rfft(level, axis=0), n=len(level), axis=0)
    per_amplitude = 1 / np.sqrt(level**2 + quadrature**2)
    return Phases(level * per_amplitude, quadrature * per_amplitude)


def settled(recording: Recording) -> NDArray[np.bool_]:
    """Usable frames whose phases the ends of the run do not spoil, shape (n_time,).

    10 s are left out at either end. Raises E301 when fewer than four frames are left.
    """
    edge = int(np.ceil(EDGE_S / recording.tr_s))
    found = recording.usable.copy()
    found[:edge] = found[max(edge, recording.n_time - edge) :] = False
    if found.sum() < LEAST_FRAMES:
        msg = (
            f"{found.sum()} usable frames lie {EDGE_S:.0f} s or more from both ends of the run; at "
            f"least {LEAST_FRAMES} are needed."
        )
        raise DefaultModeError("E301", msg)
    return found


def synchrony(phases: Phases) -> Array:
    """Kuramoto order parameter R = |mean of exp(iθ) over regions| from 0 to 1, shape (n_time,)."""
    return np.asarray(np.hypot(phases.cosine.mean(axis=1), phases.sine.mean(axis=1)))


def leading_eigenvectors(phase: Array) -> tuple[Array, Array]:
    """Leading eigenvector and eigenvalue of the phase coherence of every frame.

    phase : (n_time, k) in rad → unit vectors (n_time, k) and eigenvalues (n_time,) of the matrices
    cos(θi − θj) of Cabral 2017, which are never formed: see `leading_patterns`.
    """
    return leading_patterns(Phases(np.cos(phase), np.sin(phase)))


def leading_patterns(phases: Phases) -> tuple[Array, Array]:
    """Leading eigenvectors (n_time, k) and eigenvalues (n_time,) of cos(θi − θj), in closed form.

    The matrix is c cᵀ + s sᵀ, of rank two. With φ half the angle of Σ exp(2iθ), the vectors
    cos(θ − φ) and sin(θ − φ) are orthogonal and so its eigenvectors; the first leads, with
    eigenvalue (k + |Σ exp(2iθ)|) / 2, which is its squared norm too. Of v and −v the one with fewer
    positive entries is returned (Cabral 2017), and at a tie the one whose sum is not positive.
    """
    c, s = phases.cosine, phases.sine
    k = c.shape[1]
    real = 2 * np.einsum("ij,ij->i", c, c) - k
    imaginary = 2 * np.einsum("ij,ij->i", c, s)
    phi = np.arctan2(imaginary, real) / 2
    values = (k + np.hypot(real, imaginary)) / 2
    root = np.sqrt(values)
    vectors = c * (np.cos(phi) / root)[:, None] + s * (np.sin(phi) / root)[:, None]
    excess = 2 * np.count_nonzero(vectors > 0, axis=1) - k
    vectors[(excess > 0) | ((excess == 0) & (vectors.sum(axis=1) > 0))] *= -1
    return vectors, values
