"""The section on brain states: what it draws, of whom, and what it says of being stuck."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import made_datasets as made
from defaultmode.cli import main
from defaultmode.core.missing import Missing
from defaultmode.core.plan import Plan
from defaultmode.core.settings import Settings
from defaultmode.core.study import BEYOND, KEYS, Column, Study
from defaultmode.figures import Relief, Track, energy_landscape, state_timeline
from defaultmode.measures import pattern_shares, pooled_landscape
from defaultmode.measures._network_landscape import energy_landscape as landscape_of_run
from defaultmode.outputs import finished_runs
from defaultmode.pipeline.claim_columns import Ground
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.gathering import gather_study, study_settings
from defaultmode.pipeline.report_states import _keys, _landscape, states_found
from defaultmode.report import Page, build_page
from defaultmode.report.landscape_drawings import landscape_drawing, landscape_table
from defaultmode.report.panels import brief
from defaultmode.report.section_nouns import (
    LabelledRun,
    Landscapes,
    LearntStates,
    Lost,
    StatesFound,
    Valleys,
)
from defaultmode.report.state_drawings import (
    first_people,
    people_mean,
    profile_drawing,
    timeline_drawing,
)
from defaultmode.report.states_section import drawn_states, fill_states, stuck_words
from defaultmode.statistics.occasions import occasions_of
from report_example import PRESETS, example_page, example_study
from toy_recordings import lively

NAMES = ("visual", "default mode", "global")


def labelled(row: dict[str, object], labels: list[int]) -> LabelledRun:
    keys = ("participant_id", "session_id", "task_id", "acquisition_id", "direction_id", "run_id")
    share = np.bincount(np.array(labels)[np.array(labels) >= 0], minlength=3) / len(labels)
    return LabelledRun(
        {k: str(row[k]) for k in (*keys, "atlas")},
        2.0,
        np.array(labels),
        share,
        np.array([4.0, 6.0, np.nan]),
        np.array([[0.5, 0.5, 0.0], [0.25, 0.75, 0.0], [np.nan] * 3]),
    )


def learnt(study: Study, method: str, stability: float, preset: str = PRESETS[0]) -> LearntStates:
    rows = study.table.to_dict("records")
    runs = tuple(labelled(row, [0, 0, 1, 1, 1, -1, 0, 1]) for row in rows)
    profiles = np.array([[-1.0, 1.5], [2.0, -0.5], [0.1, 0.1]])
    networks = ("default mode", "visual")
    return LearntStates(
        "synthetic42", preset, method, NAMES, 1, networks, profiles, stability, 24, runs
    )


def dwelling(beyond_s: float) -> Study:
    """The example with dwell times of which so much lies beyond surrogates."""
    study = example_study()
    rng = np.random.default_rng(0)
    table, columns = study.table.copy(), dict(study.columns)
    for name, centre, role in (
        ("leida_default_dwell_s", 8.0, "measure"),
        (f"leida_default_dwell_s{BEYOND}", beyond_s, "surrogate"),
    ):
        column = f"{name}__as_supplied"
        table[column] = centre + rng.normal(0, 0.2, len(table))
        columns[column] = Column(
            column, role, "number", unit="s", measure=name, denoise=PRESETS[0], note="NOTE"
        )
    return Study(table, columns, study.missing)


def page_of(study: Study, *states: LearntStates, landscapes: tuple[Landscapes, ...] = ()) -> Page:
    found = states or (learnt(study, "cap", 0.3), learnt(study, "leida", 0.6))
    before = study.table[study.table["condition"] == "before"][list(KEYS)].astype(str)
    untreated = frozenset(before.itertuples(index=False, name=None))
    return example_page(study=study, states=StatesFound(found, landscapes, untreated))


def test_no_states_no_section():
    assert fill_states(example_page()) is None
    assert 'id="states"' not in build_page(example_page())


def test_the_method_that_comes_back_best_is_drawn():
    study = example_study()
    ours = [learnt(study, "hmm", np.nan), learnt(study, "cap", 0.3), learnt(study, "leida", 0.6)]
    assert [one.method for one in drawn_states(page_of(study), ours)] == ["leida"]


@pytest.mark.parametrize(
    ("beyond_s", "verdict"),
    [
        (0.0, "n = 6, which cannot be told from chance"),
        (3.0, "n = 6, longer than chance"),
        (-3.0, "n = 6, shorter than chance"),
    ],
)
def test_being_stuck_is_tested(beyond_s, verdict):
    study = dwelling(beyond_s)
    said = stuck_words(page_of(study), learnt(study, "leida", 0.6))
    for group in ("control", "patient"):
        assert said.count(f"{group} ") == 2
    assert said.count(verdict) == 2
    assert "12 runs at rest" in said
    assert "NOTE; chance alone gives about 1 in 20" in said


def test_treated_runs_say_nothing_of_being_stuck():
    """Whoever was treated lasts 100 s; nobody untreated does."""
    study = dwelling(0.0)
    name = "leida_default_dwell_s__as_supplied"
    treated = study.table["condition"] == "after"
    table = study.table.assign(**{name: np.where(treated, 100.0, 8.0)})
    said = stuck_words(
        page_of(Study(table, study.columns, study.missing)), learnt(study, "leida", 0.6)
    )
    assert "8.00 s" in said
    assert "100" not in said
    unknown = example_page(study=study, states=StatesFound((learnt(study, "leida", 0.6),)))
    assert "no run at rest is known to be untreated" in stuck_words(
        unknown, learnt(study, "leida", 0.6)
    )


def test_every_lost_landscape_is_told_with_whose_it_is():
    study = example_study()
    lost = (
        Lost("patient · before", 2, Missing("NO SIGNAL", "E302")),
        Lost("control · after", 6, Missing("ONE MINIMUM", "E301"), whole=True),
    )
    some = Landscapes("synthetic42", PRESETS[0], (valleys(0.9),), lost=lost)
    html = build_page(page_of(study, landscapes=(some,)))
    assert "patient · before, without 2 runs: NO SIGNAL" in html
    assert "control · after, no landscape of 6 runs: ONE MINIMUM" in html


def test_without_surrogates_nothing_is_claimed():
    study = dwelling(3.0)
    gone = [name for name in study.columns if BEYOND in name]
    bare = Study(
        study.table.drop(columns=gone),
        {n: c for n, c in study.columns.items() if n not in gone},
        study.missing,
    )
    assert "No surrogates were drawn" in stuck_words(page_of(bare), learnt(bare, "leida", 0.6))


def test_means_in_the_table_are_over_people():
    study = dwelling(0.0)
    page = page_of(study)
    shown = fill_states(page)["atlases"][0]
    assert "0.60" in shown.sentence
    assert "0.30" in shown.sentence
    (_, table), *_ = shown.dwells
    column = "leida_default_dwell_s__as_supplied"
    chosen = study.table.query("group == 'patient' and condition == 'before'")
    own = next(row for row in table.rows if row[0].text == "patient · before")
    assert own[1].text == str(chosen["participant_id"].nunique())
    assert own[2].text.startswith(brief(chosen[column].mean()))


def test_first_people_of_each_group_with_all_their_runs():
    study = example_study()
    runs = learnt(study, "cap", 0.5).runs
    groups = {tuple(r.keys.values()): "ab"[int(r.person[-2:]) % 2] for r in runs}
    chosen = first_people(runs[::-1], groups)
    people = ["sub-02", "sub-04", "sub-06"], ["sub-01", "sub-03", "sub-05"]
    assert [r.person for r in chosen[:6]] in ([p for p in own for _ in "12"] for own in people)
    assert len(chosen) == 12
    assert {r.person for r in chosen} == {*people[0], *people[1]}
    lone = dict.fromkeys(list(groups)[:2], "a")
    assert len(first_people(runs, lone)) == 2


def test_a_person_of_many_runs_counts_once():
    runs = learnt(example_study(), "cap", 0.5).runs[:3]  # two of the first person, one of another
    values = [np.array([0.0]), np.array([2.0]), np.array([5.0])]
    assert people_mean(runs, values) == pytest.approx([3.0])
    assert people_mean(runs, [np.array([np.nan]), *values[1:]]) == pytest.approx([3.5])


def test_visits_are_the_numbers_of_the_timeline():
    study = example_study()
    frame = timeline_drawing(page_of(study), learnt(study, "cap", 0.3)).frame
    first = frame[frame["run"] == frame["run"].iloc[0]]
    assert first["state"].tolist() == ["visual", "default mode", "visual", "default mode"]
    assert first["start_s"].tolist() == [0, 4, 12, 14]
    assert first["end_s"].tolist() == [4, 10, 14, 16]


def test_the_default_mode_state_is_tallest_and_the_unknown_white():
    figure = state_timeline([Track("a", 2.0, np.array([0, 1, -1, 1]))], NAMES, default=1, title="")
    picture = np.asarray(figure.axes[0].images[0].get_array())
    inked = (picture < 1).any(axis=2).sum(axis=0)
    other, own, unknown, _ = inked[[1, 5, 9, 13]]
    assert own > other > unknown == 0


def test_valleys_join_where_their_pass_lies():
    """Minima 0 and 2 meet at 3, and both with 1 at 5."""
    saddles = np.array([[1.0, 5.0, 3.0], [5.0, 1.5, 5.0], [3.0, 5.0, 2.0]])
    up = np.array([[True, False], [False, True], [True, True]])
    relief = Relief("all", ("a",), ("default mode", "b"), saddles, up, np.full(3, 1 / 3), up[:, 0])
    tree = energy_landscape([relief]).axes[0]
    flat = [line.get_xydata() for line in tree.lines if len(line.get_ydata()) == 2]
    passes = sorted(
        (float(ends[0, 1]), float(ends[0, 0]), float(ends[1, 0]))
        for ends in flat
        if ends[0, 1] == ends[1, 1]
    )
    assert passes == [(3.0, 0.0, 1.0), (5.0, 0.5, 2.0)]


def test_one_run_pooled_is_that_run():
    run = lively(600)
    alone, found = landscape_of_run(run), pattern_shares(run)
    pooled = pooled_landscape(found.shares, found.task_positive)
    np.testing.assert_array_equal(pooled.landscape.minima, alone.landscape.minima)
    np.testing.assert_array_equal(pooled.default, alone.default)
    assert pooled.accuracy == pytest.approx(alone.model.accuracy)
    assert pooled.basins.sum() == pytest.approx(1)


def valleys(accuracy: float) -> Valleys:
    saddles = np.array([[1.0, 4.0], [4.0, 2.5]])
    up = np.array([[True, False], [False, True]])
    return Valleys(
        "all", ("sub-01",), ("default mode", "b"), up, np.array([1.0, 2.5]),
        np.array([0.7, 0.3]), up[:, 0], saddles, accuracy,
    )  # fmt: skip


def test_barriers_and_a_model_that_does_not_fit():
    study = example_study()
    good, bad = (Landscapes("synthetic42", PRESETS[0], (valleys(a),)) for a in (0.9, 0.5))
    page = page_of(study)
    assert landscape_drawing(page, good).frame["barrier_nats"].tolist() == [3.0, 1.5]
    assert landscape_drawing(page, bad) is None
    assert len(landscape_table(page, bad).rows) == 2


def test_names_of_states_cannot_run():
    study = example_study()
    bad = replace(learnt(study, "cap", 0.3), names=("<script>alert(1)</script>", "b", "c"))
    assert "<script>alert" not in build_page(page_of(study, bad))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("states")
    made.describe(root / "scans")
    for i in range(4):
        made.write_table(root / "scans", f"sub-{i:02d}_task-rest", made.series(i))
    asked = ["cap_default_occupancy", "cap_default_dwell_s", "landscape_minima"]
    out = ["measure", str(root / "scans"), str(root / "out"), "--nprocs", "1", "--quiet"]
    assert main([*out, "--measures", *asked, "--n-states", "3"]) in {0, 4}
    return root / "out"


def test_what_is_read_back_is_what_was_measured(folder):
    settings = study_settings(folder, {}, {})
    study, _ = gather_study(settings)
    ground = Ground(study, occasions_of(study), Plan())
    found = states_found(Folder(folder), settings, Page("made", study), ground)
    own = [o for o in found.learnt if o.method == "cap"]
    assert own
    for one in own:
        columns = {c.measure: c.name for c in study.columns.values() if c.denoise == one.denoise}
        rows = study.table.set_index("participant_id")
        for run in one.runs:
            occupancy = rows.loc[run.person, columns["cap_default_occupancy"]]
            dwell_s = rows.loc[run.person, columns["cap_default_dwell_s"]]
            assert run.occupancy[one.default] == pytest.approx(occupancy, nan_ok=True)
            assert run.dwell_s[one.default] == pytest.approx(dwell_s, nan_ok=True)
    assert {o.atlas for o in found.landscapes} == set(study.table["atlas"])
    assert {keys[0] for keys in found.untreated} == set(study.table["participant_id"])


def test_runs_without_a_landscape_are_counted(folder):
    runs = finished_runs(folder, Folder(folder).measure_tables())
    known = {_keys(run): f"group {run.participant[-1]}" for run in runs}
    found = _landscape(runs, "no such preset", known, n_runs=len(runs))
    assert found.valleys == ()
    assert [(one.whose, one.n_runs, one.why.code) for one in found.lost] == [
        (f"group {i}", 1, "E302") for i in range(4)
    ]


def test_a_folder_without_states(tmp_path):
    empty = Page("made", example_study())
    ground = Ground(empty.study, occasions_of(empty.study), Plan())
    assert states_found(Folder(tmp_path), Settings(out=str(tmp_path)), empty, ground) is None


def test_brief_numbers_keep_three_digits():
    assert [brief(v) for v in (0.00416, -1.5, 0.5, 123.4, 4321.0)] == [
        "0.00416", "−1.50", "0.500", "123", "4321",
    ]  # fmt: skip


def test_shares_of_time_are_of_known_volumes():
    study = example_study()
    frame = profile_drawing(page_of(study), learnt(study, "cap", 0.3)).frame
    assert frame["share_of_time"].sum() == pytest.approx(7 / 8)
