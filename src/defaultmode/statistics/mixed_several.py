"""Linear models with a random slope for each participant, a random site, or both."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.statistics.mixed_fit import MixedFit, Rows, Solved, fit_outcomes

Array = NDArray[np.float64]

INTERCEPT, COVARIANCE, SLOPE = "participant", "participant × slope covariance", "slope"
SITE, RESIDUAL = "site", "residual"
_STARTS = (1.0, 0.3)  # standard deviations of the random effects, in residual ones
_SINGULAR = 1e-4  # below it, in residual standard deviations, a random effect is none (lme4)
_LEVEL = 1e-3  # slope of −2 log likelihood below which a maximum is one
_ARITHMETIC = 1e-12  # squares below this share of the whole are arithmetic
_STEP = 1e-3  # of numerical derivatives by these standard deviations


@dataclass(frozen=True, slots=True, eq=False)
class _Moments:
    """Sums over the rows of columns [model, site, outcome], pooled over participants alike.

    p, sites : numbers of columns; rows : n; scale : root mean square of the slope
    whole : (m, m), products of the columns; own : (d, q, q), of intercept and slope in each of d
    kinds of participant, count : (d,) of them
    both : (d, q, m, q, m), products of their sums of intercept and slope with the columns
    """

    p: int
    sites: int
    rows: int
    scale: float
    whole: Array
    own: Array
    count: NDArray[np.intp]
    both: Array


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """One outcome at given variances: beta and its inverse information in the whitened basis."""

    squares: float
    log_determinant: float
    beta: Array
    inverse: Array


def mixed_model_several(
    y: ArrayLike,
    x: ArrayLike,
    groups: ArrayLike,
    *,
    names: Sequence[str],
    slope: ArrayLike | None = None,
    site: ArrayLike | None = None,
) -> MixedFit:
    """Linear model with a random intercept per participant and further random effects, by REML.

    y : (n,) or (n, k); x : (n, p) with the constant; groups : (n,); names : of the columns of x
    slope : (n,), what each participant responds to in a way of their own, with a covariance to
        the intercept; site : (n,), where each row was measured
    Degrees of freedom are Satterthwaite's with the observed information. Outcomes are fitted one
    by one: milliseconds each. Raises E421 where the rows cannot tell the random effects from the
    residual, E437, E419, E439.
    Bates et al. (2015), eq. 39–41; Satterthwaite (1946); Kuznetsova et al. (2017).
    """
    design = np.array(x, dtype=np.float64)
    z = None if slope is None else np.asarray(slope, dtype=np.float64)
    if z is not None:
        design[~np.isfinite(z)] = np.nan
    where = None if site is None else np.unique(np.asarray(site), return_inverse=True)[1]
    _check(len(design), np.asarray(groups), z, where)

    def solve(rows: Rows) -> Solved | Missing:
        columns = [np.ones(len(rows.row))] + ([] if z is None else [z[rows.row]])
        at = np.zeros((len(rows.row), 0)) if where is None else _indicators(where[rows.row])
        return _solve(rows, np.column_stack(columns), at)

    components = (
        INTERCEPT,
        *((COVARIANCE, SLOPE) if z is not None else ()),
        *((SITE,) if where is not None else ()),
        RESIDUAL,
    )
    return fit_outcomes(y, design, groups, names=names, components=components, solve=solve)


def _check(
    n: int, groups: NDArray[np.generic], slope: Array | None, site: NDArray[np.intp] | None
) -> None:
    effects = len(np.unique(groups)) * (1 if slope is None else 2)
    sites = 0 if site is None else len(np.unique(site))
    if n <= effects + sites:
        msg = f"{n} rows for {effects + sites} random effects; there must be more rows than that."
        raise DefaultModeError("E421", msg)
    if site is not None and sites < 2:
        raise DefaultModeError("E421", "all rows come from one site; a random site needs several.")


def _indicators(codes: NDArray[np.intp]) -> Array:
    return np.asarray(codes[:, None] == np.unique(codes), dtype=np.float64)


def _solve(rows: Rows, z: Array, sites: Array) -> Solved | Missing:
    if len(rows.row) <= z.shape[1] * len(rows.start) + sites.shape[1]:
        text = "rows with a value do not exceed the number of random effects"
        return Missing(text, "E421")
    q, r = np.linalg.qr(rows.x)
    start = q.T @ rows.y
    left = rows.y - q @ start
    back = np.linalg.inv(r)
    single = [
        _one(_sum_up(rows, z, np.column_stack([q, sites, y]), q.shape[1]), back) for y in left.T
    ]
    shift, *rest = (np.stack(part, axis=-1) for part in zip(*single, strict=True))
    return Solved(back @ start + shift, *rest)


def _sum_up(rows: Rows, z: Array, columns: Array, p: int) -> _Moments:
    scale = float(np.sqrt((z[:, -1] ** 2).mean()))
    effects = z / np.where(np.arange(z.shape[1]) > 0, scale, 1.0)
    own = rows.sums(effects[:, :, None] * effects[:, None, :])
    sums = rows.sums(effects[:, :, None] * columns[:, None, :])
    kinds, kind, count = np.unique(own, axis=0, return_inverse=True, return_counts=True)
    members = [sums[kind.ravel() == d] for d in range(len(kinds))]
    both = [np.tensordot(some, some, axes=(0, 0)) for some in members]
    sites = columns.shape[1] - p - 1
    whole = columns.T @ columns
    return _Moments(p, sites, len(columns), scale, whole, kinds, count, np.array(both))


def _one(moments: _Moments, back: Array) -> tuple[Array, ...]:
    """The fields of `Solved` for one outcome, its coefficients beyond least squares."""
    best, converged = _optimum(moments)
    state = _state(moments, best)
    freedom = moments.rows - moments.p
    residual = state.squares / freedom
    unit = np.einsum("ip,pq,iq->i", back, state.inverse, back)
    likelihood = -0.5 * (freedom * np.log(residual) + state.log_determinant)
    return (
        back @ state.beta,
        np.sqrt(residual * unit),
        _satterthwaite(moments, best, back),
        _variances(moments, best) * residual,
        np.array(likelihood),
        np.array(converged),
        np.array(bool((np.abs(best[_deviations(moments)]) < _SINGULAR).any())),
    )


def _optimum(moments: _Moments) -> tuple[Array, bool]:
    from scipy.optimize import minimize

    freedom = moments.rows - moments.p

    def height(theta: Array) -> float:
        state = _state(moments, theta)
        return float(freedom * np.log(state.squares) + state.log_determinant)

    size = moments.own.shape[1] * (moments.own.shape[1] + 1) // 2 + (moments.sites > 0)
    runs = []
    for deviation in _STARTS:
        first = np.zeros(size)
        first[_deviations(moments)] = deviation
        runs.append(minimize(height, first, method="BFGS", jac="3-point"))
    best = min(runs, key=lambda run: float(run.fun))
    left = _state(moments, best.x).squares > 2 * _ARITHMETIC * moments.whole[-1, -1]
    return np.asarray(best.x), left and bool(np.abs(best.jac).max() < _LEVEL)


def _deviations(moments: _Moments) -> list[int]:
    """Where θ = (intercept[, covariance, slope][, site]) holds standard deviations."""
    slopes = moments.own.shape[1] == 2
    return [0, *([2] if slopes else []), *([1 + 2 * slopes] if moments.sites else [])]


def _factor(moments: _Moments, theta: Array) -> Array:
    if moments.own.shape[1] == 1:
        return np.array([[theta[0]]])
    return np.array([[theta[0], 0.0], [theta[1], theta[2]]])


def _state(moments: _Moments, theta: Array) -> _State:
    """The profile at θ: participants first, then sites, then the model's columns."""
    p, s = moments.p, moments.sites
    factor = _factor(moments, theta)
    within = np.eye(len(factor)) + factor.T @ moments.own @ factor
    shrink = factor @ np.linalg.solve(within, factor.T[None])
    left = moments.whole - np.einsum("dab,dambn->mn", shrink, moments.both)
    log_determinant = float(moments.count @ np.linalg.slogdet(within)[1])
    if s:
        rest, at = [*range(p), p + s], slice(p, p + s)
        across, spread = left[rest, at], theta[-1] ** 2
        between = np.eye(s) + spread * left[at, at]
        log_determinant += float(np.linalg.slogdet(between)[1])
        left = left[np.ix_(rest, rest)] - spread * across @ np.linalg.solve(between, across.T)
    inverse = np.linalg.inv(left[:p, :p])
    beta = inverse @ left[:p, p]
    log_determinant -= float(np.linalg.slogdet(inverse)[1])
    squares = max(float(left[p, p] - left[:p, p] @ beta), _ARITHMETIC * moments.whole[-1, -1])
    return _State(squares, log_determinant, beta, inverse)


