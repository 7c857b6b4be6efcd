"""The tidy table of a study, its data dictionary, and what is missing from it and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import pandas as pd

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.notebook import MOST_ROWS, Preview, Shown

Role = Literal["key", "measure", "surrogate", "clinical", "design", "quality"]
Kind = Literal["text", "number"]
KEYS = (
    "participant_id",
    "session_id",
    "task_id",
    "acquisition_id",
    "direction_id",
    "run_id",
    "atlas",
)
BEYOND = "_beyond_surrogates"  # after the name of a measure: beyond the mean of its surrogates
TOGETHER = ", "  # between the names in `what`, where several lack for one reason
MISSING_COLUMNS = (
    *("participant_id", "session_id", "task_id", "run_id", "atlas"),
    *("what", "denoise", "code", "reason"),
)


@dataclass(frozen=True, slots=True)
class Column:
    """What a column of the study table holds.

    role : key, measure, surrogate (a measure less the mean of its surrogates), clinical, design (a
        condition of the experiment) or quality
    kind : text or number; unit, sentence, source : as in the report
    measure, denoise : the measure and the preset, for columns that were measured
    global_signal_removed : whether the preset removes it, for columns that were measured
    level : "participant", "session" or "run": how finely the value varies
    note : what a reader must know of the values, such as how many differ from their surrogates
    declared : True where a sidecar said so, False where a rule of `sources.clinical_columns` did
    scale, construct : the clinical scale and what it measures, where `core.scales` knows the name
    """

    name: str
    role: Role
    kind: Kind
    level: str = "run"
    unit: str = ""
    sentence: str = ""
    source: str = ""
    measure: str = ""
    denoise: str = ""
    note: str = ""
    declared: bool = True
    levels: Mapping[str, str] = field(default_factory=dict)
    global_signal_removed: bool = False
    scale: str = ""
    construct: str = ""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Study(Shown):
    """One row per run; text columns hold text, number columns float64 with NaN where missing.

    table : rows, columns in the order of the dictionary
    columns : data dictionary, column name → Column
    missing : one row per value that is not there, columns MISSING_COLUMNS
    """

    table: pd.DataFrame
    columns: Mapping[str, Column]
    missing: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=MISSING_COLUMNS))

    def __post_init__(self) -> None:
        unknown = set(self.table.columns) ^ set(self.columns)
        if unknown:
            msg = f"table and data dictionary differ in {sorted(unknown)}."
            raise DefaultModeError("E411", msg)
        object.__setattr__(self, "table", self.table[list(self.columns)].copy())
        object.__setattr__(self, "columns", MappingProxyType(dict(self.columns)))
        object.__setattr__(self, "missing", self.missing.copy())

    @property
    def n_missing(self) -> int:
        """How many values are not there."""
        return sum(len(what.split(TOGETHER)) for what in self.missing["what"].astype(str))

    def about(self) -> dict[str, object]:
        """What a notebook shows of it."""
        people = self.table["participant_id"].nunique() if "participant_id" in self.table else None
        kinds = {f"{role} columns": len(self.named(role=role)) for role in ("measure", "clinical")}
        return {"runs": len(self.table), "people": people, **kinds, "missing": self.n_missing}

    def preview(self) -> Preview:
        """Its first runs."""
        first = self.table.head(MOST_ROWS)
        return Preview(tuple(self.columns), first.to_numpy().tolist(), len(self.table))

    def named(self, *, role: str = "", kind: str = "", level: str = "") -> list[Column]:
        """The columns of one role, kind or level, in table order."""
        return [
            c
            for c in self.columns.values()
            if (not role or c.role == role)
            and (not kind or c.kind == kind)
            and (not level or c.level == level)
        ]
