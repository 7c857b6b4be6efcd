"""The rows of one atlas as arrays: one value for each participant and condition."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.study import KEYS, Study
from defaultmode.statistics.design import Design, Factor, codes, text

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

TASK = "task_id"


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Values of some outcomes in the rows of one atlas.

    values : (n_rows, k), NaN where missing
    participant : (n_rows,), position among the n_participants of the study
    level : factor → (n_rows,), position of the row's level, −1 where it has none
    """

    atlas: str
    outcomes: tuple[str, ...]
    values: Array
    participant: Codes
    n_participants: int
    level: Mapping[str, Codes]
    task: str = ""

    def at(self, *where: tuple[Factor, str]) -> "Block":
        """The rows at these levels only."""
        rows = np.ones(len(self.values), dtype=bool)
        for factor, name in where:
            rows &= self.level[factor.name] == factor.levels.index(name)
        return _rows(self, rows)

    def means(self, *factors: Factor) -> Array:
        """Mean over each participant's rows, (n_participants, n_levels of each factor…, k)."""
        sizes = (self.n_participants, *(len(f.levels) for f in factors))
        places = (self.participant, *(self.level[f.name] for f in factors))
        rows = np.all([p >= 0 for p in places], axis=0)
        cell = np.ravel_multi_index(tuple(p[rows] for p in places), sizes)
        values = self.values[rows]
        known = np.isfinite(values)
        shape = (int(np.prod(sizes)), values.shape[1])
        total, count = np.zeros(shape), np.zeros(shape)
        np.add.at(total, cell, np.where(known, values, 0.0))
        np.add.at(count, cell, known)
        mean = np.full(shape, np.nan)
        np.divide(total, count, out=mean, where=count > 0)
        return mean.reshape(*sizes, -1)

    def group(self, factor: Factor) -> Codes:
        """Each participant's level of a between factor, −1 where unknown, (n_participants,)."""
        found = np.full(self.n_participants, -1, dtype=np.intp)
        np.maximum.at(found, self.participant, self.level[factor.name])
        return found

    def several_runs(self, design: Design) -> bool:
        """Whether anybody has more than one row under the same conditions."""
        places = [self.participant, *(self.level[f.name] for f in design.within)]
        return len(np.unique(places, axis=1).T) < len(self.values)


def blocks(study: Study, design: Design, outcomes: Sequence[str]) -> Iterator[Block]:
    """One block for each atlas, by name; outcomes that were not measured come without an atlas.

    Clinical values stand in the rows of every atlas and would be counted once for each.
    """
    measured = tuple(o for o in outcomes if study.columns[o].measure)
    other = tuple(o for o in outcomes if o not in measured)
    whole = _whole(study, design, (*other, *measured))
    if other:
        yield take(replace(whole, atlas=""), other)
    if measured:
        for name, task, rows in _strata(study, design):
            yield take(_rows(replace(whole, atlas=name, task=task), rows), measured)


def atlas_blocks(study: Study, design: Design, outcomes: Sequence[str]) -> Iterator[Block]:
    """One block for each atlas with all these columns in it, measured or not."""
    whole = _whole(study, design, outcomes)
    for name, task, rows in _strata(study, design):
        yield _rows(replace(whole, atlas=name, task=task), rows)


def take(block: Block, outcomes: Sequence[str]) -> Block:
    """The same rows with these outcomes only, in this order."""
    places = [block.outcomes.index(o) for o in outcomes]
    return replace(block, outcomes=tuple(outcomes), values=block.values[:, places])


def _strata(study: Study, design: Design) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Atlas, task and rows of what may be averaged: never over atlases, nor over tasks.

    The task is empty where there is one, or where the design compares the tasks.
    """
    order = row_order(study)
    atlas = _atlas(study)[order]
    task = np.full(len(atlas), "", dtype=object)
    compared = any(f.name == TASK for f in design.within)
    if TASK in study.columns and not compared and len(set(text(study, TASK))) > 1:
        task = text(study, TASK)[order]
    for name in sorted(set(atlas)):
        for which in sorted(set(task[atlas == name])):
            yield name, which, (atlas == name) & (task == which)


def _atlas(study: Study) -> NDArray[np.object_]:
    if "atlas" in study.columns:
        return text(study, "atlas")
    return np.full(len(study.table), "", dtype=object)


def row_order(study: Study) -> Codes:
    """Positions of the rows in the order of their keys, (n_rows,)."""
    # Sums depend on their order in the last bit; sorted, the rows may come in any.
    keys = [k for k in KEYS if k in study.columns]
    columns = [np.unique(text(study, k), return_inverse=True)[1] for k in reversed(keys)]
    return np.lexsort(columns)


def _whole(study: Study, design: Design, outcomes: Sequence[str]) -> Block:
    order = row_order(study)
    names, participant = np.unique(text(study, "participant_id"), return_inverse=True)
    values = study.table[list(outcomes)].to_numpy(dtype=np.float64)
    level = {
        f.name: codes(text(study, f.name), f.levels)[order]
        for f in (*design.between, *design.within)
    }
    return Block("", tuple(outcomes), values[order], participant[order], len(names), level)


def _rows(block: Block, rows: NDArray[np.bool_]) -> Block:
    level = {name: values[rows] for name, values in block.level.items()}
    return replace(
        block, values=block.values[rows], participant=block.participant[rows], level=level
    )
