"""Effects of treatments and of time in crossover, parallel and longitudinal trials."""

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
    within = _people(rows, cells, cells.of_row >= 0)[2] >= SMALLEST_N
    spread = _spread(fit, cells, within=within)
    return _estimates(_sides(y, rows, cells), fit, spread, kind=PAIRED if within else GROUPS)


def carry_over_effects(y: ArrayLike, rows: TrialRows, contrast: Contrast) -> tuple[Estimate, ...]:
    """How much more the first treatment is carried into the next period than the second.

    y : (n,) or (n, k); rows : with period 1, 2, 3 …; contrast : of two treatments
    The sequence is left out: in a two-period crossover it is the same column. The value is in
    standard deviations of the sum of two rows of a participant, as in the test of totals, which it
    then is. It has little power: no reason to drop the second period. Raises as `trial_effects`.
    Hills & Armitage (1979); Jones & Kenward (2014), ch. 2.
    """
    cells = cells_of(rows, contrast)
    fit = _fit(y, rows, with_carry_over(rows, cells, contrast))
    spread = np.sqrt(4 * fit.variance(INTERCEPT) + 2 * fit.variance(RESIDUAL))
    return _estimates(_sides(y, rows, cells), fit, spread, kind=GROUPS)


def _fit(y: ArrayLike, rows: TrialRows, model: TrialModel) -> MixedFit:
    groups = np.asarray(rows.participant)
    if model.slope is None and model.site is None:
        return mixed_model(
            y, model.x, groups, names=model.names, negative_variance=True, kenward_roger=True
        )
    return mixed_model_several(
        y, model.x, groups, names=model.names, slope=model.slope, site=model.site
    )


def _spread(fit: MixedFit, cells: Cells, *, within: bool) -> Array:
    """Standard deviation of the contrast in one participant, or of one side of it, (k,)."""
    weight = np.where((cells.side > 0) | within, cells.weight, 0.0)
    variance = weight.sum() ** 2 * fit.variance(INTERCEPT)
    variance += (weight**2).sum() * fit.variance(RESIDUAL)
    if SLOPE in fit.components:
        slope = float(weight @ (cells.side > 0))
        variance += slope**2 * fit.variance(SLOPE)
        variance += 2 * weight.sum() * slope * fit.variance(COVARIANCE)
    return np.asarray(np.sqrt(variance))


def _sides(y: ArrayLike, rows: TrialRows, cells: Cells) -> list[tuple[int, int, int]]:
    values = np.asarray(y, dtype=np.float64).reshape(len(rows), -1)
    return [_people(rows, cells, known) for known in np.isfinite(values).T]


def _people(rows: TrialRows, cells: Cells, known: Flags) -> tuple[int, int, int]:
    """Participants on the first side of the contrast, on the second, and on both."""
    side = np.where(cells.of_row >= 0, cells.side[cells.of_row], 0)
    whose = np.asarray(rows.participant)
    first, second = (set(whose[known & (side == which)].tolist()) for which in (1, -1))
    return len(first), len(second), len(first & second)


def _estimates(
    people: list[tuple[int, int, int]], fit: MixedFit, spread: Array, *, kind: Kind
) -> tuple[Estimate, ...]:
    return tuple(_estimate(people[j], fit, j, float(spread[j]), kind) for j in range(len(people)))


def _estimate(
    people: tuple[int, int, int], fit: MixedFit, j: int, spread: float, kind: Kind
) -> Estimate:
    n, n_reference, both = people
    code, reason = str(fit.code[j]), str(fit.reason[j])
    enough = both if kind is PAIRED else min(n, n_reference)
    if not code and enough < SMALLEST_N:
        code = "E439"
        reason = f"participants: {n} and {n_reference}, {both} in both; {SMALLEST_N} are needed"
    how = _how(fit, j)
    if code:
        return Estimate(
            kind.statistic, n=n, n_reference=n_reference, reason=reason, code=code, how=how
        )
    raw, error, df = (float(v[0, j]) for v in (fit.coefficients, fit.standard_errors, fit.df))
    unit = error / spread
    low, high = noncentrality_interval(raw / error, df)
    shrink = float(small_sample_correction(df)) if kind.corrected and df > 1 else 1.0
    value = shrink * raw / spread
    return Estimate(
        kind.statistic,
        value=value,
        ci_low=float(low) * unit,
        ci_high=float(high) * unit,
        se=float(np.hypot(unit, value / np.sqrt(2 * df))),
        p=float(fit.p[0, j]),
        df=df,
        n=n,
        n_reference=n_reference,
        raw=raw,
        how=how,
    )


def _how(fit: MixedFit, j: int) -> str:
    random = ", ".join(name for name in fit.components if name not in {RESIDUAL, COVARIANCE})
    beyond = ", ".join(fit.names[1:])
    return (
        f"{fit.names[0]}: linear mixed model by REML, random {random}, {fit.n_rows[j]} rows, "
        f"beyond {beyond}"
    )
