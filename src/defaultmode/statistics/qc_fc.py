"""How far connectivity follows head motion over people: QC–FC correlations (Power 2012)."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import nan

import numpy as np

from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array

FEWEST = 10  # our own: with 9, the median |r| of unrelated numbers is 0.26
LEVEL = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class QcFc:
    """Correlations of many values with head motion over people.

    n : people; r, p : (n_values,), Pearson r and its two-sided p, NaN where fewer than FEWEST
    people have the value or it does not vary
    median_abs_r : over the values; chance_abs_r : what it is expected to be without any relation,
    by how many people have each value
    share : of the values with p < LEVEL; chance alone gives LEVEL in the mean over studies, and in
    any one study far less or more, because values share patterns
    distance_rho : Spearman correlation of r with the distance between regions, NaN without one
    """

    n: int
    r: Array
    p: Array
    median_abs_r: float
    chance_abs_r: float
    share: float
    distance_rho: float = nan


def qc_fc(
    values: Iterable[Array], moved_mm: Array, distance_mm: Array | None = None
) -> QcFc | Missing:
    """Pearson correlation of each value with mean framewise displacement over people.

    values : of each person, (n_values,), NaN where missing; moved_mm : (n_people,);
    distance_mm : (n_values,) between the two regions of each connection, NaN where not known.
    Missing with fewer than FEWEST people or where nobody moves more than another. Power et al.
    2012; Ciric et al. 2017. Without covariates.
    """
    n = len(moved_mm)
    if n < FEWEST:
        return Missing(f"{n} people have both; {FEWEST} are needed", "E439")
    if np.ptp(moved_mm) == 0:
        return Missing("everybody moved alike, so nothing can go with it", "E304")
    r, degrees = _correlations(values, moved_mm)
    p = _p_values(r, degrees)
    known = np.isfinite(r)
    if not known.any():
        return Missing(f"no value varies over {FEWEST} people or more", "E439")
    return QcFc(
        n,
        r,
        p,
        float(np.median(np.abs(r[known]))),
        float(np.median(chance_of(degrees[known] + 2))),
        float((p[known] < LEVEL).mean()),
        nan if distance_mm is None else _rank_correlation(r, distance_mm),
    )


def chance_of(n: Array) -> Array:
    """The median |r| of n pairs of unrelated normal numbers, for each n, from Student's t."""
    from scipy.stats import t

    middle = t.ppf(0.75, n - 2)
    chance: Array = middle / np.sqrt(n - 2 + middle**2)
    return chance


def _correlations(values: Iterable[Array], moved_mm: Array) -> tuple[Array, Array]:
    """Pearson r and its degrees of freedom for each value, from sums, so that no table is held."""
    moved = moved_mm - moved_mm.mean()
    sums: Array = np.zeros((6, 1))
    for x, y in zip(values, moved, strict=True):
        there = np.isfinite(x)
        known = np.where(there, x, 0.0)
        parts = [there, known, known**2, there * y, there * y**2, known * y]
        sums = sums + np.stack(parts)
    count, sx, sxx, sy, syy, sxy = sums
    enough = np.maximum(count, 1)
    spread_x, spread_y = sxx - sx**2 / enough, syy - sy**2 / enough
    varies = (count >= FEWEST) & (spread_x > 1e-12 * np.maximum(sxx, 1e-300)) & (spread_y > 0)
    scale = np.sqrt(np.where(varies, spread_x * spread_y, 1.0))
    r = np.where(varies, (sxy - sx * sy / enough) / scale, np.nan)
    return np.clip(r, -1, 1), count - 2


def _p_values(r: Array, degrees: Array) -> Array:
    from scipy.stats import t

    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.abs(r) * np.sqrt(degrees / (1 - r**2))
    p = 2 * t.sf(statistic, np.maximum(degrees, 1))
    return np.where(np.isfinite(r), p, np.nan)


def _rank_correlation(r: Array, distance_mm: Array) -> float:
    from scipy.stats import spearmanr

    both = np.isfinite(r) & np.isfinite(distance_mm)
    if both.sum() < FEWEST or np.ptp(distance_mm[both]) == 0 or np.ptp(r[both]) == 0:
        return nan
    return float(spearmanr(r[both], distance_mm[both]).statistic)
