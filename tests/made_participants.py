"""A made-up participant with hostile names, for the tests of their pages: SYNTHETIC numbers."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from defaultmode.core.study import MISSING_COLUMNS
from defaultmode.report.participant_page import Links, Measured, Person, address
from defaultmode.report.quality_nouns import SessionMatrix, StateSequence, Trace
from defaultmode.report.standing import numbers_of, spreads, standings
from report_example import example_atlas, example_matrix, example_study


def person_of(texts: Sequence[str]) -> Person:
    """A person of whose facts, measures, runs and missing values these texts are the names."""
    study = example_study(4)
    name = str(study.table["participant_id"].iloc[0])
    rows = study.table[study.table["participant_id"] == name]
    [found] = spreads(study).values()
    first = standings(found, rows)[0]
    keys = {"participant_id": texts[0], "task_id": "rest", "code": "E304", "denoise": "n/a"}
    return Person(
        name=texts[0],
        facts=tuple((text, text) for text in texts),
        measured=tuple(
            Measured(text, (text, text), (replace(first, measure=text, preset=text, unit=text),))
            for text in texts
        ),
        missing=pd.DataFrame(
            [dict.fromkeys(MISSING_COLUMNS, text) | keys for text in texts], columns=MISSING_COLUMNS
        ),
        numbers=numbers_of(study, name),
        n_people=4,
        links=Links(address(texts[0]), address(texts[-1])),
        warning=texts[0],
    )


def with_signals(person: Person, name: str) -> Person:
    """The person with a run and a matrix, both of which bear a name."""
    rng = np.random.default_rng(1)
    usable = np.ones(200, dtype=bool)
    usable[50:55] = False
    trace = Trace(
        keys={"participant_id": name, "session_id": name, "task_id": name, "atlas": name},
        denoise=name,
        signal=rng.standard_normal((200, 42)),
        roles=("default",) * 10 + ("task-positive",) * 10 + ("salience",) * 5 + ("other",) * 17,
        usable=usable,
        tr_s=2.0,
        displacement_mm=rng.gamma(2, 0.1, 200),
        states=StateSequence(name, np.arange(200) // 20 % 3, (name, "default mode", name), 1),
    )
    atlas = example_atlas()
    z = example_matrix("as-supplied", atlas)
    matrix = SessionMatrix(atlas, name, name, 1, z)
    return replace(person, traces=(trace,), matrices=(matrix,))
