"""Distance from controls where nothing was treated, and patients regress to their mean."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from defaultmode.core.result import Estimate
from defaultmode.statistics.linear import PAIRED, coefficient
from defaultmode.statistics.normalisation import normalisation
from nulls.world import Array, Found, World, of_estimates

GAP = 1.0  # between patients and controls, in standard deviations of one scan


def worlds() -> Iterator[World]:
    """Every world of this file."""
    for icc in (0.3, 0.7):
        for route, nature in (("ancova", "exact"), ("distance", "approximate")):
            yield World(
                "normalisation against an arm",
                f"{route}, 20 and 20 patients, ICC {icc:g}",
                partial(_arm, route, icc, gap=GAP),
                0.0,
                nature,
                cost=0.002,
            )
        for retested in (15, 40):
            yield World(
                "normalisation against a retest",
                f"20 patients, {retested} retested, 30 controls, ICC {icc:g}",
                partial(_retest, icc, retested, members=False),
                0.0,
                "approximate",
                share=0.25,
                cost=0.007,
            )
        yield World(
            "normalisation against a retest",
            f"the most extreme 15 of 30 patients, 40 retested, ICC {icc:g}",
            partial(_retest, icc, 40, members=True),
            0.0,
            "approximate",
            share=0.25,
            cost=0.007,
        )
        yield World(
            "normalisation within people",
            f"crossover of 20, ICC {icc:g}",
            partial(_crossed, icc),
            0.0,
            "approximate",
        )
    yield World(
        "normalisation against an arm",
        "distance, skewed: no gap to controls, ICC 0.3",
        partial(_arm, "distance", 0.3, gap=0.0),
        0.0,
        "approximate",
        cost=0.002,
    )


def _scans(n: int, icc: float, gap: float, rng: np.random.Generator, times: int = 2) -> Array:
    """Scans of n people, (n, times), of variance 1, whose mean is `gap`."""
    own = rng.normal(size=(n, 1)) * np.sqrt(icc)
    return np.asarray(gap + own + rng.normal(size=(n, times)) * np.sqrt(1 - icc))


def _arm(route: str, icc: float, n: int, rng: np.random.Generator, *, gap: float) -> Found:
    def one() -> Estimate:
        treated, untreated = (_scans(20, icc, gap, rng) for _ in range(2))
        controls = rng.normal(size=30)
        found = normalisation(*treated.T, controls, untreated=tuple(untreated.T))
        return getattr(found, route)

    return of_estimates((one() for _ in range(n)), 0.0)


def _retest(icc: float, retested: int, n: int, rng: np.random.Generator, *, members: bool) -> Found:
    def one() -> Estimate:
        patients = _scans(30 if members else 20, icc, GAP, rng)
        controls, retest = rng.normal(size=30), _scans(retested, icc, 0.0, rng)
        extreme = patients[:, 0] > np.median(patients[:, 0]) if members else None
        chosen = None if extreme is None else extreme.astype(float)
        return normalisation(*patients.T, controls, retest=retest, members=chosen).distance

    return of_estimates((one() for _ in range(n)), np.nan)


def _crossed(icc: float, n: int, rng: np.random.Generator) -> Found:
    """Distances after treatment and after placebo of the same patients, each with its baseline."""

    def one() -> Estimate:
        patients, typical = _scans(20, icc, GAP, rng, 4), rng.normal(size=30).mean()
        away = np.abs(patients - typical)
        shrunk = (away[:, 0] - away[:, 1]) - (away[:, 2] - away[:, 3])
        return coefficient(shrunk, np.ones(20), np.empty((0, 0)), kind=PAIRED)

    return of_estimates((one() for _ in range(n)), 0.0)
