"""The section on twins: how far they can be believed, whom it leaves out, what it may not say."""

import numpy as np
import pandas as pd
import pytest

from defaultmode.core.study import KEYS, Column, Study
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.report_twins import twins_found
from defaultmode.report import build_page
from defaultmode.report.section_nouns import TwinsFound
from defaultmode.report.twins_section import LIMITS, RIVALS, fill_twins, run_name
from report_example import PRESETS, example_page, example_study


def twins(*, statuses: tuple[str, ...] = ("personal", "failed", "no twin"), blend=0.5, **more):
    """Two twins of the first person, and one of each further status."""
    rows = []
    for i, status in enumerate(("personal", *statuses)):
        row = dict.fromkeys(KEYS) | {"participant_id": f"sub-{max(i, 1):02d}", "run_id": str(i)}
        numbers = dict.fromkeys((*RIVALS, "other_run_r"), np.nan)
        if status != "no twin":
            numbers |= dict.fromkeys(RIVALS, 0.3) | {"held_out_r": 0.4 + 0.2 * i, "blend_r": blend}
        said = f"REASON {i}" if status in {"failed", "no twin"} else None
        rows.append(row | {"atlas": "synthetic42", "status": status, "reason": said} | numbers)
    parameters = pd.DataFrame(
        [
            {"parameter": "twin_coupling", "learnt": 0.8, "recovered": True, "description": "S."},
            {"parameter": "twin_noise", "learnt": 0.1, "recovered": False, "description": "N."},
        ]
    )
    meaning = {"held_out_r": "MEANING", "status": "STATUS"}
    return TwinsFound(pd.DataFrame(rows).assign(**more), meaning, parameters)


def with_column(study: Study) -> Study:
    name = "twin_coupling__as_supplied"
    table = study.table.assign(**{name: np.arange(len(study.table), dtype=float)})
    about = Column(
        name, "measure", "number", unit="of the group's", measure="twin_coupling",
        denoise=PRESETS[0],
    )  # fmt: skip
    return Study(table, dict(study.columns) | {name: about}, study.missing)


def test_no_twins_no_section(tmp_path):
    assert fill_twins(example_page()) is None
    assert twins_found(Folder(tmp_path)) is None


def test_means_are_over_people():
    """sub-01 has 0.4 and 0.6, sub-02 has 0.8; the third has no twin."""
    first, second = fill_twins(example_page(twins=twins()))["sentences"]
    assert first.startswith("4 runs of 3 people")
    assert "correlation of 0.65" in second
    assert "2 people of whom" in second


@pytest.mark.parametrize(("blend", "said"), [(0.9, True), (0.1, False)])
def test_a_model_that_adds_nothing_is_said_to(blend, said):
    sentences = fill_twins(example_page(twins=twins(blend=blend)))["sentences"]
    assert ("no more than the blend" in sentences[1]) == said


def test_without_the_blend_nothing_is_said_of_the_model():
    second = fill_twins(example_page(twins=twins(blend=np.nan)))["sentences"][1]
    assert "no more than the blend" not in second
    assert "without any model n/a" in second


def test_means_are_over_those_who_have_all():
    """sub-02, with 0.8, has no blend: 0.5 is left, that of sub-01."""
    found = twins()
    found.table.loc[found.table["participant_id"] == "sub-02", "blend_r"] = np.nan
    second = fill_twins(example_page(twins=found))["sentences"][1]
    assert "correlation of 0.50" in second
    assert "1 person of whom" in second


def test_who_is_left_out_and_why():
    table = fill_twins(example_page(twins=twins()))["excluded"]
    assert [(row[1].text, row[2].text) for row in table.rows] == [
        ("failed", "REASON 2"),
        ("no twin", "REASON 3"),
    ]
    assert fill_twins(example_page(twins=twins(statuses=())))["excluded"] is None


def test_only_what_comes_back_joins_the_study():
    page = example_page(study=with_column(example_study()), twins=twins())
    here = fill_twins(page)
    ((_, means),) = here["parameters"]
    assert means.head[2:] == ("Coupling (of the group's)",)
    assert [row[0].text for row in here["recovery"].rows] == ["Twin coupling"]
    assert "1 more do not come back" in here["recovery"].note


def test_the_page_says_what_twins_are_not_for():
    html = build_page(example_page(twins=twins()))
    for sentence in LIMITS:
        assert sentence in html


def test_text_of_a_data_set_cannot_run():
    bad = "<img src=x onerror=alert(1)>"
    html = build_page(example_page(twins=twins(participant_id=bad, reason=bad)))
    assert "<img src=x" not in html


def test_names_of_runs():
    row = {"participant_id": "sub-01", "session_id": "ses-a", "run_id": "2", "task_id": np.nan}
    assert run_name(row) == "sub-01 ses-a run-2"
