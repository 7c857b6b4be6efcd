"""`scoreboard`: every statement that the model can speak to, over the box and over seeds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.result import Result
from defaultmode.pipeline.score_runs import Looked, Wanted, runs
from defaultmode.pipeline.score_settings import ScoreSettings, laid, rows_of
from defaultmode.pipeline.score_text import UNITS, notes_of, score_files, sentence_of
from defaultmode.running import (
    Task,
    fresh_folder,
    launch,
    progress,
    refuse_occupied,
    worker_count,
    write_text,
)
from defaultmode.simulation.scoreboard import (
    Row,
    Seeded,
    Shared,
    draws,
    read_box,
    read_statements,
    seeded,
    shared,
    sweep,
    value_of,
    verdict,
)
from defaultmode.simulation.scoreboard.alternating import alternation
from defaultmode.simulation.scoreboard.box import typical
from defaultmode.simulation.scoreboard.persons import groups
from defaultmode.simulation.scoreboard.sweep import Swept, answers

Array = NDArray[np.float64]
DRAWS_PER_TASK = 4
TASK_MB = 600


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What was computed: the box, and the values over seeds of whatever was looked at.

    looked : (situation, quantity, preset) → (n_seeds,) or (n_seeds, n_regions)
    lost : situation → why nothing could be said of it over seeds
    """

    swept: Swept
    looked: Looked
    lost: Mapping[str, str] = field(default_factory=dict)


def scoreboard(settings: ScoreSettings, *, quiet: bool = False) -> Result:
    """Ask the model everything that the account says, and say what holds.

    Rows come in the order of the statements, those on sourced mechanisms first. Writes
    scoreboard.tsv, scoreboard.json and scoreboard.md where `settings.out` is given. Raises E411 and
    E511 for settings that cannot be used, E513 for a missing map, E603 for an occupied folder.
    """
    if settings.out is not None:
        refuse_occupied(settings.out)
    rows = rows_of(settings)
    asked = [row for row in rows if answers(row)]
    swept = swept_box(asked, settings, quiet=quiet)
    looked, lost = runs(wanted_of(rows), settings, quiet=quiet)
    looked |= beside_the_network(rows, settings)
    evidence = Evidence(swept, looked, lost)
    boxed = dict(zip((row.key for row in asked), swept.values, strict=True))
    table = pd.DataFrame([line(row, boxed.get(row.key), evidence) for row in rows])
    result = Result(
        table=table,
        sentence=sentence_of(table),
        cites=cites_of(rows),
        seed=settings.seed,
        settings=settings.record(),
        notes=notes_of(swept, lost, looked, read_statements()[1]),
    )
    if settings.out is not None:
        with fresh_folder(settings.out) as folder:
            for name, text in score_files(result).items():
                write_text(folder / name, text)
    return result


@dataclass(frozen=True, slots=True)
class BoxWork:
    """A few draws, for one process."""

    settings: ScoreSettings
    first: int
    last: int


def swept_box(rows: Sequence[Row], settings: ScoreSettings, *, quiet: bool = False) -> Swept:
    """The linear model over the whole box, on as many processes as asked."""
    works = [
        BoxWork(settings, k, min(k + DRAWS_PER_TASK, settings.draws))
        for k in range(0, settings.draws, DRAWS_PER_TASK)
    ]
    tasks = [Task(f"draws {w.first + 1}–{w.last}", w) for w in works]
    processes = worker_count(settings.nprocs, len(tasks), task_mb=TASK_MB)
    parts: dict[str, Swept] = {}
    outcomes = launch(sweep_part, tasks, processes=processes)
    for task, outcome in progress(outcomes, len(tasks), "box", quiet=quiet):
        if isinstance(outcome, DefaultModeError):
            raise outcome
        parts[task.key] = outcome
    found = [parts[task.key] for task in tasks]
    codes = sorted({code for part in found for code in part.lost})
    return Swept(
        np.concatenate([part.values for part in found], axis=1).reshape(len(rows), -1),
        tuple(point for part in found for point in part.points),
        {code: sum(part.lost.get(code, 0) for part in found) for code in codes},
        sum(part.solved for part in found),
    )


