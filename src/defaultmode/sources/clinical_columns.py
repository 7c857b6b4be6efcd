"""What a clinical column holds: declared by its data dictionary, else decided by one stated rule."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.study import Column, Kind, Role
from defaultmode.sources.clinical_files import looks_missing
from defaultmode.sources.text_tables import MISSING, is_number

PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
# Columns of these names are labels, even where the labels are digits.
LABELS = frozenset(
    (
        "id ids code site center centre scanner machine coil group arm cohort batch sex gender race "
        "ethnicity handedness diagnosis dx condition drug treatment medication session visit run "
        "order family sibling rater icd zip postcode"
    ).split()
)
TIMES = frozenset({"acq_time"})  # reserved by BIDS: when, not under what condition


@dataclass(frozen=True, slots=True)
class Named:
    """A column on its way into the study: its name there and in its file, and what is said of it."""

    name: str
    original: str
    level: str
    source: str
    entry: Mapping[str, object]

    @property
    def levels(self) -> dict[str, str]:
        """Level → meaning, as the data dictionary gives them."""
        found = self.entry.get("Levels")
        pairs = found.items() if isinstance(found, Mapping) else ()
        return {str(k): _meaning(v) for k, v in pairs if str(k) != MISSING}

    def text(self, key: str) -> str:
        """A text of the data dictionary, empty where it has none."""
        value = self.entry.get(key)
        return value.strip() if isinstance(value, str) and value.strip() != MISSING else ""


def column_of(named: Named, rows: pd.DataFrame, override: str | None) -> Column:
    """Entry of the study's data dictionary for one column of text cells.

    A number where `override` or the sidecar says so (Units and no Levels). Otherwise only if every
    cell is a plain decimal without leading zero, there are more values than Levels, and the name is
    not that of a label (site, group, sex and the like). Text in every other case. Raises E134 where
    a column that is declared a number holds something else.
    """
    cells = [c for c in rows[named.name] if c != MISSING]
    kind, declared = _kind(named, cells, override)
    if kind == "number":
        _check_numbers(named, cells)
    return Column(
        name=named.name,
        role=_role(named, kind, rows),
        kind=kind,
        level=named.level,
        unit=named.text("Units") if kind == "number" else "",
        sentence=named.text("LongName") or named.text("Description"),
        source=named.source,
        declared=declared,
        levels=named.levels,
    )


def as_numbers(cells: Sequence[str]) -> list[float]:
    """Cells of a number column, NaN where missing."""
    return [math.nan if c == MISSING or looks_missing(c) else float(c) for c in cells]


def _meaning(level: object) -> str:
    return str(level.get("Description", "")) if isinstance(level, Mapping) else str(level)


def _kind(named: Named, cells: Sequence[str], override: str | None) -> tuple[Kind, bool]:
    if override is not None:
        return ("number" if override == "number" else "text"), True
    if named.text("Units") and not named.levels:
        return "number", True
    plain = bool(cells) and all(PLAIN_NUMBER.fullmatch(c) for c in cells)
    words = set(re.split(r"[\W_]+", named.original.lower()))
    if plain and len(set(cells)) > len(named.levels) and not words & LABELS:
        return "number", False
    return "text", bool(named.levels)


def _check_numbers(named: Named, cells: Sequence[str]) -> None:
    for cell in cells:
        if looks_missing(cell):
            continue
        if not is_number(cell) or not math.isfinite(float(cell)):
            msg = (
                f"{named.source}, column {named.original!r}, is declared a number and holds "
                f"{cell[:40]!r}. Mend the cell, or set the column to text under [columns]."
            )
            raise DefaultModeError("E134", msg)


def _role(named: Named, kind: Kind, rows: pd.DataFrame) -> Role:
    """Role of the column: a text that changes within people, by levels that people share, is design."""
    if named.level == "participant" or kind == "number" or named.original in TIMES:
        return "clinical"
    there = rows.loc[rows[named.name] != MISSING, ["participant_id", named.name]].drop_duplicates()
    people = there["participant_id"].nunique()
    varies = len(there) > people
    shared = there[named.name].value_counts() >= min(2, people)
    return "design" if varies and shared.sum() >= 2 else "clinical"
