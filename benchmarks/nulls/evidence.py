"""Equivalence at its bound, Bayes factors without an effect, and means over cohorts."""

from collections.abc import Iterator
from functools import partial
from math import inf, isfinite, nan

import numpy as np

from defaultmode.core.missing import Missing
from defaultmode.core.result import Estimate
from defaultmode.statistics.answers import partial_correlation
from defaultmode.statistics.bayes_factor import bayes_factor
from defaultmode.statistics.equivalence import equivalence
from defaultmode.statistics.linear import GROUPS, PAIRED, coefficient
from defaultmode.statistics.pooling import pool
from nulls.world import Found, World, of_estimates, only_p

NONE = np.empty((0, 0))
FACTOR = 3  # "moderate" evidence


def worlds() -> Iterator[World]:
    """Every world of this file."""
    for n in (20, 50, 200):
        yield World(
            "equivalence (TOST) at the bound",
            f"g 0.5, groups of {n}",
            partial(_at_bound, "g", 0.5, n),
            nan,
            "conservative",
            share=0.5,
        )
        yield World(
            "equivalence (TOST) at the bound",
            f"d_z 0.5, {n} pairs",
            partial(_at_bound, "d_z", 0.5, n),
            nan,
            "conservative",
            share=0.5,
        )
        yield World(
            "equivalence (TOST) at the bound",
            f"r 0.3, {n} people",
            partial(_at_bound, "r", 0.3, n),
            nan,
            "conservative",
            share=0.5,
        )
    for n in (20, 100):
        for statistic, people in (("g", f"groups of {n}"), ("r", f"{n} people")):
            yield World(
                "Bayes factor above 3 without an effect",
                f"{statistic}, {people}",
                partial(_favours, statistic, n),
                nan,
                "bound",
                1 / FACTOR,
            )
    for k in (2, 3, 5, 10, 30):
        for tau2 in (0.0, 0.04, 0.16):
            yield World(
                "pooling over cohorts",
                f"mean of {k}, τ² {tau2:g}",
                partial(_pooled, k, tau2),
                0.0,
                "approximate",
                share=0.5,
            )
    for k in (5, 10, 30):
        yield World(
            "prediction interval of a further cohort",
            f"from {k}, τ² 0.16",
            partial(_further, k),
            0.0,
            "approximate",
            share=0.5,
        )


def _drawn(statistic: str, effect: float, n: int, rng: np.random.Generator) -> Estimate:
    if statistic == "r":
        x, e = rng.normal(size=(2, n))
        y = effect * x + np.sqrt(1 - effect**2) * e
        return partial_correlation(y, x, np.empty((n, 0)))
    if statistic == "d_z":
        return coefficient(rng.normal(size=n) + effect, np.ones(n), NONE, kind=PAIRED)
    x = np.repeat([1.0, 0.0], n)
    return coefficient(rng.normal(size=2 * n) + effect * x, x, NONE, kind=GROUPS)


def _at_bound(statistic: str, bound: float, n: int, count: int, rng: np.random.Generator) -> Found:
    found = (equivalence(_drawn(statistic, bound, n, rng), bound) for _ in range(count))
    return only_p(np.array([nan if isinstance(one, Missing) else one.p for one in found]))


def _favours(statistic: str, n: int, count: int, rng: np.random.Generator) -> Found:
    """P is 0 where the factor exceeds 3, else 1; values are the factors themselves."""
    made = (_drawn(statistic, 0.0, n, rng) for _ in range(count))
    found = [bayes_factor(one, 0.3, direction="increase") for one in made]
    value = np.array([nan if isinstance(one, Missing) else one.value for one in found])
    return Found(np.where(value > FACTOR, 0.0, 1.0), np.full(count, nan), value)


def _cohorts(k: int, tau2: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Effects of k cohorts of 20 to 200 people, with their errors."""
    errors = 2 / np.sqrt(rng.integers(20, 200, k))
    return rng.normal(0, np.sqrt(tau2 + errors**2)), errors


def _pooled(k: int, tau2: float, n: int, rng: np.random.Generator) -> Found:
    return of_estimates((pool(*_cohorts(k, tau2, rng)).estimate for _ in range(n)), 0.0)


def _further(k: int, n: int, rng: np.random.Generator) -> Found:
    covered = np.full(n, nan)
    for i in range(n):
        span = pool(*_cohorts(k, 0.16, rng)).prediction
        low, high = (inf, inf) if isinstance(span, Missing) else span
        if isfinite(low):
            covered[i] = low <= rng.normal(0, 0.4) <= high
    return Found(np.full(n, nan), covered, np.full(n, nan))
