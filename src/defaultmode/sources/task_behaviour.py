"""How fast, how evenly and how often a participant responded in each run of a task (Kelly 2008)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import TaskEvent
from defaultmode.sources.clinical_files import ENTITY, UNSTATED, ClinicalTable, notice
from defaultmode.sources.names import BidsName, parse_name, without_prefix
from defaultmode.sources.task_events import ENDINGS, read_events
from defaultmode.sources.text_tables import MISSING

SOURCE = "sub-*/**/*_events.tsv"
LEAST_RESPONSES = 2  # of a standard deviation
DESCRIBED = {
    "response_time_mean": {"LongName": "Mean response time in the run.", "Units": "s"},
    "response_time_sd": {
        "LongName": "Standard deviation of the response times in the run.",
        "Units": "s",
    },
    "no_response_share": {
        "LongName": "Share of events without a response, of the trial types that ask for one.",
        "Units": "ratio",
    },
}


def behaviour(
    roots: Sequence[Path], tasks: Sequence[str] = ()
) -> tuple[list[ClinicalTable], list[str]]:
    """Response times of every run of some data sets, a row each; no table where there are none.

    Mean and standard deviation (divisor n − 1) in seconds over the events with a response time,
    and the share of events without one among those whose trial type has any in that run. A table
    that cannot be read gives a notice and no response times; a run that is measured is refused for
    it. tasks : labels, empty for all.
    """
    rows, refused = {}, []
    for root in dict.fromkeys(Path(r).resolve() for r in roots):
        for name, path in _tables(root, tasks):
            try:
                cells = _cells(read_events(path))
            except DefaultModeError as problem:
                refused.append(problem)
                continue
            if cells:
                rows[tuple(_key(name, key) for key in ENTITY)] = cells
    notices = []
    if refused:
        many = f"{len(refused)} tables of events give no response times, such as: "
        notices.append(notice(refused[0].code, many + refused[0].detail))
    if not rows:
        return [], notices
    keys = pd.DataFrame(list(rows), columns=list(ENTITY), dtype=object)
    values = pd.DataFrame(list(rows.values()), dtype=object)
    whole = pd.concat([keys, values], axis=1)
    return [ClinicalTable("events", SOURCE, "run", whole, DESCRIBED)], notices


def _tables(root: Path, tasks: Sequence[str]) -> list[tuple[BidsName, Path]]:
    """Events tables of one participant each; an inherited one holds nobody's own responses."""
    patterns = ("sub-*/func/*_events.tsv*", "sub-*/ses-*/func/*_events.tsv*")
    found = (p for pattern in patterns for p in sorted(root.glob(pattern)))
    named = ((parse_name(p.name), p) for p in found if p.name.endswith(ENDINGS))
    wanted = {without_prefix(task, "task") for task in tasks}
    return [
        (n, p)
        for n, p in named
        if n is not None
        and "sub" in n.entities
        and (not wanted or n.entities.get("task") in wanted)
    ]


def _key(name: BidsName, key: str) -> str:
    """The label as the study writes it; a run that the file does not name may be any."""
    label = name.entities.get(ENTITY[key], "")
    if key == "session_id":
        return f"ses-{label}" if label else MISSING
    return f"sub-{label}" if key == "participant_id" else label or UNSTATED


def _cells(events: Sequence[TaskEvent]) -> dict[str, str]:
    """What DESCRIBED names, as text; empty where nobody responded."""
    times_s = [e.response_time_s for e in events if e.response_time_s is not None]
    if not times_s:
        return {}
    asked = {e.trial_type for e in events if e.response_time_s is not None}
    trials = [e for e in events if e.trial_type in asked]
    missed = sum(e.response_time_s is None for e in trials) / len(trials)
    sd_s = float(np.std(times_s, ddof=1)) if len(times_s) >= LEAST_RESPONSES else None
    values = (float(np.mean(times_s)), sd_s, missed)
    texts = (MISSING if v is None else repr(v) for v in values)
    return dict(zip(DESCRIBED, texts, strict=True))
