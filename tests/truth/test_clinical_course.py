"""Change, response, remission and carry-over come out as they can be counted by hand."""

import csv

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.plan import Plan, Visit
from defaultmode.core.scales import find_scale
from defaultmode.core.study import Column, Study
from defaultmode.sources.clinical import read_clinical, study_of_tables
from defaultmode.statistics.carry_over import carry_over
from defaultmode.statistics.clinical_course import ClinicalCourse, clinical_course, outcomes_of
from defaultmode.statistics.occasions import occasions_of
from defaultmode.statistics.time_course import time_course
from given import shared
from toy_studies import ARM, made_study
from toy_studies import MADRS as RATED

OPEN = "data/openneuro_tables"
MADRS = find_scale("MADRS")
# Dry nights of two weeks under a drug and under placebo; the first group had the drug first.
# Hills and Armitage 1979; the data and the means that the test holds are from memory, unverified.
DRUG_FIRST = [
    *((8, 5), (14, 10), (8, 0), (9, 7), (11, 6), (3, 5), (6, 0), (0, 0), (13, 12), (10, 2)),
    *((7, 5), (13, 13), (8, 10), (7, 7), (9, 0), (10, 6), (2, 2)),
]  # fmt: skip
PLACEBO_FIRST = [
    *((12, 11), (6, 8), (13, 9), (8, 8), (8, 9), (4, 8), (8, 14), (2, 4), (8, 13), (9, 7)),
    *((7, 10), (7, 6)),
]  # fmt: skip


def visits(*rows: tuple[str, str, float, float], group: str = "patients") -> pd.DataFrame:
    """Visits from (participant, phase, days, score), all under ketamine but for the baseline."""
    table = pd.DataFrame(rows, columns=["participant_id", "phase", "days", "score"])
    session = [f"ses-{p}{d:g}" for p, d in zip(table["phase"], table["days"], strict=True)]
    treated = np.where(table["phase"] == "baseline", "", "ketamine")
    return table.assign(group=group, session_id=session, treatment=treated, period=0)


def outcomes(*rows: tuple[str, str, float, float], group: str = "patients") -> pd.DataFrame:
    found = outcomes_of(visits(*rows, group=group), MADRS)
    assert isinstance(found, pd.DataFrame)
    return found


def start(person: str, score: float) -> tuple[str, str, float, float]:
    return person, "baseline", 0.0, score


def later(person: str, score: float, days: float = 1.0) -> tuple[str, str, float, float]:
    return person, "after", days, score


def study(rows: list[tuple[str, str, float]], scale: str = "MADRS") -> Study:
    """A study of (participant, session, score)."""
    table = pd.DataFrame(rows, columns=["participant_id", "session_id", "score"])
    score = Column("score", "clinical", "number", level="session", unit="points", scale=scale)
    keys = {k: Column(k, "key", "text") for k in ("participant_id", "session_id")}
    return Study(table, keys | {"score": score})


@pytest.mark.parametrize(
    ("before", "after", "response", "remission", "early"),
    [
        (30, 15, 1, 0, 1),  # exactly half counts
        (30, 16, 0, 0, 1),
        (30, 24, 0, 0, 1),  # exactly a fifth
        (30, 25, 0, 0, 0),
        (30, 10, 1, 1, 1),  # exactly ten
        (30, 11, 1, 0, 1),
        (30, 40, 0, 0, 0),
        (7, 3.5, np.nan, np.nan, np.nan),  # in remission already
        (30, np.nan, np.nan, np.nan, np.nan),
        (np.nan, 10, np.nan, np.nan, np.nan),
    ],
)
def test_thresholds_are_inclusive(
    before: float, after: float, response: float, remission: float, early: float
) -> None:
    row = outcomes(start("a", before), later("a", after)).iloc[0]
    got = [row["response"], row["remission"], row["early_response"]]
    np.testing.assert_array_equal(got, [response, remission, early])
    np.testing.assert_allclose(row["change"], after - before)
    np.testing.assert_allclose(row["percent_change"], 100 * (after - before) / before)


