"""The section on the flow of participants: a figure, a table, and the way to each one's page."""

from collections.abc import Mapping

import pandas as pd

from defaultmode.figures.participant_flow import FlowStep, participant_flow
from defaultmode.report.choosing import drawn_measures
from defaultmode.report.drawings import Drawing, drawing
from defaultmode.report.flow_nouns import EVERYBODY, Exit, Flow
from defaultmode.report.nouns import Page
from defaultmode.report.section import Filled
from defaultmode.report.tables import comparison_of, effects_of, size_of
from defaultmode.report.writing import (
    NOT_THERE,
    Cell,
    Table,
    cut,
    figure,
    listed,
    plain,
    word,
)

MOST_COLUMNS = 5  # of the figure; more groups are drawn as one
MOST_ROWS = 300


def fill_flow(page: Page) -> Filled | None:
    """Who was found, who got how far and why not all; None where nothing is known."""
    flow = page.flow
    if flow is None or not flow.stages:
        return None
    return {
        "drawing": _drawn(flow),
        "stages": stages_table(flow),
        "sessions": sessions_table(flow),
        "comparisons": comparisons_table(page),
        "runs": "; ".join(f"{n} {what}" for what, n in flow.runs),
        "people": page.people,
    }


def _drawn(flow: Flow) -> Drawing:
    columns = flow.groups if len(flow.groups) <= MOST_COLUMNS else (EVERYBODY,)
    steps = [
        FlowStep(
            stage.name,
            tuple(stage.people.get(c, 0) if c in flow.groups else stage.total for c in columns),
            tuple(_exit_words(e, several=len(columns) > 1) for e in stage.exits),
        )
        for stage in flow.stages
    ]
    said = "; ".join(f"{stage.name}: {stage.total}" for stage in flow.stages)
    return drawing(
        "participant-flow",
        participant_flow(steps, columns),
        _frame(flow),
        alt=f"Flow of participants. {said}.",
        caption=f"People, not recordings{f', by {flow.by}' if flow.by else ''}.",
    )


def _exit_words(gone: Exit, *, several: bool) -> str:
    group = f"{gone.group}, " if several else ""
    code = f" ({gone.code})" if gone.code and gone.code not in gone.reason else ""
    return f"− {len(gone.people)}: {group}{gone.reason}{code}"


def _frame(flow: Flow) -> pd.DataFrame:
    rows = []
    for stage in flow.stages:
        for group in flow.groups:
            gone = [e for e in stage.exits if e.group == group]
            rows.append(
                {
                    "stage": stage.name,
                    "group": group,
                    "people": stage.people.get(group, 0),
                    "left_before": sum(len(e.people) for e in gone),
                    "reasons": "; ".join(f"{e.reason} [{e.code}]" for e in gone),
                }
            )
    return pd.DataFrame(rows)


def stages_table(flow: Flow) -> Table:
    """Each stage with the people who reach it and each exit before it."""
    rows: list[tuple[Cell, ...]] = []
    for stage in flow.stages:
        rows += [_exit_row(flow, stage.name, gone) for gone in stage.exits]
        counts = (stage.people.get(group, 0) for group in flow.groups)
        rows.append((word(stage.name), *(figure(n, str(n)) for n in counts), word(""), word("")))
    head = ("Stage", *flow.groups, "Why, and who", "Code")
    listed_rows, note = cut(rows, MOST_ROWS)
    return Table("flow-stages", "People at each stage", head, listed_rows, None, note)


def _exit_row(flow: Flow, stage: str, gone: Exit) -> tuple[Cell, ...]:
    n = len(gone.people)
    counts = (figure(n, f"−{n}") if group == gone.group else word("") for group in flow.groups)
    why = word(f"{gone.reason}: {listed(gone.people, 6)}")
    return (word(f"left before: {stage.lower()}"), *counts, why, Cell(gone.code, code=gone.code))


def sessions_table(flow: Flow) -> Table | None:
    """Each session of each group: expected, measured, and why not all."""
    if not flow.sessions:
        return None
    rows = [
        (
            word(s.session),
            word(s.group),
            figure(s.expected, str(s.expected)),
            figure(s.measured, str(s.measured)),
            word("; ".join(f"{n}: {reason}" for reason, n in s.reasons)),
        )
        for s in flow.sessions
    ]
    head = ("Session", flow.by or "Group", "Expected", "Measured", "Why not all")
    listed_rows, note = cut(rows, MOST_ROWS)
    return Table("flow-sessions", "People in each session", head, listed_rows, None, note)


def comparisons_table(page: Page) -> Table | None:
    """How many people each comparison of the first measure rests on, under its first preset."""
    frame = effects_of(page)
    first = next(iter(drawn_measures(page.study)), "")
    if frame.empty or not first:
        return None
    rows = frame[frame["measure"] == first]
    rows = rows[rows["denoise"] == rows["denoise"].iloc[0]] if len(rows) else rows
    cells = [_comparison({str(k): v for k, v in row.items()}) for row in rows.to_dict("records")]
    if not cells:
        return None
    head = ("Comparison", "Atlas", "People", "Why there is no value")
    listed_rows, note = cut(cells, MOST_ROWS)
    caption = f"People in each comparison of: {plain(first)}"
    return Table("flow-comparisons", caption, head, listed_rows, None, note, search=True)


def _comparison(row: Mapping[str, object]) -> tuple[Cell, ...]:
    reason = row.get("reason")
    return (
        word(comparison_of(dict(row))),
        word(row.get("atlas", "")),
        word(size_of(dict(row))),
        word(reason if reason and reason != NOT_THERE else ""),
    )
