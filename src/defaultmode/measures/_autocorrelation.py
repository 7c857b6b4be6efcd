"""Autocorrelations, with censored frames left out rather than filled in, and how wide they are."""

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array

LEAST_PAIRS = 50  # our choice: of frames, for the correlation at a lag
HALF = 0.5
Indices = NDArray[np.intp]


def _lagged_products(signal: Array) -> Array:
    """Sum over time of a signal (n_time, k) times itself at each later lag, (n_time, k)."""
    n_time = len(signal)
    length = next_fast_len(2 * n_time, real=True)
    power = np.abs(rfft(signal, n=length, axis=0)) ** 2
    return np.asarray(irfft(power, n=length, axis=0)[:n_time])


def autocorrelation(signal: Array, usable: NDArray[np.bool_]) -> Array:
    """Autocorrelation over the pairs of frames of which both are usable, (n_lags, k), 1 at lag 0.

    signal : (n_time, k), of mean zero over the usable frames, 0 in the others. Lags end before the
    first that has under 50 such pairs, and at half the run. Raises E301 where not even neighbouring
    frames have so many.
    """
    pairs = np.rint(_lagged_products(usable.astype(np.float64)[:, None]))
    enough = pairs[: len(usable) // 2, 0] >= LEAST_PAIRS
    n_lags = len(enough) if enough.all() else int(np.argmin(enough))
    if n_lags < 2:
        msg = f"Fewer than {LEAST_PAIRS} pairs of neighbouring frames are usable."
        raise DefaultModeError("E301", msg)
    covariance = _lagged_products(signal)[:n_lags] / pairs[:n_lags]
    return np.asarray(covariance / covariance[0])


def first_below(acf: Array, level: float) -> Indices:
    """First lag at which an autocorrelation (n_lags, k) is at or under a level, (k,).

    Raises E301 where a region does not come down to it.
    """
    below = acf <= level
    if not below.any(axis=0).all():
        longest = len(acf) - 1
        msg = f"The autocorrelation of a region stays above {level} over all {longest} lags."
        raise DefaultModeError("E301", msg)
    return np.asarray(np.argmax(below, axis=0))


def area(acf: Array) -> Array:
    """Sum of an autocorrelation (n_lags, k) before its first zero, lag 0 counted half, (k,).

    In repetition times: the area by the trapezoidal rule, which depends on their length the least.
    """
    before = np.arange(len(acf))[:, None] < first_below(acf, 0.0)
    return np.asarray((acf * before).sum(axis=0) - 0.5)


def half_width(acf: Array) -> Array:
    """Lag at which an autocorrelation (n_lags, k) is 0.5, between lags along a line, (k,)."""
    after = first_below(acf, HALF)
    columns = np.arange(acf.shape[1])
    high, low = acf[after - 1, columns], acf[after, columns]
    return np.asarray(after - 1 + (high - HALF) / (high - low))


def decay(acf: Array) -> float:
    """Time constant of the exponential through an autocorrelation (n_lags,) before its first zero.

    In repetition times. The logarithm of lags 1 and up is fitted by a line, each lag weighted by
    its correlation, so that it is about the least-squares fit of the exponential itself; lag 0 is
    left out, as it alone holds the noise of the scanner (Murray 2014). Raises E306 where there are
    under three such lags, or no decay.
    """
    lags = np.arange(1, first_below(acf[:, None], 0.0)[0])
    if len(lags) < 3:
        msg = f"The autocorrelation is above 0 at {len(lags)} lags; an exponential needs three."
        raise DefaultModeError("E306", msg)
    slope, _ = np.polyfit(lags, np.log(acf[lags]), 1, w=acf[lags])
    if slope >= 0:
        raise DefaultModeError("E306", "The autocorrelation does not decay before its first zero.")
    return float(-1 / slope)
