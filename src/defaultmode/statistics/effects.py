"""Standardised effects with exact intervals and tests, on plain arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Counts = NDArray[np.intp]
Texts = NDArray[np.object_]
CONFIDENCE = 0.95
SMALLEST_N = 3  # participants in each group, or pairs
SMALLEST_N_CORRELATION = 4  # Fisher's standard error is 1 / sqrt(n − 3)
_ROUNDING = 1e-12  # spread below this share of the values is arithmetic, not variation
_LARGEST_T = 1000.0  # beyond it scipy's inverse loses more than the limit it replaces


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """One effect for each of k outcomes; every array has shape (k,).

    n, n_reference : participants behind the effect
    mean, mean_reference, difference : in the outcome's unit; NaN for correlations
    value, ci_low, ci_high : the standardised effect and its 95 % interval, NaN where there is none
    p : two-sided
    reason : why there is no value; empty where there is one
    """

    n: Counts
    n_reference: Counts
    mean: Array
    mean_reference: Array
    difference: Array
    value: Array
    ci_low: Array
    ci_high: Array
    p: Array
    reason: Texts


@dataclass(frozen=True, slots=True, eq=False)
class _Moments:
    n: Counts
    mean: Array
    deviation: Array
    largest: Array


def small_sample_correction(df: ArrayLike) -> Array:
    """J(df) = Γ(df/2) / (√(df/2) Γ((df−1)/2)), which makes Cohen's d unbiased.

    df : degrees of freedom of the standard deviation, any shape, above 1. Hedges (1981), eq. 6e.
    """
    from scipy.special import poch

    half = np.asarray(df, dtype=np.float64) / 2
    return np.asarray(poch(half - 0.5, 0.5) / np.sqrt(half), dtype=np.float64)


def noncentrality_interval(
    t: ArrayLike, df: ArrayLike, *, confidence: float = CONFIDENCE
) -> tuple[Array, Array]:
    """Both limits of the noncentrality that makes an observed t the edge of its distribution.

    t, df : same shape or broadcastable. Steiger & Fouladi (1997); exact under normality, and
    good to 1e-5 of the limit as computed.
    """
    from scipy.special import gammaincinv, nctdtrinc

    observed, freedom = np.broadcast_arrays(np.asarray(t, np.float64), np.asarray(df, np.float64))
    size, tail = np.abs(observed), (1 - confidence) / 2
    # Mirrored onto t ≥ 0, so that swapping the groups flips the interval to the last bit.
    limits = []
    for quantile in (tail, 1 - tail):
        near = nctdtrinc(freedom, 1 - quantile, np.minimum(size, _LARGEST_T))
        # Far out only the chi variable in the denominator of t still varies.
        far = size * np.sqrt(2 * gammaincinv(freedom / 2, quantile) / freedom)
        limits.append(np.where(size > _LARGEST_T, far, near))
    low, high = limits
    negative = observed < 0
    return np.where(negative, -high, low), np.where(negative, -low, high)


def hedges_g(values: ArrayLike, reference: ArrayLike) -> Effects:
    """Difference of two independent groups in pooled standard deviations, unbiased.

    values : (n,) or (n, k), one row per participant of the group, NaN where missing
    reference : (m,) or (m, k), the same outcomes in the reference group
    The interval is that of the population effect δ from the noncentral t; p is Welch's, which
    does not need equal variances. Hedges (1981); Steiger & Fouladi (1997); Welch (1947).
    """
    from scipy.stats import ttest_ind_from_stats

    a, b = _moments(_columns(values)), _moments(_columns(reference))
    freedom = np.maximum(a.n + b.n - 2, 1)
    squares = (a.n - 1) * a.deviation**2 + (b.n - 1) * b.deviation**2
    pooled = np.sqrt(squares / freedom)
    few = np.minimum(a.n, b.n) < SMALLEST_N
    flat = ~few & (pooled <= _ROUNDING * np.maximum(a.largest, b.largest))
    reason = _reasons(
        few, [_few_in_groups(int(i), int(j)) for i, j in zip(a.n, b.n, strict=True)], flat,
        "the values do not vary within the groups",
    )  # fmt: skip
    ok = reason == ""
    difference = a.mean - b.mean
    unit = np.sqrt(1 / a.n[ok] + 1 / b.n[ok])
    d = difference[ok] / pooled[ok]
    low, high = noncentrality_interval(d / unit, freedom[ok])
    welch = ttest_ind_from_stats(
        a.mean[ok], a.deviation[ok], a.n[ok], b.mean[ok], b.deviation[ok], b.n[ok], equal_var=False
    )
    p = np.asarray(welch.pvalue, dtype=np.float64)
    found = (small_sample_correction(freedom[ok]) * d, low * unit, high * unit, p)
    return _effects((a.n, b.n), (a.mean, b.mean, difference), found, reason)


def d_z(values: ArrayLike, reference: ArrayLike) -> Effects:
    """Mean of the paired differences in their own standard deviations.

    values, reference : (n,) or (n, k), row i of both is participant i; incomplete pairs are left
    out of that outcome. The interval comes from the noncentral t, p from the paired t test; no
    small-sample correction. Lakens (2013), eq. 6; Cumming & Finch (2001).
    """
    from scipy.special import stdtr

    a, b = _complete(_columns(values), _columns(reference))
    first, second, change = _moments(a), _moments(b), _moments(a - b)
    few = change.n < SMALLEST_N
    scale = np.maximum(first.largest, second.largest)
    flat = ~few & (change.deviation <= _ROUNDING * scale)
    texts = [f"complete pairs: {n}; at least {SMALLEST_N} are needed" for n in change.n]
    reason = _reasons(few, texts, flat, "the differences do not vary between participants")
    ok = reason == ""
    root, freedom = np.sqrt(change.n[ok]), change.n[ok] - 1
    value = change.mean[ok] / change.deviation[ok]
    low, high = noncentrality_interval(value * root, freedom)
    p = 2 * stdtr(freedom, -np.abs(value * root))
    means = (first.mean, second.mean, change.mean)
    return _effects((change.n, change.n), means, (value, low / root, high / root, p), reason)


def d_av(values: ArrayLike, reference: ArrayLike) -> Array:
    """Mean of the paired differences in the average of the two standard deviations, shape (k,).

    values, reference : as for `d_z`. NaN under three pairs or without variation in both.
    Lakens (2013), eq. 10.
    """
    a, b = _complete(_columns(values), _columns(reference))
    first, second = _moments(a), _moments(b)
    average = (first.deviation + second.deviation) / 2
    scale = np.maximum(first.largest, second.largest)
    ok = (first.n >= SMALLEST_N) & (average > _ROUNDING * scale)
    return _spread(ok, (first.mean - second.mean)[ok] / average[ok])


def pearson_r(x: ArrayLike, y: ArrayLike) -> Effects:
    """Correlation over participants with Fisher's interval.

    x, y : (n,) or (n, k) each, row i of both is participant i; a single column of y goes with
    every column of x. The interval is tanh(atanh r ± 1.96/√(n−3)), p from t with n − 2 degrees of
    freedom. Fisher (1921).
    """
    from scipy.special import ndtri, stdtr

    a, b = _complete(_columns(x), _columns(y))
    first, second = _moments(a), _moments(b)
    few = first.n < SMALLEST_N_CORRELATION
    flat = (first.deviation <= _ROUNDING * first.largest) | (
        second.deviation <= _ROUNDING * second.largest
    )
    texts = [
        f"participants with both values: {n}; at least {SMALLEST_N_CORRELATION} are needed"
        for n in first.n
    ]
    reason = _reasons(few, texts, ~few & flat, "one of the two does not vary")
    ok = reason == ""
    n = first.n[ok]
    products = (a - first.mean)[:, ok] * (b - second.mean)[:, ok]
    sums = np.where(np.isfinite(products), products, 0.0).sum(axis=0)
    r = np.clip(sums / ((n - 1) * first.deviation[ok] * second.deviation[ok]), -1.0, 1.0)
    reach = ndtri((1 + CONFIDENCE) / 2) / np.sqrt(n - 3)
    with np.errstate(divide="ignore"):  # |r| = 1: the interval is that one point, and p is 0
        z, t = np.arctanh(r), r * np.sqrt((n - 2) / (1 - r**2))
    found = (r, np.tanh(z - reach), np.tanh(z + reach), 2 * stdtr(n - 2, -np.abs(t)))
    empty = np.full(len(first.n), np.nan)
    return _effects((first.n, first.n), (empty, empty, empty), found, reason)


def spearman_rho(x: ArrayLike, y: ArrayLike) -> Array:
    """Rank correlation over participants, shape (k,); x, y as for `pearson_r`. Spearman (1904)."""
    from scipy.stats import rankdata

    a, b = _complete(_columns(x), _columns(y))
    ranks = [rankdata(side, axis=0, nan_policy="omit") for side in (a, b)]
    return pearson_r(*ranks).value


def false_discovery(p: ArrayLike) -> Array:
    """Benjamini–Hochberg adjusted p values, shape of `p`; NaN stays NaN and is not counted.

    Benjamini & Hochberg (1995).
    """
    from scipy.stats import false_discovery_control

    raw = np.asarray(p, dtype=np.float64)
    adjusted, known = np.full(raw.shape, np.nan), np.isfinite(raw)
    if known.any():
        adjusted[known] = false_discovery_control(raw[known], method="bh")
    return adjusted


def _columns(values: ArrayLike) -> Array:
    array = np.asarray(values, dtype=np.float64)
    return array[:, None] if array.ndim == 1 else array


def _complete(a: Array, b: Array) -> tuple[Array, Array]:
    a, b = np.broadcast_arrays(a, b)
    both = np.isfinite(a) & np.isfinite(b)
    return np.where(both, a, np.nan), np.where(both, b, np.nan)


def _moments(values: Array) -> _Moments:
    known = np.isfinite(values)
    n = known.sum(axis=0)
    filled = np.where(known, values, 0.0)
    mean = np.where(n > 0, filled.sum(axis=0) / np.maximum(n, 1), np.nan)
    centred = np.where(known, values - np.where(n > 0, mean, 0.0), 0.0)
    deviation = np.sqrt((centred**2).sum(axis=0) / np.maximum(n - 1, 1))
    return _Moments(n, mean, deviation, np.abs(filled).max(axis=0, initial=0.0))


def _few_in_groups(n: int, n_reference: int) -> str:
    need = f"at least {SMALLEST_N} are needed in each"
    return f"participants in the two groups: {n} and {n_reference}; {need}"


def _reasons(
    few: NDArray[np.bool_], texts: list[str], flat: NDArray[np.bool_], constant: str
) -> Texts:
    reason = np.full(few.shape, "", dtype=object)
    reason[few] = np.array(texts, dtype=object)[few]
    reason[flat] = constant
    return reason


def _effects(
    n: tuple[Counts, Counts],
    means: tuple[Array, Array, Array],
    found: tuple[Array, Array, Array, Array],
    reason: Texts,
) -> Effects:
    value, low, high, p = (_spread(reason == "", column) for column in found)
    return Effects(*n, *means, value, low, high, p, reason)


def _spread(ok: NDArray[np.bool_], values: Array) -> Array:
    column = np.full(ok.shape, np.nan)
    column[ok] = values
    return column
