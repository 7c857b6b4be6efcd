"""What a participant was asked to do during a run: BIDS `events.tsv`, found and read strictly."""

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, TaskEvent
from defaultmode.sources.names import parse_name
from defaultmode.sources.text_tables import MISSING, numbers, read_text_table

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = ("_events.tsv", "_events.tsv.gz")
ONLY_TYPE = "task"  # what an event is called in a table without a column trial_type
AFTERMATH_S = 32.0  # the length of the canonical haemodynamic response
MOST_OUTSIDE = 0.5  # our own: with half of the events outside, the table is not of this run


Acquired = frozenset[tuple[str, str]]


class EventsFiles:
    """The events tables of a derivatives folder and of the raw data sets behind it."""

    def __init__(self, derivatives: Path, raw: Sequence[Path] = ()) -> None:
        self._derivatives = derivatives
        self._raw = tuple(dict.fromkeys(p.resolve() for p in raw))
        self._applying: dict[tuple[Path, str], list[list[tuple[Acquired, Path]]]] = {}

    def of(self, signal: Path) -> Path | None:
        """The table that applies to a run, None where there is none.

        The nearest applies, from the folder of the run up to the root; of one folder, that with
        most entities; it has no entity that the run does not have. The derivatives come before the
        raw data sets. Raises E207 when two tables apply equally.
        """
        name = parse_name(signal.name)
        if name is None:
            return None
        run = name.acquired
        inside = signal.parent.relative_to(self._derivatives).as_posix().removeprefix(".")
        beside = self._nearest(self._derivatives, inside, run)
        if beside is not None:
            return beside
        session = f"/ses-{name.entities['ses']}" if "ses" in name.entities else ""
        acquired = f"sub-{name.entities['sub']}{session}/func"
        found = [p for root in self._raw if (p := self._nearest(root, acquired, run))]
        if len(found) > 1:
            msg = f"{found[0]} and {found[1]} both apply to {signal.name}."
            raise DefaultModeError("E207", msg)
        return found[0] if found else None

    def _nearest(self, root: Path, inside: str, run: Acquired) -> Path | None:
        for listed in self._upwards(root, inside):
            fitting = [(len(entities), path) for entities, path in listed if entities <= run]
            most = max((n for n, _ in fitting), default=0)
            best = [path for n, path in fitting if n == most]
            if len(best) > 1:
                msg = f"{best[0]} and {best[1].name} both apply to one run."
                raise DefaultModeError("E207", msg)
            if best:
                return best[0]
        return None

    def _upwards(self, root: Path, inside: str) -> list[list[tuple[Acquired, Path]]]:
        """The tables of a folder, of the one that holds it, and so on up to the root; read once."""
        if (root, inside) not in self._applying:
            above = self._upwards(root, inside.rpartition("/")[0]) if inside else []
            self._applying[root, inside] = [_tables_in(root / inside), *above]
        return self._applying[root, inside]


def _tables_in(folder: Path) -> list[tuple[Acquired, Path]]:
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        files = sorted(entry.name for entry in entries if entry.name.endswith(ENDINGS))
    named = ((parse_name(file), folder / file) for file in files)
    return [(name.acquired, path) for name, path in named if name is not None]


def read_events(
    path: Path, *, run_s: float = math.inf, start_s: float = 0.0
) -> tuple[TaskEvent, ...]:
    """Read a table of events, sorted by onset.

    run_s : length of the run; start_s : what the first volume shows happened so long after the
        clock of the events began (`StartTime` of the sidecar, half a volume where slices were
        shifted in time)

    An event may begin before the first volume. Without a column trial_type all are called "task";
    an event whose trial_type is n/a has an empty one, and one whose duration is n/a has none (0 s).
    Events of which nothing can be seen in the run (begun after its end, or over 32 s before it) are
    left out.

    Raises E210 (no column onset or duration, a cell of them that is no time, or an event that
    stands there twice), E211 (half of the events or more lie outside the run), E134 (text for a
    number) and what a damaged table raises.
    """
    table = read_text_table(path)
    onset = _required(table, "onset", path)
    duration = _durations(table, path)
    response = _response_times(table, path)
    types = _trial_types(table)
    _refuse_repeats(list(zip(onset.tolist(), duration.tolist(), types, strict=True)), path)
    begins = onset - start_s
    seen = (begins < run_s) & (begins + duration > -AFTERMATH_S)
    outside = len(seen) - int(seen.sum())
    if outside >= MOST_OUTSIDE * len(seen):
        span = f"{np.nanmin(onset):g} to {np.nanmax(onset):g} s"
        msg = f"{path}: {outside} of {len(seen)} events ({span}) lie outside the run's {run_s:g} s."
        raise DefaultModeError("E211", msg)
    order = [int(i) for i in np.argsort(begins, kind="stable") if seen[i]]
    return tuple(
        TaskEvent(float(begins[i]), float(duration[i]), types[i], response[i]) for i in order
    )


def start_time(sidecar: Mapping[str, object]) -> float:
    """`StartTime` of a sidecar in seconds, 0 where it is not stated; raises E208 for a text."""
    stated = sidecar.get("StartTime", 0.0)
    if isinstance(stated, bool) or not isinstance(stated, int | float):
        raise DefaultModeError("E208", f"StartTime is {stated!r}; expected a number.")
    return float(stated)


def _required(table: "pd.DataFrame", column: str, path: Path) -> Array:
    if column not in table:
        there = ", ".join(map(str, table.columns[:5]))
        raise DefaultModeError("E210", f"{path} has the columns {there}; expected {column}.")
    values = numbers(table[[column]], path)[:, 0]
    lost = np.flatnonzero(~np.isfinite(values))
    if lost.size:
        cell = table[column].iloc[int(lost[0])]
        msg = f"{path}, line {lost[0] + 2}: the {column} is {cell!r}; expected seconds."
        raise DefaultModeError("E210", msg)
    return values


def _durations(table: "pd.DataFrame", path: Path) -> Array:
    """Seconds, 0 where the length of an event was not recorded, as of the press of a button."""
    if "duration" not in table:
        return _required(table, "duration", path)
    values = numbers(table[["duration"]], path)[:, 0]
    _check_times(values, "duration", path)
    known: Array = np.where(np.isnan(values), 0.0, values)
    return known


def _refuse_repeats(rows: list[tuple[float, float, str]], path: Path) -> None:
    """An event that stands there twice would count as two, and halve what each explains."""
    first: dict[tuple[float, float, str], int] = {}
    for i, row in enumerate(rows):
        before = first.setdefault(row, i)
        if before != i:
            msg = f"{path}, lines {before + 2} and {i + 2} are the same event."
            raise DefaultModeError("E210", msg)


def _check_times(values: Array, what: str, path: Path) -> None:
    wrong = np.flatnonzero((values < 0) | np.isinf(values))
    if wrong.size:
        i = int(wrong[0])
        msg = f"{path}, line {i + 2}: the {what} is {values[i]:g} s; expected 0 s or more."
        raise DefaultModeError("E210", msg)


def _response_times(table: "pd.DataFrame", path: Path) -> list[float | None]:
    if "response_time" not in table:
        return [None] * len(table)
    values = numbers(table[["response_time"]], path)[:, 0]
    _check_times(values, "response time", path)
    return [float(v) if np.isfinite(v) else None for v in values]


def _trial_types(table: "pd.DataFrame") -> list[str]:
    if "trial_type" not in table:
        return [ONLY_TYPE] * len(table)
    return ["" if cell == MISSING else str(cell) for cell in table["trial_type"]]
