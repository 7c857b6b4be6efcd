"""Planted effects are found, absent ones are not, and a verdict follows from its numbers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from defaultmode.claims import Verdict, find_claim, judge, of_claim, over_presets
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.plan import Plan
from defaultmode.core.result import Estimate
from defaultmode.core.study import Study
from defaultmode.pipeline.ledger import Ledger, ledger
from defaultmode.statistics.effects import d_z, hedges_g
from toy_studies import FD, GROUP, crossover, made_study, parallel, two_groups


def of(study: Study, *claims: str, **plan: object) -> Ledger:
    return ledger(study, Plan(claims=claims, permutations=199, **plan))  # type: ignore[arg-type]


def row(book: Ledger, claim: str, denoise: str = "plain") -> pd.Series:
    table = book.claims.table
    found = table[(table["claim"] == claim) & (table["denoise"] == denoise)]
    assert len(found) == 1
    return found.iloc[0]


def spec(book: Ledger, claim: str, test: str, **where: object) -> pd.Series:
    table = book.specifications.table
    keep = (table["claim"] == claim) & (table["test"] == test) & (table["denoise"] == "plain")
    for name, value in where.items():
        keep &= table[name] == value
    assert keep.sum() == 1
    return table[keep].iloc[0]


def test_every_claim_has_a_row_in_every_preset() -> None:
    book = ledger(two_groups(np.random.default_rng(0), n=10), Plan(permutations=199))
    table = book.claims.table
    assert table["claim"].nunique() == 38
    measured = table[table["denoise"] != "clinical"]
    assert (measured.groupby("claim")["denoise"].nunique() == 2).all()
    untested = table[table["verdict"] == "not testable"]
    assert (untested["reason"].str.len() > 10).all()


@pytest.mark.parametrize(
    ("effect", "verdict"), [(1.2, "supported"), (-1.2, "contradicted"), (0.0, "inconclusive")]
)
def test_a_difference_of_groups_is_judged_by_its_sign(effect: float, verdict: str) -> None:
    study = two_groups(np.random.default_rng(3), effect=effect)
    assert row(of(study, "C9"), "C9")["verdict"] == verdict


def test_without_covariates_the_effect_is_hedges_g() -> None:
    study = two_groups(np.random.default_rng(3), effect=0.4)
    values = study.table["within_default_mode_core__plain"].to_numpy()
    patient = study.table["group"].to_numpy() == "MDD"
    expected = hedges_g(values[patient], values[~patient])
    found = spec(of(study, "C9"), "C9", "core", adjustment="none")
    assert found["estimate"] == pytest.approx(expected.value[0], abs=1e-12)
    assert found["ci_low"] == pytest.approx(expected.ci_low[0], abs=1e-9)


def test_motion_that_makes_the_difference_is_taken_out() -> None:
    study = two_groups(np.random.default_rng(8), n=60, motion=20.0)
    book = of(study, "C9")
    plain = spec(book, "C9", "core", adjustment="none")
    adjusted = spec(book, "C9", "core", adjustment="motion")
    matched = spec(book, "C9", "core", adjustment="matched motion")
    assert plain["verdict"] == "supported"
    assert adjusted["decides"]
    assert adjusted["verdict"] == "inconclusive"
    assert abs(matched["estimate"]) < 0.6 * plain["estimate"]
    assert row(book, "C9")["adjustment"] == "motion"


def test_a_large_study_of_nothing_is_negligible() -> None:
    study = two_groups(np.random.default_rng(5), n=1500)
    assert row(of(study, "C9"), "C9")["verdict"] == "negligible"


def test_a_crossover_is_answered_within_people() -> None:
    study = crossover(np.random.default_rng(2), effect=-1.5)
    table = study.table.sort_values(["drug", "condition", "participant_id"])
    cells = {
        key: part["within_default_mode__plain"].to_numpy()
        for key, part in table.groupby(["drug", "condition"])
    }
    drug = cells["ketamine", "during"] - cells["ketamine", "before"]
    none = cells["placebo", "during"] - cells["placebo", "before"]
    found = row(of(study, "C16"), "C16")
    assert found["verdict"] == "supported"
    assert "within people, adjusted for period" in found["how"]
    # balanced orders: the adjustment leaves the mean and takes one degree of freedom
    assert found["raw"] == pytest.approx(d_z(drug, none).difference[0], abs=1e-12)


def test_an_effect_of_the_period_does_not_pass_for_the_drug() -> None:
    study = crossover(np.random.default_rng(4), n=40, period=5.0)
    assert row(of(study, "C16"), "C16")["verdict"] == "inconclusive"


def test_parallel_arms_are_compared_given_the_baseline() -> None:
    study = parallel(np.random.default_rng(6), effect=-1.5)
    found = row(of(study, "C16"), "C16")
    assert found["verdict"] == "supported"
    assert "given the baseline" in found["how"]
    assert (found["n"], found["n_reference"]) == (40, 40)


def test_a_change_that_goes_with_dissociation_is_found_within_the_arm() -> None:
    linked = parallel(np.random.default_rng(6), effect=-1.5, dissociation=2.0)
    loose = parallel(np.random.default_rng(6), effect=-1.5)
    assert abs(row(of(linked, "C27"), "C27")["estimate"]) > 0.5
    assert abs(row(of(loose, "C27"), "C27")["estimate"]) < 0.35
    assert row(of(linked, "C27"), "C27")["n"] == 40


def test_traits_alone_do_not_make_acute_change_predict_later_change() -> None:
    rejected = []
    for seed in range(40):
        found = row(of(parallel(np.random.default_rng(seed), n=20), "C24"), "C24")
        rejected.append(found["p"] < 0.05)
    assert sum(rejected) <= 6  # of 40; binomial(40, .05) exceeds 6 with probability .003


def test_another_drug_stands_in_and_does_not_decide() -> None:
    study = crossover(np.random.default_rng(2), effect=-1.5)
    renamed = study.table.replace({"ketamine": "psilocybin", "ses-ketamine": "ses-psilocybin"})
    book = of(Study(renamed, study.columns, study.missing), "C16")
    assert row(book, "C16")["verdict"] == "not testable"
    stand_in = spec(book, "C16", "placebo", treatment="psilocybin", adjustment="none")
    assert stand_in["verdict"] == "supported"
    assert not stand_in["decides"]


def test_presets_that_disagree_make_a_claim_pipeline_dependent() -> None:
    study = two_groups(np.random.default_rng(3), effect=1.2)
    table = study.table.copy()
    table["within_default_mode_core__plain_gsr"] *= -1
    book = of(Study(table, study.columns, study.missing), "C9")
    assert row(book, "C9")["verdict_over_presets"] == "pipeline-dependent"
    asked = of(Study(table, study.columns, study.missing), "C9", presets=("plain",))
    assert row(asked, "C9")["verdict_over_presets"] == "supported"


def test_a_preset_that_forces_the_sign_does_not_decide() -> None:
    rng = np.random.default_rng(0)
    rows = [
        {
            "participant_id": f"sub-{i}",
            "default_mode_task_positive__plain": rng.normal(),
            "default_mode_task_positive__plain_gsr": rng.normal(-3),
        }
        for i in range(30)
    ]
    study = made_study(rows, measures=("default_mode_task_positive",))
    book = of(study, "C7")
    assert row(book, "C7", "plain+GSR")["verdict"] == "supported"
    assert row(book, "C7")["verdict_over_presets"] == row(book, "C7")["verdict"]


def test_correction_spares_the_primary_claim() -> None:
    study = crossover(np.random.default_rng(2), effect=-0.75)
    alone = of(study, "C16", "C17", "C7", primary="C16")
    assert row(alone, "C16")["p_corrected"] == row(alone, "C16")["p_deciding"]


def test_a_claim_that_is_not_there_is_refused() -> None:
    with pytest.raises(DefaultModeError, match="E436"):
        of(two_groups(np.random.default_rng(0), n=5), "C99")


def test_a_covariate_that_is_not_there_is_refused() -> None:
    with pytest.raises(DefaultModeError, match="E436"):
        of(two_groups(np.random.default_rng(0), n=5), "C9", covariates=("nowhere",))


def test_a_covariate_that_is_the_group_is_a_reason() -> None:
    study = two_groups(np.random.default_rng(0), n=10)
    found = row(of(study, "C9", covariates=("group",)), "C9")
    assert found["verdict"] == "not testable"
    assert "groups" in found["reason"]


def test_the_same_seed_gives_the_same_tables_for_rows_in_any_order() -> None:
    study = two_groups(np.random.default_rng(0), n=12, effect=0.5)
    other = study.table.sample(frac=1, random_state=3).reset_index(drop=True)
    first, again = of(study, "C9"), of(Study(other, study.columns, study.missing), "C9")
    pd.testing.assert_frame_equal(first.claims.table, again.claims.table)


CORE = find_claim("C9").tests[0]


@pytest.mark.parametrize(
    ("value", "low", "high", "p", "inside", "word"),
    [
        (0.5, 0.1, 0.9, 0.01, False, "supported"),
        (-0.5, -0.9, -0.1, 0.01, False, "contradicted"),
        (0.05, -0.1, 0.18, 0.4, True, "negligible"),
        (0.1, 0.01, 0.19, 0.04, True, "negligible"),
        (0.3, -0.1, 0.7, 0.2, False, "inconclusive"),
        (0.5, 0.01, 0.9, 0.07, False, "inconclusive"),
        (np.nan, np.nan, np.nan, np.nan, False, "not testable"),
    ],
)
def test_a_verdict_follows_from_interval_p_and_bounds(
    value: float, low: float, high: float, p: float, inside: bool, word: str
) -> None:
    estimate = Estimate("Hedges g", value, low, high, p=p)
    assert judge(CORE, estimate, inside=inside, p=p).word == word


@pytest.mark.parametrize(
    ("value", "low", "high", "p", "inside", "word"),
    [
        (0.5, 0.1, 0.9, 0.01, False, "supported"),
        (-0.5, -0.9, -0.1, 0.01, False, "supported"),
        (-0.1, -0.19, -0.01, 0.04, True, "negligible"),
        (0.3, -0.1, 0.7, 0.2, False, "inconclusive"),
    ],
)
def test_a_claim_of_change_is_supported_on_either_side(
    value: float, low: float, high: float, p: float, inside: bool, word: str
) -> None:
    test = find_claim("C35").tests[0]
    assert judge(test, Estimate("d_z", value, low, high, p=p), inside=inside, p=p).word == word


def test_a_conjunction_falls_with_its_weakest_part() -> None:
    claim = find_claim("C14")
    names = [test.name for test in claim.tests]
    holds = dict.fromkeys(names, Verdict("supported", "yes"))
    assert of_claim(claim, holds)[1].word == "supported"
    for word in ("contradicted", "negligible", "inconclusive", "not testable"):
        broken = holds | {names[1]: Verdict(word, "no")}
        assert of_claim(claim, broken)[1].word == word
        assert of_claim(claim, broken)[0] == names[1]


def test_only_deciding_presets_count() -> None:
    claim = replace(find_claim("C7"), keeps_global_signal=True)
    verdicts = {"a": Verdict("supported", ""), "b": Verdict("contradicted", "")}
    assert over_presets(claim, verdicts, ["a"]).word == "supported"
    assert over_presets(claim, verdicts, ["a", "b"]).word == "pipeline-dependent"
    assert over_presets(claim, verdicts, []).word == "not testable"


def test_a_constant_covariate_is_refused() -> None:
    study = two_groups(np.random.default_rng(0), n=5)
    table = study.table.assign(task_id="rest")
    with pytest.raises(DefaultModeError, match="E437"):
        of(Study(table, study.columns, study.missing), "C9", covariates=("task_id",))


def rejected(studies: list[Study], claim: str, **where: object) -> int:
    """How many studies support or contradict a claim in the preset without regression."""
    words = [row(of(study, claim, **where), claim)["verdict"] for study in studies]
    return sum(word in {"supported", "contradicted"} for word in words)


def test_motion_that_a_drug_causes_is_no_effect_of_the_drug() -> None:
    studies = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        study = crossover(rng, n=24)
        table = study.table.copy()
        on = (table["drug"] == "ketamine") & (table["condition"] == "during")
        fd = rng.gamma(4, 0.05, len(table)) + 0.1 * on
        table["framewise_displacement_mean"] = fd
        for preset in ("plain", "plain_gsr"):
            table[f"within_default_mode__{preset}"] -= 10 * fd
        columns = dict(study.columns) | {FD.name: FD}
        studies.append(Study(table, columns, study.missing))
    assert rejected(studies, "C16") <= 7  # of 40; binomial(40, .05) exceeds 7 with p < .001
    plain = [spec(of(s, "C16"), "C16", "placebo", adjustment="none") for s in studies]
    assert np.mean([found["p"] < 0.05 for found in plain]) > 0.3


def test_an_unbalanced_order_does_not_make_a_period_a_drug() -> None:
    studies = []
    for seed in range(40):
        study = crossover(np.random.default_rng(seed), n=32, period=1.0)
        people = sorted(set(study.table["participant_id"]))
        odd = [p for i, p in enumerate(people) if i % 2]
        kept = study.table[~study.table["participant_id"].isin(odd[8:])]
        studies.append(Study(kept.reset_index(drop=True), study.columns, study.missing))
    assert rejected(studies, "C16") <= 7


def test_one_order_for_everybody_is_not_testable() -> None:
    study = crossover(np.random.default_rng(0), n=20)
    people = sorted(set(study.table["participant_id"]))[::2]
    kept = study.table[study.table["participant_id"].isin(people)].reset_index(drop=True)
    found = row(of(Study(kept, study.columns, study.missing), "C16"), "C16")
    assert found["verdict"] == "not testable"
    assert "same order" in found["reason"]


def test_a_shared_baseline_is_no_relation_of_changes() -> None:
    studies = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        study = parallel(rng, n=30)
        table = study.table.copy()
        first = table["session_id"] == "ses-baseline"
        state = dict(
            zip(table["participant_id"][first], rng.normal(size=int(first.sum())), strict=True)
        )
        shift = table["participant_id"].map(state).where(first, 0.0)
        table["MADRS"] += 3 * shift
        for preset in ("plain", "plain_gsr"):
            table[f"within_default_mode__{preset}"] += 3 * shift
        studies.append(Study(table, study.columns, study.missing))
    assert rejected(studies, "C23") <= 7
    assert rejected(studies, "C21") <= 7


def test_levels_alone_are_no_changes() -> None:
    study = parallel(np.random.default_rng(0))
    late = study.table[study.table["session_id"] == "ses-day1"].reset_index(drop=True)
    found = row(of(Study(late, study.columns, study.missing), "C23"), "C23")
    assert found["verdict"] == "not testable"


def test_people_who_are_called_healthy_are_no_patients() -> None:
    study = parallel(np.random.default_rng(0), effect=-1.0)
    table = study.table.assign(arm=study.table["arm"], group="healthy")
    columns = dict(study.columns) | {"group": GROUP}
    found = row(of(Study(table, columns, study.missing), "C23"), "C23")
    assert found["verdict"] == "not testable"
    assert "patients" in found["reason"]


def test_one_atlas_more_is_not_one_claim_more() -> None:
    study = two_groups(np.random.default_rng(3), effect=1.2)
    other = study.table.assign(atlas="other")
    both = pd.concat([study.table, other], ignore_index=True)
    book = of(Study(both, study.columns, study.missing), "C9")
    assert book.claims.sentence == "Of 1 claims: 1 supported."


def test_a_path_in_the_other_direction_contradicts_a_mediation() -> None:
    rng = np.random.default_rng(5)
    study = parallel(rng, n=60, effect=1.5)
    table = study.table.copy()
    late = table["session_id"] == "ses-day1"
    acute = table[table["session_id"] == "ses-infusion"].set_index("participant_id")
    level = table["participant_id"].map(acute["within_default_mode__plain"])
    table.loc[late, "MADRS"] = 30 - 3 * level[late] + rng.normal(size=int(late.sum()))
    book = of(Study(table, study.columns, study.missing), "C30")
    assert row(book, "C30")["verdict"] == "contradicted"
    assert "sign turned" in row(book, "C30")["how"]
