"""Power of a mediated effect by simulation, from the sufficient statistics of its two tests."""

from math import sqrt

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.statistics.power import ALPHA, MOST_PEOPLE

DRAWS = 20_000  # a power of .8 is then known to ±.006 with 95 % confidence
LEAST = 6  # people: the second path leaves n − 3 degrees of freedom


def mediation_power(
    n: int,
    paths: tuple[float, float],
    *,
    rng: np.random.Generator,
    direct: float = 0.0,
    alpha: float = ALPHA,
) -> float:
    """Share of simulated studies of n people in which both paths have p below alpha.

    paths : treatment → mediator and mediator → outcome, standardised; with two equal arms the
        first is half the difference between them in standard deviations of the mediator
    direct : treatment → outcome beside the mediator, standardised
    Drawn are not people but what the two regressions need of them: two normal and two χ²
    variables, which the joint significance test shares as it does in data. Raises E432 for paths
    that no standardised variables can have, or fewer than 6 people. Test: MacKinnon et al. (2002).
    """
    from scipy.special import stdtrit

    a, b = paths
    rest = (1 - a**2, 1 - b**2 - direct**2 - 2 * a * b * direct)
    if n < LEAST or min(rest) <= 0:
        msg = f"n is {n} and the paths {a:g}, {b:g}, {direct:g}: at least {LEAST} people are needed"
        raise DefaultModeError("E432", f"{msg}, and paths that explain less than everything.")
    mediator, outcome = sqrt(rest[0]), sqrt(rest[1])
    first, second = rng.standard_normal((2, DRAWS))
    squares = rng.chisquare(n - 2, DRAWS)
    noise = np.sqrt(rng.chisquare(n - 3, DRAWS) / (n - 3))
    t_a = (a * sqrt(n) / mediator + first) / np.sqrt(squares / (n - 2))
    t_b = (b * mediator * np.sqrt(squares) / outcome + second) / noise
    edges = stdtrit(np.array([n - 2, n - 3]), 1 - alpha / 2)
    return float(np.mean((np.abs(t_a) > edges[0]) & (np.abs(t_b) > edges[1])))


def mediation_needed(
    paths: tuple[float, float],
    *,
    rng: np.random.Generator,
    direct: float = 0.0,
    target: float = 0.8,
    alpha: float = ALPHA,
) -> int:
    """Smallest n found with at least this power, within the error of the simulation; E432."""
    low, high = LEAST - 1, LEAST
    while mediation_power(high, paths, rng=rng, direct=direct, alpha=alpha) < target:
        low, high = high, 2 * high
        if high > MOST_PEOPLE:
            msg = f"no n below {MOST_PEOPLE} gives the paths {paths} a power of {target:g}."
            raise DefaultModeError("E432", msg)
    while high - low > 1:
        middle = (low + high) // 2
        found = mediation_power(middle, paths, rng=rng, direct=direct, alpha=alpha)
        low, high = (low, middle) if found >= target else (middle, high)
    return high
