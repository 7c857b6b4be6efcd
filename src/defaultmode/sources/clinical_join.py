"""Clinical tables beside the recordings they belong to, or on their own."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from defaultmode.core.study import KEYS, MISSING_COLUMNS, Column
from defaultmode.sources.clinical_columns import as_numbers
from defaultmode.sources.clinical_files import LEVEL_KEYS, RUN_KEYS, UNSTATED
from defaultmode.sources.clinical_merge import Clinical
from defaultmode.sources.text_tables import MISSING

Joined = tuple[pd.DataFrame, dict[str, Column], pd.DataFrame]


def join(clinical: Clinical, keys: pd.DataFrame) -> Joined:
    """Put the clinical columns beside the keys of recordings, each at its own level.

    keys : one row per recording, with the columns of `core.study.KEYS`
    Returns the table in the order of `keys` (key columns, then text and float64 columns), its data
    dictionary, and what is missing: a participant with a recording whom the participants table does
    not list (E401), and a participant, session or run that is listed and has no recording (E402).
    A run that is listed counts only if its task was recorded from somebody.
    """
    named = [key for key in KEYS if key in keys.columns]
    cells = _cells(clinical, keys, clinical.columns)
    table = _typed(keys[named].reset_index(drop=True), cells, clinical.columns)
    columns = _key_columns(named) | dict(clinical.columns)
    return table, columns, _rows_missing([*_unlisted(clinical, keys), *_unrecorded(clinical, keys)])


def study_of_tables(clinical: Clinical) -> Joined:
    """Make a study of the clinical tables alone, one row per participant and session.

    Participants without a session row have one with session "n/a". Columns that vary by run are
    left out: without recordings a row cannot be one run. A participant of another table whom the
    participants table does not list is missing with E401.
    """
    with_sessions = clinical.sessions[["participant_id", "session_id"]]
    only = [p for p in clinical.everybody() if p not in set(with_sessions["participant_id"])]
    without = pd.DataFrame({"participant_id": only, "session_id": MISSING}, dtype=object)
    order = {p: i for i, p in enumerate(clinical.everybody())}
    rows = pd.concat([with_sessions, without], ignore_index=True)
    rows = rows.sort_values("participant_id", key=lambda s: s.map(order), kind="stable")
    keys = rows.reindex(columns=list(KEYS), fill_value=MISSING).reset_index(drop=True)
    kept = {name: c for name, c in clinical.columns.items() if c.level != "run"}
    return (
        _typed(keys, _cells(clinical, keys, kept), kept),
        _key_columns(KEYS) | kept,
        _rows_missing(_unlisted(clinical, keys)),
    )


def _cells(
    clinical: Clinical, keys: pd.DataFrame, columns: Mapping[str, Column]
) -> dict[str, list[str]]:
    """The cells of each column beside the recordings, looked up at the column's own level."""
    levels = {c.level for c in columns.values()}
    found = {level: _beside(clinical.rows(level), keys, level) for level in levels}
    return {name: found[c.level][name].tolist() for name, c in columns.items()}


def _beside(rows: pd.DataFrame, keys: pd.DataFrame, level: str) -> pd.DataFrame:
    """The rows of one level for each recording, "n/a" where there is none."""
    names = list(LEVEL_KEYS[level])
    found = pd.DataFrame(MISSING, index=range(len(keys)), columns=list(rows.columns), dtype=object)
    for stated, part in _by_stated(rows, names):
        wanted = keys[stated].reset_index(drop=True)
        there = wanted.merge(
            part.drop(columns=[n for n in names if n not in stated]),
            on=stated,
            how="left",
            validate="m:1",
        )
        there = there.astype(object).fillna(MISSING)
        values = [c for c in rows.columns if c not in names]
        found[values] = found[values].where(found[values] != MISSING, there[values])
    return found


def _by_stated(rows: pd.DataFrame, names: list[str]) -> Iterable[tuple[list[str], pd.DataFrame]]:
    """Parts of the table that name their rows by the same keys."""
    patterns = (rows[names] != UNSTATED).drop_duplicates().to_numpy(dtype=bool)
    for pattern in patterns:
        same = ((rows[names] != UNSTATED).to_numpy(dtype=bool) == pattern).all(axis=1)
        yield [n for n, stated in zip(names, pattern, strict=True) if stated], rows[same]


def _typed(
    keys: pd.DataFrame, cells: Mapping[str, list[str]], columns: Mapping[str, Column]
) -> pd.DataFrame:
    values = {
        name: np.array(as_numbers(column), dtype=np.float64)
        if columns[name].kind == "number"
        else np.array(column, dtype=object)
        for name, column in cells.items()
    }
    return pd.concat([keys.astype(object), pd.DataFrame(values, index=keys.index)], axis=1)


def _key_columns(names: Iterable[str]) -> dict[str, Column]:
    levels = {"participant_id": "participant", "session_id": "session"}
    return {n: Column(n, "key", "text", level=levels.get(n, "run")) for n in names}


def _unlisted(clinical: Clinical, keys: pd.DataFrame) -> Iterable[dict[str, str]]:
    known = set(clinical.everybody() if clinical.listed is None else clinical.listed)
    if not known:
        return
    for person in dict.fromkeys(keys["participant_id"]):
        if person not in known:
            yield _row(
                person,
                what="clinical data",
                code="E401",
                reason=f"no participants table lists {person}",
            )


def _unrecorded(clinical: Clinical, keys: pd.DataFrame) -> Iterable[dict[str, str]]:
    recorded = keys.astype(str)
    people = set(recorded["participant_id"])
    for person in clinical.everybody():
        if person not in people:
            yield _row(person, code="E402", reason=f"{person} is listed and has no recording")
    sessions = set(zip(recorded["participant_id"], recorded["session_id"], strict=True))
    for person, session in clinical.sessions[["participant_id", "session_id"]].to_numpy():
        if person in people and (person, session) not in sessions:
            reason = f"{person} {session} is listed and has no recording"
            yield _row(person, session, code="E402", reason=reason)
    yield from _unrecorded_runs(clinical, recorded, sessions)


def _unrecorded_runs(
    clinical: Clinical, recorded: pd.DataFrame, sessions: set[tuple[str, str]]
) -> Iterable[dict[str, str]]:
    names = list(RUN_KEYS)
    tasks = {*recorded["task_id"], UNSTATED}
    for stated, part in _by_stated(clinical.runs, names):
        there = set(map(tuple, recorded[stated].to_numpy()))
        for cells in part[names].to_numpy():
            row = dict(zip(names, cells, strict=True))
            person, session = row["participant_id"], row["session_id"]
            session_recorded = (person, session) in sessions or session == UNSTATED
            if (
                session_recorded
                and row["task_id"] in tasks
                and tuple(row[n] for n in stated) not in there
            ):
                what = " ".join(row[n] for n in stated if row[n] != MISSING)
                reason = f"run {what} is listed and has no recording"
                yield _row(person, session, row["run_id"], code="E402", reason=reason)


def _row(
    person: str,
    session: str = MISSING,
    run: str = MISSING,
    *,
    code: str,
    reason: str,
    what: str = "recording",
) -> dict[str, str]:
    known = {
        "participant_id": person,
        "session_id": session or MISSING,
        "run_id": run or MISSING,
        "what": what,
        "code": code,
        "reason": reason,
    }
    return {name: known.get(name, MISSING) for name in MISSING_COLUMNS}


def _rows_missing(rows: Iterable[dict[str, str]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(MISSING_COLUMNS), dtype=object)
