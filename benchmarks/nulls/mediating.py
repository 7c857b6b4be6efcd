"""Indirect effects where both paths are absent, or one of them."""

from collections.abc import Iterator
from functools import partial
from math import nan

import numpy as np

from defaultmode.core.result import Estimate
from defaultmode.statistics.mediation import mediation, serial_mediation
from defaultmode.statistics.mediation_within import crossover_mediation, multilevel_mediation
from nulls.world import Found, World, of_estimates

SHARE = 0.35  # of the simulations: three null worlds of each family make up all of them
DRAWS = 999  # of the bootstrap; the ledger takes 2,000, which changes p by less than its error
PATHS = (("both paths absent", 0.0, 0.0), ("a alone", 0.8, 0.0), ("b alone", 0.0, 0.6))


def worlds() -> Iterator[World]:
    """Every world of this file; the planted one is an indirect effect of 0.48."""
    for name, a, b in (*PATHS, ("planted a 0.8, b 0.6", 0.8, 0.6)):
        yield World(
            "mediation between arms",
            f"{name}, 40 people",
            partial(_between, 40, a, b),
            a * b,
            "conservative",
            share=SHARE,
            cost=0.007,
        )
        yield World(
            "mediation within people",
            f"{name}, crossover of 24",
            partial(_crossed, a, b),
            a * b,
            "conservative",
            share=SHARE,
            cost=0.004,
        )
    for name, a, b in PATHS:
        yield World(
            "mediation over sessions",
            f"{name}, 20 people × 8 sessions",
            partial(_sessions, a, b),
            0.0,
            "conservative",
            share=SHARE,
            cost=0.005,
        )
    yield World(
        "serial mediation",
        "only the first path is there, 60 people",
        _serial,
        0.0,
        "conservative",
        share=SHARE,
        cost=0.005,
    )


def _raw(estimate: Estimate) -> Estimate:
    """The estimate in the outcome's unit, in which the truth is known."""
    unit = estimate.raw / estimate.value if estimate.value else nan
    return Estimate(
        "raw", estimate.raw, estimate.ci_low * unit, estimate.ci_high * unit, p=estimate.p
    )


def _between(people: int, a: float, b: float, n: int, rng: np.random.Generator) -> Found:
    arm = np.repeat([0.0, 1.0], people // 2)

    def one() -> Estimate:
        mediator = a * arm + rng.normal(size=people)
        outcome = b * mediator + 0.3 * arm + rng.normal(size=people)
        return _raw(mediation(arm, mediator, outcome, rng=rng, draws=DRAWS).indirect.estimate)

    return of_estimates((one() for _ in range(n)), a * b)


def _crossed(a: float, b: float, n: int, rng: np.random.Generator) -> Found:
    def one() -> Estimate:
        own = rng.normal(size=24)
        none = own + rng.normal(size=24) / np.sqrt(2)
        drug = own + a + rng.normal(size=24) / np.sqrt(2)
        outcomes = [b * m + rng.normal(size=24) / np.sqrt(2) for m in (drug, none)]
        found = crossover_mediation((drug, none), tuple(outcomes), rng=rng, draws=DRAWS)
        return _raw(found.indirect.estimate)

    return of_estimates((one() for _ in range(n)), a * b)


def _sessions(a: float, b: float, n: int, rng: np.random.Generator) -> Found:
    who, drug = np.repeat(np.arange(20), 8), np.tile([0.0, 1.0], 80)

    def one() -> Estimate:
        own = rng.normal(size=(2, 20)) * 0.3
        mediator = (a + own[0])[who] * drug + rng.normal(size=160)
        outcome = (b + own[1])[who] * mediator + rng.normal(size=160)
        found = multilevel_mediation(who, drug, mediator, outcome, rng=rng, draws=DRAWS)
        return _raw(found.indirect.estimate)

    return of_estimates((one() for _ in range(n)), a * b)


def _serial(n: int, rng: np.random.Generator) -> Found:
    arm = np.repeat([0.0, 1.0], 30)

    def one() -> Estimate:
        first = 0.8 * arm + rng.normal(size=60)
        second, outcome = rng.normal(size=(2, 60))
        found = serial_mediation(arm, (first, second), outcome, rng=rng, draws=DRAWS)
        return _raw(found.through_both.estimate)

    return of_estimates((one() for _ in range(n)), 0.0)
