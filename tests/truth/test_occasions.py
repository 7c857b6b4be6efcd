"""What a row of a study was is read from names, data dictionary and plan."""

import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.plan import Plan, Visit
from defaultmode.core.study import Column
from defaultmode.statistics.occasions import occasions_of, phase_named
from defaultmode.statistics.question import Cells
from toy_studies import ARM, DRUG, GROUP, crossover, made_study, parallel, two_groups

RNG = np.random.default_rng(1)


@pytest.mark.parametrize(
    ("label", "phase"),
    [
        ("ses-baseline", "baseline"),
        ("ses-pre", "baseline"),
        ("ses-b0", "baseline"),
        ("ses-infusion", "acute"),
        ("during", "acute"),
        ("ses-day1", "after"),
        ("ses-d10", "after"),
        ("ses-24h", "after"),
        ("ses-post", "after"),
        ("ses-followup2", "after"),
        ("ses-1", ""),
        ("ses-k", ""),
        ("ses-ketamine", ""),
    ],
)
def test_a_label_names_a_phase(label: str, phase: str) -> None:
    assert phase_named(label) == phase


def test_a_crossover_is_read_from_its_columns() -> None:
    found = occasions_of(crossover(RNG, n=4))
    assert found.treatments == ("ketamine", "placebo")
    assert found.crossed("ketamine", "placebo")
    assert set(found.phase) == {"baseline", "acute"}
    assert set(found.period) == {1, 2}
    assert int(found.untreated.sum()) == 8


def test_what_follows_the_dose_in_the_same_visit_is_acute() -> None:
    rows = [
        {
            "participant_id": f"sub-{i}",
            "session_id": f"ses-{d}",
            "run_id": r,
            "drug": d,
            "condition": c,
        }
        for i in range(3)
        for d in ("psilocybin", "placebo")
        for r, c in (("1", "before"), ("2", "after"))
    ]
    condition = Column("condition", "design", "text", level="run")
    found = occasions_of(made_study(rows, columns={"drug": DRUG, "condition": condition}))
    assert set(found.phase) == {"baseline", "acute"}


def test_days_and_arms_are_read_from_sessions_and_participants() -> None:
    found = occasions_of(parallel(RNG, n=3))
    assert not found.crossed("ketamine", "placebo")
    days = {str(s): d for s, d in zip(found.session, found.days, strict=True)}
    assert days["ses-day1"] == 1
    assert np.isnan(days["ses-infusion"])


def test_groups_are_read_from_their_levels_or_from_the_plan() -> None:
    found = occasions_of(two_groups(RNG, n=3))
    assert sorted(set(found.group)) == ["controls", "patients"]
    rows = [{"participant_id": f"sub-{i}", "group": "A" if i < 3 else "B"} for i in range(6)]
    study = made_study(rows, columns={"group": GROUP})
    assert set(occasions_of(study).group) == {""}
    planned = occasions_of(study, Plan(group="group", patients=("A",), controls=("B",)))
    assert list(planned.group) == ["patients"] * 3 + ["controls"] * 3


def test_other_diagnoses_are_no_patients_of_depression() -> None:
    levels = ["MDD", "BP", "HC"]
    rows = [{"participant_id": f"sub-{i}", "group": levels[i % 3]} for i in range(9)]
    found = occasions_of(made_study(rows, columns={"group": GROUP}))
    assert sorted(set(found.group)) == ["", "controls", "patients"]


def test_a_plan_says_what_sessions_were() -> None:
    rows = [
        {"participant_id": f"sub-{i}", "session_id": s}
        for i in range(3)
        for s in ("ses-b0", "ses-d2", "ses-p2")
    ]
    visits = {
        "ses-b0": Visit(phase="baseline"),
        "ses-d2": Visit("ketamine", "after", 2.0, 1),
        "ses-p2": Visit("placebo", "after", 2.0, 2),
    }
    found = occasions_of(made_study(rows), Plan(visits=visits))
    assert found.treatments == ("ketamine", "placebo")
    assert found.crossed("ketamine", "placebo")
    assert set(found.period[found.treatment == "placebo"]) == {2}


@pytest.mark.parametrize(
    "plan",
    [
        Plan(visits={"ses-x": Visit()}),
        Plan(arm="nowhere"),
        Plan(group="nowhere"),
        Plan(group="arm", patients=("nobody",)),
        Plan(site="nowhere"),
        Plan(order=("nowhere",)),
    ],
)
def test_a_plan_that_names_what_is_not_there_is_refused(plan: Plan) -> None:
    rows = [
        {"participant_id": f"sub-{i}", "arm": "ketamine" if i % 2 else "placebo"} for i in range(4)
    ]
    with pytest.raises(DefaultModeError, match="E436"):
        occasions_of(made_study(rows, columns={"arm": ARM}), plan)


def test_of_several_later_visits_the_first_counts() -> None:
    rows = [
        {"participant_id": f"sub-{i}", "session_id": s, "arm": "ketamine"}
        for i in range(3)
        for s in ("ses-baseline", "ses-d2", "ses-d10")
    ] + [{"participant_id": "sub-9", "session_id": "ses-d2", "arm": "placebo"}]
    found = occasions_of(made_study(rows, columns={"arm": ARM}))
    assert (
        Cells(found, np.ones(len(found.rows), bool)).day(
            np.ones(len(found.rows)), "ketamine", "after"
        )
        == 2.0
    )


def test_one_participant_in_two_groups_is_refused() -> None:
    rows = [
        {"participant_id": "sub-1", "session_id": "ses-1", "group": "MDD"},
        {"participant_id": "sub-1", "session_id": "ses-2", "group": "HC"},
        {"participant_id": "sub-2", "session_id": "ses-1", "group": "HC"},
    ]
    with pytest.raises(DefaultModeError, match="E450"):
        occasions_of(made_study(rows, columns={"group": GROUP}))
