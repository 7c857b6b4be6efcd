"""Published evidence and a study's own effect: one estimate per cohort, pooled to known numbers."""

from dataclasses import replace
from math import nan, sqrt

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from defaultmode.claims import Claim, Evidence, find_claim
from defaultmode.core.result import Estimate
from defaultmode.pipeline.evidence import (
    OWN,
    PUBLISHED,
    effect_of,
    evidence_table,
    standard_error,
)
from defaultmode.pipeline.judging import Judged
from defaultmode.pipeline.pooled_evidence import ALONE, COMMON, TOGETHER
from defaultmode.pipeline.specifying import Specification
from defaultmode.statistics.effects import small_sample_correction
from defaultmode.statistics.pooling import error_from_interval, pool

CLAIM = find_claim("C9")
TEST = CLAIM.tests[0]
REACH = 1.959963984540054  # normal quantile of 97.5 %


def published(cohort: str, value: float, error: float, **other: object) -> Evidence:
    parts: dict[str, object] = {
        "cite": "Tozzi2021", "cohort_id": cohort, "stance": "for", "finding": "Made up.",
        "source": "nowhere", "test": TEST.name, "statistic": "Hedges g", "value": value,
        "ci_low": value - REACH * error, "ci_high": value + REACH * error, "verified": True,
    }  # fmt: skip
    return Evidence(**(parts | other))  # type: ignore[arg-type]


def own(
    value: float, error: float, *, denoise: str = "plain", statistic: str = "Hedges g"
) -> Judged:
    estimate = Estimate(statistic, value=value, ci_low=value - 1, ci_high=value + 1, se=error, n=20)
    one = Specification(CLAIM, TEST, "toy", denoise, "none", "column", estimate, None)
    return Judged(one, inside=False, bayes_factor=nan, p_permuted=nan)


def table_of(*rows: Evidence, mine: tuple[Judged, ...] = (), **how: object) -> pd.DataFrame:
    claim: Claim = replace(CLAIM, evidence=rows)
    found = {(TEST.name, j.specification.atlas, j.specification.denoise): j for j in mine}
    deciding = how.pop("deciding", ["plain"])
    return evidence_table([claim], {claim.id: found}, {claim.id: deciding}, **how)  # type: ignore[arg-type]


def one(table: pd.DataFrame, source: str) -> pd.Series:
    rows = table[table["source"] == source]
    assert len(rows) == 1
    return rows.iloc[0]


def test_two_equal_cohorts_give_the_mean_that_can_be_written_down() -> None:
    table = table_of(published("a", 0.5, 0.1), published("b", 0.5, 0.2))
    found = one(table, ALONE)
    # τ² = 0: weights 1/0.01 and 1/0.04; the interval is t with one degree of freedom
    half = t.isf(0.025, 1) / sqrt(125)
    assert found["value"] == pytest.approx(0.5, abs=1e-12)
    assert found["ci_low"] == pytest.approx(0.5 - half, abs=1e-9)
    assert (found["tau2"], found["i2"], found["cohorts"]) == (0.0, 0.0, 2)
    np.testing.assert_allclose(table.loc[table["source"] == PUBLISHED, "weight"], [0.8, 0.2])
    assert np.isnan(found["prediction_low"])
    assert "prediction interval needs 3" in found["note"]


def test_beside_few_estimates_stands_their_common_effect() -> None:
    tozzi = CLAIM.evidence[1]
    assert (tozzi.cite, tozzi.value, tozzi.i2) == ("Tozzi2021", -0.246, 0.348)
    table = table_of(tozzi, mine=(own(-0.217, 0.2036),))
    wide, found = one(table, TOGETHER), one(table, COMMON[TOGETHER])
    # weights 1/0.0875² and 1/0.2036², worked out by hand from the published interval
    assert found["value"] == pytest.approx(-0.2415, abs=1e-4)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((-0.399, -0.084), abs=1e-3)
    assert wide["ci_low"] < -1.2
    assert wide["ci_high"] > 0.7
    assert "necessarily very wide" in wide["note"]
    assert "one effect, which so few can hardly contradict" in found["note"]
    assert ALONE not in set(table["source"])


@pytest.mark.parametrize(("k", "given"), [(2, True), (3, True), (4, False)])
def test_a_common_effect_is_given_of_two_or_three_estimates(k: int, given: bool) -> None:
    table = table_of(*(published(f"cohort {i}", 0.1 * i, 0.1) for i in range(k)))
    assert (COMMON[ALONE] in set(table["source"])) == given
    assert ("very wide" in one(table, ALONE)["note"]) == given


def test_a_common_effect_that_the_estimates_contradict_says_so() -> None:
    table = table_of(published("a", 0.9, 0.1), published("b", 0.0, 0.1))
    assert "one effect, which they contradict" in one(table, COMMON[ALONE])["note"]


def test_a_mean_over_cohorts_never_passes_for_one_cohort() -> None:
    rows = (published("a", 0.5, 0.1, meta_analysis=True, i2=0.35), published("b", 0.4, 0.1))
    table = table_of(*rows)
    assert "itself a mean over several cohorts" in table["note"].iloc[0]
    assert table["meta_analysis"].tolist()[:2] == [True, False]
    assert table["i2"].iloc[0] == 0.35
    for source in (ALONE, COMMON[ALONE]):
        assert "counted as one estimate: Tozzi2021" in one(table, source)["note"]


def test_a_cohort_counts_once_by_its_most_precise_report() -> None:
    rows = (published("a", 0.1, 0.3), published("a", 0.4, 0.1), published("b", 0.2, 0.2))
    table = table_of(*rows)
    assert table.loc[table["source"] == PUBLISHED, "pooled"].tolist() == [False, True, True]
    expected = pool([0.4, 0.2], [0.1, 0.2])
    assert one(table, ALONE)["value"] == pytest.approx(expected.estimate.value, abs=1e-9)
    assert "same cohort" in table["note"].iloc[0]


