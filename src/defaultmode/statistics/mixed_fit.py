"""What a mixed model returns, and how outcomes with different missing rows are fitted."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.statistics.effects import SMALLEST_N
from defaultmode.statistics.regressors import aliased, check_design

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Flags = NDArray[np.bool_]

_ARITHMETIC = 1e-24  # squares below this share of the outcome's are arithmetic, not variation
_FLAT = Missing("the values do not vary beyond the columns of the model", "E437")
_NO_MAXIMUM = Missing(
    "the likelihood has no maximum: the values do not vary within participants, or between them",
    "E437",
)


@dataclass(frozen=True, slots=True, eq=False)
class MixedFit:
    """Coefficients of k linear models, one for each outcome, NaN where `reason` says why.

    names : of the p columns of the model; components : of the c variances
    coefficients, standard_errors, df, t, p : (p, k); p is two-sided
    variances : (c, k), in the squared unit of the outcome, the residual last
    icc : (k,), share of the participants in the variance that the model leaves
    log_likelihood : (k,), restricted, without its constants
    n_rows, n_participants : (k,), with a value of this outcome and of every column
    converged : (k,); boundary : (k,), a variance of zero fits best, and df are those without it
    reason, code : (k,), why there is no fit; empty where there is one
    """

    names: tuple[str, ...]
    components: tuple[str, ...]
    coefficients: Array
    standard_errors: Array
    df: Array
    t: Array
    p: Array
    variances: Array
    icc: Array
    log_likelihood: Array
    n_rows: Codes
    n_participants: Codes
    converged: Flags
    boundary: Flags
    reason: NDArray[np.object_]
    code: NDArray[np.object_]

    def variance(self, component: str) -> Array:
        """One of the variances, shape (k,)."""
        return np.asarray(self.variances[self.components.index(component)])


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows in which a set of outcomes is complete, sorted by participant.

    y : (n, k); x : (n, p); participant : (n,), 0, 1, 2 …; start : (n_participants,), first rows
    row : (n,), position among all rows that were given
    """

    y: Array
    x: Array
    participant: Codes
    start: Codes
    row: Codes

    def sums(self, values: Array) -> Array:
        """Sum over the rows of each participant, (n_participants, …)."""
        return np.asarray(np.add.reduceat(values, self.start, axis=0))

    @property
    def sizes(self) -> Codes:
        """Rows of each participant, (n_participants,)."""
        return np.diff(self.start, append=len(self.participant))


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """What a method of fitting finds for complete rows; the fields are those of `MixedFit`."""

    coefficients: Array
    standard_errors: Array
    df: Array
    variances: Array
    log_likelihood: Array
    converged: Flags
    boundary: Flags


Solve = Callable[[Rows], Solved | Missing]


def fit_outcomes(
    y: ArrayLike,
    x: ArrayLike,
    groups: ArrayLike,
    *,
    names: Sequence[str],
    components: tuple[str, ...],
    solve: Solve,
) -> MixedFit:
    """Fit all outcomes that share their missing rows at once.

    y : (n,) or (n, k); x : (n, p); both NaN where missing; groups : (n,), whose row it is
    solve : fits complete rows, or says why they cannot be fitted
    Raises E437 and E419 for columns that are constant or aliased, E439 under three participants.
    """
    outcomes, design = np.asarray(y, np.float64), np.asarray(x, np.float64)
    outcomes = outcomes[:, None] if outcomes.ndim == 1 else outcomes
    usable = np.asarray(np.isfinite(design).all(axis=1))
    check_design(design[usable], names)
    whose = np.unique(np.asarray(groups), return_inverse=True)[1]
    people = len(np.unique(whose[usable]))
    if people < SMALLEST_N:
        msg = f"participants with rows in the model: {people}; at least {SMALLEST_N} are needed."
        raise DefaultModeError("E439", msg)
    fit = _blank(tuple(names), components, outcomes.shape[1])
    for row, columns in _patterns(np.isfinite(outcomes) & usable[:, None]):
        order = row[np.argsort(whose[row], kind="stable")]
        rows = _complete(outcomes[np.ix_(order, columns)], design[order], whose[order], order)
        fit.n_rows[columns], fit.n_participants[columns] = len(order), len(rows.start)
        _fit_rows(fit, columns, rows, solve)
    return fit


