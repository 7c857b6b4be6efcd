"""Linear models with a random intercept for each participant, all outcomes at once."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.missing import Missing
from defaultmode.statistics.kenward_roger import adjusted_variances
from defaultmode.statistics.mixed_fit import MixedFit, Rows, Solved, fit_outcomes
from defaultmode.statistics.mixed_spectrum import Spectrum, Whitened, best_ratio, reduce

Array = NDArray[np.float64]

COMPONENTS = ("participant", "residual")


def mixed_model(
    y: ArrayLike,
    x: ArrayLike,
    groups: ArrayLike,
    *,
    names: Sequence[str],
    negative_variance: bool = False,
    kenward_roger: bool = False,
) -> MixedFit:
    """Linear model with a random intercept per participant, at the optimum of its REML.

    y : (n,) or (n, k), NaN where missing: such rows are left out of that outcome alone
    x : (n, p), every column of the model, the constant among them; names : of its columns
    groups : (n,), whose row it is
    negative_variance : let rows of one participant correlate negatively (compound symmetry), which
        makes the tests of balanced designs exact; else the variance is zero or more, as in lme4
    kenward_roger : add to the standard errors what the estimated variances cost few participants
    Degrees of freedom are Satterthwaite's with the observed information (exact in balanced
    designs), and n − p where a variance of zero fits best. Raises E437, E419, E439.
    Laird & Ware (1982); Kang et al. (2008); Satterthwaite (1946); Kuznetsova et al. (2017);
    Kenward & Roger (1997).
    """
    solve = partial(_solve, negative=negative_variance, adjust=kenward_roger)
    return fit_outcomes(y, x, groups, names=names, components=COMPONENTS, solve=solve)


def linear_model(
    y: ArrayLike, x: ArrayLike, groups: ArrayLike, *, names: Sequence[str]
) -> MixedFit:
    """Ordinary least squares: the model without a random intercept; arguments of `mixed_model`."""
    return fit_outcomes(y, x, groups, names=names, components=COMPONENTS[1:], solve=_least_squares)


def _solve(rows: Rows, *, negative: bool, adjust: bool) -> Solved | Missing:
    white, spectrum = reduce(rows)
    if not 0 < spectrum.count.sum() < spectrum.freedom:
        return Missing("no rows beyond the model tell participants from noise", "E421")
    ratio, converged = best_ratio(spectrum, negative=negative)
    boundary = (ratio == 0) & (not negative)
    residual = spectrum.squares(ratio) / spectrum.freedom
    beta, unit, slope = _coefficients(white, ratio)
    df = _satterthwaite(spectrum, ratio, residual, (unit, slope))
    variance = adjusted_variances(white, spectrum, ratio) if adjust else unit
    likelihood = -0.5 * (spectrum.freedom * np.log(residual) + spectrum.log_determinant(ratio))
    return Solved(
        coefficients=beta,
        standard_errors=np.sqrt(residual * variance),
        df=np.where(boundary, spectrum.freedom, df),
        variances=np.array([ratio * residual, residual]),
        log_likelihood=likelihood,
        converged=converged,
        boundary=boundary,
    )


def _least_squares(rows: Rows) -> Solved:
    q, r = np.linalg.qr(rows.x)
    beta = q.T @ rows.y
    freedom = len(rows.y) - len(beta)
    residual = ((rows.y - q @ beta) ** 2).sum(axis=0) / freedom
    back = np.linalg.inv(r)
    unit = (back**2).sum(axis=1)[:, None]
    yes = np.ones(residual.shape, dtype=bool)
    return Solved(
        coefficients=back @ beta,
        standard_errors=np.sqrt(unit * residual),
        df=np.full((len(beta), len(residual)), float(freedom)),
        variances=residual[None],
        log_likelihood=-0.5 * freedom * np.log(residual),
        converged=yes,
        boundary=~yes,
    )


def _coefficients(white: Whitened, ratio: Array) -> tuple[Array, Array, Array]:
    """Coefficients, their variances in residual variances, and those by λ, each (p, k)."""
    weight = ratio / (1 + np.multiply.outer(white.sizes, ratio))
    slope = 1 / (1 + np.multiply.outer(white.sizes, ratio)) ** 2
    information = np.eye(len(white.back)) - np.tensordot(weight.T, white.products, axes=1)
    change = np.tensordot(slope.T, white.products, axes=1)  # less of it, by λ
    inverse = np.linalg.inv(information)
    shift = -np.einsum("kpq,dk,dqk->pk", inverse, weight, white.mixed, optimize=True)
    spread = white.back @ inverse
    unit = np.einsum("kpq,pq->pk", spread, white.back, optimize=True)
    bend = np.einsum("kpq,kpq->pk", spread @ change, spread, optimize=True)
    return white.back @ (white.coefficients + shift), unit, bend


def _satterthwaite(
    spectrum: Spectrum, ratio: Array, residual: Array, unit: tuple[Array, Array]
) -> Array:
    """Degrees of freedom 2 v² / Var(v) of each coefficient's variance v, (p, k).

    Var(v) comes from the inverse observed information of (residual variance, λ).
    Satterthwaite (1946); Kuznetsova et al. (2017), eq. 5.
    """
    first, second, _, log_second = spectrum.slopes(ratio)
    both = -first / (2 * residual**2)
    by_residual = spectrum.freedom / (2 * residual**2)
    by_ratio = (log_second + second / residual) / 2
    size, slope = unit[0], residual * unit[1]
    determinant = by_residual * by_ratio - both**2
    spread = by_ratio * size**2 - 2 * both * size * slope + by_residual * slope**2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(2 * (residual * size) ** 2 * determinant / spread)
