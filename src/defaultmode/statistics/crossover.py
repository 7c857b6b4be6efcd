"""Effects of treatments and of time in crossover, parallel and longitudinal trials."""

from collections.abc import Sequence
from dataclasses import dataclass

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
from defaultmode.statistics.mixed_several import COVARIANCE, INTERCEPT, RESIDUAL, SLOPE
from defaultmode.statistics.mixed_several import mixed_model_several as several
from defaultmode.statistics.regressors import check_varying
from defaultmode.statistics.trial_rows import Cells, Contrast, TrialRows, cells_of

Array = NDArray[np.float64]
FEWEST_SITES = 5  # a variance of fewer cannot be estimated: they are columns of the model


@dataclass(frozen=True, slots=True, eq=False)
class _Model:
    """Columns of a trial's model, the effect of interest first; x is NaN where a row is unusable."""

    x: Array
    names: tuple[str, ...]
    slope: Array | None
    site: NDArray[np.object_] | None


def trial_effects(
    y: ArrayLike, rows: TrialRows, contrast: Contrast, *, random_slope: bool = False
) -> tuple[Estimate, ...]:
    """A contrast of treatments, of phases, or of both, for each outcome, from all available rows.

    y : (n,) or (n, k), NaN where missing; random_slope : whether participants respond differently
        to the treatment, which several rows of each under each treatment must show
    The model has the mean of each treatment × phase cell, period, sequence and covariates, a random
    participant and a random site (columns for fewer than five). raw is in the outcome's unit.
    Within participants the value is d_z, raw in standard deviations of that difference within a
    participant, which without covariates in complete pairs is the paired one; between participants
    it is Hedges g, in standard deviations of participants around their group. The interval is that
    of the noncentral t. Rows of one participant may correlate negatively where only the intercept
    is random. Raises E420, E437, E419, E439, E421.
    Jones & Kenward (2014), ch. 5; Laird & Ware (1982); Steiger & Fouladi (1997).
    """
    cells = cells_of(rows, contrast)
    model = _model(rows, cells, str(contrast), contrast if random_slope else None)
    fit = _fit(y, rows, model)
    within = _people(rows, cells, np.ones(len(rows), dtype=bool))[2] >= SMALLEST_N
    spread = _spread(fit, cells, contrast, within=within)
    return _estimates(y, rows, cells, fit, spread, PAIRED if within else GROUPS)


def carry_over(y: ArrayLike, rows: TrialRows, contrast: Contrast) -> tuple[Estimate, ...]:
    """First-order carry-over of the contrast's treatments into the next period, for each outcome.

    y : (n,) or (n, k); rows : with treatment and period
    raw is how much more a period differs after the first treatment than after the second. The
    sequence is left out: in a two-period crossover it is the same column. The value is in standard
    deviations of the sum of two occasions of a participant, as in the classical test between the
    participants' totals. It has little power, and a treatment is not to be tested only after it.
    Hills & Armitage (1979); Jones & Kenward (2014), ch. 2.
    """
    cells = cells_of(rows, contrast)
    model = _with_carry_over(_model(rows, cells, str(contrast), None, skip="sequence"), rows, contrast)
    fit = _fit(y, rows, model)
    spread = np.sqrt(4 * fit.variance(INTERCEPT) + 2 * fit.variance(RESIDUAL))
    return _estimates(y, rows, cells, fit, spread, GROUPS)


def _model(
    rows: TrialRows, cells: Cells, name: str, slope: Contrast | None, *, skip: str = ""
) -> _Model:
    known = cells.of_row >= 0
    check_varying(rows.covariates[known] if rows.covariate_names else np.empty((0, 0)), rows.covariate_names)
    base = int(np.argmax(cells.weight))
    member = (cells.of_row[:, None] == np.arange(len(cells.label))).astype(np.float64)
    # The contrast takes the place of one cell's mean, so that it is a coefficient of its own.
    means = member - np.outer(member[:, base], cells.weight / cells.weight[base])
    means[:, base] = member[:, base] / cells.weight[base]
    order = [base, *(c for c in range(len(cells.label)) if c != base)]
    names = [name, *(" ".join(filter(None, cells.label[c])) for c in order[1:])]
    columns = [means[:, order]]
    sites = np.unique(rows.labels("site")[known])
    random = len(sites) >= FEWEST_SITES
    for which in ("period", "sequence", *(() if random else ("site",))):
        if which != skip:
            labels = rows.labels(which)
            levels = np.unique(labels[known])[1:]
            columns.append((labels[:, None] == levels).astype(np.float64))
            names += [f"{which} {level}" for level in levels]
    if len(rows.covariate_names):
        columns.append(np.asarray(rows.covariates, dtype=np.float64))
        names += rows.covariate_names
    x = np.where(known[:, None], np.hstack(columns), np.nan)
    treated = None if slope is None else _treated(rows, slope)
    return _Model(x, tuple(names), treated, rows.labels("site") if random else None)


def _treated(rows: TrialRows, contrast: Contrast) -> Array:
    name = "treatment" if contrast.treatment else "phase"
    first = (contrast.treatment or contrast.phase or ("", ""))[0]
    return (rows.labels(name) == first).astype(np.float64)


def _with_carry_over(model: _Model, rows: TrialRows, contrast: Contrast) -> _Model:
    before = _treatment_before(rows)
    levels = sorted(set(before[np.isfinite(model.x[:, 0])]) - {""})
    first, second = contrast.treatment or ("", "")
    levels = [first, *(level for level in levels if level not in (first, second))]
    x = np.column_stack([(before == level).astype(np.float64) for level in levels] + [model.x])
    names = tuple(f"carry-over of {level}" for level in levels)
    return _Model(x, names + model.names, None, model.site)


def _treatment_before(rows: TrialRows) -> NDArray[np.object_]:
    """Treatment of the same participant in the period before, (n,), empty in the first."""
    treatment = dict(zip(zip(rows.labels("participant"), map(float, rows.labels("period"))), rows.labels("treatment")))
    return np.array([treatment.get((who, float(period) - 1), "") for who, period in zip(rows.labels("participant"), rows.labels("period"))], dtype=object)


def _fit(y: ArrayLike, rows: TrialRows, model: _Model) -> MixedFit:
    groups = np.asarray(rows.participant)
    if model.slope is None and model.site is None:
        return mixed_model(y, model.x, groups, names=model.names, negative_variance=True)
    return several(y, model.x, groups, names=model.names, slope=model.slope, site=model.site)
