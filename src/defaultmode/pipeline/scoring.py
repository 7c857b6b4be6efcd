"""`scoreboard`: every statement that the model can speak to, over the box and over seeds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.result import Result
from defaultmode.pipeline.score_box import boxed_rows, swept_box
from defaultmode.pipeline.score_runs import Looked, Wanted, reason, runs
from defaultmode.pipeline.score_settings import ScoreSettings, laid, rows_of
from defaultmode.pipeline.score_text import UNITS, notes_of, score_files, sentence_of
from defaultmode.running import fresh_folder, refuse_occupied, write_text
from defaultmode.simulation.scoreboard import (
    Row,
    Seeded,
    Shared,
    read_box,
    read_statements,
    seeded,
    shared,
    value_of,
    verdict,
)
from defaultmode.simulation.scoreboard.alternating import alternation
from defaultmode.simulation.scoreboard.box import typical
from defaultmode.simulation.scoreboard.persons import groups
from defaultmode.simulation.scoreboard.sweep import Swept

Array = NDArray[np.float64]


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
    swept = swept_box(settings, quiet=quiet)
    looked, lost = runs(wanted_of(rows), settings, quiet=quiet)
    beside, unrested = beside_the_network(rows, settings)
    looked, lost = looked | beside, lost | unrested
    evidence = Evidence(swept, looked, lost)
    boxed = dict(zip((r.key for r in boxed_rows(settings)), swept.values, strict=True))
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


def beside_the_network(
    rows: Sequence[Row], settings: ScoreSettings
) -> tuple[Looked, dict[str, str]]:
    """The switch model, and what differs between virtual people, as far as rows ask for them.

    The second is what was lost and why: brains of people that come to no rest.
    """
    seeds, looked = settings.people_seeds, dict[tuple[str, str, str], Array]()
    switch = [text for r in rows if r.statement.asks == "switch" for text in situations_of(r)]
    turns = alternation(tuple(dict.fromkeys(switch)), seeds, duration_s=settings.switch_s)
    looked |= {(text, name, ""): values for (text, name), values in turns.items()}
    named = {r.statement.quantity: r.situation for r in rows if r.statement.asks == "people"}
    if not named:
        return looked, {}
    ground = laid(settings)
    usual = typical(read_box(), ground.default)
    try:
        between = groups(ground.bases[ground.default], ground.ground, usual, seeds)
    except DefaultModeError as problem:
        return looked, dict.fromkeys(named.values(), f"people: {reason(problem)}")
    return looked | {(named[q], q, ""): v for q, v in between.items() if q in named}, {}


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
