"""Effects of treatments and of time in crossover, parallel and longitudinal trials."""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.result import Estimate
from defaultmode.statistics.effects import (
    SMALLEST_N,
    noncentrality_interval,
    small_sample_correction,
)
from defaultmode.statistics.linear import GROUPS, PAIRED, Kind
from defaultmode.statistics.mixed import mixed_model
from defaultmode.statistics.mixed_fit import MixedFit
from defaultmode.statistics.mixed_several import (
    COVARIANCE,
    INTERCEPT,
    RESIDUAL,
    SLOPE,
    mixed_model_several,
)
from defaultmode.statistics.trial_model import TrialModel, model_of, with_carry_over
from defaultmode.statistics.trial_rows import Cells, Contrast, TrialRows, cells_of

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


def trial_effects(
    y: ArrayLike, rows: TrialRows, contrast: Contrast, *, random_slope: bool = False
) -> tuple[Estimate, ...]:
    """A contrast of treatments, of phases, or of both, for each outcome, from all available rows.

    y : (n,) or (n, k), NaN where missing; random_slope : participants may respond differently to
        what is contrasted, which several rows of each under each treatment must show
    The model has a mean for each treatment × phase cell, period, sequence, covariates, a random
    participant and a random site (columns for fewer than five). raw is in the outcome's unit.
    Within participants the value is d_z: raw in standard deviations of that difference within a
    participant, which in complete pairs is the paired one. Between participants it is Hedges g, in
    standard deviations of participants of one group. The interval is that of the noncentral t.
    With a random intercept alone, rows of one participant may correlate negatively and standard
    errors are Kenward and Roger's. Raises E420, E437, E419, E439, E421.
    Jones & Kenward (2014), ch. 5; Laird & Ware (1982); Kenward & Roger (1997).
    """
    cells = cells_of(rows, contrast)
    model = model_of(rows, cells, contrast, random_slope=random_slope)
    fit = _fit(y, rows, model)
    within = _people(rows, model, np.ones(len(rows), dtype=bool))[2] >= SMALLEST_N
    kind = PAIRED if within else GROUPS
    return _estimates(y, rows, model, fit, _spread(fit, cells, kind), kind)


def carry_over_effects(y: ArrayLike, rows: TrialRows, contrast: Contrast) -> tuple[Estimate, ...]:
    """How much more the first treatment is carried into the next period than the second.

    y : (n,) or (n, k); rows : with period 1, 2, 3 …; contrast : of two treatments
    The sequence is left out: in a two-period crossover it is the same column. The value is in
    standard deviations of the sum of two rows of a participant, as in the test of totals, which it
    then is. It has little power: no reason to drop the second period. Raises as `trial_effects`.
    Hills & Armitage (1979); Jones & Kenward (2014), ch. 2.
    """
    model = with_carry_over(rows, cells_of(rows, contrast), contrast)
    fit = _fit(y, rows, model)
    spread = np.sqrt(4 * fit.variance(INTERCEPT) + 2 * fit.variance(RESIDUAL))
    return _estimates(y, rows, model, fit, spread, GROUPS)


def _fit(y: ArrayLike, rows: TrialRows, model: TrialModel) -> MixedFit:
    groups = np.asarray(rows.participant)
    if model.slope is None and model.site is None:
        return mixed_model(
            y, model.x, groups, names=model.names, negative_variance=True, kenward_roger=True
        )
    return mixed_model_several(
        y, model.x, groups, names=model.names, slope=model.slope, site=model.site
    )


def _spread(fit: MixedFit, cells: Cells, kind: Kind) -> Array:
    """Standard deviation of the contrast in one participant, or of its first side, (k,)."""
    weight = np.where((cells.side > 0) | (kind is PAIRED), cells.weight, 0.0)
    variance = weight.sum() ** 2 * fit.variance(INTERCEPT)
    variance += (weight**2).sum() * fit.variance(RESIDUAL)
    if SLOPE in fit.components:
        slope = float(weight @ (cells.side > 0))
        variance += slope**2 * fit.variance(SLOPE)
        variance += 2 * weight.sum() * slope * fit.variance(COVARIANCE)
    return np.asarray(np.sqrt(variance))


def _people(rows: TrialRows, model: TrialModel, known: Flags) -> tuple[int, int, int]:
    """Participants on the first side, on the second, and on both."""
    whose = np.asarray(rows.participant)
    first, second = (set(whose[known & (model.side == which)].tolist()) for which in (1, -1))
    return len(first), len(second), len(first & second)


def _estimates(
    y: ArrayLike, rows: TrialRows, model: TrialModel, fit: MixedFit, spread: Array, kind: Kind
) -> tuple[Estimate, ...]:
    known = np.isfinite(np.asarray(y, dtype=np.float64).reshape(len(rows), -1))
    random = ", ".join(name for name in fit.components if name not in {RESIDUAL, COVARIANCE})
    beyond = f", beyond {', '.join(model.beyond)}" if model.beyond else ""
    how = f"{model.names[0]}: linear mixed model by REML, random {random}{beyond}"
    found = []
    for j, column in enumerate(known.T):
        people = _people(rows, model, column)
        reason, code = _obstacle(people, fit, j, kind)
        empty = Estimate(kind.statistic, n=people[0], n_reference=people[1], how=how)
        if code:
            found.append(replace(empty, reason=reason, code=code))
        else:
            found.append(_filled(empty, fit, j, spread=float(spread[j]), kind=kind))
    return tuple(found)


def _obstacle(people: tuple[int, int, int], fit: MixedFit, j: int, kind: Kind) -> tuple[str, str]:
    n, n_reference, both = people
    if fit.code[j]:
        return str(fit.reason[j]), str(fit.code[j])
    if (both if kind is PAIRED else min(n, n_reference)) < SMALLEST_N:
        text = f"participants: {n} and {n_reference}, {both} in both; {SMALLEST_N} are needed"
        return text, "E439"
    return "", ""


def _filled(empty: Estimate, fit: MixedFit, j: int, *, spread: float, kind: Kind) -> Estimate:
    raw, error, df = (float(v[0, j]) for v in (fit.coefficients, fit.standard_errors, fit.df))
    unit = error / spread
    low, high = noncentrality_interval(raw / error, df)
    shrink = float(small_sample_correction(df)) if kind.corrected and df > 1 else 1.0
    value = shrink * raw / spread
    return replace(
        empty,
        value=value,
        ci_low=float(low) * unit,
        ci_high=float(high) * unit,
        se=float(np.hypot(unit, value / np.sqrt(2 * df))),
        p=float(fit.p[0, j]),
        df=df,
        raw=raw,
    )
