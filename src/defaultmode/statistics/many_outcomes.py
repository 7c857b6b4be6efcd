"""One question asked of many outcomes at once, such as all edges of a connectivity matrix."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from defaultmode.core.errors import DefaultModeError
from defaultmode.statistics.linear import centred
from defaultmode.statistics.question import Array, Cells, Codes, Question, Setup
from defaultmode.statistics.setups import set_up

Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]
BASELINE = "baseline"  # the one covariate that is the outcome's own


@dataclass(frozen=True, slots=True, eq=False)
class Contrasted:
    """What `set_up` would give for each of k outcomes.

    setup : who is compared, from the rows that have any outcome; its y is of no outcome
    y : (n, k), NaN where a person has no value; reason : (k,), why nobody has one, else empty
    """

    setup: Setup
    y: Array
    reason: Texts


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """A setup and the weight of each row in it: y = value @ rows, (n, n_rows) both."""

    setup: Setup
    value: csr_array
    baseline: csr_array | None


def contrasted(question: Question, cells: Cells, values: Array) -> Contrasted:
    """Each person's contrast of every outcome, as `set_up` takes it one by one.

    values : (n_rows, k), NaN where missing, in the order of the occasions. A contrast is a weighted
    sum of a person's rows, whose weights depend on what is missing alone: they are found once for
    every pattern of missing rows. Between arms, where every outcome has its own baseline, what goes
    with it in all people is taken off (exact under randomisation, and slightly conservative where
    arms differ at baseline). Raises E438 and E439 as `set_up` does.
    """
    known = np.isfinite(values) & cells.among[:, None]
    base = _asked(question, cells, _any(known), np.zeros(len(values)))
    y = np.full((len(base.people), values.shape[1]), np.nan)
    reason = np.full(values.shape[1], "", dtype=object)
    for rows, columns in _patterns(known):
        try:
            parts = _parts(question, cells, rows)
        except DefaultModeError as why:
            reason[columns] = why.detail
            continue
        if parts.setup.how != base.how:
            reason[columns] = f"rows are missing that the comparison needs: {parts.setup.how}"
            continue
        place = np.searchsorted(base.people, parts.setup.people)
        y[np.ix_(place, columns)] = _of_people(
            parts, np.where(rows[:, None], values, 0)[:, columns]
        )
    return Contrasted(base.without(BASELINE), y, reason)


def _asked(question: Question, cells: Cells, rows: Flags, outcome: Array) -> Setup:
    return set_up(replace(question, outcome=np.where(rows, outcome, np.nan)), cells)


def _any(known: Flags) -> Flags:
    """Rows that have any outcome, (n_rows,)."""
    return np.asarray(known.any(axis=1))


def _patterns(known: Flags) -> Iterator[tuple[Flags, Codes]]:
    """Rows, (n_rows,), and the outcomes that have values in just these."""
    used = _any(known)
    if known[used].all():
        yield used, np.arange(known.shape[1])
        return
    patterns, which = np.unique(known, axis=1, return_inverse=True)
    for i, rows in enumerate(patterns.T):
        yield rows, np.flatnonzero(which.ravel() == i)


def _parts(question: Question, cells: Cells, rows: Flags) -> _Parts:
    """The weights of rows: what comes out where one row of every person is 1 and the others 0."""
    who = cells.occasions.participant
    order = _order_within(who, rows)
    found = [
        _asked(question, cells, rows, (order == turn).astype(np.float64))
        for turn in range(max(order.max() + 1, 1))
    ]
    row_of = np.full((len(found), cells.occasions.n_people), -1)
    row_of[order[rows], who[rows]] = np.flatnonzero(rows)
    of_people = row_of[:, found[0].people]
    own = found[0].names.index(BASELINE) if BASELINE in found[0].names else None
    baseline = None if own is None else np.stack([s.covariates[:, own] for s in found])
    return _Parts(
        found[0],
        _sparse(np.stack([s.y for s in found]), of_people, len(rows)),
        None if baseline is None else _sparse(baseline, of_people, len(rows)),
    )


def _order_within(who: Codes, rows: Flags) -> Codes:
    """Which of a person's rows each one is, 0, 1, 2 …; −1 for those that are not used."""
    order = np.full(len(rows), -1)
    used = np.flatnonzero(rows)
    sorted_ = used[np.argsort(who[used], kind="stable")]
    first = np.searchsorted(who[sorted_], who[sorted_])
    order[sorted_] = np.arange(len(sorted_)) - first
    return order


def _sparse(weight: Array, row: Codes, n_rows: int) -> csr_array:
    """Weights (n_turns, n) of rows (n_turns, n), −1 for none, as a matrix (n, n_rows)."""
    turn, person = np.nonzero((row >= 0) & (weight != 0))
    shape = (weight.shape[1], n_rows)
    return csr_array((weight[turn, person], (person, row[turn, person])), shape=shape)


def _of_people(parts: _Parts, values: Array) -> Array:
    """Outcomes of people, (n, k), without what goes with each outcome's own baseline."""
    y = np.asarray(parts.value @ values)
    if parts.baseline is None:
        return y
    before = np.asarray(parts.baseline @ values)
    others = centred(parts.setup.without(BASELINE).covariates)
    design = np.column_stack([np.ones(len(y)), others])
    left, before_left = (
        v - design @ np.linalg.lstsq(design, v, rcond=None)[0] for v in (y, before)
    )
    size = (before_left**2).sum(axis=0)
    slope = np.divide(
        (before_left * left).sum(axis=0), size, out=np.zeros(len(size)), where=size > 0
    )
    return np.asarray(y - slope * (before - before.mean(axis=0)))