def test_an_early_response_is_one_of_the_first_two_weeks() -> None:
    table = outcomes(start("a", 30), later("a", 10, 14.0), later("a", 10, 15.0))
    np.testing.assert_array_equal(table["early_response"], [1, np.nan])
    np.testing.assert_array_equal(table["response"], [1, 1])


def test_controls_neither_respond_nor_remit() -> None:
    row = outcomes(start("a", 2), later("a", 1), group="controls").iloc[0]
    assert row["change"] == -1
    assert row[["percent_change", "response", "remission", "early_response"]].isna().all()


def test_without_a_scale_there_is_a_change_and_no_rule() -> None:
    found = outcomes_of(visits(start("a", 30), later("a", 3)), None)
    assert isinstance(found, pd.DataFrame)
    assert found["change"].iloc[0] == -27
    assert found[["response", "remission", "early_response"]].isna().to_numpy().all()


def test_a_treatment_with_its_own_baseline_is_counted_from_it() -> None:
    table = visits(start("a", 40), later("a", 20), later("a", 10, 2.0))
    table.loc[1, ["phase", "session_id"]] = ["baseline", "ses-own"]
    own = outcomes_of(table, MADRS)
    assert isinstance(own, pd.DataFrame)
    assert own["baseline"].tolist() == [20]
    assert own["response"].tolist() == [1]


def test_what_no_baseline_is_and_what_two_are() -> None:
    without = outcomes_of(visits(later("a", 3)), MADRS)
    assert isinstance(without, Missing)
    assert (without.code, "no visit is a baseline" in without.reason) == ("E418", True)
    twice = visits(start("a", 30), ("a", "baseline", 1.0, 28), later("a", 3))
    several = outcomes_of(twice, MADRS)
    assert isinstance(several, Missing)
    assert "ses-baseline0, ses-baseline1" in several.reason
    chosen = outcomes_of(twice, MADRS, baseline="ses-baseline1")
    assert isinstance(chosen, pd.DataFrame)
    assert set(chosen["baseline"]) == {28}
    assert isinstance(outcomes_of(twice, MADRS, baseline="ses-9"), Missing)


def test_one_visit_has_one_score() -> None:
    rows = [("sub-1", "ses-pre", 30.0), ("sub-1", "ses-pre", 30.0), ("sub-1", "ses-post", np.nan)]
    repeated = study([*rows, ("sub-1", "ses-post", 12.0)])  # two runs of a session share its score
    course = clinical_course(repeated, occasions_of(repeated), "score")
    assert isinstance(course, ClinicalCourse)
    assert course.outcomes["change"].tolist() == [-18]
    contradictory = study([*rows, ("sub-1", "ses-pre", 31.0)])
    with pytest.raises(DefaultModeError, match="sub-1 ses-pre is 30 and 31") as caught:
        clinical_course(contradictory, occasions_of(contradictory), "score")
    assert caught.value.code == "E418"
    with pytest.raises(DefaultModeError, match="'mood'") as caught:
        clinical_course(repeated, occasions_of(repeated), "mood")
    assert caught.value.code == "E410"


def test_missing_visits_are_counted_and_never_filled_in() -> None:
    rows = [start(p, 30) for p in "abcde"]
    rows += [later(p, 20) for p in "abcde"] + [later(p, 10, 7.0) for p in "ab"]
    rows += [later("c", np.nan, 7.0), start("z", np.nan), later("z", 5)]
    table = time_course(outcomes(*rows)).table
    assert table[["n", "n_missing"]].to_numpy().tolist() == [[5, 0], [2, 3]]
    assert table["score_mean"].tolist() == [20, 10]
    assert table["n_response_of"].tolist() == [5, 2]


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_intervals_are_the_published_ones(
    hits: int, n: int, low: float, high: float
) -> None:
    """Newcombe 1998, Statistics in Medicine 17:857, table I, method 3; four decimals there."""
    rows = [
        row for i in range(n) for row in (start(f"{i}", 30), later(f"{i}", 15 - (i >= hits) * -9))
    ]
    row = time_course(outcomes(*rows)).table.iloc[0]
    assert (row["n_response"], row["n_response_of"]) == (hits, n)
    limits = [row["share_response_ci_low"], row["share_response_ci_high"]]
    np.testing.assert_allclose(limits, [low, high], atol=5.1e-5)


