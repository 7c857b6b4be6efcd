"""What several cohorts say together, and what a further one may be expected to find."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.result import Estimate
from defaultmode.statistics.effects import CONFIDENCE

Array = NDArray[np.float64]
Method = Literal["REML", "PM", "DL"]
Scale = Literal["as it is", "log", "Fisher z"]
UNUSABLE = "E426"
LEAST_FOR_PREDICTION = 3  # cohorts: t with k − 2 degrees of freedom
_STEPS, _NEAR = 1000, 1e-12


@dataclass(frozen=True, slots=True)
class Pooled:
    """A random-effects mean over k cohorts.

    estimate : value, 95 % interval and p by Hartung & Knapp, in the statistic that was pooled; se
        on the scale of pooling; n counts cohorts
    tau2 : variance between cohorts, on the scale of pooling; i2 : share of it in the whole, 0 to 1
    q, p_q : Cochran's test of homogeneity
    prediction : where the effect of a further cohort lies with probability 95 %, or why not
    """

    estimate: Estimate
    tau2: float
    i2: float
    q: float
    p_q: float
    prediction: tuple[float, float] | Missing


def pool(
    values: ArrayLike,
    errors: ArrayLike,
    *,
    scale: Scale = "as it is",
    method: Method = "REML",
    hartung_knapp: bool = True,
) -> Pooled:
    """Random-effects mean of k independent estimates, one for each cohort.

    values : (k,), in their own statistic, k ≥ 2; errors : (k,), standard errors on the scale of
        pooling: of the logarithm of ratios, of Fisher's z of correlations
    The variance between cohorts is found by restricted likelihood, Paule & Mandel or DerSimonian &
    Laird. The interval is Hartung & Knapp's, t with k − 1, never narrower than the usual one; with
    hartung_knapp = False the usual normal one. The prediction interval is t with k − 2 around the
    mean, of variance τ² + se²; from few cohorts it holds fewer than 95 % of further ones (89 % from
    eight that vary as much as their errors). With two or three cohorts all are very wide.
    Raises E426 where an estimate or its error cannot be pooled, or there are fewer than two.
    Hartung & Knapp (2001); Röver, Knapp & Friede (2015); Higgins, Thompson & Spiegelhalter (2009);
    Partlett & Riley (2017).
    """
    y, se = to_scale(values, scale), np.asarray(errors, dtype=np.float64)
    _check(y, se)
    tau2 = _between(y, se**2, method)
    weights = 1 / (se**2 + tau2)
    mean = float(weights @ y / weights.sum())
    error = 1 / math.sqrt(weights.sum())
    df = len(y) - 1 if hartung_knapp else math.inf
    if hartung_knapp:
        error *= math.sqrt(max(1.0, float(weights @ (y - mean) ** 2 / df)))
    return _described(y, se, (mean, error, tau2), df, scale)


def common_effect(values: ArrayLike, errors: ArrayLike, *, scale: Scale = "as it is") -> Estimate:
    """Inverse-variance mean of k independent estimates that are all taken to be of one effect.

    Arguments and errors as for `pool`; the 95 % interval is normal. What lies between cohorts is
    left out: it cannot be told from two or three, where this is the usual companion of `pool`.
    Bender et al. (2018).
    """
    from scipy.special import ndtr, ndtri

    y, se = to_scale(values, scale), np.asarray(errors, dtype=np.float64)
    _check(y, se)
    weights = 1 / se**2
    mean, error = float(weights @ y / weights.sum()), 1 / math.sqrt(weights.sum())
    reach = float(ndtri((1 + CONFIDENCE) / 2)) * error
    value, low, high = (_from_scale(mean + d, scale) for d in (0.0, -reach, reach))
    p = float(2 * ndtr(-abs(mean) / error))
    how = f"common effect of {len(y)} estimates"
    return Estimate(
        "pooled", value, low, high, se=error, p=p, df=math.inf, n=len(y), raw=value, how=how
    )


def leave_one_out(
    values: ArrayLike, errors: ArrayLike, *, scale: Scale = "as it is", method: Method = "REML"
) -> list[Pooled]:
    """The pooled mean without each cohort in turn; arguments and errors as for `pool`, k ≥ 3."""
    y, se = np.asarray(values, dtype=np.float64), np.asarray(errors, dtype=np.float64)
    kept = ~np.eye(len(y), dtype=bool)
    return [pool(y[k], se[k], scale=scale, method=method) for k in kept]


def one_per_cohort(cohorts: Sequence[str], errors: ArrayLike) -> NDArray[np.intp]:
    """Positions of the most precise estimate of each cohort, in their order.

    cohorts, errors : (k,). Reports of one cohort share its people; two of them would count twice.
    """
    order = np.lexsort((np.arange(len(cohorts)), np.asarray(errors, dtype=np.float64)))
    names = np.asarray(cohorts, dtype=np.str_)[order]
    return np.sort(order[np.unique(names, return_index=True)[1]])


def error_from_interval(low: float, high: float, *, scale: Scale = "as it is") -> float:
    """Standard error, on the scale of pooling, of an estimate with a normal 95 % interval."""
    from scipy.special import ndtri

    limits = to_scale([low, high], scale)
    return float(limits[1] - limits[0]) / (2 * float(ndtri((1 + CONFIDENCE) / 2)))


def error_from_sizes(statistic: str, value: float, n: int, n_reference: int = 0) -> float:
    """Standard error, on the scale of pooling, of an effect that came without an interval.

    n, n_reference : people behind it; NaN where they are too few, or the statistic has no rule:
    one for correlations, the large-sample variances of effects in standard deviations for others.
    Fisher (1921); Hedges (1981).
    """
    if statistic == "Pearson r" and n > 3:
        return 1 / math.sqrt(n - 3)
    if statistic in ("d", "d_z") and n > 1:
        return math.sqrt(1 / n + value**2 / (2 * n))
    if statistic == "Hedges g" and min(n, n_reference) > 1:
        return math.sqrt(1 / n + 1 / n_reference + value**2 / (2 * (n + n_reference)))
    return math.nan


def to_scale(values: ArrayLike, scale: Scale) -> Array:
    """Effects on the scale of pooling; ratios above 0, correlations between −1 and 1, else NaN."""
    array = np.asarray(values, dtype=np.float64)
    if scale == "log":
        return np.log(np.where(array > 0, array, np.nan))
    if scale == "Fisher z":
        return np.arctanh(np.where(np.abs(array) < 1, array, np.nan))
    return array


def _from_scale(value: float, scale: Scale) -> float:
    return {"log": math.exp, "Fisher z": math.tanh, "as it is": float}[scale](value)


def _check(y: Array, se: Array) -> None:
    if len(y) < 2:
        raise DefaultModeError(UNUSABLE, f"{len(y)} cohorts with an estimate; 2 are needed")
    bad = ~(np.isfinite(y) & np.isfinite(se) & (se > 0))
    if bad.any():
        place = int(np.flatnonzero(bad)[0])
        found = (
            f"estimate {place + 1} of {len(y)} is {y[place]:g} with standard error {se[place]:g}"
        )
        raise DefaultModeError(
            UNUSABLE, f"{found} on the scale of pooling; expected numbers, error > 0"
        )


def _between(y: Array, variances: Array, method: Method) -> float:
    if method == "REML":
        return _restricted_likelihood(y, variances)
    from statsmodels.stats.meta_analysis import combine_effects

    name = {"PM": "iterated", "DL": "dl"}[method]
    return max(0.0, float(combine_effects(y, variances, method_re=name, atol=1e-10).tau2))


def _restricted_likelihood(y: Array, variances: Array) -> float:
    # statsmodels has no REML here. Viechtbauer (2005), equation 15, repeated until it stands still.
    tau2 = max(0.0, float(y.var(ddof=1) - variances.mean()))
    for _ in range(_STEPS):
        weights = 1 / (variances + tau2)
        deviations = (y - weights @ y / weights.sum()) ** 2
        excess = weights**2 @ (deviations - variances) / (weights**2).sum()
        before, tau2 = tau2, max(0.0, float(excess + 1 / weights.sum()))
        if abs(tau2 - before) <= _NEAR * (tau2 + variances.min()):
            break
    return tau2


def _described(
    y: Array, se: Array, found: tuple[float, float, float], df: float, scale: Scale
) -> Pooled:
    from scipy.stats import chi2, t

    mean, error, tau2 = found
    k, fixed = len(y), 1 / se**2
    q = float(fixed @ (y - fixed @ y / fixed.sum()) ** 2)
    reach = float(t.isf((1 - CONFIDENCE) / 2, df)) * error
    typical = (k - 1) * fixed.sum() / (fixed.sum() ** 2 - (fixed**2).sum())  # Higgins 2002, eq. 9
    value, low, high = (_from_scale(mean + d, scale) for d in (0.0, -reach, reach))
    estimate = Estimate(
        "pooled",
        value=value,
        ci_low=low,
        ci_high=high,
        se=error,
        p=float(2 * t.sf(abs(mean) / error, df)),
        df=df,
        n=k,
        raw=value,
        how=f"random effects over {k} estimates",
    )
    return Pooled(
        estimate=estimate,
        tau2=tau2,
        i2=float(tau2 / (tau2 + typical)),
        q=q,
        p_q=float(chi2.sf(q, k - 1)),
        prediction=_prediction(mean, math.hypot(error, math.sqrt(tau2)), k, scale),
    )


def _prediction(mean: float, spread: float, k: int, scale: Scale) -> tuple[float, float] | Missing:
    from scipy.stats import t

    if k < LEAST_FOR_PREDICTION:
        return Missing(f"{k} cohorts; a prediction interval needs {LEAST_FOR_PREDICTION}", UNUSABLE)
    reach = float(t.isf((1 - CONFIDENCE) / 2, k - 2)) * spread
    return _from_scale(mean - reach, scale), _from_scale(mean + reach, scale)
