"""How much unmeasured confounding would make a mediated effect vanish."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from defaultmode.core.errors import DefaultModeError
from defaultmode.statistics.regression import (
    Array,
    as_columns,
    complete_rows,
    least_squares,
    require_independent,
    require_people,
    residuals,
)


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How the mediated effect depends on a correlation that cannot be measured.

    rho : correlation, between what treatment leaves of the mediator and what treatment and mediator
        leave of the outcome, at which the average causal mediation effect is zero
    a : treatment → mediator; scale : ratio of the residual deviations of outcome and mediator
    """

    rho: float
    a: float
    scale: float

    def acme(self, rho: ArrayLike) -> Array:
        """The effect if the correlation were rho, shape of rho, |rho| < 1. Equation 15."""
        r = np.asarray(rho, dtype=np.float64)
        return np.asarray(
            self.a * self.scale * (self.rho - r * np.sqrt((1 - self.rho**2) / (1 - r**2)))
        )


@dataclass(frozen=True, slots=True)
class EValue:
    """On the scale of risk ratios, 1 or more; limit : of the interval's end nearer to none."""

    point: float
    limit: float


def mediation_sensitivity(
    arm: ArrayLike, mediator: ArrayLike, outcome: ArrayLike, covariates: ArrayLike | None = None
) -> Sensitivity:
    """Sensitivity of a between-arm mediation to a confounder of mediator and outcome.

    All (n,), covariates (n, q), linear models without interaction. Raises E437 where a column does
    not vary or repeats others, E439 below q + 5 people.
    Imai, Keele & Yamamoto (2010), theorem 4 and equation 15.
    """
    x = np.asarray(arm, dtype=np.float64)
    x, m, y, others = complete_rows(x, mediator, outcome, as_columns(covariates, len(x)))
    q = others.shape[1]
    require_people(len(x), q + 5, "sensitivity of mediation")
    names = ["the arm", *(f"covariate {i + 1}" for i in range(q)), "the mediator", "the outcome"]
    require_independent(np.column_stack([x, others, m, y]), names)
    given = np.column_stack([x, others])
    left_m, left_y = residuals(np.column_stack([m, y]), given).T
    sizes = np.linalg.norm(left_m), np.linalg.norm(left_y)
    rho = float(left_m @ left_y / (sizes[0] * sizes[1]))
    return Sensitivity(rho, least_squares(m, given).slope(0).value, float(sizes[1] / sizes[0]))


def e_value(effect: float, ci_low: float, ci_high: float) -> EValue:
    """Association that a confounder needs with both sides to explain a standardised effect away.

    effect, ci_low, ci_high : a difference in standard deviations of the outcome and its interval,
    taken to a risk ratio as exp(0.91 d); limit is 1 where the interval holds 0. For an indirect
    effect both sides are mediator and outcome. Raises E411 where the interval does not hold the
    effect. VanderWeele & Ding (2017); Smith & VanderWeele (2019) for mediation.
    """
    if not ci_low <= effect <= ci_high:
        raise DefaultModeError("E411", f"interval {ci_low} to {ci_high} does not hold {effect}")
    near = 0.0 if ci_low <= 0 <= ci_high else min(ci_low, ci_high, key=abs)
    return EValue(_needed(effect), _needed(near))


def _needed(difference: float) -> float:
    ratio = math.exp(0.91 * abs(difference))
    return ratio + math.sqrt(ratio * (ratio - 1))
