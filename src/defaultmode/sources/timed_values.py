"""Ratings and plasma samples within a scan, each with its time, from events and tables."""

import math
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Entities
from defaultmode.sources.names import parse_name, without_prefix
from defaultmode.sources.text_tables import MISSING, is_number, numbers, read_text_table

if TYPE_CHECKING:
    import pandas as pd

CODE = "E445"
TIMES = ("onset", "time", "time_s")  # seconds after the first volume; `time` as in BIDS _blood.tsv
NAMES = ("trial_type", "scale", "question")
VALUES = ("rating", "score", "value")
# column → entity of BIDS and its name in Entities
KEYS = {
    "participant_id": ("sub", "participant"),
    "session_id": ("ses", "session"),
    "task_id": ("task", "task"),
    "run_id": ("run", "run"),
}
PLASMA = re.compile(r"plasma(?!.*radioactivity)|_ng_?ml$|concentration")


@dataclass(frozen=True, slots=True)
class TimedValue:
    """A number at a time within a run; `where` holds the labels of the run that the table names."""

    where: tuple[tuple[str, str], ...]
    time_s: float
    name: str
    value: float

    @property
    def is_plasma(self) -> bool:
        """Whether it is the concentration of a drug in plasma rather than a rating."""
        return PLASMA.search(self.name.lower()) is not None

    def of(self, run: Entities) -> bool:
        """Whether it belongs to a run; what the table does not say fits any."""
        return all(getattr(run, name) == label for name, label in self.where)


def read_timed(path: Path) -> tuple[TimedValue, ...]:
    """Read a table of ratings or plasma samples with times in seconds after the first volume.

    The run is named by participant_id, session_id, task_id and run_id, or by the file's own BIDS
    name (`sub-01_ses-ket_task-rest_blood.tsv`). Either one column names what is rated (trial_type,
    scale) and one holds the number (rating, score, value), or each further column of numbers is one
    scale, or a concentration where its name says plasma, concentration or ng_ml, in ng/ml.
    Raises E445 (no time, no participant, no number) and what a damaged table raises.
    """
    table = read_text_table(path)
    own = _labels_of_name(path)
    if "participant_id" not in table and not own:
        there = ", ".join(map(str, table.columns[:5]))
        raise DefaultModeError(CODE, f"{path} has the columns {there}; expected participant_id.")
    found = tuple(_values(table, path))
    if not found:
        raise DefaultModeError(CODE, f"{path} has no column of numbers beside its times.")
    return tuple(TimedValue(v.where or own, v.time_s, v.name, v.value) for v in found)


def read_ratings(path: Path) -> tuple[TimedValue, ...]:
    """The ratings of an events table, empty where it has no column of them; raises E445."""
    table = read_text_table(path)
    if not any(name in table for name in VALUES[:2]):
        return ()
    return tuple(v for v in _values(table, path) if v.name)


def _labels_of_name(path: Path) -> tuple[tuple[str, str], ...]:
    named = parse_name(path.name)
    if named is None:
        return ()
    return tuple((k, named.entities[e]) for e, k in KEYS.values() if e in named.entities)


def _values(table: "pd.DataFrame", path: Path) -> Iterator[TimedValue]:
    clock = next((name for name in TIMES if name in table), None)
    if clock is None:
        there = ", ".join(map(str, table.columns[:5]))
        msg = f"{path} has the columns {there}; expected {TIMES[0]}, in seconds after the start."
        raise DefaultModeError(CODE, msg)
    times = numbers(table[[clock]], path)[:, 0].tolist()
    places = [_where(row) for row in table.to_dict("records")]
    for names, column in _columns(table, clock):
        values = numbers(table[[column]], path)[:, 0].tolist()
        for where, time_s, name, value in zip(places, times, names, values, strict=True):
            if math.isfinite(value) and math.isfinite(time_s):
                yield TimedValue(where, time_s, name, value)


def _columns(table: "pd.DataFrame", clock: str) -> Iterator[tuple[Sequence[str], str]]:
    """Each column of numbers, and what each of its cells is of."""
    value = next((name for name in VALUES if name in table), None)
    kind = next((name for name in NAMES if name in table), None)
    if value is not None:
        named = table[kind].tolist() if kind else [value] * len(table)
        yield ["" if cell == MISSING else str(cell) for cell in named], value
        return
    for column in table.columns:
        cells = table[column].tolist()
        free = column not in {clock, "duration", "response_time", *KEYS, *NAMES}
        if free and all(map(is_number, cells)) and set(cells) != {MISSING}:
            yield [str(column)] * len(cells), str(column)


def _where(row: Mapping[Hashable, str]) -> tuple[tuple[str, str], ...]:
    """The labels of a row without their prefixes, those that it states."""
    cells = ((kind, name, row.get(column, MISSING)) for column, (kind, name) in KEYS.items())
    return tuple((n, without_prefix(c, kind)) for kind, n, c in cells if c not in {MISSING, ""})
