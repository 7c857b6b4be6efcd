"""What a clinical column holds: declared by its data dictionary, else decided by a stated rule."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.study import Column, Kind, Role
from defaultmode.sources.clinical_files import looks_missing, notice
from defaultmode.sources.text_tables import MISSING, is_number

PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?(e[+-][0-9]+)?")
MOST_DIGITS = 15  # a longer number is an identifier, and double precision would change it
# Written for "missing" in many data sets; as numbers they would rule every mean.
MISSING_CODES = frozenset({"-99", "-999", "-9999", "9999", "99999"})
# Columns of these names are labels, even where the labels are digits.
LABELS = frozenset(
    {"id", "ids", "code", "site", "center", "centre", "scanner", "machine", "coil", "batch"}
    | {"group", "arm", "cohort", "condition", "drug", "treatment", "medication", "order"}
    | {"sex", "gender", "race", "ethnicity", "handedness", "family", "sibling", "zip", "postcode"}
    | {"diagnosis", "dx", "icd", "dsm", "session", "visit", "run", "rater"}
)
# Texts that change over time without being what the experiment changed.
OUTCOMES = frozenset(
    {"diagnosis", "dx", "icd", "dsm", "remission", "response", "responder", "time"}
)


@dataclass(frozen=True, slots=True)
class Named:
    """A column on its way into the study: its name there and in its file, and its dictionary."""

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

    @property
    def words(self) -> set[str]:
        """The words of the name, in lower case."""
        return set(re.split(r"[\W_]+", self.original.lower()))

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


def noticed(column: Column, named: Named, rows: pd.DataFrame) -> list[str]:
    """What a person should see of a column: cells that keep it from being a number, codes."""
    cells = [c for c in rows[named.name] if c != MISSING]
    where = f"{named.source}, column {named.original!r}"
    if column.kind == "number":
        codes = sorted(MISSING_CODES & set(cells))
        if not codes:
            return []
        return [
            notice("E406", f"{where}, holds {codes[0]}, which is taken as a number; write n/a.")
        ]
    others = [c for c in cells if not _is_plain(c)]
    if column.declared or named.words & LABELS or not 0 < len(others) < len(cells) / 2:
        return []
    msg = (
        f"{where}: {len(cells) - len(others)} of {len(cells)} cells are numbers and {others[0]!r} "
        "is not, so it stays text; mend the cell, or declare the column a number."
    )
    return [notice("E134", msg)]


def _is_plain(cell: str) -> bool:
    whole = cell.partition(".")[0].partition("e")[0]  # digits after the point are only rounded
    digits = sum(c.isdigit() for c in whole)
    return PLAIN_NUMBER.fullmatch(cell) is not None and digits <= MOST_DIGITS


def as_numbers(cells: Sequence[str]) -> list[float]:
    """Cells of a number column, NaN where missing."""
    return [math.nan if c == MISSING or looks_missing(c) else float(c) for c in cells]


def _meaning(level: object) -> str:
    return str(level.get("Description", "")) if isinstance(level, Mapping) else str(level)


def _kind(named: Named, cells: Sequence[str], override: str | None) -> tuple[Kind, bool]:
    if override is not None:
        return ("text" if override == "text" else "number"), True
    if named.text("Units") and not named.levels:
        return "number", True
    plain = bool(cells) and all(_is_plain(c) for c in cells)
    if plain and len(set(cells)) > len(named.levels) and not named.words & LABELS:
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
    """Design is a text that changes within people, by levels that people share."""
    if named.level == "participant" or kind == "number" or named.words & OUTCOMES:
        return "clinical"
    there = rows.loc[rows[named.name] != MISSING, ["participant_id", named.name]].drop_duplicates()
    people = there["participant_id"].nunique()
    varies = len(there) > people
    shared = there[named.name].value_counts() >= min(2, people)
    return "design" if varies and shared.sum() >= 2 else "clinical"
