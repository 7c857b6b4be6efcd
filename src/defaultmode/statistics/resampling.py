"""Bootstrapped regressions, all draws at once from sums of products of people."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from defaultmode.statistics.effects import CONFIDENCE

Array = NDArray[np.float64]
DRAWS = 5000
_BLOCK = 4_000_000  # counts held at once, 32 MB
_SINGULAR = 1e-10  # smallest to largest eigenvalue of the products of scaled columns


def resampled_products(
    columns: Array, strata: NDArray[np.intp], *, draws: int, rng: np.random.Generator
) -> Array:
    """Sums of products of columns over people drawn with replacement, (draws, p, p).

    columns : (n, p), one row per person; strata : (n,), people are drawn within each of them
    """
    n, p = columns.shape
    products = (columns[:, :, None] * columns[:, None, :]).reshape(n, p * p)
    sums = [counts @ products for counts in resampled_counts(strata, draws=draws, rng=rng)]
    return np.concatenate(sums).reshape(draws, p, p)


def resampled_counts(
    strata: NDArray[np.intp], *, draws: int, rng: np.random.Generator
) -> Iterator[Array]:
    """How often each person is drawn, (some draws, n) at a time; strata as above."""
    n = len(strata)
    places = [np.flatnonzero(strata == s) for s in np.unique(strata)]
    step = max(1, _BLOCK // n)
    for start in range(0, draws, step):
        size = min(step, draws - start)
        counts = np.zeros((size, n))
        for place in places:
            m = len(place)
            drawn = rng.integers(m, size=(size, m)) + m * np.arange(size)[:, None]
            counts[:, place] = np.bincount(drawn.ravel(), minlength=size * m).reshape(size, m)
        yield counts


def slopes(products: Array, outcome: int, predictors: Sequence[int]) -> Array:
    """Least-squares coefficients of each draw, (draws, len(predictors)), NaN where singular.

    products : as `resampled_products` gives them; outcome, predictors : columns
    """
    left = products[:, predictors][:, :, predictors]
    right = products[:, predictors, outcome]
    eigenvalues = np.linalg.eigvalsh(left)
    ok = eigenvalues[:, 0] > _SINGULAR * eigenvalues[:, -1]
    found = np.full(right.shape, np.nan)
    found[ok] = np.linalg.solve(left[ok], right[ok][:, :, None])[:, :, 0]
    return found


def percentile_interval(draws: Array) -> tuple[float, float]:
    """Central 95 % of the draws that are numbers. Efron (1981)."""
    return _between(draws, (1 - CONFIDENCE) / 2)


def expanded_percentile_interval(draws: Array, n: int, df: int) -> tuple[float, float]:
    """Percentiles of resamples, widened as a small sample needs.

    n, df : people and residual degrees of freedom. Plain percentiles are too narrow by √(df/n) and
    lack the tails of t; those at Φ(±t·√(n/df)) are not. Hesterberg (2015).
    """
    from scipy.special import ndtr, stdtrit

    return _between(draws, float(ndtr(stdtrit(df, (1 - CONFIDENCE) / 2) * np.sqrt(n / df))))


def bias_corrected_interval(draws: Array, estimate: float) -> tuple[float, float]:
    """Percentiles moved by twice the draws' median bias.

    It is liberal for indirect effects in small samples. Efron (1981); Fritz, Taylor & MacKinnon
    (2012).
    """
    from scipy.special import ndtr, ndtri

    known = draws[np.isfinite(draws)]
    below = np.clip((known < estimate).mean(), 1 / (len(known) + 1), 1 - 1 / (len(known) + 1))
    reach = ndtri((1 + CONFIDENCE) / 2)
    low, high = np.quantile(known, ndtr(2 * ndtri(below) + np.array([-reach, reach])))
    return float(low), float(high)


def bootstrap_p(draws: Array) -> float:
    """Two-sided p of zero by the share of draws on its smaller side, never 0."""
    known = draws[np.isfinite(draws)]
    side = min((known <= 0).sum(), (known >= 0).sum())
    return float(min(1.0, 2 * (side + 1) / (len(known) + 1)))


def _between(draws: Array, tail: float) -> tuple[float, float]:
    low, high = np.nanquantile(draws, [tail, 1 - tail])
    return float(low), float(high)
