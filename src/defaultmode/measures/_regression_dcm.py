"""Regression dynamic causal modelling: directed connections of all regions at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array

# Priors as in the authors' toolbox TAPAS, tapas_rdcm_get_prior
SELF_MEAN_HZ = -0.5  # prior mean of a self-connection; that of all others is 0
SELF_PRECISION = 8.0  # × number of regions: prior precision of a self-connection, s²
OTHER_PRECISION = 1 / 8  # × number of regions: of a connection between two regions, s²
SHAPE, RATE = 2.0, 1.0  # of the gamma prior of the noise precision
# Data points that a pair of frames counts as for the noise precision. As in the authors' toolbox
# TAPAS (tapas_rdcm_ridge) at rest, where r_dt of tapas_rdcm_estimate is 16 and divides twice. With
# 1, as the equations of Frässle 2017 read, 100 regions are fitted too closely: see
# test_runs_of_a_person_agree_by_the_weight_of_the_toolbox, and what of a wiring is found again.
PAIR_WEIGHT = 1 / 16**2
SETTLED = 1e-10  # largest relative change of a noise precision in the last step
MOST_ROUNDS = 100
SLOWEST = 0.95  # ratio of successive steps: one is followed by at most 19 more of its length


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """What the data and the priors say of the connections.

    mean : (n, n) posterior means, 1/s, a row receives from its columns
    noise_precision : (n,) of the rate of change of each region, (s / signal unit)²
    """

    mean: Array
    noise_precision: Array


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """Rates of change regressed on activity, in the principal axes (modes) of the activity.

    n_points : data points that the pairs of successive frames count as
    power : (n,) sum of squares of each mode
    axes : (modes, n) what a region has of each mode; covariation : (modes, n) of each mode with the
        rate of each region; rate_power : (n,) sum of squares of each rate
    """

    n_points: float
    power: Array
    axes: Array
    covariation: Array
    rate_power: Array


def regression_dcm(
    signal: Array,
    tr_s: float,
    usable: NDArray[np.bool_] | None = None,
    *,
    pair_weight: float = PAIR_WEIGHT,
) -> Posterior:
    """Effective connectivity of resting-state signals (n_time, n), tr_s seconds apart.

    dx/dt = A x + noise, with A from a variational Bayesian regression of each region's rate of
    change on the activity of all (Frässle 2017; without driving inputs: Frässle 2021).
    The published design holds Fourier coefficients and, as their derivative, (exp(iωTR) − 1) / TR
    times them; by Parseval that is the regression of forward differences on activity with the run
    closed to a ring. Here it is done over time: the pair that closes the ring is left out, and so
    is every pair with a frame that is not usable. As a fixed haemodynamic response is applied to
    both sides, it cancels. Signals are taken less their mean over the usable frames, unscaled.
    For the noise precision each pair counts as `pair_weight` data points: 1/256 as in the authors'
    toolbox, which leaves the prior more weight than the equations of Frässle 2017 with 1.

    All regions share one eigendecomposition: their posterior precisions differ by the own
    self-connection only, which is a change of rank one (Sherman–Morrison). Raises E301 for fewer
    than two pairs of usable frames and E306 where the iteration does not settle.
    """
    regression = _regression(signal, tr_s, usable, pair_weight)
    precision = np.full(len(regression.power), SHAPE / RATE)
    for _ in range(MOST_ROUNDS):
        once, _mean = _round(precision, regression)
        twice, mean = _round(once, regression)
        if np.abs(np.log(twice / once)).max() < SETTLED:
            return Posterior((regression.axes.T @ mean).T, twice)
        precision = _ahead(precision, once, twice)
    msg = f"Regression DCM of {len(precision)} regions does not settle in {MOST_ROUNDS} rounds."
    raise DefaultModeError("E306", msg)


def _regression(
    signal: Array, tr_s: float, usable: NDArray[np.bool_] | None, pair_weight: float
) -> Regression:
    known = np.ones(len(signal), dtype=bool) if usable is None else usable
    pairs = known[:-1] & known[1:]
    if pairs.sum() < 2:
        raise DefaultModeError("E301", f"{pairs.sum()} pairs of successive frames are usable.")
    activity = (signal - signal[known].mean(axis=0))[:-1][pairs]
    rate = np.diff(signal, axis=0)[pairs] / tr_s
    power, vectors = np.linalg.eigh(activity.T @ activity)
    return Regression(
        n_points=pair_weight * float(pairs.sum()),
        power=np.maximum(power, 0.0),
        axes=vectors.T,
        covariation=(activity @ vectors).T @ rate,
        rate_power=(rate**2).sum(axis=0),
    )


def _round(precision: Array, regression: Regression) -> tuple[Array, Array]:
    """Noise precisions (n,) of the next round, and the means (modes, n) under those of this."""
    power, axes, n = regression.power[:, None], regression.axes, len(precision)
    own, other = SELF_PRECISION * n, OTHER_PRECISION * n
    variance = 1 / (precision * power + other)  # as if the self-connection were like the others
    towards = variance * axes
    gain = (own - other) / (1 + (own - other) * (axes * towards).sum(axis=0))
    mean = variance * (precision * regression.covariation + own * SELF_MEAN_HZ * axes)
    mean -= towards * (gain * (axes * mean).sum(axis=0))
    explained = ((2 * regression.covariation - power * mean) * mean).sum(axis=0)
    uncertain = (power * variance).sum(axis=0) - gain * (power * towards**2).sum(axis=0)
    error = regression.rate_power - explained + uncertain
    return (SHAPE + regression.n_points / 2) / (RATE + error / 2), mean


def _ahead(start: Array, once: Array, twice: Array) -> Array:
    """Where the rounds are heading, were their steps to shrink as the last two did (Aitken)."""
    first, second = np.log(once / start), np.log(twice / once)
    shrink = np.divide(second, first, out=np.zeros_like(first), where=first != 0)
    shrink = np.clip(shrink, 0.0, SLOWEST)
    return np.asarray(twice * np.exp(second * shrink / (1 - shrink)))