def sweep_part(work: BoxWork) -> Swept:
    """The rows of the linear model at some of the draws."""
    settings, ground = work.settings, laid(work.settings)
    drawn = draws(read_box(), tuple(ground.bases), settings.draws, seed=settings.seed)
    rows = [row for row in rows_of(work.settings) if answers(row)]
    return sweep(rows, drawn[work.first : work.last], ground.bases, ground.ground)


def wanted_of(rows: Sequence[Row]) -> tuple[Wanted, ...]:
    """What must be looked at over seeds, in order and once."""
    found = [
        Wanted(text, row.statement.quantity, row.preset)
        for row in rows
        if row.statement.asks == "network"
        for text in situations_of(row)
    ]
    return tuple(dict.fromkeys(found))


def situations_of(row: Row) -> tuple[str, ...]:
    """The text of every situation that a row looks at."""
    named = (row.situation, row.against, row.than, row.than_against)
    healthy = ("healthy",) if row.statement.form == "distance" else ()
    return tuple(text for text in (*named, *healthy) if text)


def beside_the_network(rows: Sequence[Row], settings: ScoreSettings) -> Looked:
    """The switch model, and what differs between virtual people, as far as rows ask for them."""
    seeds, looked = settings.people_seeds, dict[tuple[str, str, str], Array]()
    switch = [text for r in rows if r.statement.asks == "switch" for text in situations_of(r)]
    turns = alternation(tuple(dict.fromkeys(switch)), seeds, duration_s=settings.switch_s)
    looked |= {(text, name, ""): values for (text, name), values in turns.items()}
    named = {r.statement.quantity: r.situation for r in rows if r.statement.asks == "people"}
    if named:
        ground = laid(settings)
        usual = typical(read_box(), ground.default)
        between = groups(ground.bases[ground.default], ground.ground, usual, seeds)
        looked |= {(named[q], q, ""): v for q, v in between.items() if q in named}
    return looked


def line(row: Row, boxed: Array | None, evidence: Evidence) -> dict[str, object]:
    """One row of the table."""
    s = row.statement
    box = None if boxed is None else shared(row, boxed, evidence.swept.points)
    over = over_seeds(row, evidence.looked)
    return {
        "row": row.key,
        "claims": " ".join(s.claims),
        "group": s.group,
        "sentence": s.sentence,
        "condition": row.condition or row.situation,
        "preset": row.preset,
        "situation": row.situation,
        "against": row.against,
        "form": s.form,
        "quantity": s.quantity,
        "unit": UNITS.get(s.form, UNITS.get(s.quantity, "")),
        "claimed": s.claimed,
        "label": s.label,
        "because": s.because,
        "hypothetical": row.hypothetical,
        "asks": s.asks,
        **_numbers("box", box, Shared),
        **_numbers("seeds", over, Seeded),
        "lost": "; ".join(_lost(row, evidence.lost)),
        "verdict": verdict(row, box, over),
    }


def over_seeds(row: Row, looked: Looked) -> Seeded | None:
    """A statement over seeds; None where something that it needs is not there."""
    quantity, preset = row.statement.quantity, row.preset
    needed = [(text, quantity, preset) for text in situations_of(row)]
    if any(key not in looked for key in needed):
        return None
    return seeded(value_of(row, lambda text: looked[text, quantity, preset]))


def cites_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """The sources of whatever acts in a row, and of the box."""
    acting = [
        effect.source
        for row in rows
        if row.statement.asks == "network"
        for situation in row.situations
        for _, effect in situation.acting
    ]
    found = [*acting, *(r.source for r in read_box().ranges)]
    return tuple(dict.fromkeys(key for key in found if key and key != "our own"))


def _numbers(prefix: str, found: object, kind: type) -> dict[str, object]:
    nothing = dict.fromkeys(kind.__dataclass_fields__)  # type: ignore[attr-defined]
    values = nothing if found is None else asdict(found)  # type: ignore[call-overload]
    return {f"{prefix}_{name}": value for name, value in values.items()}


def _lost(row: Row, lost: Mapping[str, str]) -> Iterator[str]:
    yield from (f"{text}: {lost[text]}" for text in situations_of(row) if text in lost)
