"""Few parameters sought by an evolution strategy, where a loss is noisy and has no derivative."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError

Array = NDArray[np.float64]
FIRST_STEP = 0.25  # of every range: the centre starts amid it, and two steps reach its edges
FEWEST = 4  # candidates that a generation needs to turn towards the better ones
BETTER = 0.2  # of all points: those whose mean is a finalist


@dataclass(frozen=True, slots=True, eq=False)
class Evolved:
    """Where a search ended, and everything that it tried; n counts parameters.

    low, high : (n,) where it looked
    best, best_loss : (n,) of lowest loss, which in a noisy loss owes something to luck
    centre, spread : (n,) mean and standard deviation of the last distribution
    points, losses : (n_evaluations, n) and (n_evaluations,), in the order they were tried
    history : (n_generations, 2), lowest and median loss of each generation
    """

    low: Array
    high: Array
    best: Array
    best_loss: float
    centre: Array
    spread: Array
    points: Array
    losses: Array
    history: Array


def evolve(
    losses_of: Callable[[Array], Array],
    bounds: ArrayLike,
    *,
    seed: int,
    generations: int,
    population: int,
) -> Evolved:
    """Seek the lowest loss within bounds by CMA-ES (Hansen & Ostermeier 2001; the library cma).

    losses_of : (population, n) → (population,), finite; a whole generation at once
    bounds : (2, n), lowest and highest value of each parameter; the search begins amid them
    The search ends early only where a whole generation has one and the same loss. Raises E506 for
    bounds or numbers that are none, E512 for a loss that is not finite, E519 without the library.
    """
    low, high = _checked(bounds, generations, population)
    strategy = _strategy(len(low), seed, population)
    points, losses = [], []
    for _ in range(generations):
        asked = strategy.ask()
        points.append(low + (high - low) * np.array(asked))
        losses.append(_finite(losses_of(points[-1]), population))
        strategy.tell(asked, losses[-1].tolist())
        if np.ptp(losses[-1]) == 0:
            break
    tried, found = np.concatenate(points), np.concatenate(losses)
    return Evolved(
        low=low,
        high=high,
        best=tried[found.argmin()],
        best_loss=float(found.min()),
        centre=low + (high - low) * np.array(strategy.result.xfavorite),
        spread=(high - low) * np.array(strategy.result.stds),
        points=tried,
        losses=found,
        history=np.array([[np.min(x), np.median(x)] for x in losses]),
    )


def finalists(evolved: Evolved, count: int) -> Array:
    """The points worth trying again where a loss is noisy, (count, n), count at least 3.

    Those of lowest loss, of which luck has chosen some; the centre of the last distribution; and
    the mean of the better fifth of all points, which is steadier and slower than either.
    """
    order = np.argsort(evolved.losses, kind="stable")
    fifth = evolved.points[order[: max(1, round(BETTER * len(order)))]]
    best = evolved.points[np.resize(order, count - 2)]
    return np.vstack([best, evolved.centre, fifth.mean(axis=0)])


def profile(evolved: Evolved, parameter: int, *, bins: int = 10) -> tuple[Array, Array, Array]:
    """The lowest loss of all points with one parameter in turn in each part of its range.

    Middles of the parts, the loss (NaN where no point lay), and how many points lay there, (bins,)
    each. A profile that stays flat says that the parameter is not identified; one of few points is
    too high, since chance has not tried the others' best values.
    """
    edges = np.linspace(evolved.low[parameter], evolved.high[parameter], bins + 1)
    part = np.clip(np.digitize(evolved.points[:, parameter], edges) - 1, 0, bins - 1)
    inside = [evolved.losses[part == k] for k in range(bins)]
    lowest = [float(losses.min()) if len(losses) else np.nan for losses in inside]
    counts = [float(len(losses)) for losses in inside]
    return (edges[:-1] + edges[1:]) / 2.0, np.array(lowest), np.array(counts)


def _checked(bounds: ArrayLike, generations: int, population: int) -> tuple[Array, Array]:
    edges = np.asarray(bounds, dtype=np.float64)
    if edges.ndim != 2 or len(edges) != 2 or not (edges[1] > edges[0]).all():
        msg = f"bounds {edges.tolist()}; expected two rows, the second above the first."
        raise DefaultModeError("E506", msg)
    if generations < 1 or population < FEWEST:
        msg = f"{generations} generations of {population}; expected 1 or more of {FEWEST} or more."
        raise DefaultModeError("E506", msg)
    return edges[0], edges[1]


def _strategy(n: int, seed: int, population: int) -> Any:
    """The library's strategy in the unit box, drawing from a stream of its own."""
    try:
        from cma import CMAEvolutionStrategy
    except ModuleNotFoundError as problem:
        msg = "cma is not installed, which the extra `fit` brings: pip install 'defaultmode[fit]'."
        raise DefaultModeError("E519", msg) from problem
    rng = np.random.default_rng(seed)
    options = {
        "bounds": [0.0, 1.0],
        "popsize": population,
        "randn": lambda *shape: rng.standard_normal(shape),
        "seed": np.nan,  # which leaves NumPy's global stream alone
        "verbose": -10,  # nor reads a file of options from the working directory
        "verb_log": 0,
    }
    return CMAEvolutionStrategy(np.full(n, 0.5), FIRST_STEP, options)


def _finite(losses: ArrayLike, population: int) -> Array:
    found = np.asarray(losses, dtype=np.float64)
    if found.shape != (population,) or not np.isfinite(found).all():
        msg = f"the losses of a generation have shape {found.shape}, or are not finite."
        raise DefaultModeError("E512", msg)
    return found
