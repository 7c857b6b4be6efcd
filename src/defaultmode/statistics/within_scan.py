"""Whether a quantity and a rating move together within a scan, at like concentration."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.result import Estimate
from defaultmode.statistics.mixed import mixed_model

Array = NDArray[np.float64]

RUN = ("participant_id", "session_id", "task_id", "run_id")
TIME, CONCENTRATION = "time_since_dose_s", "concentration"
LEAST_WINDOWS = 10  # our own: with a rating, in one run; four of them go to the polynomials
LEAST_PEOPLE = 3  # our own: a correlation within fewer is theirs alone
CONFIDENCE = 0.95
FLAT = 1e-9
CODE = "E446"


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """One run: quantity and rating less what concentration and time explain, (n_windows,) each.

    basis : (n_windows, rank) orthonormal, what was taken off both
    """

    participant: str
    quantity: Array
    rating: Array
    basis: Array

    @property
    def turned(self) -> Array:
        """Fisher z with the rating turned by 0, 1, 2 … windows, end over end, (n_windows,).

        Each turned rating is freed of concentration and time again, or it would share less with the
        quantity than the rating itself can.
        """
        n = len(self.rating)
        copies = self.rating[(np.arange(n)[:, None] - np.arange(n)) % n]
        return np.asarray(_fisher_z(self.quantity, _without(copies, self.basis)))


@dataclass(frozen=True, slots=True, eq=False)
class Lagged:
    """Correlation of the quantity with the rating some windows later, (n_lags,).

    lags_s : above 0 where the rating follows; r : over all people, as in `within_scan`
    """

    lags_s: Array
    r: Array

    @property
    def strongest_s(self) -> float:
        """The lag at which the correlation is furthest from 0, in s; lag 0 is always known."""
        return float(self.lags_s[np.nanargmax(np.abs(self.r))])


def within_scan(
    windows: pd.DataFrame,
    quantity: str,
    rating: str,
    *,
    rng: np.random.Generator,
    draws: int = 999,
) -> Estimate:
    """Correlation of a quantity and a rating over the windows of a scan, given the concentration.

    windows : one row per window, with the columns of RUN, `time_since_dose_s`, `concentration`,
        the quantity and the rating; rows that lack one of them are left out
    In each run both are freed of the concentration, its square (ratings saturate) and time, so that
    neither people nor their dose-response curves are compared: a repeated-measures correlation
    (Bakdash & Marusich 2017) with slopes of their own. Windows overlap and drift, so they are no
    sample: mean, interval and p are of people's Fisher z, one each, by Student's t. For p_permuted
    each run's rating is turned by a random number of windows, end over end, which keeps its
    autocorrelation. `raw` is the rating's coefficient in the mixed model quantity ~ rating +
    concentration + time + (1 | participant), in units of the quantity per unit of the rating.
    Estimate with code E446 where fewer than three people have ten windows each.
    """
    try:
        rows = _complete(windows, quantity, rating)
        courses = courses_of(rows, quantity, rating)
    except DefaultModeError as problem:
        return Estimate("Pearson r", code=problem.code, reason=problem.detail)
    return replace(
        _estimate(courses, rng, draws),
        raw=_slope(rows, quantity, rating),
        how=_told(courses, _step_s(rows)),
    )


def courses_of(rows: pd.DataFrame, quantity: str, rating: str) -> tuple[Course, ...]:
    """The runs with enough windows; raises E446 where they are of fewer than three people."""
    found = [
        _course(str(key[0]), run.sort_values(TIME, kind="stable"), quantity, rating)
        for key, run in rows.groupby(list(RUN), sort=True)
    ]
    courses = [c for c in found if c is not None]
    people = len({c.participant for c in courses})
    if people < LEAST_PEOPLE:
        msg = (
            f"{people} people have {LEAST_WINDOWS} windows with {quantity}, {rating} and a "
            f"concentration that varies; {LEAST_PEOPLE} are needed"
        )
        raise DefaultModeError(CODE, msg)
    return tuple(courses)


def _course(participant: str, run: pd.DataFrame, quantity: str, rating: str) -> Course | None:
    """The course of one run, None where it is too short or one of the three stands still."""
    names = (CONCENTRATION, TIME, quantity, rating)
    level, time_s, x, y = (run[name].to_numpy(dtype=np.float64) for name in names)
    if len(run) < LEAST_WINDOWS or min(map(np.ptp, (level, x, y))) == 0:
        return None
    basis = _basis(np.column_stack([np.ones(len(run)), *map(_scaled, (level, level**2, time_s))]))
    ours, theirs = _without(x, basis), _without(y, basis)
    if np.linalg.norm(ours) <= FLAT * np.ptp(x) or np.linalg.norm(theirs) <= FLAT * np.ptp(y):
        return None
    return Course(participant, ours, theirs, basis)


def per_person(courses: Sequence[Course], values: ArrayLike) -> Array:
    """Mean over the runs of each person of values (n_courses, …), (n_people, …)."""
    rows = np.asarray(values, dtype=np.float64)
    names = np.array([c.participant for c in courses])
    return np.array([rows[names == name].mean(axis=0) for name in dict.fromkeys(names.tolist())])


def lagged(courses: Sequence[Course], *, step_s: float, furthest: int = 6) -> Lagged:
    """The correlation at lags of up to `furthest` windows either way."""
    lags = range(-furthest, furthest + 1)
    r = [_at_lag([c for c in courses if len(c.rating) - abs(k) >= LEAST_WINDOWS], k) for k in lags]
    return Lagged(np.array(lags, dtype=np.float64) * step_s, np.array(r))


def _at_lag(courses: Sequence[Course], lag: int) -> float:
    if not courses:
        return np.nan
    early, late = slice(0, -abs(lag) or None), slice(abs(lag), None)
    ours, theirs = (early, late) if lag >= 0 else (late, early)
    z = [_fisher_z(c.quantity[ours], c.rating[theirs]) for c in courses]
    return float(np.tanh(per_person(courses, z).mean()))


def _complete(windows: pd.DataFrame, quantity: str, rating: str) -> pd.DataFrame:
    """The rows that have everything; raises E446 where a column is not there."""
    needed = [quantity, rating, TIME, CONCENTRATION]
    lacking = [name for name in needed if name not in windows]
    if lacking:
        raise DefaultModeError(CODE, f"the windows have no column {', '.join(lacking)}")
    return windows.dropna(subset=needed)


def _estimate(courses: Sequence[Course], rng: np.random.Generator, draws: int) -> Estimate:
    """The mean of people's Fisher z by Student's t, as a correlation, and its rank."""
    z = per_person(courses, [_fisher_z(c.quantity, c.rating) for c in courses])
    turned = _null(courses, draws, rng)
    mean, se, df = float(z.mean()), float(z.std(ddof=1) / np.sqrt(len(z))), len(z) - 1
    reach = float(student.ppf((1 + CONFIDENCE) / 2, df)) * se
    return Estimate(
        "Pearson r",
        value=float(np.tanh(mean)),
        ci_low=float(np.tanh(mean - reach)),
        ci_high=float(np.tanh(mean + reach)),
        se=se,
        p=float(2 * student.sf(abs(mean) / se, df)),
        df=df,
        n=len(z),
        p_permuted=(1 + int((np.abs(turned) >= abs(mean)).sum())) / (1 + draws),
    )


def _told(courses: Sequence[Course], step_s: float) -> str:
    people = len({c.participant for c in courses})
    windows = sum(len(c.quantity) for c in courses)
    lag_s = lagged(courses, step_s=step_s).strongest_s
    return (
        f"within {len(courses)} scans of {people} people, given concentration and time; {windows} "
        f"windows; rating strongest {lag_s:+.0f} s after the quantity"
    )


def _null(courses: Sequence[Course], draws: int, rng: np.random.Generator) -> Array:
    """Mean Fisher z with every run's rating turned by a number of windows of its own, (draws,)."""
    each = [found[rng.integers(len(found), size=draws)] for found in (c.turned for c in courses)]
    return np.asarray(per_person(courses, each).mean(axis=0))


