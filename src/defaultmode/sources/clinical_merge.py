"""All clinical tables of a study as one: three levels, every column under one name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import pandas as pd

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.study import KEYS, Column
from defaultmode.sources.clinical_columns import Named, column_of, noticed
from defaultmode.sources.clinical_files import LEVEL_KEYS, UNSTATED, ClinicalTable, notice
from defaultmode.sources.clinical_scales import OWN_SCALE, scored
from defaultmode.sources.text_tables import MISSING

LEVELS = tuple(LEVEL_KEYS)  # coarse to fine


def _no_rows(level: str) -> pd.DataFrame:
    return pd.DataFrame(columns=list(LEVEL_KEYS[level]), dtype=object)


@dataclass(frozen=True, slots=True, eq=False)
class Clinical:
    """What the clinical tables say, at three levels; every cell text, missing ones "n/a".

    participants : one row per participant_id
    sessions : one row per participant_id, session_id
    runs : one row per participant_id, session_id, task_id, acquisition_id, run_id; a key that is
        empty stands for any
    columns : data dictionary of all that is no key
    listed : participants whom a participants table lists, None where there is no such table
    notices : what needs a person's eyes, each beginning with its code
    """

    participants: pd.DataFrame = field(default_factory=lambda: _no_rows("participant"))
    sessions: pd.DataFrame = field(default_factory=lambda: _no_rows("session"))
    runs: pd.DataFrame = field(default_factory=lambda: _no_rows("run"))
    columns: Mapping[str, Column] = field(default_factory=dict)
    listed: frozenset[str] | None = None
    notices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("participants", "sessions", "runs"):
            object.__setattr__(self, name, getattr(self, name).copy())
        object.__setattr__(self, "columns", MappingProxyType(dict(self.columns)))

    def rows(self, level: str) -> pd.DataFrame:
        """The table of one level: "participant", "session" or "run"."""
        return {"participant": self.participants, "session": self.sessions, "run": self.runs}[level]

    def everybody(self) -> list[str]:
        """Every participant whom any table names, in order of first mention."""
        frames = (self.rows(level)["participant_id"] for level in LEVELS)
        return list(dict.fromkeys(p for frame in frames for p in frame))


def merge(tables: Sequence[ClinicalTable], declared: Mapping[str, str]) -> Clinical:
    """Merge the tables level by level.

    Columns of one name whose cells never contradict each other become one; others take their
    file's name as a suffix, with a notice. Raises E134 (a declared number is none), E410
    (`declared` names no column), E411 (`declared` says something else than a kind) and E416 (a
    score outside the range of its scale).
    """
    rows = {level: _no_rows(level) for level in LEVELS}
    named: dict[str, Named] = {}
    notices = [n for t in tables for n in t.notices]
    for table in sorted(tables, key=lambda t: LEVELS.index(t.level)):
        names = {c: _name_for(c, table, rows, named) for c in table.values}
        for column, name in names.items():
            if name is not None:
                notices += _settle(column, name, table, named)
        kept = table.rows[[*table.keys, *(c for c, name in names.items() if name)]]
        rows[table.level] = _outer(rows[table.level], kept.rename(columns=names), table.keys)
    _check_declared(declared, named)
    columns = {}
    for n in named.values():
        override = declared.get(n.name, declared.get(n.original))
        read = column_of(n, rows[n.level], override)
        columns[n.name] = scored(read, n, rows[n.level], override)
    for n in named.values():
        notices += noticed(columns[n.name], n, rows[n.level])
    listing = [t.rows["participant_id"] for t in tables if t.lists_participants]
    listed = frozenset(p for people in listing for p in people) if listing else None
    return Clinical(
        rows["participant"], rows["session"], rows["run"], columns, listed, tuple(notices)
    )


def _name_for(
    column: str,
    table: ClinicalTable,
    rows: Mapping[str, pd.DataFrame],
    named: Mapping[str, Named],
) -> str | None:
    """The name under which a column enters; None where a coarser table says the same already."""
    there = named.get(column)
    if there is None and column not in KEYS:
        return column
    if there is not None and there.level == table.level:
        if _agree(rows[table.level], table.rows, table.keys, column):
            return column
    elif there is not None and _repeats(rows[there.level], table.rows, column, there.level):
        return None
    free = (f"{column}_{table.name}{n}" for n in ("", *(f"_{i}" for i in range(2, 1000))))
    return next(name for name in free if name not in named)


def _settle(
    column: str, name: str, table: ClinicalTable, named: dict[str, Named]
) -> tuple[str, ...]:
    """Enter a column under its name; what is said of it in several dictionaries adds up."""
    entry = dict(table.described.get(column, {}))
    there = named.get(name)
    if there is not None:
        named[name] = replace(there, entry=entry | dict(there.entry))
        return ()
    named[name] = Named(name, column, table.level, table.source, entry)
    if name == column:
        return ()
    other = named[column].source if column in named else "the keys of the study"
    detail = (
        f"{table.source} and {other} both have {column!r} and differ; "
        f"that of {table.source} is called {name!r}."
    )
    return (notice("E132", detail),)


def _agree(one: pd.DataFrame, other: pd.DataFrame, keys: list[str], column: str) -> bool:
    """Whether no row that both tables have holds two values; rows of unlike keys never agree."""
    if any((one[k] == UNSTATED).any() != (other[k] == UNSTATED).any() for k in keys):
        return False
    both = one[[*keys, column]].merge(other[[*keys, column]], on=keys)
    left, right = both[f"{column}_x"], both[f"{column}_y"]
    return not ((left != right) & (left != MISSING) & (right != MISSING)).any()


def _repeats(coarse: pd.DataFrame, fine: pd.DataFrame, column: str, level: str) -> bool:
    """Whether the finer table says nothing that the coarser does not."""
    keys = list(LEVEL_KEYS[level])
    both = fine[[*keys, column]].merge(coarse[[*keys, column]], on=keys, how="left")
    said = both[f"{column}_x"]
    return bool(((said == MISSING) | (said == both[f"{column}_y"])).all())


def _outer(one: pd.DataFrame, other: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Rows of both tables in order of first mention, the first value that is not missing."""
    rows = pd.concat([one, other], ignore_index=True)
    values = [c for c in rows.columns if c not in keys]
    if not values:
        return rows.drop_duplicates(ignore_index=True)
    known = rows[values].where(rows[values] != MISSING)
    grouped = pd.concat([rows[keys], known], axis=1).groupby(keys, sort=False)
    whole = grouped.first().astype(object).fillna(MISSING)
    return whole.copy().reset_index()  # a copy lies in one piece: hundreds of columns warn else


def _check_declared(declared: Mapping[str, str], named: Mapping[str, Named]) -> None:
    known = set(named) | {n.original for n in named.values()}
    for column, kind in declared.items():
        if kind not in {"text", "number", OWN_SCALE}:
            msg = f"column {column!r} is declared {kind!r}; expected text, number or {OWN_SCALE}."
            raise DefaultModeError("E411", msg)
        if column not in known:
            raise DefaultModeError("E410", f"no clinical table has a column {column!r}.")
