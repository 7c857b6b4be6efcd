"""The comparisons that a study can be planned for: their standard errors before there are data."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError

Array = NDArray[np.float64]
Function = Callable[[Array, Array], Array]
CHANCE = 0.5  # area under the curve of a guess
NEVER = 1e-9  # how near an area may come to 0 and 1, where its standard error vanishes


def _as_it_is(effect: Array) -> Array:
    return effect


def _normal(n: Array) -> Array:
    return np.full(np.shape(n), inf)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """A test of one effect against zero, for n people as `counted` says.

    statistic : in which effects are entered; none : its value without an effect; limit : no effect
        is as large as this
    scale : effect → the scale on which its estimate is t or normal, 0 without one; unscale : back
    unit : (effect, n) → standard error of the estimate on that scale where there is no effect
    freedom : n → degrees of freedom of t, inf where the estimate is normal
    widening : (effect, n) → its standard error where there is this effect, as a share of `unit`
    least : smallest n that can be tested
    """

    name: str
    statistic: str
    counted: str
    scale: Callable[[Array], Array]
    unit: Function
    freedom: Callable[[Array], Array]
    unscale: Callable[[Array], Array] = _as_it_is
    none: float = 0.0
    limit: float = inf
    least: int = 3
    widening: Function = lambda effect, n: np.ones(np.broadcast(effect, n).shape)

    def spread(self, effect: ArrayLike, n: ArrayLike) -> tuple[Array, Array, Array]:
        """Noncentrality, degrees of freedom and widening, all of the broadcast shape.

        Raises E432 for fewer people than can be tested.
        """
        values, people = np.broadcast_arrays(np.asarray(effect, float), np.asarray(n, float))
        if (people < self.least).any():
            msg = f"n is {people.min():g}; at least {self.least} {self.counted} are needed."
            raise DefaultModeError("E432", msg)
        centre = self.scale(values) / self.unit(values, people)
        return centre, self.freedom(people), self.widening(values, people)


def two_groups(ratio: float = 1.0) -> Comparison:
    """Difference of two groups of n and ratio·n people in pooled standard deviations."""
    _above_zero("ratio", ratio)
    return Comparison(
        name="two groups",
        statistic="Hedges g",
        counted="people in the smaller group" if ratio > 1 else "people in each group",
        scale=_as_it_is,
        unit=lambda _, n: np.sqrt((1 + 1 / ratio) / n),
        freedom=lambda n: n * (1 + ratio) - 2,
    )


def one_group() -> Comparison:
    """Mean of n people against zero in their standard deviation."""
    return Comparison(
        name="one group",
        statistic="d",
        counted="people",
        scale=_as_it_is,
        unit=lambda _, n: 1 / np.sqrt(n),
        freedom=lambda n: n - 1,
    )


def paired() -> Comparison:
    """Mean of n people's own differences in the standard deviation of these differences."""
    return Comparison(
        name="paired",
        statistic="d_z",
        counted="people with both sessions",
        scale=_as_it_is,
        unit=lambda _, n: 1 / np.sqrt(n),
        freedom=lambda n: n - 1,
    )


def parallel_change(correlation: float) -> Comparison:
    """Difference of two arms at the end, given the baseline: variance (1 − r²).

    correlation : r of baseline with end of study, within an arm. The effect is in standard
    deviations of the outcome at the end. Borm, Fransen & Lemmens (2007).
    """
    if not -1 < correlation < 1:
        raise _unusable("correlation", correlation, "between -1 and 1")
    return Comparison(
        name="parallel arms, given the baseline",
        statistic="Hedges g",
        counted="people in each arm",
        scale=_as_it_is,
        unit=lambda _, n: np.sqrt((1 - correlation**2) * 2 / n),
        freedom=lambda n: 2 * n - 3,
    )


def moderation() -> Comparison:
    """Difference of two differences between groups, four groups of n, in standard deviations."""
    return Comparison(
        name="moderation",
        statistic="Hedges g",
        counted="people in each of four groups",
        scale=_as_it_is,
        unit=lambda _, n: 2 / np.sqrt(n),
        freedom=lambda n: 4 * n - 4,
    )


def correlation() -> Comparison:
    """Pearson correlation over n people, on Fisher's z with standard error 1/√(n − 3)."""
    return Comparison(
        name="correlation",
        statistic="Pearson r",
        counted="people",
        scale=np.arctanh,
        unit=lambda _, n: 1 / np.sqrt(n - 3),
        freedom=_normal,
        unscale=np.tanh,
        limit=1.0,
        least=4,
    )


def prediction(prevalence: float = 0.5) -> Comparison:
    """Area under the curve of a predictor in n people, of whom a share respond.

    Hanley & McNeil (1982), at the area itself and at 0.5.
    """
    if not 0 < prevalence < 1:
        raise _unusable("prevalence", prevalence, "between 0 and 1")

    def error(area: Array, n: Array) -> Array:
        return area_error(area, prevalence * n, (1 - prevalence) * n)

    return Comparison(
        name="prediction",
        statistic="AUC",
        counted="people",
        scale=lambda area: area - CHANCE,
        unit=lambda area, n: error(np.full_like(area, CHANCE), n),
        freedom=_normal,
        unscale=lambda above: np.clip(CHANCE + above, NEVER, 1 - NEVER),
        none=CHANCE,
        limit=1.0,
        least=10,
        widening=lambda area, n: error(area, n) / error(np.full_like(area, CHANCE), n),
    )


def area_error(area: ArrayLike, n_with: ArrayLike, n_without: ArrayLike) -> Array:
    """Standard error of an area under the curve, of the broadcast shape.

    n_with, n_without : people with and without the outcome. Hanley & McNeil (1982).
    """
    a, p, q = np.broadcast_arrays(area, n_with, n_without)
    two_with, two_without = a / (2 - a), 2 * a**2 / (1 + a)
    squares = a * (1 - a) + (p - 1) * (two_with - a**2) + (q - 1) * (two_without - a**2)
    return np.asarray(np.sqrt(squares / (p * q)), dtype=np.float64)


def _above_zero(name: str, value: float) -> None:
    if not 0 < value < inf:
        raise _unusable(name, value, "above 0")


def _unusable(name: str, value: float, expected: str) -> DefaultModeError:
    return DefaultModeError("E432", f"{name} is {value:g}; it must be {expected}.")
