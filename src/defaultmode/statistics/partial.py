"""Correlations beyond covariates, within doses and within persons."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.result import Estimate
from defaultmode.statistics.effects import CONFIDENCE, SMALLEST_N_CORRELATION
from defaultmode.statistics.regression import (
    Array,
    as_columns,
    complete_rows,
    require_independent,
    require_people,
    residuals,
)


def partial_correlation(
    y: ArrayLike, x: ArrayLike, covariates: ArrayLike | None = None
) -> Estimate:
    """Correlation of what the covariates leave of both.

    y, x : (n,); covariates : (n, q) without the constant; rows that lack a value are left out. The
    interval is tanh(atanh r ± 1.96/√(n − q − 3)), p from t with n − q − 2 degrees of freedom.
    Raises E437 where something does not vary, E439 below q + 4 people. Fisher (1924).
    """
    y, x, others = _given(y, x, covariates)
    left_y, left_x = _left(y, others, "the outcome"), _left(x, others, "the partner")
    return _correlation("partial r", _cosine(left_y, left_x), len(y) - others.shape[1] - 2, len(y))


def semi_partial_correlation(
    y: ArrayLike, x: ArrayLike, covariates: ArrayLike | None = None
) -> Estimate:
    """Correlation of y as it is with what the covariates leave of x.

    y, x, covariates and errors as for `partial_correlation`. Its square is the share of the
    variance of y that x adds to the covariates. p is that of the partial correlation, which tests
    the same hypothesis exactly; the interval is Fisher's with n − q − 3, an approximation.
    Cohen, Cohen, West & Aiken (2003), §3.3.
    """
    y, x, others = _given(y, x, covariates)
    left_y, left_x = _left(y, others, "the outcome"), _left(x, others, "the partner")
    r = _cosine(y - y.mean(), left_x)
    return _correlation(
        "semi-partial r", r, len(y) - others.shape[1] - 2, len(y), tested=_cosine(left_y, left_x)
    )


def within_dose_correlation(
    y: ArrayLike, x: ArrayLike, dose: ArrayLike, covariates: ArrayLike | None = None
) -> Estimate:
    """Correlation among people who were given the same dose.

    dose : (n,), the level or arm of each person as a number; one indicator for each dose but one
    stands beside the covariates, so that what the dose does to both is no part of it. Others and
    errors as for `partial_correlation`.
    """
    values = np.asarray(y, dtype=np.float64)
    level = np.asarray(dose, dtype=np.float64)
    others = as_columns(covariates, len(values))
    values, partner, level, others = complete_rows(values, x, level, others)
    indicators = (level[:, None] == np.unique(level)[None, 1:]).astype(np.float64)
    return partial_correlation(values, partner, np.column_stack([others, indicators]))


def repeated_measures_correlation(y: ArrayLike, x: ArrayLike, person: ArrayLike) -> Estimate:
    """Correlation within persons, one slope for everybody (rmcorr).

    y, x : (n_rows,); person : (n_rows,), who each row is of; rows that lack a value are left out,
    and persons with one row. r is that of the deviations from each person's means, with
    N − k − 1 degrees of freedom for N rows of k persons; the interval is Fisher's with N − k − 2.
    A trend over time common to both shows as correlation. Raises E437 where nothing varies within
    persons, E439 below 3 degrees of freedom.
    Bland & Altman (1995); Bakdash & Marusich (2017), equations 3 to 5.
    """
    values, partner = np.asarray(y, dtype=np.float64), np.asarray(x, dtype=np.float64)
    who = np.unique(np.asarray(person), return_inverse=True)[1]
    known = np.isfinite(values) & np.isfinite(partner)
    repeated = known & (np.bincount(who[known], minlength=who.max(initial=-1) + 1)[who] > 1)
    who = np.unique(who[repeated], return_inverse=True)[1]
    n = int(who.max(initial=-1)) + 1
    df = len(who) - n - 1
    require_people(df, 2, "rows beyond one for each person with two")
    within = [_centred_within(v[repeated], who, n) for v in (values, partner)]
    require_independent(within[0][:, None], ["the outcome within persons"])
    require_independent(within[1][:, None], ["the partner within persons"])
    return _correlation("within-person r", _cosine(*within), df, n)


def _given(y: ArrayLike, x: ArrayLike, covariates: ArrayLike | None) -> tuple[Array, Array, Array]:
    values = np.asarray(y, dtype=np.float64)
    values, partner, others = complete_rows(values, x, as_columns(covariates, len(values)))
    q = others.shape[1]
    require_people(len(values), q + SMALLEST_N_CORRELATION, f"correlation beyond {q} covariates")
    require_independent(others, [f"covariate {i + 1} of {q}" for i in range(q)])
    return values, partner, others


def _left(column: Array, others: Array, name: str) -> Array:
    names = [f"covariate {i + 1}" for i in range(others.shape[1])]
    require_independent(np.column_stack([others, column]), [*names, name])
    return residuals(column, others)


def _cosine(a: Array, b: Array) -> float:
    return float(np.clip(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)), -1, 1))


def _centred_within(values: Array, who: NDArray[np.intp], n: int) -> Array:
    means = np.bincount(who, weights=values, minlength=n) / np.bincount(who, minlength=n)
    return np.asarray(values - means[who])


def _correlation(
    statistic: str, r: float, df: int, n: int, *, tested: float | None = None
) -> Estimate:
    from scipy.special import ndtri, stdtr

    se = 1 / math.sqrt(df - 1)
    reach = float(ndtri((1 + CONFIDENCE) / 2)) * se
    test = r if tested is None else tested
    with np.errstate(divide="ignore"):  # |r| = 1: the interval is that one point, and p is 0
        z, t = np.arctanh(r), np.abs(test) * np.sqrt(df / (1 - np.float64(test) ** 2))
    return Estimate(
        statistic,
        value=r,
        ci_low=float(np.tanh(z - reach)),
        ci_high=float(np.tanh(z + reach)),
        se=se,
        p=float(2 * stdtr(df, -t)),
        df=float(df),
        n=n,
        raw=r,
    )
