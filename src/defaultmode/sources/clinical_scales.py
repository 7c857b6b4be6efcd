"""Clinical columns that hold the score of a known scale, and whether every score can be one."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pandas as pd

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.scales import Scale, scale_of
from defaultmode.core.study import Column
from defaultmode.sources.clinical_columns import MISSING_CODES, Named
from defaultmode.sources.clinical_files import looks_missing
from defaultmode.sources.text_tables import MISSING

OWN_SCALE = "own scale"  # what a plan says of a column that is not to be taken for a known scale
CODES = MISSING_CODES | {"99", "999", "-1", "-9"}
RESCALED = (
    "The values lie between 0 and 1: taken as rescaled, so no threshold of the scale is used."
)


def scored(column: Column, named: Named, rows: pd.DataFrame, override: str | None) -> Column:
    """The column with its scale, what that measures, unit and sentence, where it is known by name.

    rows : the cells of the column's level, with participant_id and, below it, session_id
    A column of text, one with Levels and one that the plan calls "own scale" has no scale. One
    whose dictionary states another range (Minimum, Maximum), or whose values are rescaled to 0–1,
    keeps what it measures and loses the scale, and with it every threshold. Raises E416 for a score
    outside the range.
    """
    scale = scale_of(named.original, named.entry)
    if scale is None or column.kind != "number" or named.levels or override == OWN_SCALE:
        return column
    low, high = _stated_range(named.entry, scale)
    _check_range(named, rows, scale, low=low, high=high)
    known = replace(
        column,
        construct=scale.construct,
        unit=column.unit or scale.unit,
        sentence=column.sentence or f"{scale.title}, {scale.range}.",
    )
    if (low, high) != (scale.low, scale.high):
        note = f"Its range is stated as {low:g} to {high:g}, so no threshold of the scale is used."
        return replace(known, note=note)
    if _is_rescaled(rows[named.name], scale):
        return replace(known, note=RESCALED)
    return replace(known, scale=scale.name, note=scale.note)


def _stated_range(entry: Mapping[str, object], scale: Scale) -> tuple[float, float]:
    """The range that the data dictionary states, the scale's own where it states none."""
    stated = (entry.get("Minimum"), entry.get("Maximum"))
    own = (scale.low, scale.high)
    low, high = (
        float(said) if isinstance(said, int | float) and not isinstance(said, bool) else limit
        for said, limit in zip(stated, own, strict=True)
    )
    return low, high


def _check_range(
    named: Named, rows: pd.DataFrame, scale: Scale, *, low: float, high: float
) -> None:
    for place, cell in enumerate(rows[named.name]):
        if cell == MISSING or looks_missing(cell) or low <= float(cell) <= high:
            continue
        keys = [k for k in ("participant_id", "session_id") if k in rows]
        whose = " ".join(str(rows[k].iloc[place]) for k in keys)
        hint = " It looks like a code for missing: write n/a." if cell in CODES else ""
        msg = (
            f"{named.source}, column {named.original!r}, {whose}: {cell} is not within {low:g} to "
            f"{high:g}, the range of the {scale.title}, for which its name stands.{hint}"
        )
        raise DefaultModeError("E416", msg)


def _is_rescaled(cells: Iterable[str], scale: Scale) -> bool:
    """Whether all scores of a longer scale are shares of one."""
    values = [float(c) for c in cells if c != MISSING and not looks_missing(c)]
    fractions = any(not v.is_integer() for v in values)
    return scale.high > 1 and fractions and max(values) <= 1
