"""How much of a treatment's effect passes through one mediator, or through two in a row."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.result import Estimate
from defaultmode.statistics.regression import (
    Array,
    Fit,
    Slope,
    as_columns,
    complete_rows,
    least_squares,
    require_independent,
    require_people,
)
from defaultmode.statistics.resampling import (
    DRAWS,
    bias_corrected_interval,
    expanded_percentile_interval,
    percentile_interval,
    resampled_products,
    slopes,
)

LEAST_IN_ARM = 5  # our choice: below it whole arms of a resample are one or two people
CONCENTRATION = "E425"
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Indirect:
    """An indirect effect: a product of coefficients.

    estimate : value and expanded percentile interval in standard deviations of the outcome, raw in
        its unit; p is the largest p of the paths, which never rejects too often
    bias_corrected, monte_carlo : other 95 % intervals, in the outcome's unit; the former is liberal
        in small samples, the latter takes both coefficients as normal
    failed : share of the draws that could not be fitted
    """

    estimate: Estimate
    bias_corrected: tuple[float, float]
    monte_carlo: tuple[float, float]
    failed: float


@dataclass(frozen=True, slots=True)
class Mediation:
    """One mediator, in the units of the columns.

    a : treatment → mediator; b : mediator → outcome given treatment; total, direct : treatment →
    outcome without and given the mediator
    proportion : indirect over total with percentile interval, or why there is none
    """

    a: Slope
    b: Slope
    total: Slope
    direct: Slope
    indirect: Indirect
    proportion: tuple[float, float, float] | Missing


@dataclass(frozen=True, slots=True)
class SerialMediation:
    """Two mediators in a row; the three indirect effects and the direct one add up to the total."""

    through_first: Indirect
    through_second: Indirect
    through_both: Indirect
    total: Slope
    direct: Slope


def mediation(
    arm: ArrayLike,
    mediator: ArrayLike,
    outcome: ArrayLike,
    *,
    covariates: ArrayLike | None = None,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> Mediation:
    """Treatment → change of the mediator → outcome, between randomised arms.

    arm : (n,), 0 and 1, or the doses of more arms, in which all paths are then taken as linear
    mediator, outcome : (n,); covariates : (n, q), measured before treatment
    The product a·b equals the average causal mediation effect where effects are linear, without
    interaction of treatment and mediator, and nothing unmeasured moves mediator and outcome
    together, which randomisation does not ensure: see `mediation_sensitivity`. People are drawn
    within two arms. The test is conservative: where both paths are absent it rejects far below 5 %.
    Raises E425 for a concentration, which lies on the causal path, among the covariates; E437
    where a column does not vary or repeats others; E439 with too few people.
    MacKinnon (2008); Preacher & Hayes (2008); Imai, Keele & Tingley (2010); Preacher & Selig
    (2012) for the Monte Carlo interval.
    """
    treated, values, others = _given(arm, (mediator, outcome), covariates)
    first, last = values
    to_mediator = least_squares(first, np.column_stack([treated, others]))
    to_outcome = least_squares(last, np.column_stack([treated, first, others]))
    total = least_squares(last, np.column_stack([treated, others])).slope(0)
    a, b = to_mediator.slope(0), to_outcome.slope(1)
    drawn = _Drawn.of(treated, values, others, draws=draws, rng=rng)
    a_draws, (_, b_draws) = drawn.to(0)[0], drawn.to(1, after=1)
    product, size = a.value * b.value, (len(last), b.df)
    normal = _normal_draws(((to_mediator, 0), (to_outcome, 1)), draws, rng)
    products, p, unit = a_draws * b_draws, max(a.p, b.p), deviation(last)
    through = indirect(product, products, normal, unit=unit, size=size, p=p)
    proportion = _proportion(product, total, products, drawn.to(1)[0])
    return Mediation(a, b, total, to_outcome.slope(0), through, proportion)


def serial_mediation(
    arm: ArrayLike,
    mediators: tuple[ArrayLike, ArrayLike],
    outcome: ArrayLike,
    *,
    covariates: ArrayLike | None = None,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> SerialMediation:
    """Treatment → first mediator → second mediator → outcome, with every shorter way.

    mediators : two (n,), in their order in time; others, premises and errors as for `mediation`.
    Hayes (2022), chapter 5, model 6.
    """
    treated, values, others = _given(arm, (*mediators, outcome), covariates)
    first, second, last = values
    to_first = least_squares(first, np.column_stack([treated, others]))
    to_second = least_squares(second, np.column_stack([treated, first, others]))
    to_outcome = least_squares(last, np.column_stack([treated, first, second, others]))
    drawn = _Drawn.of(treated, values, others, draws=draws, rng=rng)
    firsts, seconds, lasts = drawn.to(0), drawn.to(1, after=1), drawn.to(2, after=2)
    ways = (
        (((to_first, 0), (to_outcome, 1)), firsts[0] * lasts[1]),
        (((to_second, 0), (to_outcome, 2)), seconds[0] * lasts[2]),
        (((to_first, 0), (to_second, 1), (to_outcome, 2)), firsts[0] * seconds[1] * lasts[2]),
    )
    first_way, second_way, both_ways = (
        indirect(
            math.prod(fit.slope(place).value for fit, place in paths),
            products,
            _normal_draws(paths, draws, rng),
            unit=deviation(last),
            size=(len(last), to_outcome.df),
            p=max(fit.slope(place).p for fit, place in paths),
        )
        for paths, products in ways
    )
    total = least_squares(last, np.column_stack([treated, others])).slope(0)
    return SerialMediation(first_way, second_way, both_ways, total, to_outcome.slope(0))


def indirect(
    value: float, draws: Array, normal: Array, *, unit: float, size: tuple[int, int], p: float
) -> Indirect:
    """An indirect effect from its bootstrapped and its normal draws, in the outcome's unit.

    unit : the outcome's standard deviation; size : people, and residual degrees of freedom of the
    outcome's model; p : of the joint test, the largest of the paths' own.
    MacKinnon et al. (2002); Preacher & Kelley (2011) for the partial standardisation.
    """
    low, high = expanded_percentile_interval(draws, *size)
    return Indirect(
        estimate=Estimate(
            "indirect effect",
            value=value / unit,
            ci_low=low / unit,
            ci_high=high / unit,
            se=float(np.nanstd(draws)) / unit,
            p=p,
            n=size[0],
            raw=value,
            how="product of coefficients; bootstrap interval, joint test of the paths",
        ),
        bias_corrected=bias_corrected_interval(draws, value),
        monte_carlo=percentile_interval(normal),
        failed=float(np.isnan(draws).mean()),
    )


def deviation(values: Array) -> float:
    """Standard deviation of a sample."""
    return float(values.std(ddof=1))


def refuse_concentration(arm: Array, covariates: Array) -> None:
    """Raise E425 for a covariate that is zero or missing in one arm and graded in the others.

    Concentration is an effect of the treatment on the way to the outcome: holding it fixed between
    arms takes away what is asked about. Rosenbaum (1984).
    """
    for place, column in enumerate(np.nan_to_num(covariates).T):
        for level in np.unique(arm[np.isfinite(arm)]):
            grades = len(np.unique(column[arm != level]))
            if grades > 2 and not column[arm == level].any():
                found = f"covariate {place + 1} is 0 or missing throughout the arm {level:g}"
                raise DefaultModeError(
                    CONCENTRATION, f"{found} and takes {grades} values elsewhere"
                )


def _given(
    arm: ArrayLike, columns: Sequence[ArrayLike], covariates: ArrayLike | None
) -> tuple[Array, list[Array], Array]:
    label = np.asarray(arm, dtype=np.float64)
    others = as_columns(covariates, len(label))
    refuse_concentration(label, others)
    label, *values, others = complete_rows(label, *columns, others)
    q, n_mediators = others.shape[1], len(values) - 1
    least = max(2 * LEAST_IN_ARM, q + n_mediators + 5)
    require_people(len(label), least, "mediation")
    names = ["the arm", *(f"covariate {i + 1}" for i in range(q))]
    names += [f"mediator {i + 1}" for i in range(n_mediators)] + ["the outcome"]
    require_independent(np.column_stack([label, others, *values]), names)
    sizes = np.unique(label, return_counts=True)[1]
    if len(sizes) == 2:
        require_people(int(sizes.min()), LEAST_IN_ARM, "the smaller arm")
    return label, values, others


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """Products of constant, arm, mediators, outcome and covariates, all scaled, and the scales."""

    products: Array
    scales: Array
    n_values: int

    @classmethod
    def of(
        cls,
        treated: Array,
        values: Sequence[Array],
        others: Array,
        *,
        draws: int,
        rng: np.random.Generator,
    ) -> "_Drawn":
        columns = np.column_stack([treated, *values, others])
        scales = columns.std(axis=0)
        scaled = np.column_stack([np.ones(len(columns)), (columns - columns.mean(axis=0)) / scales])
        levels, strata = np.unique(treated, return_inverse=True)
        strata = strata if len(levels) == 2 else np.zeros_like(strata)
        return cls(resampled_products(scaled, strata, draws=draws, rng=rng), scales, len(values))

    def to(self, value: int, *, after: int = 0) -> Array:
        """Draws of the coefficients of arm and the first `after` mediators, (1 + after, draws)."""
        target = 2 + value
        used = [0, *range(1, 2 + after), *range(2 + self.n_values, self.products.shape[1])]
        found = slopes(self.products, target, used)[:, 1 : 2 + after]
        scales = self.scales[np.array(used[1 : 2 + after]) - 1]
        return np.asarray((found * self.scales[target - 1] / scales).T)


def _normal_draws(paths: Sequence[tuple[Fit, int]], draws: int, rng: np.random.Generator) -> Array:
    product = np.ones(draws)
    for fit, place in paths:
        product *= rng.normal(fit.coefficients[place], fit.errors[place], size=draws)
    return product


def _proportion(
    product: float, total: Slope, draws: Array, totals: Array
) -> tuple[float, float, float] | Missing:
    if total.p >= ALPHA:
        unclear = f"the total effect is not clear (p = {total.p:.2g})"
        return Missing(f"{unclear}: a share of it has no meaning")
    if product * total.value < 0:
        return Missing("the indirect effect runs against the total one: it is no share of it")
    return (product / total.value, *percentile_interval(draws / totals))
