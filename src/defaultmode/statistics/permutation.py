"""Permutation tests of many outcomes at once, with covariates and exchangeability blocks.

Residuals of the outcome on the covariates are permuted against the whole design (Freedman & Lane
1983; Winkler 2014): exact without covariates, close to it with them. t has the standard error HC2
(MacKinnon & White 1985), which is Welch's where two groups are compared, so that unequal variances
do not disturb the test (Chung & Romano 2013; DiCiccio & Romano 2017). The p value of a family is
that of its largest |t| (Westfall & Young 1993); sets of outcomes that different rows have are
counted as independent, which is conservative.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.statistics.exchange import (
    FREE,
    NOTHING_TO_EXCHANGE,
    Exchange,
    Shuffles,
    as_it_is,
    shuffles,
)

Array = NDArray[np.float64]
Texts = NDArray[np.object_]
N_PERMUTATIONS = 5000
_NUMBERS_AT_ONCE = 2**19  # 4 MB of a shuffled column: it stays in the cache of a core
_ROUNDING = 1e-12  # spread below this share of the values is arithmetic, not variation
_TIED = 1e-9  # a difference by less is rounding


@dataclass(frozen=True, slots=True, eq=False)
class Permuted:
    """A permutation test of each of k outcomes; every array has shape (k,).

    n : rows that have a value
    slope : of the outcome on what is tested, in its unit; the difference where this is 0 and 1,
        the mean where it is 1
    t : slope in its standard error
    p : two-sided; p_familywise : that any of the k outcomes would reach this |t|
    smallest_p : the smallest that the arrangements of the rows allow
    n_shuffles : arrangements behind p; complete : whether these are all there are
    reason : why there is no value; empty where there is one
    """

    n: NDArray[np.intp]
    slope: Array
    t: Array
    p: Array
    p_familywise: Array
    smallest_p: Array
    n_shuffles: NDArray[np.intp]
    complete: NDArray[np.bool_]
    reason: Texts


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """A tested column beside covariates.

    tested : (n,), what the covariates leave of it; nuisance : (n, n_covariates), orthonormal
    """

    tested: Array
    nuisance: Array

    @property
    def df(self) -> int:
        """Degrees of freedom of the residuals."""
        return len(self.tested) - 1 - int(self.nuisance.shape[1])

    @property
    def columns(self) -> Array:
        """All columns, the tested first, (n, 1 + n_covariates)."""
        return np.column_stack([self.tested, self.nuisance])

    def residuals(self, y: Array) -> Array:
        """What the covariates leave of outcomes (n, k), of the same shape."""
        return np.asarray(y - self.nuisance @ (self.nuisance.T @ y))


@dataclass(frozen=True, slots=True, eq=False)
class _Tested:
    """Outcomes that the same rows have; null : largest |t| of each arrangement, (n_shuffles,)."""

    columns: NDArray[np.intp]
    slope: Array
    t: Array
    p: Array
    smallest_p: Array
    null: Array
    shuffled: Shuffles


def permutation_p(
    y: ArrayLike,
    x: ArrayLike,
    *,
    covariates: ArrayLike | None = None,
    exchange: Exchange = FREE,
    n_permutations: int = N_PERMUTATIONS,
    rng: np.random.Generator,
) -> Permuted:
    """Test by permutation whether each outcome goes with x, or by flips whether its mean is zero.

    y : (n,) or (n, k), NaN where missing: an outcome is tested on the rows that have it
    x : (n,) of finite numbers: 0 and 1 for two groups, scores for a correlation, 1 for one sample
        or for paired differences, then with `exchange.flips`
    covariates : (n,) or (n, n_covariates); a constant is added unless x is one
    exchange : what may change places; n_permutations : as many are drawn, or all where there are
        fewer, which makes p exact

    Raises E422 where x or covariates are not finite, x is no more than covariates, or nothing can
    change places.
    """
    outcomes = _columns(y)
    design = design_columns(x, covariates, len(outcomes))
    reason = np.full(outcomes.shape[1], "", dtype=object)
    tested = []
    for rows, columns in _patterns(outcomes):
        there = outcomes[np.ix_(rows, columns)]
        reason[columns] = _reasons(there, design.shape[1])
        kept = reason[columns] == ""
        if kept.any():
            blocks = exchange.at(rows, len(outcomes))
            shuffled = shuffles(design[rows], blocks, n_permutations=n_permutations, rng=rng)
            tested.append(_test(there[:, kept], columns[kept], design_of(design[rows]), shuffled))
    return _gathered(tested, np.isfinite(outcomes).sum(axis=0), reason)


def design_of(columns: Array) -> Design:
    """The first of the columns (n, 1 + n_covariates) as what is tested beside the others.

    Raises E422 where it is no more than the others, or no freedom is left.
    """
    x, z = columns[:, 0], columns[:, 1:]
    basis, sizes, _ = np.linalg.svd(z, full_matrices=False)
    basis = basis[:, sizes > _ROUNDING * len(z) * sizes.max(initial=0.0)]
    rest = x - basis @ (basis.T @ x)
    if np.linalg.norm(rest) <= np.sqrt(_ROUNDING) * np.linalg.norm(x):
        msg = f"what is tested does not vary in the {len(x)} rows beyond its covariates."
        raise DefaultModeError(NOTHING_TO_EXCHANGE, msg)
    if len(x) <= 1 + basis.shape[1]:
        msg = f"{len(x)} rows leave no freedom beside {basis.shape[1]} covariates."
        raise DefaultModeError(NOTHING_TO_EXCHANGE, msg)
    return Design(rest, basis)


def robust_t(residuals: Array, design: Design, shuffled: Shuffles) -> tuple[Array, Array]:
    """Slope and its t in every arrangement, (n_shuffles, k) each.

    residuals : (n, k), of outcomes on the covariates. Σ w e² of the residuals e of the refit is
    expanded, so that each arrangement costs products of matrices only; w are the weights of HC2
    (MacKinnon & White 1985, eq. 5), squared residuals over one less their leverage.
    """
    columns = design.columns
    size = float(design.tested @ design.tested)
    leverage = design.tested**2 / size + (design.nuisance**2).sum(axis=1)
    free = leverage < 1 - _ROUNDING  # a row that has a column of its own has no residual
    weight = np.where(free, design.tested**2, 0) / np.where(free, 1 - leverage, 1)
    weighted = columns * weight[:, None]
    quadratic = columns.T @ weighted
    # It is quicker to arrange few data; of drawn arrangements the inverse ones are as likely.
    few = residuals.shape[1] < columns.shape[1] and not shuffled.complete
    found = _products(shuffled, np.hstack([columns, weighted]), residuals, by_data=few)
    coefficients, mixed = np.split(found, 2)
    start = _products(shuffled, weight[:, None], residuals**2, by_data=few, squared=True)[0]
    coefficients[0] /= size
    spread = start.copy()
    for i, one in enumerate(coefficients):
        spread -= 2 * one * mixed[i]
        for j, other in enumerate(coefficients):
            spread += quadratic[i, j] * one * other
    slope = coefficients[0]
    return slope, slope * size / np.sqrt(np.maximum(spread, _ROUNDING * start))


def _products(
    shuffled: Shuffles, columns: Array, data: Array, *, by_data: bool, squared: bool = False
) -> Array:
    """Every arranged column (n, c) times every outcome (n, k), (c, n_shuffles, k).

    by_data : the data are arranged in place of the columns, which is the inverse arrangement
    """
    if by_data:
        parts = [shuffled.of(y, squared=squared) @ columns for y in data.T]
        return np.moveaxis(np.stack(parts), 2, 0).swapaxes(1, 2)
    return np.stack([shuffled.of(c, squared=squared) @ data for c in columns.T])


def _test(y: Array, columns: NDArray[np.intp], design: Design, shuffled: Shuffles) -> _Tested:
    """Every outcome (n, k) of one set of rows against all arrangements."""
    residuals = design.residuals(y)
    slope, t = (a[0] for a in robust_t(residuals, design, as_it_is(len(y))))
    exceeding, largest = np.zeros(len(t), dtype=np.intp), np.zeros(len(t))
    ties, null = np.zeros(len(t), dtype=np.intp), []
    for part in shuffled.parts(max(1, _NUMBERS_AT_ONCE // len(y))):
        size = np.abs(robust_t(residuals, design, part)[1])
        exceeding += (size >= np.abs(t) * (1 - _TIED)).sum(axis=0)
        null.append(size.max(axis=1))
        top = np.maximum(largest, size.max(axis=0))
        ties = np.where(top > largest * (1 + _TIED), 0, ties)
        ties += (size >= top * (1 - _TIED)).sum(axis=0)
        largest = top
    smallest = shuffled.p(ties if shuffled.complete else np.zeros_like(ties))
    return _Tested(
        columns, slope, t, shuffled.p(exceeding), smallest, np.concatenate(null), shuffled
    )


def _gathered(tested: list[_Tested], n: NDArray[np.intp], reason: Texts) -> Permuted:
    """All outcomes in their order, with p values for the family of them."""
    slope, t, p, smallest = np.full((4, len(n)), np.nan)
    n_shuffles, complete = np.zeros(len(n), dtype=np.intp), np.zeros(len(n), dtype=bool)
    for one in tested:
        slope[one.columns], t[one.columns] = one.slope, one.t
        p[one.columns], smallest[one.columns] = one.p, one.smallest_p
        n_shuffles[one.columns] = len(one.shuffled)
        complete[one.columns] = one.shuffled.complete
    none_exceeds = np.ones(len(n))
    for one in tested:
        ranked = np.sort(one.null)
        exceeding = len(ranked) - np.searchsorted(ranked, np.abs(t) * (1 - _TIED))
        none_exceeds *= 1 - one.shuffled.p(exceeding)
    familywise = np.where(reason == "", 1 - none_exceeds, np.nan)
    return Permuted(n, slope, t, p, familywise, smallest, n_shuffles, complete, reason)


def _columns(values: ArrayLike) -> Array:
    array = np.asarray(values, dtype=np.float64)
    return array[:, None] if array.ndim == 1 else array


def design_columns(x: ArrayLike, covariates: ArrayLike | None, n: int) -> Array:
    """What is tested, the covariates, and a constant unless what is tested is one, side by side.

    Raises E422 where they are not finite or do not have n rows.
    """
    tested = _columns(x)
    parts = [tested] if covariates is None else [tested, _columns(covariates)]
    if any(len(part) != n for part in parts) or tested.shape[1] != 1:
        shapes = " and ".join(str(part.shape) for part in parts)
        msg = f"x and covariates have shapes {shapes}; expected {n} rows, and one column of x."
        raise DefaultModeError(NOTHING_TO_EXCHANGE, msg)
    if np.ptp(tested):
        parts.append(np.ones((n, 1)))
    design = np.column_stack(parts)
    if not np.isfinite(design).all():
        msg = f"{int((~np.isfinite(design)).any(axis=1).sum())} of {n} rows lack x or a covariate."
        raise DefaultModeError(NOTHING_TO_EXCHANGE, msg)
    return design


def _patterns(y: Array) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Rows and the outcomes that have values in just these."""
    known, which = np.unique(np.isfinite(y), axis=1, return_inverse=True)
    for i, there in enumerate(known.T):
        yield np.flatnonzero(there), np.flatnonzero(which.ravel() == i)


def _reasons(y: Array, n_columns: int) -> Texts:
    """Why outcomes (n, k) cannot be tested beside so many columns, "" where they can, (k,)."""
    least = n_columns + 2
    if len(y) < least:
        why = f"rows with a value: {len(y)}; at least {least} are needed"
        return np.full(y.shape[1], why, dtype=object)
    flat = np.ptp(y, axis=0) <= _ROUNDING * np.abs(y).max(axis=0)
    return np.where(flat, "the values do not vary", "").astype(object)
