"""One coefficient of a linear model as a standardised effect, with exact interval and test."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.result import Estimate
from defaultmode.statistics.effects import (
    CONFIDENCE,
    SMALLEST_N,
    noncentrality_interval,
    small_sample_correction,
)

Array = NDArray[np.float64]
FLAT = 1e-12  # spread below this share of the values is arithmetic, not variation


@dataclass(frozen=True, slots=True)
class Kind:
    """How a coefficient is named and whether Hedges' correction applies."""

    statistic: str
    corrected: bool = False


MEAN, PAIRED, GROUPS = Kind("d"), Kind("d_z"), Kind("Hedges g", corrected=True)


def centred(columns: Array) -> Array:
    """Columns less their means, (n, q)."""
    return np.asarray(columns - columns.mean(axis=0), dtype=np.float64)


def coefficient(y: ArrayLike, x: ArrayLike, covariates: Array, *, kind: Kind) -> Estimate:
    """Effect of x on y beyond covariates, in standard deviations of people.

    y : (n,); x : (n,), the column of the effect: ones for a mean, 0 and 1 for two groups
    covariates : (n, q) without the constant; a constant stands in the model of groups. A mean is
        that where the covariates are zero: differences between two conditions, or ±½ for the order
    Between groups the deviation is that of y within them, so that an effect is as large with
    covariates as without, and comparable with published ones; they narrow its interval only.
    Within people it is that of what covariates leave: the order of two conditions is no spread of
    people.
    Without covariates this is Cohen's one-sample d, d_z, or Hedges g with the pooled deviation;
    the interval is that of the noncentral t, exact for normal residuals of one variance, where the
    deviation of y is taken as known beside covariates.
    Hedges (1981); Steiger & Fouladi (1997).
    """
    values, column = np.asarray(y, np.float64), np.asarray(x, np.float64)
    rest = covariates if covariates.size else np.empty((len(values), 0))
    constant = [] if np.ptp(column) == 0 else [np.ones(len(values))]
    design = np.column_stack([column, *constant, rest])
    n, freedom = len(values), len(values) - design.shape[1]
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return Estimate(
            kind.statistic, n=n, code="E437",
            reason="a covariate does not vary, or says the same as the groups or another covariate",
        )  # fmt: skip
    if n < SMALLEST_N or freedom < 1:
        return Estimate(kind.statistic, n=n, code="E439", reason=f"{n} participants are too few")
    inverse = np.linalg.inv(design.T @ design)
    weights = inverse @ (design.T @ values)
    residual = values - design @ weights
    deviation = float(np.sqrt(residual @ residual / freedom))
    if deviation <= FLAT * np.abs(values).max(initial=0.0):
        return Estimate(kind.statistic, n=n, code="E437", reason="the values do not vary")
    error = deviation * float(np.sqrt(inverse[0, 0]))
    spread = _spread(values, column) if constant else deviation
    return replace(_effect(float(weights[0]), error, spread, freedom, kind), n=n)


def _spread(y: Array, x: Array) -> float:
    """Standard deviation of y within groups, of everybody where x is no group."""
    levels = np.unique(x)
    if len(levels) > 2:
        return float(y.std(ddof=1))
    squares = sum(float(((y[x == v] - y[x == v].mean()) ** 2).sum()) for v in levels)
    return float(np.sqrt(squares / (len(y) - len(levels))))


def _effect(raw: float, error: float, spread: float, freedom: int, kind: Kind) -> Estimate:
    from scipy.stats import t as student

    t, unit = raw / error, error / spread
    low, high = noncentrality_interval(t, freedom, confidence=CONFIDENCE)
    shrink = float(small_sample_correction(freedom)) if kind.corrected and freedom > 1 else 1.0
    value = shrink * raw / spread
    return Estimate(
        kind.statistic,
        value=value,
        ci_low=float(low) * unit,
        ci_high=float(high) * unit,
        se=float(np.hypot(unit, value / np.sqrt(2 * freedom))),
        p=float(2 * student.sf(abs(t), freedom)),
        df=float(freedom),
        raw=raw,
    )
