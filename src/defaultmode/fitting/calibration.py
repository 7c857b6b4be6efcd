"""Whether intervals hold what they say: where the truth lies among what is called plausible."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, chi2

from defaultmode.core.missing import Missing
from defaultmode.fitting.recovery import AimOf
from defaultmode.fitting.search import Aim

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Believe = Callable[[Aim, np.random.Generator], Array]  # a recording → draws (n_draws, n_scores)
Quantities = Callable[[Array], Array]  # scores (n_scores,) → values (n_values,)
NULL_DRAWS = 4000  # of ranks under calibration: a p-value of 0.05 is known to 0.003
NULL_SEED = 20180418  # the null of a test is a table: the same in every run
FEWEST_EXPECTED = 5.0  # people per bin of a χ² test (Cochran 1954)


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """The truth among the draws, person by person and value by value.

    ranks : (n_people, n_values), how many draws lie below the truth, 0 to n_draws
    middle, spread : (n_people, n_values), mean and standard deviation of the draws
    true : (n_people, n_values)
    """

    ranks: Ints
    middle: Array
    spread: Array
    true: Array
    n_draws: int

    def contraction(self, prior_sd: Array) -> Array:
        """Share of the prior's variance that a recording takes away; both (n_values,).

        1 : known after one recording; 0 : nothing learnt; below 0 : the fit adds more than the
        prior would allow. (Schad 2021, doi 10.1037/met0000275.)
        """
        return np.asarray(1.0 - (self.spread**2).mean(axis=0) / prior_sd**2)

    def coverage(self, level: float) -> Array:
        """Share of true values inside central intervals of a level, (n_people, n_values).

        A rank stands for a stretch of 1 / (n_draws + 1) of the distribution; where the interval
        ends within it, the part inside counts, so that calibration gives the level exactly.
        """
        width = 1.0 / (self.n_draws + 1)
        low, high = (1.0 - level) / 2.0, (1.0 + level) / 2.0
        begin = self.ranks * width
        inside = np.minimum(begin + width, high) - np.maximum(begin, low)
        return np.asarray(np.maximum(inside, 0.0) / width)


def rank(
    believe: Believe,
    aim_of: AimOf,
    true: Array,
    *,
    quantities: Quantities,
    rng: np.random.Generator,
) -> Ranked:
    """Record every person once, draw what is plausible, and rank the truth among it.

    true : (n_people, n_scores) from the prior that the draws assume. (Simulation-based calibration:
    Talts 2018, arXiv 1804.06788, algorithm 1.)
    """
    truth = np.array([quantities(scores) for scores in true])
    ranks, middle, spread, n_draws = [], [], [], 0
    for scores, known, stream in zip(true, truth, rng.spawn(len(true)), strict=True):
        drawn = believe(aim_of(scores, stream), stream)
        values = np.array([quantities(point) for point in drawn])
        ranks.append((values < known).sum(axis=0))
        middle.append(values.mean(axis=0))
        spread.append(values.std(axis=0, ddof=1))
        n_draws = len(drawn)
    return Ranked(np.array(ranks), np.array(middle), np.array(spread), truth, n_draws)


def histogram(ranks: Ints, n_draws: int) -> Ints:
    """How many people have each rank, (n_draws + 1, n_values); ranks : (n_people, n_values)."""
    return np.array([np.bincount(column, minlength=n_draws + 1) for column in ranks.T]).T


def flat_by_chi_squared(ranks: Ints, n_draws: int) -> float | Missing:
    """Probability of one value's ranks (n_people,) under a flat histogram.

    Neighbouring ranks share a bin until five people are expected in each; Missing (E515) with
    too few people for two bins.
    """
    n_bins = min(n_draws + 1, int(len(ranks) / FEWEST_EXPECTED))
    while n_bins > 1 and (n_draws + 1) % n_bins:
        n_bins -= 1
    if n_bins < 2:
        return Missing(f"{len(ranks)} people are too few for two bins of ranks", "E515")
    counts = np.bincount(ranks * n_bins // (n_draws + 1), minlength=n_bins)
    expected = len(ranks) / n_bins
    return float(chi2.sf(((counts - expected) ** 2).sum() / expected, n_bins - 1))


def flat_by_band(ranks: Ints, n_draws: int) -> Array:
    """Probability of every value's ranks under calibration, (n_values,).

    ranks : (n_people, n_values). Their cumulative distribution is held against simultaneous bands
    around the diagonal, and the narrowest that it leaves tells (Säilynoja 2022, doi
    10.1007/s11222-022-10090-6, with the level of the bands found by simulation).
    """
    null = _null(len(ranks), n_draws)
    narrowest = _narrowest(ranks, n_draws)
    return np.asarray((1.0 + np.searchsorted(null, narrowest, side="right")) / (1.0 + len(null)))


def _narrowest(ranks: Ints, n_draws: int) -> Array:
    """Least two-sided binomial probability over all points of the cumulative distribution."""
    steps = np.arange(n_draws)
    below = np.array([(ranks <= step).sum(axis=0) for step in steps])
    share = ((steps + 1) / (n_draws + 1))[:, None]
    left = binom.cdf(below, len(ranks), share)
    right = binom.sf(below - 1, len(ranks), share)
    return np.asarray(2.0 * np.minimum(left, right).min(axis=0))


@cache
def _null(n_people: int, n_draws: int) -> Array:
    rng = np.random.default_rng([NULL_SEED, n_people, n_draws])
    ranks = rng.integers(n_draws + 1, size=(n_people, NULL_DRAWS))
    return np.sort(_narrowest(ranks, n_draws))