def _variances(moments: _Moments, theta: Array) -> Array:
    """Of each component, in residual variances."""
    unit = np.array([1.0, 1 / moments.scale])[: moments.own.shape[1]]
    factor = unit[:, None] * _factor(moments, theta)
    spread = factor @ factor.T
    sites = [theta[-1] ** 2] if moments.sites else []
    return np.array([*spread[np.tril_indices(len(spread))], *sites, 1.0])


def _satterthwaite(moments: _Moments, theta: Array, back: Array) -> Array:
    """Degrees of freedom 2 v² / Var(v) of each coefficient's variance v, (p,).

    Var(v) comes from the inverse observed information of (residual variance, θ), by central
    differences. A random effect of zero drops out of it: everything is even in its θ.
    """
    freedom, size = moments.rows - moments.p, len(theta)

    def at(shift: Array) -> Array:
        state = _state(moments, theta + shift)
        unit = np.einsum("ip,pq,iq->i", back, state.inverse, back)
        return np.array([state.squares, state.log_determinant, *unit])

    steps = _STEP * np.eye(size)
    here = at(np.zeros(size))
    first = np.array([at(h) - at(-h) for h in steps]) / (2 * _STEP)
    second = np.array(
        [[at(a + b)[:2] - at(a - b)[:2] - at(b - a)[:2] + at(-a - b)[:2] for b in steps]
         for a in steps]
    ) / (4 * _STEP**2)  # fmt: skip
    residual = here[0] / freedom  # the unit of all variances from here on
    information = np.empty((size + 1, size + 1))
    information[0, 0] = freedom / 2
    information[0, 1:] = information[1:, 0] = -first[:, 0] / (2 * residual)
    information[1:, 1:] = (second[:, :, 1] + second[:, :, 0] / residual) / 2
    covariance = np.linalg.pinv(information, rcond=1e-8, hermitian=True)
    slope = np.vstack([here[2:], first[:, 2:]])
    spread = np.einsum("ip,ij,jp->p", slope, covariance, slope)
    return np.asarray(2 * here[2:] ** 2 / spread)