def crossover() -> pd.DataFrame:
    rows = []
    for order, group in (
        (("ketamine", "placebo"), DRUG_FIRST),
        (("placebo", "ketamine"), PLACEBO_FIRST),
    ):
        for i, pair in enumerate(group):
            for period, (treatment, nights) in enumerate(zip(order, pair, strict=True), start=1):
                rows.append((f"{order[0]}{i}", "patients", treatment, period, 14.0, float(nights)))
    names = ["participant_id", "group", "treatment", "period", "days", "score"]
    table = pd.DataFrame(rows, columns=names)
    return table.assign(baseline=0.0, change=table["score"], session_id="ses-x", phase="after")


def test_a_published_crossover() -> None:
    """Mean differences of the groups are 2.824 and −1.250: half of what lies between them, 2.037."""
    table = carry_over(crossover()).table.set_index("what")
    treatment = table.loc["treatment"]
    np.testing.assert_allclose(treatment["difference"], 2.037, atol=5e-4)
    assert (treatment["n"], treatment["n_reference"]) == (17, 12)
    np.testing.assert_allclose(table.loc["period", "difference"], (2.824 - 1.25) / 2, atol=5e-4)
    sums = [np.array(group).sum(axis=1) for group in (DRUG_FIRST, PLACEBO_FIRST)]
    expected = ttest_ind(*sums, equal_var=False)
    np.testing.assert_allclose(table.loc["sequence", "t"], expected.statistic, rtol=1e-12)
    np.testing.assert_allclose(table.loc["sequence", "p"], expected.pvalue, rtol=1e-12)


def test_planted_effects_of_a_crossover_are_told_apart() -> None:
    rng = np.random.default_rng(1)
    table = crossover()
    table = pd.concat(
        [table.assign(participant_id=table["participant_id"] + f"-{i}") for i in range(20)]
    )
    second, drug = table["period"] == 2, table["treatment"] == "ketamine"
    carried = second & table["participant_id"].str.startswith("ketamine")
    noise = rng.normal(size=len(table))
    found = {}
    for name, planted in {
        "treatment": 3.0 * drug,
        "period": -2.0 * second,
        "sequence": 4.0 * carried,
    }.items():
        result = carry_over(table.assign(change=planted + noise)).table.set_index("what")
        found[name] = result.loc[["treatment", "period", "sequence"], "difference"].to_numpy()
    # carry-over of 4 into the second period adds 4 to the sum, takes 2 from the treatment effect
    expected = {"treatment": [3, 0, 0], "period": [0, 2, 0], "sequence": [-2, -2, 4]}
    for name, effects in expected.items():
        np.testing.assert_allclose(found[name], effects, atol=0.35)  # 4 standard errors


def test_controls_and_single_treatments_say_nothing_of_carry_over() -> None:
    assert carry_over(crossover().assign(group="controls")).table.empty
    alone = crossover()
    assert carry_over(alone[alone["period"] == 1]).table.empty
    few = carry_over(
        crossover().groupby("participant_id").filter(lambda g: g.name[-2:] in {"e0", "o0"})
    )
    assert set(few.table["reason"]) == {
        "fewer than 3 people in a sequence, or no spread among them"
    }
    assert few.table["p"].isna().all()


