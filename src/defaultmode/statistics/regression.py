"""Ordinary least squares on complete rows, refused where its columns cannot carry it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.statistics.effects import CONFIDENCE

Array = NDArray[np.float64]
FLAT = 1e-10  # of a column's own size: what is left below it is arithmetic


@dataclass(frozen=True, slots=True)
class Slope:
    """One coefficient in the units of its columns, with 95 % interval and two-sided p from t."""

    value: float
    se: float
    ci_low: float
    ci_high: float
    p: float
    df: int


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Coefficients in the order of the predictors, the constant last; residuals (n,)."""

    coefficients: Array
    errors: Array
    residuals: Array
    df: int

    def slope(self, place: int) -> Slope:
        """The coefficient of one predictor."""
        from scipy.special import stdtr, stdtrit

        value, se = float(self.coefficients[place]), float(self.errors[place])
        reach = float(stdtrit(self.df, (1 + CONFIDENCE) / 2)) * se
        p = 2 * float(stdtr(self.df, -abs(value / se))) if se > 0 else 0.0
        return Slope(value, se, value - reach, value + reach, p, self.df)


def complete_rows(*columns: ArrayLike) -> list[Array]:
    """The rows in which no column lacks a value; columns (n,) or (n, q), float."""
    arrays = [np.asarray(c, dtype=np.float64) for c in columns]
    finite = [np.isfinite(a) for a in arrays]
    known = np.all([f.all(axis=tuple(range(1, f.ndim))) for f in finite], axis=0)
    return [a[known] for a in arrays]


def as_columns(covariates: ArrayLike | None, n: int) -> Array:
    """Covariates as (n, q), q = 0 where there are none."""
    if covariates is None:
        return np.empty((n, 0))
    array = np.asarray(covariates, dtype=np.float64)
    return array[:, None] if array.ndim == 1 else array


def require_people(n: int, least: int, what: str) -> None:
    """Raise E439 where fewer people than `least` have every value."""
    if n < least:
        raise DefaultModeError("E439", f"{what}: {n} people with every value; {least} are needed")


def require_independent(predictors: Array, names: Sequence[str]) -> None:
    """Raise E437 where a predictor does not vary, or the ones before it say the same."""
    left = np.ones((len(predictors), 1))
    for place, name in enumerate(names):
        column = predictors[:, place : place + 1]
        scale = float(np.linalg.norm(column))
        if np.linalg.norm(column - column.mean()) <= FLAT * scale:
            raise DefaultModeError("E437", f"{name} does not vary over the {len(column)} people")
        weights = np.linalg.lstsq(left, column, rcond=None)[0]
        if np.linalg.norm(column - left @ weights) <= FLAT * scale:
            told = ", ".join(names[:place])
            raise DefaultModeError("E437", f"{name} says the same as {told}")
        left = np.column_stack([left, column])


def least_squares(outcome: Array, predictors: Array) -> Fit:
    """Regression of (n,) on (n, p) and a constant; the predictors are independent.

    p ≤ n − 2.
    """
    design = np.column_stack([predictors, np.ones(len(outcome))])
    orthogonal, triangle = np.linalg.qr(design)
    inverse = np.linalg.inv(triangle)
    coefficients = inverse @ (orthogonal.T @ outcome)
    residuals = outcome - design @ coefficients
    df = len(outcome) - design.shape[1]
    variance = residuals @ residuals / df
    return Fit(coefficients, np.sqrt(variance * (inverse**2).sum(axis=1)), residuals, df)


def residuals(columns: Array, predictors: Array) -> Array:
    """What a constant and the predictors leave of (n,) or (n, k) columns."""
    design = np.column_stack([np.ones(len(columns)), predictors])
    left: Array = columns - design @ np.linalg.lstsq(design, columns, rcond=None)[0]
    return left
