"""Whether known parameters come back: people are drawn, recorded, fitted, and compared."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.fitting.search import Aim, Forward, search

Array = NDArray[np.float64]
AimOf = Callable[
    [Array, np.random.Generator], Aim
]  # a person's scores → what one recording aims at
RECOVERED_R = 0.8  # what the twin is asked for, of its parameters at 20 minutes
FEWEST_PEOPLE = 5
MOST_REFUSED = 200  # people less stable than asked, for each that is not
RESAMPLES = 1000


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Made people: scores (n_people, n_scores), and how many others were not stable enough."""

    scores: Array
    refused: int


@dataclass(frozen=True, slots=True, eq=False)
class Recovered:
    """What was put in and what came back.

    true, fitted : (n_people, n_scores); settled : (n_people,) whether the search ended by itself
    """

    true: Array
    fitted: Array
    settled: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Correlation of true with fitted values, with an interval over people.

    r : mean over values; low, high : 95 % of resamples of people
    share_recovered : of the values, those with r ≥ 0.8
    """

    r: float
    low: float
    high: float
    share_recovered: float
    n_people: int
    n_values: int

    @property
    def recovered(self) -> bool:
        """Whether r reaches 0.8."""
        return self.r >= RECOVERED_R


def people(model: Forward, *, count: int, slowest_per_s: float, rng: np.random.Generator) -> People:
    """Scores from the prior, standard normal, of brains as stable as asked.

    Raises E504 where only one in hundreds is.
    """
    kept: list[Array] = []
    refused = 0
    while len(kept) < count:
        scores = rng.standard_normal(len(model))
        if model.growth(scores)[0] <= -slowest_per_s:
            kept.append(scores)
            continue
        refused += 1
        if refused > MOST_REFUSED * (len(kept) + 1):
            msg = (
                f"of {refused + len(kept)} drawn brains {len(kept)} relax at {slowest_per_s:g} /s."
            )
            raise DefaultModeError("E504", msg)
    return People(np.array(kept).reshape(count, len(model)), refused)


def recover(
    model: Forward, aim_of: AimOf, true: Array, *, steps: int, rng: np.random.Generator
) -> Recovered:
    """Record every person once and fit the recording; true : (n_people, n_scores)."""
    streams = rng.spawn(len(true))
    found = [
        search(model, aim_of(scores, stream), steps=steps)
        for scores, stream in zip(true, streams, strict=True)
    ]
    return Recovered(
        true=true,
        fitted=np.array([f.scores for f in found]).reshape(true.shape),
        settled=np.array([f.settled for f in found], dtype=bool),
    )


def over_people(
    true: Array, fitted: Array, *, rng: np.random.Generator, resamples: int = RESAMPLES
) -> Agreement | Missing:
    """How far people come back in their order: one correlation per value, over people.

    true, fitted : (n_people, n_values). Missing (E515) with fewer than five people, or where a
    value is the same for everybody.
    """
    n_people, n_values = true.shape
    if n_people < FEWEST_PEOPLE:
        return Missing(f"{n_people} people; {FEWEST_PEOPLE} are needed", "E515")
    if (np.ptp(true, axis=0) == 0).any() or (np.ptp(fitted, axis=0) == 0).any():
        return Missing("a value is the same for everybody", "E515")
    each = _correlations(true, fitted, np.ones((1, n_people)))[0]
    counts = rng.multinomial(n_people, np.full(n_people, 1.0 / n_people), size=resamples)
    varied = counts[(counts > 0).sum(axis=1) > 2]  # two people always correlate at one
    resampled = _correlations(true, fitted, varied.astype(np.float64)).mean(axis=1)
    low, high = np.quantile(resampled, (0.025, 0.975))
    share = float((each >= RECOVERED_R).mean())
    return Agreement(float(each.mean()), float(low), float(high), share, n_people, n_values)


def within_people(
    true: Array, fitted: Array, *, rng: np.random.Generator, resamples: int = RESAMPLES
) -> Agreement | Missing:
    """How far one person's values come back: one correlation per person, over values.

    true, fitted : (n_people, n_values). `share_recovered` is of people. Missing (E515) as in
    `over_people`, people and values exchanged.
    """
    n_people, n_values = true.shape
    if n_people < FEWEST_PEOPLE or n_values < FEWEST_PEOPLE:
        said = f"{n_people} people and {n_values} values; {FEWEST_PEOPLE} are needed"
        return Missing(said, "E515")
    if (np.ptp(true, axis=1) == 0).any() or (np.ptp(fitted, axis=1) == 0).any():
        return Missing("all values of a person are the same", "E515")
    each = _correlations(true.T, fitted.T, np.ones((1, n_values)))[0]
    chosen = rng.integers(n_people, size=(resamples, n_people))
    low, high = np.quantile(each[chosen].mean(axis=1), (0.025, 0.975))
    share = float((each >= RECOVERED_R).mean())
    return Agreement(float(each.mean()), float(low), float(high), share, n_people, n_values)


def _correlations(true: Array, fitted: Array, counts: Array) -> Array:
    """Pearson's r of every column when each row counts so often, (n_resamples, n_columns)."""
    x, y = true - true.mean(axis=0), fitted - fitted.mean(axis=0)
    shares = counts / counts.sum(axis=1, keepdims=True)
    mean_x, mean_y = shares @ x, shares @ y
    crossed = shares @ (x * y) - mean_x * mean_y
    spread = (shares @ x**2 - mean_x**2) * (shares @ y**2 - mean_y**2)
    return np.asarray(crossed / np.sqrt(spread))
