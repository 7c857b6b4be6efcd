"""All clinical tables of a study as one: three levels, every column under one name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import pandas as pd

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.study import KEYS, Column
from defaultmode.sources.clinical_columns import Named, column_of
from defaultmode.sources.clinical_files import LEVEL_KEYS, UNSTATED, ClinicalTable
from defaultmode.sources.text_tables import MISSING

LEVELS = ("participant", "session", "run")


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

    Columns of one name whose cells never contradict each other become one; others keep their
    file's name as a suffix, with a notice. Raises E134, E410 (`declared` names no column) and E411
    (`declared` is neither text nor number).
    """
    notices = [n for t in tables for n in t.notices]
    rows: dict[str, pd.DataFrame] = {}
    named: dict[str, Named] = {}
    for level in LEVELS:
        gathered = _no_rows(level)
        for table in (t for t in tables if t.level == level):
            renamed, noticed = _without_clashes(table, gathered, named, rows)
            gathered = _outer(gathered, renamed, level)
            notices += noticed
        rows[level] = gathered
    _check_declared(declared, named)
    columns = {
        n.name: column_of(n, rows[n.level], declared.get(n.original, declared.get(n.name)))
        for n in named.values()
    }
    listing = [t for t in tables if t.level == "participant" and t.lists]
    listed = frozenset(p for t in listing for p in t.rows["participant_id"]) if listing else None
    return Clinical(*(rows[level] for level in LEVELS), columns, listed, tuple(notices))
