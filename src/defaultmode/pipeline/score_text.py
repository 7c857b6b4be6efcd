"""The scoreboard as text: for the terminal, as a page, as a table."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from defaultmode import DISCLAIMER
from defaultmode.core.result import Result
from defaultmode.measures import all_measures
from defaultmode.outputs.text import as_json, table
from defaultmode.pipeline.score_runs import Looked
from defaultmode.simulation.scoreboard import Silent
from defaultmode.simulation.scoreboard.sweep import Swept

Line = Mapping[Any, Any]

SOURCED = "Rests on mechanisms that have a source"
HYPOTHETICAL = "Rests on a mechanism that no source gives; not to be ranked against the rows above"
# Of a statement's form where the form decides it, else of its quantity.
UNITS = {
    "ratio": "×",
    "suppression": "share",
    "share": "share",
    "similarity": "r",
    **{m.name: m.unit for m in all_measures().values()},
    "variability": "%",
    "structure_function": "r",
    "rate_default_hz": "Hz",
    "relaxation_s": "s",
    "winning_current_na": "nA",
    "activity_default": "1",
    "dwell_default_s": "s",
    "switches_per_min": "1/min",
    "fraction_default": "share",
    "disengagement_s": "s",
    "engagement_s": "s",
    "disruption_dissociation_r": "r",
    "disruption_dissociation_partial_r": "r",
    "recovery_improvement_r": "r",
    "dissociation_improvement_r": "r",
    "dissociation_improvement_blind_r": "r",
    "training_interaction": "share",
}
WRITTEN_FIRST = (
    "The box was written before anything was run over it, but single points at the prototype's "
    "values had been seen."
)
NOT_EVIDENCE = "What a model does is not evidence of what a brain does."


def sentence_of(rows: pd.DataFrame) -> str:
    """How many rows hold, all and emergent ones, on sourced and on hypothetical mechanisms."""
    parts = []
    for hypothetical, name in ((False, "sourced"), (True, "hypothetical")):
        block = rows[rows["hypothetical"] == hypothetical]
        if not block.empty:
            emergent = block[block["label"] == "emergent"]
            parts.append(
                f"On {name} mechanisms {_counts(block)}; of the emergent: {_counts(emergent)}."
            )
    return " ".join(parts)


def _counts(block: pd.DataFrame) -> str:
    found = block["verdict"].value_counts()
    holding, failing = int(found.get("holds", 0)), int(found.get("fails", 0))
    neither = len(block) - holding - failing
    return f"{holding} of {len(block)} rows hold, {failing} fail, {neither} do neither"


def notes_of(
    swept: Swept, lost: Mapping[str, str], looked: Looked, silent: Sequence[Silent]
) -> tuple[str, ...]:
    """What a reader must know: brains without rest, the healthy rate, claims not spoken to."""
    unrested = ", ".join(f"{code} {n}" for code, n in swept.lost.items()) or "none"
    notes = [
        NOT_EVIDENCE,
        WRITTEN_FIRST,
        f"Box: {swept.solved} brains looked at; without a stable balanced rest: {unrested}.",
    ]
    healthy = looked.get(("healthy", "rate_default_hz", ""))
    if healthy is not None:
        notes.append(f"Seeds: the healthy default mode network fires at {healthy.mean():.2f} Hz.")
    notes += [f"Seeds: {text} was lost: {why}" for text, why in lost.items()]
    notes += [f"Not spoken to: {', '.join(s.claims)}: {s.reason}." for s in silent]
    return tuple(notes)


def score_lines(result: Result) -> Iterator[str]:
    """The scoreboard for a terminal."""
    for hypothetical, title in ((False, SOURCED), (True, HYPOTHETICAL)):
        block = result.table[result.table["hypothetical"] == hypothetical]
        if block.empty:
            continue
        yield f"\n{title.upper()}"
        for group, in_group in block.groupby("group", sort=False):
            yield f"\n{group}"
            for sentence, rows in in_group.groupby("sentence", sort=False):
                first = rows.iloc[0]
                yield f"  {sentence} [{first['claims']}; {first['label']}]"
                yield from (f"    {_row(line)}" for line in rows.to_dict("records"))
    yield ""
    yield result.sentence
    yield from result.notes
    yield DISCLAIMER


def _row(line: Line) -> str:
    where = ", ".join(str(v) for v in (line["condition"], line["preset"]) if v)
    said = "; ".join(part for part in (_box(line), _seeds(line)) if part) or "no value"
    lost = f" (lost: {line['lost']})" if line["lost"] else ""
    return f"{str(line['verdict']).upper()} {where}: {said}{lost}"


def _box(line: Line) -> str:
    if not _known(line["box_share"]):
        return ""
    median = f"{_short(line['box_median'])} {line['unit']} ({_range(line, 'box')})"
    share = f"in {_percent(line['box_share'])} of {_whole(line['box_draws'])} draws"
    lost = f", {_whole(line['box_lost'])} lost" if line["box_lost"] else ""
    return f"box {median}, {share}{lost}"


def _seeds(line: Line) -> str:
    if not _known(line["seeds_mean"]):
        return ""
    interval = f"[{_short(line['seeds_low'])}, {_short(line['seeds_high'])}]"
    mean = f"{_short(line['seeds_mean'])} {line['unit']}"
    return f"seeds {mean} {interval}, n {_whole(line['seeds_n'])}"


def _short(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def _whole(value: float) -> str:
    return f"{value:.0f}"


def score_files(result: Result) -> dict[str, str]:
    """scoreboard.tsv, scoreboard.json and scoreboard.md, as name → text."""
    columns = list(result.table.columns)
    cells = [[_cell(v) for v in row] for row in result.table.itertuples(index=False)]
    content = {
        "sentence": result.sentence,
        "notes": result.notes,
        "settings": dict(result.settings),
        "cites": result.cites,
        "rows": [dict(zip(columns, row, strict=True)) for row in cells],
    }
    return {
        "scoreboard.tsv": table(columns, cells),
        "scoreboard.json": as_json(content),
        "scoreboard.md": "\n".join(_page(result)) + "\n",
    }


def _cell(value: object) -> object:
    return value if _known(value) else None


def _known(value: object) -> bool:
    return value is not None and value == value  # noqa: PLR0124  # NaN differs from itself


def _page(result: Result) -> Iterator[str]:
    yield "# The scoreboard\n"
    settings = ", ".join(f"{k} {v}" for k, v in result.settings.items() if v not in ((), {}))
    yield f"Written by `defaultmode scoreboard` ({settings}).\n"
    yield f"{result.sentence}\n"
    yield from (f"- {note}" for note in result.notes)
    for hypothetical, title in ((False, SOURCED), (True, HYPOTHETICAL)):
        block = result.table[result.table["hypothetical"] == hypothetical]
        yield f"\n## {title}"
        for group, rows in block.groupby("group", sort=False):
            yield f"\n### {str(group).capitalize()}\n"
            yield "| statement | where | label | box | share | lost | seeds | verdict |"
            yield "|---|---|---|---|---|---|---|---|"
            yield from (_table_row(line) for line in rows.to_dict("records"))
    yield f"\n{DISCLAIMER}"


def _table_row(line: Line) -> str:
    nothing = not _known(line["box_share"])
    unit = f" {line['unit']}"
    box = "" if nothing else f"{_short(line['box_median'])}{unit} ({_range(line, 'box')})"
    by_point = f"({_percent(line['box_point_low'])} to {_percent(line['box_point_high'])})"
    share = "" if nothing else f"{_percent(line['box_share'])} {by_point}"
    seeds = ""
    if _known(line["seeds_mean"]):
        seeds = f"{_short(line['seeds_mean'])}{unit} ({_range(line, 'seeds')})"
    where = ", ".join(str(v) for v in (line["condition"], line["preset"]) if v)
    lost = "" if nothing else _whole(line["box_lost"])
    said = f"{line['sentence']} [{line['claims']}]"
    cells = (said, where, line["label"], box, share, lost, seeds, line["verdict"])
    return f"| {' | '.join(str(c) for c in cells)} |"


def _range(line: Line, prefix: str) -> str:
    return f"{_short(line[f'{prefix}_low'])} to {_short(line[f'{prefix}_high'])}"


def _percent(value: float) -> str:
    return f"{100 * value:.0f} %"