def test_nothing_is_pooled_of_one_cohort_but_with_the_study() -> None:
    row = published("a", 0.3, 0.1)
    assert ALONE not in set(table_of(row)["source"])
    table = table_of(row, mine=(own(0.1, 0.2),))
    assert ALONE not in set(table["source"])
    together, expected = one(table, TOGETHER), pool([0.3, 0.1], [0.1, 0.2])
    assert together["value"] == pytest.approx(expected.estimate.value, abs=1e-9)
    assert together["ci_high"] == pytest.approx(expected.estimate.ci_high, abs=1e-9)
    assert one(table, OWN)["weight"] == pytest.approx(0.2, abs=1e-9)  # 1/0.04 of 1/0.01 + 1/0.04


def test_each_deciding_preset_is_pooled_by_itself_and_no_other() -> None:
    mine = (own(0.1, 0.2), own(0.7, 0.2, denoise="plain+GSR"))
    table = table_of(published("a", 0.3, 0.1), mine=mine)
    assert table.loc[table["source"] == OWN, "denoise"].tolist() == ["plain", "plain+GSR"]
    assert one(table, TOGETHER)["denoise"] == "plain"
    both = table_of(published("a", 0.3, 0.1), mine=mine, deciding=["plain", "plain+GSR"])
    assert (both["source"] == TOGETHER).sum() == 2


def test_three_cohorts_predict_the_next() -> None:
    rows = [published(c, v, 0.1) for c, v in (("a", 0.1), ("b", 0.5), ("c", 0.9))]
    found = one(table_of(*rows), ALONE)
    # equal errors: τ² is the variance of the values less that of the errors (Viechtbauer 2005)
    assert found["tau2"] == pytest.approx(0.16 - 0.01, abs=1e-9)
    half = t.isf(0.025, 1) * sqrt(0.15 + 0.16 / 3)
    assert found["prediction_high"] == pytest.approx(0.5 + half, abs=1e-6)


def test_people_who_are_the_study_s_own_do_not_count_twice() -> None:
    rows = (published("a", 0.3, 0.1), published("b", 0.2, 0.1))
    table = table_of(*rows, mine=(own(0.1, 0.2),), cohort="a")
    assert one(table, ALONE)["cohorts"] == 2
    assert one(table, TOGETHER)["cohorts"] == 2
    expected = pool([0.2, 0.1], [0.1, 0.2]).estimate.value
    assert one(table, TOGETHER)["value"] == pytest.approx(expected, abs=1e-9)


def test_cohen_s_d_of_two_groups_is_corrected_and_of_nothing_else() -> None:
    row = published("a", 0.8, 0.1, statistic="d", ci_low=nan, ci_high=nan, n=10, n_reference=12)
    found = effect_of(row, "Hedges g")
    assert found.value == pytest.approx(0.8 * float(small_sample_correction(20)), abs=1e-12)
    assert "from n" in found.note
    assert np.isnan(effect_of(row, "d_z").value)
    assert np.isnan(effect_of(replace(row, n_reference=0), "Hedges g").value)
    assert "published as d" in effect_of(row, "d_z").note


@pytest.mark.parametrize(
    ("statistic", "n", "m", "expected"),
    [
        ("Pearson r", 28, 0, 1 / 5),
        ("d_z", 50, 0, sqrt(1 / 50 + 0.09 / 100)),
        ("Hedges g", 40, 60, sqrt(1 / 40 + 1 / 60 + 0.09 / 200)),
        ("Hedges g", 40, 0, nan),
        ("d_z", 40, 40, nan),
        ("AUC", 40, 40, nan),
    ],
)
def test_a_standard_error_follows_from_n(statistic: str, n: int, m: int, expected: float) -> None:
    row = published("a", 0.3, 0.1, statistic=statistic, ci_low=nan, ci_high=nan, n=n, n_reference=m)
    found, said = standard_error(row, statistic)
    assert found == pytest.approx(expected, abs=1e-12, nan_ok=True)
    assert said.endswith("not pooled" if np.isnan(expected) else "from n")


def test_correlations_are_pooled_as_fisher_z() -> None:
    rows = [
        published(c, r, 0.0, statistic="Pearson r", ci_low=r - 0.2, ci_high=r + 0.2)
        for c, r in (("a", 0.1), ("b", 0.6))
    ]
    errors = [error_from_interval(r.ci_low, r.ci_high, scale="Fisher z") for r in rows]
    expected = pool([0.1, 0.6], errors, scale="Fisher z").estimate
    found = one(table_of(*rows), ALONE)
    assert (found["value"], found["ci_low"]) == pytest.approx((expected.value, expected.ci_low))
    assert -1 < found["ci_low"] < found["ci_high"] < 1


def test_what_cannot_be_pooled_stays_as_words_with_its_reason() -> None:
    rows = (
        published("a", nan, nan, statistic="other"),
        published("b", 0.3, 0.1, verified=False),
        published("c", 0.3, 0.1, test=""),
        published("d", 0.3, 0.1, statistic="AUC"),
        published("e", 0.3, 0.1),
        published("f", 0.1, 0.1),
    )
    table = table_of(*rows, mine=(own(0.1, 0.2),))
    shown = table[table["source"] == PUBLISHED].set_index("cohort")
    assert set(shown.index) == {"a", "b", "c", "d", "e", "f"}
    assert shown.index[shown["pooled"]].tolist() == ["e", "f"]
    for cohort, said in (("b", "not read"), ("c", "no test"), ("d", "published as AUC")):
        assert said in shown.loc[cohort, "note"]
    assert one(table, TOGETHER)["cohorts"] == 3
