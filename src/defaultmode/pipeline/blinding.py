"""A study with permuted labels, for trying out an analysis before its plan is frozen."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from defaultmode.core.study import Study

MEASURED = {"measure", "surrogate", "quality"}
STREAM = 41  # of the study's seed
WARNING = "BLINDED: labels are permuted until the plan is frozen."


def blinded(study: Study, *, seed: int) -> Study:
    """The study with what was measured, what was rated and what is known of people torn apart.

    The rows of each participant's measures change places within the participant, atlas and task, so
    that conditions say nothing; ratings go to other visits of anybody; traits and groups go to
    other people. Values that are missing move along, so that numbers of people stay about the same.
    A mean over everybody rests on no label and stays what it is.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, STREAM]))
    table = study.table.copy()
    people = [c.name for c in study.columns.values() if _of_person(c.role, c.level)]
    measured = [c.name for c in study.columns.values() if c.role in MEASURED]
    rated = [
        c.name for c in study.columns.values() if c.role == "clinical" and c.name not in people
    ]
    stays = [k for k in ("participant_id", "atlas", "task_id") if k in table.columns]
    table[measured] = table[measured].iloc[_within(table, stays, rng)].to_numpy()
    for columns, units in ((rated, ["participant_id", "session_id"]), (people, ["participant_id"])):
        known = [name for name in units if name in table.columns]
        table[columns] = table[columns].iloc[_between(table, known, rng)].to_numpy()
    return Study(table.astype(study.table.dtypes.to_dict()), study.columns, study.missing)


def _of_person(role: str, level: str) -> bool:
    return level == "participant" and role not in {"key", *MEASURED}


def _within(table: pd.DataFrame, stays: list[str], rng: np.random.Generator) -> NDArray[np.intp]:
    """For each row the row whose values it gets, of the same participant, atlas and task."""
    order = np.arange(len(table))
    for rows in table.groupby(stays, sort=True).indices.values():
        order[rows] = rng.permutation(rows)
    return order


def _between(table: pd.DataFrame, units: list[str], rng: np.random.Generator) -> NDArray[np.intp]:
    """For each row a row of the unit whose values it gets; the same for all rows of a unit."""
    names = table[units].astype(str).agg("\t".join, axis=1)
    known, first = np.unique(names, return_index=True)
    given = dict(zip(known, first[rng.permutation(len(known))], strict=True))
    return np.array([given[name] for name in names], dtype=np.intp)
