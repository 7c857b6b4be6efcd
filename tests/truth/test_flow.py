"""Who gets how far through a study, and why the others do not, counted by hand."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import made_datasets as made
from defaultmode.cli import main
from defaultmode.figures.participant_flow import FlowStep, participant_flow
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.gathering import gather_study, study_settings
from defaultmode.pipeline.report_flow import Known, _in_order, _reason, flow_of
from defaultmode.report import Page
from defaultmode.report.flow_nouns import Flow
from defaultmode.report.flow_section import fill_flow, sessions_table, stages_table
from defaultmode.statistics import Design, Factor, design_of
from report_example import example_page, example_study

WHOLE = {"01": "patient", "02": "patient", "03": "control", "04": "control"}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight people: one only listed, one unreadable, one too short, one in no clinical table."""
    root = tmp_path_factory.mktemp("flow")
    source = made.tables(root / "in", WHOLE)
    made.write_table(source, "sub-05_task-rest", made.series(5), RepetitionTime=None)
    made.write_table(source, "sub-06_task-rest", made.series(6, 40))
    made.write_table(source, "sub-08_task-rest", made.series(8))
    made.write_table(source, "sub-01_ses-b_task-rest", made.series(9))
    listed = WHOLE | {"05": "patient", "06": "control", "07": "control"}
    rows = [f"sub-{p}\t{group}\t{40 + int(p)}" for p, group in listed.items()]
    made.write(source / "participants.tsv", "\n".join(["participant_id\tgroup\tage", *rows]) + "\n")
    visits = "session_id\tstatus\nses-b\tleft the trial\n"
    made.write(source / "sub-02" / "sub-02_sessions.tsv", visits)
    words = ("--measures", "within_default_mode", "--surrogates", "0", "--nprocs", "1", "--quiet")
    assert main(["measure", str(source), str(root / "out"), *words]) == 4
    return root / "out"


@pytest.fixture(scope="module")
def flow(results: Path) -> Flow:
    settings = study_settings(results, {}, {})
    study, _ = gather_study(settings)
    return flow_of(study, Folder(results), settings, by="group")


def test_each_stage_has_the_people_who_reach_it(flow: Flow) -> None:
    reached = [(stage.name, stage.total) for stage in flow.stages]
    assert reached == [
        ("Found", 8),
        ("Recorded", 7),
        ("Readable", 6),
        ("Enough usable signal", 5),
        ("Clinical data", 4),
    ]
    assert flow.stages[0].people == {"patient": 3, "control": 4, "no group known": 1}
    assert flow.stages[-1].people == {"patient": 2, "control": 2}


def test_each_exit_names_its_people_and_its_code(flow: Flow) -> None:
    exits = [(e.group, e.people, e.code) for stage in flow.stages for e in stage.exits]
    assert exits == [
        ("control", ("sub-07",), "E402"),
        ("patient", ("sub-05",), "E201"),
        ("control", ("sub-06",), "E301"),
        ("no group known", ("sub-08",), "E401"),
    ]


def test_nobody_is_lost_between_two_stages(flow: Flow) -> None:
    for before, after in zip(flow.stages, flow.stages[1:], strict=False):
        assert before.total == after.total + sum(len(e.people) for e in after.exits)


def test_who_left_a_trial_is_named_by_the_status_of_the_session(flow: Flow) -> None:
    [visit] = [s for s in flow.sessions if s.group == "patient"]
    assert (visit.session, visit.expected, visit.measured) == ("ses-b", 2, 1)
    assert visit.reasons == (("left the trial", 1),)


def test_a_reason_is_what_cost_most_and_no_warning() -> None:
    rows = [
        ("within_default_mode", "E401", "a warning"),
        ("framewise_displacement_mean", "E304", "motion is not known"),
        ("region a", "E302", "region"),
        ("region b", "E302", "region"),
        ("within_default_mode, boundary_contrast", "E301", "too short"),
    ]
    table = pd.DataFrame(rows, columns=["what", "code", "reason"])
    assert _reason(table) == ("too short", "E301")
    whole = pd.concat(
        [table, pd.DataFrame([("every measure", "E305", "alike")], columns=table.columns)]
    )
    assert _reason(whole) == ("alike", "E305")
    assert _reason(table[:1]) is None


def test_sessions_stand_in_the_order_of_the_design(results: Path) -> None:
    study, _ = gather_study(study_settings(results, {}, {}))
    known = Known(study, None, {}, "", {}, design_of(study))  # type: ignore[arg-type]
    assert _in_order(["ses-10", "ses-acute", "ses-9", "ses-pre"], known) == [
        "ses-pre", "ses-acute", "ses-9", "ses-10",
    ]  # fmt: skip
    levels = (Factor("session_id", "within", ("ses-placebo", "ses-ketamine")),)
    known = replace(known, design=Design(within=levels))
    assert _in_order(["ses-ketamine", "ses-pre", "ses-placebo"], known) == [
        "ses-placebo", "ses-ketamine", "ses-pre",
    ]  # fmt: skip


def test_a_blinded_study_takes_no_group_from_the_tables(results: Path) -> None:
    settings = study_settings(results, {}, {})
    study, _ = gather_study(settings)
    told = flow_of(study, Folder(results), settings, by="group", blinded=True)
    assert told.stages[0].people["no group known"] == 3  # 05 and 07, too, have no row of their own


def test_the_tables_hold_every_count(flow: Flow) -> None:
    cells = [[c.text for c in row] for row in stages_table(flow).rows]
    assert ["Found", "3", "4", "1", "", ""] in cells
    left = next(row for row in cells if row[-1] == "E301")
    assert left[2] == "−1"
    assert "sub-06" in left[4]
    sessions = sessions_table(flow)
    assert sessions is not None
    assert [c.text for c in sessions.rows[0]] == ["ses-b", "patient", "2", "1", "1: left the trial"]


def test_the_report_links_to_each_page(flow: Flow) -> None:
    page = example_page(flow=flow, people={"sub-01": "./sub-01.html"})
    filled = fill_flow(page)
    assert filled is not None
    assert "n = 3" in str(filled["drawing"].picture)
    assert filled["runs"] == "8 found; 7 readable; 6 with enough usable signal"
    assert filled["people"] == {"sub-01": "./sub-01.html"}
    assert fill_flow(Page("t", example_study())) is None


@pytest.mark.parametrize("n", [1, 3, 5])
def test_the_figure_has_a_box_for_each_group_and_stage(n: int) -> None:
    steps = [
        FlowStep("Found", (9,) * n),
        FlowStep("Recorded", (7,) * n, ("− 2: no recording",) * 9),
    ]
    axes = participant_flow(steps, [f"group {i}" for i in range(n)]).axes[0]
    assert len(axes.patches) == 2 * n
    said = " ".join(text.get_text() for text in axes.texts)
    assert said.count("n = 9") == n
    assert "all in the table" in said
