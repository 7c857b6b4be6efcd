"""Mediation within persons: two conditions of a crossover, or many sessions of each person."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from defaultmode.statistics.mediation import Indirect, deviation, indirect
from defaultmode.statistics.regression import (
    FLAT,
    Array,
    Slope,
    as_columns,
    complete_rows,
    least_squares,
    require_independent,
    require_people,
    residuals,
)
from defaultmode.statistics.resampling import (
    DRAWS,
    bootstrap_p,
    resampled_counts,
    resampled_products,
    slopes,
)

LEAST_PEOPLE = 10  # our choice: percentile intervals of fewer people are not to be trusted
LEAST_SESSIONS = 3  # a slope on condition leaves one deviation of the mediator


@dataclass(frozen=True, slots=True)
class WithinMediation:
    """Treatment − control condition of the same people, in the units of the columns.

    a : difference in the mediator; b : difference in the outcome per difference in the mediator,
    given the person's mean mediator; total : difference in the outcome; direct : what is left of it
    """

    a: Slope
    b: Slope
    total: Slope
    direct: Slope
    indirect: Indirect


@dataclass(frozen=True, slots=True)
class MultilevelMediation:
    """Means over persons of each person's own coefficients, in the units of the columns.

    a : condition → mediator; b : mediator → outcome given condition; covariance : of both over
    persons; indirect : mean over persons of a·b, which is a·b + covariance
    """

    a: float
    b: float
    covariance: float
    indirect: Indirect


def crossover_mediation(
    mediator: tuple[ArrayLike, ArrayLike],
    outcome: tuple[ArrayLike, ArrayLike],
    *,
    covariates: ArrayLike | None = None,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> WithinMediation:
    """Indirect effect of a treatment that everybody had, against a control condition.

    mediator, outcome : under treatment and under control, (n,) each, row i of all is person i
    covariates : (n, q), differences between the conditions such as motion, or traits less their
        mean such as the order; they stand in both models, whose constants are a and the direct path
    As between arms it is assumed that nothing unmeasured moves mediator and outcome together, and
    that conditions do not carry over. Raises E437 where the mediator's difference does not vary or
    repeats a covariate, E439 below 10 people.
    Judd, Kenny & McClelland (2001); Montoya & Hayes (2017), equations 7 to 11.
    """
    first = np.asarray(mediator[0], dtype=np.float64)
    others = as_columns(covariates, len(first))
    m1, m2, y1, y2, others = complete_rows(*mediator, *outcome, others)
    q = others.shape[1]
    require_people(len(m1), max(LEAST_PEOPLE, q + 6), "crossover mediation")
    shift, mean, change = m1 - m2, (m1 + m2) / 2, y1 - y2
    names = [*(f"covariate {i + 1}" for i in range(q)), "the person's mean mediator"]
    names += ["the difference in the mediator", "the difference in the outcome"]
    require_independent(np.column_stack([others, mean, shift, change]), names)
    mean = residuals(mean, others)  # so that direct and indirect effect add up to the total
    to_mediator = least_squares(shift, others)
    to_outcome = least_squares(change, np.column_stack([shift, mean, others]))
    a, b = to_mediator.slope(q), to_outcome.slope(0)
    drawn = _products(shift, mean, others, change, draws=draws, rng=rng)
    normal = rng.normal(a.value, a.se, draws) * rng.normal(b.value, b.se, draws)
    size, p, unit = (len(change), b.df), max(a.p, b.p), deviation(change)
    through = indirect(a.value * b.value, drawn, normal, unit=unit, size=size, p=p)
    total = least_squares(change, others).slope(q)
    return WithinMediation(a, b, total, to_outcome.slope(q + 2), through)


def multilevel_mediation(
    person: ArrayLike,
    condition: ArrayLike,
    mediator: ArrayLike,
    outcome: ArrayLike,
    *,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> MultilevelMediation:
    """Mean indirect effect where every person has several sessions under each condition.

    All (n_rows,); condition : a number, such as 0 and 1 or a dose. Each person's coefficients are
    fitted to the person's own sessions, so that nothing that is constant within persons confounds
    them; products are weighed by what the condition leaves of the person's mediator, which makes
    their mean unbiased for a·b + cov(a, b). Persons whose condition or mediator does not vary, or
    who have fewer than 3 sessions, are left out; persons are drawn with replacement. Raises E439
    where fewer than 10 persons are left.
    p is that of the bootstrap, as the mean of a·b is no product of two paths.
    Bauer, Preacher & Gil (2006), equation 7, by moments in place of likelihood.
    """
    who = np.unique(np.asarray(person), return_inverse=True)[1].astype(np.float64)
    who, x, m, y = complete_rows(who, condition, mediator, outcome)
    a, b, weights = _of_each_person(who, x, m, y).T
    share, n = weights / weights.sum(), len(weights)
    mean_a, mean_b, value = float(share @ a), float(share @ b), float(share @ (a * b))
    covariance = value - mean_a * mean_b
    terms = np.column_stack([weights * a * b, weights])
    counts = resampled_counts(np.zeros(n, dtype=np.intp), draws=draws, rng=rng)
    sums = np.concatenate([c @ terms for c in counts])
    drawn = sums[:, 0] / sums[:, 1]
    errors = [math.sqrt(share**2 @ (v - v @ share) ** 2) for v in (a, b)]
    normal = rng.normal(mean_a, errors[0], draws) * rng.normal(mean_b, errors[1], draws)
    found = indirect(
        value, drawn, normal + covariance, unit=deviation(y), size=(n, n - 1), p=bootstrap_p(drawn)
    )
    return MultilevelMediation(mean_a, mean_b, covariance, found)


def _products(
    shift: Array, mean: Array, others: Array, change: Array, *, draws: int, rng: np.random.Generator
) -> Array:
    columns = np.column_stack([np.ones(len(shift)), others, mean, shift, change])
    scales = np.sqrt((columns**2).mean(axis=0))
    strata = np.zeros(len(shift), dtype=np.intp)
    products = resampled_products(columns / scales, strata, draws=draws, rng=rng)
    last = columns.shape[1] - 1
    a = slopes(products, last - 1, range(last - 2))[:, 0] * scales[last - 1]
    b = slopes(products, last, range(last))[:, -1] * scales[last] / scales[last - 1]
    return np.asarray(a * b)


def _of_each_person(who: Array, x: Array, m: Array, y: Array) -> Array:
    own = [_own(x[who == i], m[who == i], y[who == i]) for i in np.unique(who)]
    usable = np.array([one for one in own if math.isfinite(one[0])])
    require_people(len(usable), LEAST_PEOPLE, "persons with a mediator that varies in 3 sessions")
    return usable


def _own(x: Array, m: Array, y: Array) -> tuple[float, float, float]:
    """One person's a, b, and the sum of squares of the mediator beyond the condition."""
    nothing = (math.nan, math.nan, math.nan)
    if len(x) < LEAST_SESSIONS or np.ptp(x) == 0:
        return nothing
    x, m, y = x - x.mean(), m - m.mean(), y - y.mean()
    a = float(x @ m / (x @ x))
    beyond = m - a * x
    left = float(beyond @ beyond)
    if left <= FLAT * float(m @ m):
        return nothing
    return a, float(beyond @ y) / left, left
