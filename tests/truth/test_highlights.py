"""The first sentences of a report say what the table says."""

from dataclasses import replace

import numpy as np
import pandas as pd

from defaultmode.core.study import Column, Study
from defaultmode.report import highlights, person_table
from defaultmode.report.highlights import persons


def study(**changed: list[float]) -> Study:
    """Two people, the first with two runs, under `plain` and `plain+GSR`."""
    values = {
        "within__plain": [0.4, 0.6, 0.3],
        "between__plain": [0.1, 0.3, -0.1],
        "between__gsr": [-0.2, -0.4, -0.3],
        "share__plain": [0.5, 0.7, 0.4],
        "share__gsr": [0.8, 1.0, 0.5],
    } | changed
    keys = {"participant_id": ["sub-1", "sub-1", "sub-2"], "atlas": ["a", "a", "a"]}
    measures = {
        "within": "within_default_mode",
        "between": "default_mode_task_positive",
        "share": "default_mode_membership",
    }
    columns = {k: Column(k, "key", "text") for k in keys}
    for name in values:
        kind, preset = name.split("__")
        denoise = "plain+GSR" if preset == "gsr" else "plain"
        columns[name] = Column(name, "measure", "number", measure=measures[kind], denoise=denoise)
    return Study(pd.DataFrame(keys | values), columns)


def test_runs_are_averaged_within_a_person() -> None:
    first, second = persons(study())
    assert (first.participant, first.runs, second.runs) == ("sub-1", 2, 1)
    assert np.isclose(first.within, 0.5)
    assert np.isclose(first.between_gsr, -0.3)


def test_sentences_count_people_not_runs() -> None:
    membership, boundary = highlights(study())
    assert "In 2 participants, 50 % of" in membership
    assert "from 40 to 60 % by person" in membership
    assert "70 % with global signal regression (plain, a)" in membership
    assert "+0.05 without" in boundary
    assert "below zero in 1 of 2 participants" in boundary
    assert "−0.30 with it (below zero in 2)" in boundary
    assert "in 1 the sign is the pipeline's choice" in boundary


def test_atlases_groups_and_conditions_are_never_pooled() -> None:
    two = study()
    table = two.table.assign(atlas=["a", "b", "a"], group=["x", "x", "y"], drug=["p", "k", "p"])
    columns = dict(two.columns) | {n: Column(n, "clinical", "text") for n in ("group", "drug")}
    mixed = Study(table, columns)
    assert len(highlights(mixed)) == 4, "two sentences for each atlas"
    by_group = highlights(mixed, where={"drug": "p"}, by="group")
    assert len(by_group) == 4
    assert "(plain, a, x, drug = p)" in by_group[1]
    assert "In 1 participant, 40 %" in by_group[2]


def test_a_preset_that_removes_the_global_signal_is_never_shown_as_one_that_keeps_it() -> None:
    one = study()
    scrubbed = {
        name: replace(column, global_signal_removed=column.denoise == "plain")
        for name, column in one.columns.items()
    }
    assert persons(Study(one.table, scrubbed)) == ()


def test_nothing_is_said_of_what_is_missing() -> None:
    lost = [np.nan] * 3
    assert highlights(study(share__plain=lost, share__gsr=lost, between__gsr=lost)) == ()


def test_table_has_a_line_for_each_person() -> None:
    lines = person_table(study(share__plain=[np.nan] * 3))
    assert len(lines) == 3
    assert "n/a" in lines[1]
    assert len({len(line) for line in lines}) == 1