def ketamine_trial() -> tuple[Study, Plan]:
    """The crossover of ds005917, its sessions told by the plan."""
    paths = [shared(f"{OPEN}/ds005917_{n}.tsv") for n in ("participants", "phenotype")]
    planned = {
        f"ses-{letter}{day}": Visit(name, "after", float(day))
        for letter, name in (("d", "ketamine"), ("p", "placebo"))
        for day in (2, 10)
    }
    plan = Plan(
        visits={"ses-b0": Visit(phase="baseline"), **planned},
        group="group",
        patients=("MDD",),
        controls=("HC",),
    )
    return Study(*study_of_tables(read_clinical([], paths))), plan


def by_hand() -> dict[str, tuple[int, float, int, int]]:
    """Session → patients, mean change, responders, remitters, from the files as they are."""
    people, ratings = (shared(f"{OPEN}/ds005917_{n}.tsv") for n in ("participants", "phenotype"))
    with people.open() as file:
        ill = {
            r["participant_id"] for r in csv.DictReader(file, delimiter="\t") if r["group"] == "MDD"
        }
    with ratings.open() as file:
        rows = [r for r in csv.DictReader(file, delimiter="\t") if r["MADRS_Total"] != "n/a"]
    score = {(r["participant_id"], r["session_id"]): float(r["MADRS_Total"]) for r in rows}
    found = {}
    for session in ("ses-d2", "ses-d10", "ses-p2", "ses-p10"):
        pairs = [
            (score[p, "ses-b0"], score[p, session])
            for p in ill
            if {(p, "ses-b0"), (p, session)} <= set(score)
        ]
        change = sum(b - a for a, b in pairs) / len(pairs)
        responders = sum(2 * b <= a for a, b in pairs)
        found[session] = (len(pairs), change, responders, sum(b <= 10 for _, b in pairs))
    return found


def test_the_ketamine_crossover() -> None:
    trial, plan = ketamine_trial()
    course = clinical_course(trial, occasions_of(trial, plan), "MADRS_Total")
    assert isinstance(course, ClinicalCourse)
    assert course.scale == "MADRS"
    table = course.course.table.query("group == 'patients'").set_index("session_id")
    for session, (n, change, responders, remitters) in by_hand().items():
        row = table.loc[session]
        assert (row["n"], row["n_response"], row["n_remission"]) == (n, responders, remitters)
        np.testing.assert_allclose(row["change_mean"], change, rtol=1e-12)
    assert table.loc["ses-d2", ["n", "n_missing", "n_response"]].tolist() == [27, 2, 6]
    assert "-9.2 points" in course.course.sentence
    tests = course.carry_over.table
    start_of_second = tests[tests["what"].str.startswith("start of the second period")]
    assert start_of_second["n"].tolist() == [11, 12, 11]
    day_2 = tests[(tests["what"] == "treatment") & (tests["days"] == 2)].iloc[0]
    assert (day_2["treatment"], day_2["reference"], day_2["n"]) == ("ketamine", "placebo", 12)
    assert day_2["ci_high"] < 0


def test_a_real_study_without_drugs() -> None:
    path = shared(f"{OPEN}/ds003007_participants.tsv")
    trial = Study(*study_of_tables(read_clinical([], [path])))
    course = clinical_course(trial, occasions_of(trial), "MADRS")
    assert isinstance(course, ClinicalCourse)
    assert set(course.outcomes["session_id"]) == {"ses-post"}
    assert course.carry_over.table.empty
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    both = [r for r in rows if "n/a" not in {r["MADRS_ses-pre"], r["MADRS_ses-post"]}]
    assert course.course.table["n"].sum() == len(both) > 0


def test_a_visit_that_nobody_wrote_down_counts_as_missing():
    rows = [
        {"participant_id": f"sub-{i}", "session_id": session, "arm": "ketamine", "MADRS": 30.0 - i}
        for i in range(5)
        for session in ("ses-baseline", "ses-day1")
        if (i, session) != (4, "ses-day1")
    ]
    study = made_study(rows, columns={"arm": ARM, "MADRS": RATED})
    found = clinical_course(study, occasions_of(study), "MADRS")
    assert list(found.course.table["n"]) == [4]
    assert list(found.course.table["n_missing"]) == [1]
