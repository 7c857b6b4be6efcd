"""The section on the global signal: only where the percent scale is kept, else the reason."""

import numpy as np
import pandas as pd

from defaultmode.core.study import MISSING_COLUMNS, Study
from defaultmode.report.global_signal_section import VARIANCE, fill_global_signal
from defaultmode.report.panels import brief
from report_example import PRESETS, example_page, example_study

KEPT = f"{VARIANCE}__as_supplied"


def measured(*, moved: bool = True) -> Study:
    """The example with a variance under the preset that keeps the global signal."""
    study = example_study(moved=moved)
    rng = np.random.default_rng(0)
    table = study.table.assign(**{KEPT: rng.gamma(2, 0.01, len(study.table))})
    missing = study.missing[study.missing["denoise"] != PRESETS[0]]
    return Study(table, study.columns, missing)


def test_without_a_percent_scale_the_reason_stands_there():
    here = fill_global_signal(example_page())
    assert here["variances"] == []
    assert here["missing"] == [
        f"{preset}: the mean was removed before, so there is no percent scale (24 recordings)"
        for preset in PRESETS
    ]
    assert here["motions"] == []


def test_means_by_group_and_condition_of_what_keeps_it_alone():
    study = measured()
    here = fill_global_signal(example_page(study=study))
    ((drawn, means),) = here["variances"]
    assert means.head == ("Whose", "People", "as-supplied (%²)")
    own = next(row for row in means.rows if row[0].text == "control · after")
    rows = study.table.query("group == 'control' and condition == 'after'")
    assert own[2].text.startswith(brief(rows[KEPT].mean()))
    assert f"{VARIANCE}__as_supplied_gsr" not in drawn.frame
    assert all(text.startswith(PRESETS[1]) for text in here["missing"])


def test_its_tie_to_motion_is_over_people():
    study = measured()
    (drawn,) = fill_global_signal(example_page(study=study))["motions"]
    people = study.table.groupby("participant_id")[
        ["framewise_displacement_mean__as_supplied", KEPT]
    ].mean()
    r = np.corrcoef(people.to_numpy().T)[0, 1]
    assert f"r = {r:.2f} (n = 12)".replace("-", "−") in drawn.caption


def test_without_motion_it_says_why():
    study = measured(moved=False)
    why = {"what": "framewise_displacement_mean", "reason": "NO MOTION FILE"}
    missing = pd.DataFrame([dict.fromkeys(MISSING_COLUMNS, "n/a") | why])
    study = Study(study.table, study.columns, missing)
    here = fill_global_signal(example_page(study=study))
    assert here["motions"] == []
    assert "NO MOTION FILE" in here["why_no_motion"]


def test_what_its_removal_does_stands_beside():
    here = fill_global_signal(example_page(study=measured()))
    assert "negative in" in here["regressed"][0].caption