def _fit_rows(fit: MixedFit, columns: Codes, rows: Rows, solve: Solve) -> None:
    obstacle = _obstacle(rows, fit.names)
    if obstacle is None:
        varies = _varies(rows)
        _miss(fit, columns[~varies], _FLAT)
        columns, rows = columns[varies], replace(rows, y=rows.y[:, varies])
    found = obstacle or (solve(rows) if len(columns) else None)
    if isinstance(found, Missing):
        _miss(fit, columns, found)
    elif found is not None:
        _place(fit, columns, found)


def _varies(rows: Rows) -> Flags:
    q = np.linalg.qr(rows.x)[0]
    left = rows.y - q @ (q.T @ rows.y)
    return np.asarray((left**2).sum(axis=0) > _ARITHMETIC * (rows.y**2).sum(axis=0))


def _miss(fit: MixedFit, columns: Codes, why: Missing) -> None:
    fit.reason[columns], fit.code[columns] = why.reason, why.code
    fit.converged[columns] = False
    for values in (fit.coefficients, fit.standard_errors, fit.df, fit.t, fit.p, fit.variances):
        values[:, columns] = np.nan
    fit.icc[columns] = fit.log_likelihood[columns] = np.nan


def _complete(y: Array, x: Array, whose: Codes, row: Codes) -> Rows:
    _, start, participant = np.unique(whose, return_index=True, return_inverse=True)
    return Rows(y, x, participant, start, row)


def _patterns(known: Flags) -> Iterator[tuple[Codes, Codes]]:
    """Rows, and the outcomes that are known in exactly these."""
    packed = np.packbits(known, axis=0).T
    _, first, pattern = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    for which, column in enumerate(first):
        yield np.flatnonzero(known[:, column]), np.flatnonzero(pattern.ravel() == which)


def _obstacle(rows: Rows, names: tuple[str, ...]) -> Missing | None:
    n, p = rows.x.shape
    people = len(rows.start)
    if people < SMALLEST_N:
        text = f"participants with a value: {people}; at least {SMALLEST_N} are needed"
        return Missing(text, "E439")
    if n <= p:
        return Missing(f"{n} rows with a value cannot carry {p} coefficients", "E439")
    same = aliased(rows.x)
    if same:
        listed = ", ".join(names[j] for j in same)
        return Missing(f"rows with a value cannot tell apart {listed}", "E419")
    return None


def _place(fit: MixedFit, columns: Codes, found: Solved) -> None:
    from scipy.special import stdtr

    for one in fields(found):
        getattr(fit, one.name)[..., columns] = getattr(found, one.name)
    t = found.coefficients / found.standard_errors
    fit.t[:, columns], fit.p[:, columns] = t, 2 * stdtr(found.df, -np.abs(t))
    if "participant" in fit.components:
        own = [name for name in fit.components if "covariance" not in name]
        total = sum((fit.variance(name)[columns] for name in own), start=np.zeros(len(columns)))
        fit.icc[columns] = fit.variance("participant")[columns] / total
    _miss(fit, columns[~found.converged], _NO_MAXIMUM)


def _blank(names: tuple[str, ...], components: tuple[str, ...], k: int) -> MixedFit:
    def empty(*shape: int) -> Array:
        return np.full((*shape, k), np.nan)

    p = len(names)
    return MixedFit(
        names=names,
        components=components,
        coefficients=empty(p),
        standard_errors=empty(p),
        df=empty(p),
        t=empty(p),
        p=empty(p),
        variances=empty(len(components)),
        icc=empty(),
        log_likelihood=empty(),
        n_rows=np.zeros(k, dtype=np.intp),
        n_participants=np.zeros(k, dtype=np.intp),
        converged=np.zeros(k, dtype=bool),
        boundary=np.zeros(k, dtype=bool),
        reason=np.full(k, "", dtype=object),
        code=np.full(k, "", dtype=object),
    )
