"""Intraclass correlations with exact intervals, of many outcomes at once, on plain arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.statistics.effects import CONFIDENCE, SMALLEST_N

Array = NDArray[np.float64]
Counts = NDArray[np.intp]
Mask = NDArray[np.bool_]
LEAST_SHARE = 0.5  # our choice: a repeat that fewer people have is left out of the two-way forms
_ROUNDING = 1e-12  # spread below this share of the values is arithmetic, not variation


@dataclass(frozen=True, slots=True, eq=False)
class Coefficient:
    """One form of the coefficient with its 95 % interval, each (k,), NaN where there is none."""

    value: Array
    ci_low: Array
    ci_high: Array


@dataclass(frozen=True, slots=True, eq=False)
class Intraclass:
    """Reliability of one measurement, for k outcomes; every array has shape (k,).

    n : people with at least two values; n_values : their values; n_complete, n_repeats : people
        and repeats behind the two-way forms
    one_way : ICC(1,1); consistency : ICC(3,1); agreement : ICC(2,1)
    sd : of one measurement over people and repeats; sem : standard error of measurement;
        mdc : minimal detectable change of one person; all in the outcome's unit
    reason : why there is no value; empty where there is one
    """

    n: Counts
    n_values: Counts
    n_complete: Counts
    n_repeats: Counts
    one_way: Coefficient
    consistency: Coefficient
    agreement: Coefficient
    sd: Array
    sem: Array
    mdc: Array
    reason: NDArray[np.object_]


def intraclass(values: ArrayLike) -> Intraclass:
    """Reliability of k outcomes from repeats of the same people.

    values : (n_people, n_repeats, k), NaN where a repeat is missing. The one-way form takes
    everybody with two values, by analysis of variance with Searle's n0 in place of the number of
    repeats, so that its interval is exact only where nobody lacks one; the two-way forms take the
    people who have every repeat that at least half of them have. Estimates may be negative: then
    people differ no more than their repeats do. The minimal detectable change is
    1.96·√2·SD·√(1 − ICC(1,1)), which is 1.96·√2 times the root mean square within people.
    Shrout & Fleiss (1979); McGraw & Wong (1996), table 7; Searle (1971).
    """
    x = np.asarray(values, dtype=np.float64)
    known = np.isfinite(x)
    known &= (known.sum(axis=1) >= 2)[:, None]
    n, n_values, between, within, per_person = _one_way(x, known)
    complete = _complete(known)
    largest = np.where(known, np.abs(x), 0.0).max(axis=(0, 1), initial=0.0)
    reason = _reasons(n, within, _ROUNDING * largest)
    ok = reason == ""
    two_way = complete.any(axis=1).sum(axis=0)
    variance = np.full(len(within), np.nan)  # one outcome may have repeats of too few people
    np.divide(between - within, per_person, out=variance, where=ok)
    variance += within
    sem = np.where(ok, np.sqrt(within), np.nan)
    consistency, agreement = _two_way(x, complete, ok & (two_way >= SMALLEST_N))
    return Intraclass(
        n=n,
        n_values=n_values,
        n_complete=two_way,
        n_repeats=complete.any(axis=0).sum(axis=0),
        one_way=_from_ratio(between, within, per_person, (n - 1, n_values - n), ok),
        consistency=consistency,
        agreement=agreement,
        sd=np.sqrt(np.where(ok, variance, np.nan)),
        sem=sem,
        mdc=detectable_change(sem),
        reason=reason,
    )


def detectable_change(sem: ArrayLike) -> Array:
    """Smallest change of one person beyond the 95 % limits of two measurements' error.

    sem : standard error of measurement, any shape, in the outcome's unit, as the result is.
    Weir (2005): 1.96·√2·SEM.
    """
    from scipy.special import ndtri

    return np.asarray(ndtri((1 + CONFIDENCE) / 2) * np.sqrt(2) * np.asarray(sem, np.float64))


def _one_way(x: Array, known: Mask) -> tuple[Counts, Counts, Array, Array, Array]:
    """People, values, mean squares between and within people, and n0, each (k,)."""
    each = known.sum(axis=1)
    n, total = (each > 0).sum(axis=0), each.sum(axis=0)
    filled = np.where(known, x, 0.0)
    mean = filled.sum(axis=1) / np.maximum(each, 1)
    grand = filled.sum(axis=(0, 1)) / np.maximum(total, 1)
    between = (each * (mean - grand) ** 2).sum(axis=0) / np.maximum(n - 1, 1)
    inside = np.where(known, (x - mean[:, None]) ** 2, 0.0).sum(axis=(0, 1))
    within = inside / np.maximum(total - n, 1)
    squares = (each**2).sum(axis=0) / np.maximum(total, 1)
    return n, total, between, within, (total - squares) / np.maximum(n - 1, 1)


def _complete(known: Mask) -> Mask:
    """The values of people who have every common repeat, (n_people, n_repeats, k)."""
    people = known.any(axis=1).sum(axis=0)
    common = known.sum(axis=0) >= np.maximum(LEAST_SHARE * people, 1)
    whole = (known | ~common).all(axis=1) & (common.sum(axis=0) >= 2) & (people > 0)
    return np.asarray(whole[:, None] & common)


def _two_way(x: Array, used: Mask, ok: Mask) -> tuple[Coefficient, Coefficient]:
    """ICC(3,1) and ICC(2,1) of the people who have every repeat."""
    n = np.maximum(used.any(axis=1).sum(axis=0), 2)
    m = np.maximum(used.any(axis=0).sum(axis=0), 2)
    filled = np.where(used, x, 0.0)
    grand = filled.sum(axis=(0, 1)) / (n * m)
    row, column = filled.sum(axis=1) / m, filled.sum(axis=0) / n
    people, repeats = used.any(axis=1), used.any(axis=0)
    rows = np.where(people, m * (row - grand) ** 2, 0.0).sum(axis=0) / (n - 1)
    columns = np.where(repeats, n * (column - grand) ** 2, 0.0).sum(axis=0) / (m - 1)
    rest = np.where(used, (x - row[:, None] - column + grand) ** 2, 0.0).sum(axis=(0, 1))
    error = rest / ((n - 1) * (m - 1))
    ok = ok & (error > 0)
    freedom = (n - 1, (n - 1) * (m - 1))
    consistency = _from_ratio(rows, error, m.astype(np.float64), freedom, ok)
    return consistency, _agreement((rows, columns, error), n, m, ok)


def _from_ratio(
    people: Array, error: Array, repeats: Array, freedom: tuple[Counts, Counts], ok: Mask
) -> Coefficient:
    """(MS people − MS error) / (MS people + (m − 1) MS error), limits by the F distribution."""
    from scipy.special import fdtri

    a, e, m = people[ok], error[ok], repeats[ok]
    first, second = freedom[0][ok], freedom[1][ok]
    level = (1 + CONFIDENCE) / 2
    ratio = a / e
    limits = (ratio, ratio / fdtri(first, second, level), ratio * fdtri(second, first, level))
    return Coefficient(*(_spread(ok, (f - 1) / (f + m - 1)) for f in limits))


def _agreement(squares: tuple[Array, Array, Array], n: Counts, m: Counts, ok: Mask) -> Coefficient:
    """ICC(2,1): differences between the repeats count as error (McGraw & Wong 1996, ICC(A,1))."""
    from scipy.special import fdtri

    rows, columns, error = (part[ok] for part in squares)
    n, m = n[ok], m[ok]
    value = (rows - error) / (rows + (m - 1) * error + m * (columns - error) / n)
    a = m * value / (n * (1 - value))
    b = 1 + m * value * (n - 1) / (n * (1 - value))
    freedom = (a * columns + b * error) ** 2 / (
        (a * columns) ** 2 / (m - 1) + (b * error) ** 2 / ((n - 1) * (m - 1))
    )
    level = (1 + CONFIDENCE) / 2
    low, high = fdtri(n - 1, freedom, level), fdtri(freedom, n - 1, level)
    noise = m * columns + (m * n - m - n) * error
    below = n * (rows - low * error) / (low * noise + n * rows)
    above = n * (high * rows - error) / (noise + n * high * rows)
    return Coefficient(_spread(ok, value), _spread(ok, below), _spread(ok, above))


def _reasons(n: Counts, within: Array, rounding: Array) -> NDArray[np.object_]:
    few = n < SMALLEST_N
    reason = np.full(n.shape, "", dtype=object)
    texts = [f"people with repeats: {count}; at least {SMALLEST_N} are needed" for count in n]
    reason[few] = np.array(texts, dtype=object)[few]
    reason[~few & (np.sqrt(within) <= rounding)] = "the repeats of each person are identical"
    return reason


def _spread(ok: Mask, values: Array) -> Array:
    column = np.full(ok.shape, np.nan)
    column[ok] = values
    return column
