"""A study with permuted labels, for trying out an analysis before its plan is frozen."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from defaultmode.core.study import Study

STREAM = 41  # of the study's seed
WARNING = "BLINDED: labels are permuted until the plan is frozen."


def blinded(study: Study, *, seed: int) -> Study:
    """The study with what was measured and what is known of people torn apart.

    The rows of each participant's measures and scores change places within the participant, atlas
    and task, so that conditions say nothing; people's traits and groups go to other people, so that
    these say nothing. Values that are missing move along, so that numbers of people stay about the
    same.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, STREAM]))
    table = study.table.copy()
    people = [c.name for c in study.columns.values() if _of_person(c.role, c.level)]
    rows = [
        c.name
        for c in study.columns.values()
        if c.role in {"measure", "surrogate", "quality"}
        or (c.role == "clinical" and c.level != "participant")
    ]
    stays = [k for k in ("participant_id", "atlas", "task_id") if k in table.columns]
    order = _within(table, stays, rng)
    table[rows] = table[rows].iloc[order].to_numpy()
    table[people] = table[people].iloc[_between(table, rng)].to_numpy()
    return Study(table.astype(study.table.dtypes.to_dict()), study.columns, study.missing)


def _of_person(role: str, level: str) -> bool:
    return level == "participant" and role not in {"key", "measure", "surrogate", "quality"}


def _within(table: pd.DataFrame, stays: list[str], rng: np.random.Generator) -> NDArray[np.intp]:
    """For each row the row whose values it gets, of the same participant, atlas and task."""
    order = np.arange(len(table))
    for rows in table.groupby(stays, sort=True).indices.values():
        order[rows] = rng.permutation(rows)
    return order


def _between(table: pd.DataFrame, rng: np.random.Generator) -> NDArray[np.intp]:
    """For each row a row of the person whose traits it gets; the same for all rows of a person."""
    who, first = np.unique(table["participant_id"].astype(str), return_index=True)
    given = dict(zip(who, first[rng.permutation(len(who))], strict=True))
    return np.array([given[str(p)] for p in table["participant_id"]], dtype=np.intp)