def _slope(rows: pd.DataFrame, quantity: str, rating: str) -> float:
    """The rating's coefficient in the mixed model, NaN where it cannot be fitted."""
    columns = [rating, CONCENTRATION, TIME]
    values = rows[columns].to_numpy(dtype=np.float64)
    x = np.column_stack([np.ones(len(rows)), values])
    groups = rows["participant_id"].to_numpy()
    y = rows[quantity].to_numpy(dtype=np.float64)
    try:
        return float(mixed_model(y, x, groups, names=["1", *columns]).coefficients[1, 0])
    except DefaultModeError:  # the correlation stands without it
        return np.nan


def _step_s(rows: pd.DataFrame) -> float:
    """Time between the starts of neighbouring windows."""
    steps = np.diff(np.unique(rows[TIME].to_numpy(dtype=np.float64)))
    return float(np.median(steps)) if len(steps) else 0.0


def _scaled(values: Array) -> Array:
    return np.asarray(values / max(float(np.abs(values).max()), FLAT))


def _basis(columns: Array) -> Array:
    left, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(left[:, sizes > FLAT * sizes[0]])


def _without(values: Array, basis: Array) -> Array:
    return np.asarray(values - basis @ (basis.T @ values))


def _fisher_z(quantity: Array, ratings: Array) -> Array:
    """Fisher z of a quantity (n,) with ratings (n,) or (n, k), shape () or (k,)."""
    r = _unit(quantity) @ _unit(ratings)
    return np.asarray(np.arctanh(np.clip(r, FLAT - 1, 1 - FLAT)))


def _unit(values: Array) -> Array:
    """Columns of mean 0 and length 1."""
    centred = values - values.mean(axis=0)
    return np.asarray(centred / np.maximum(np.linalg.norm(centred, axis=0), FLAT))
