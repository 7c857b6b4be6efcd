"""From values of situations to the value of a statement, and from many of those to a verdict."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from defaultmode.simulation.scoreboard.statements import Row

Array = NDArray[np.float64]
Look = Callable[[str], Array]

MOSTLY, SELDOM = 0.8, 0.2  # shares of the box from which a statement holds, up to which it fails
LEAST_STABLE = 0.5  # of the draws; with fewer, the box has no say


@dataclass(frozen=True, slots=True)
class Shared:
    """What a statement does over the box.

    median, low, high : of its value over the draws that rest, with the 5th and 95th percentile
    share : of these draws in which it holds; lost : draws without a stable rest
    point_low, point_high : smallest and largest share at one operating point
    Numbers are NaN where no draw rests.
    """

    median: float
    low: float
    high: float
    share: float
    draws: int
    lost: int
    point_low: float
    point_high: float


@dataclass(frozen=True, slots=True)
class Seeded:
    """What a statement does over seeds: mean, 95 % t-interval, how many seeds."""

    mean: float
    low: float
    high: float
    n: int


def value_of(row: Row, look: Look) -> Array:
    """The value of a statement: a number for a draw (), one per seed for runs (n_seeds,).

    look : situation → its quantity, () or (n_seeds,); for "similarity" with regions as last axis
    """
    form = row.statement.form
    here = look(row.situation)
    if form == "value":
        return here
    before = look(row.against)
    if form == "similarity":
        return _similarity(here - before, look(row.than) - look(row.than_against))
    if form == "distance":
        healthy = look("healthy").mean()
        return np.asarray(np.abs(here - healthy) - np.abs(before - healthy))
    if form == "difference":
        return np.asarray(here - before)
    other = (look(row.than), look(row.than_against)) if row.than else None
    return _relative(form, here, before, other)


def _relative(form: str, here: Array, before: Array, other: tuple[Array, Array] | None) -> Array:
    """Values that divide; not finite where there is nothing to divide by."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if form == "share" and other:
            return np.asarray((here - before) / (other[0] - other[1]).mean())
        if form == "suppression":
            against = other[0] / other[1] if other else 1.0
            return np.asarray(against - here / before)
        return np.asarray(here / before)


def holds(row: Row, values: ArrayLike) -> NDArray[np.bool_]:
    """Whether the statement holds at each value, same shape."""
    low, high = row.claimed
    found = np.asarray(values)
    return np.asarray((found >= low) & (found <= high))


def shared(row: Row, values: Array, points: tuple[str, ...]) -> Shared:
    """A statement over draws; values (n_draws,), NaN where the brain came to no stable rest."""
    stable = np.isfinite(values)
    if not stable.any():
        nothing = float("nan")
        lost = len(values)
        return Shared(nothing, nothing, nothing, nothing, lost, lost, nothing, nothing)
    low, median, high = np.quantile(values[stable], (0.05, 0.5, 0.95))
    held = holds(row, values)
    at = np.array(points)
    by_point = [held[stable & (at == p)].mean() for p in sorted(set(at[stable]))]
    return Shared(
        median=float(median),
        low=float(low),
        high=float(high),
        share=float(held[stable].mean()),
        draws=len(values),
        lost=int((~stable).sum()),
        point_low=float(min(by_point)),
        point_high=float(max(by_point)),
    )


def seeded(values: Array) -> Seeded | None:
    """Mean and 95 % t-interval over those seeds that gave a value; None for fewer than two."""
    known = values[np.isfinite(values)]
    if len(known) < 2:
        return None
    mean = float(known.mean())
    half = float(stats.t.ppf(0.975, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known)))
    return Seeded(mean, mean - half, mean + half, len(known))


def verdict(row: Row, box: Shared | None, seeds: Seeded | None) -> str:
    """One of "holds", "fails", "depends on the operating point", "unclear", "not testable".

    The box decides where it can, and the seeds where it cannot; where the two contradict each
    other, it depends. "unclear" is for seeds alone whose interval leaves both open.
    """
    by_box, by_seeds = _by_box(box), _by_seeds(row, seeds)
    if by_box and by_seeds and {by_box, by_seeds} == {"holds", "fails"}:
        return "depends on the operating point"
    return by_box or by_seeds or "not testable"


def _by_box(box: Shared | None) -> str:
    if box is None or box.draws - box.lost < LEAST_STABLE * box.draws:
        return ""
    if box.share >= MOSTLY:
        return "holds"
    return "fails" if box.share <= SELDOM else "depends on the operating point"


def _by_seeds(row: Row, seeds: Seeded | None) -> str:
    if seeds is None:
        return ""
    low, high = row.claimed
    if seeds.low >= low and seeds.high <= high:
        return "holds"
    return "fails" if seeds.high < low or seeds.low > high else "unclear"


def _similarity(ours: Array, theirs: Array) -> Array:
    """Correlation over regions of two changes: a number, or jackknife pseudo-values over seeds."""
    if ours.ndim == 1:
        return np.asarray(_correlation(ours, theirs))
    n = len(ours)
    whole = _correlation(ours.mean(axis=0), theirs.mean(axis=0))
    if n < 2:
        return np.array([whole])
    others = [np.delete(np.arange(n), k) for k in range(n)]
    without = [_correlation(ours[k].mean(axis=0), theirs[k].mean(axis=0)) for k in others]
    return np.asarray(n * whole - (n - 1) * np.array(without))


def _correlation(a: Array, b: Array) -> float:
    if not a.std() or not b.std():
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])
