"""Effects by hand, intervals that cover, planted effects found, and nothing dropped in silence."""

import csv
from dataclasses import replace
from itertools import combinations
from math import gamma, sqrt

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.study import Column, Study
from defaultmode.statistics import EFFECT_COLUMNS, compare, correlate, design_of
from defaultmode.statistics.effects import (
    d_av,
    d_z,
    false_discovery,
    hedges_g,
    noncentrality_interval,
    pearson_r,
    small_sample_correction,
    spearman_rho,
)
from given import shared
from made_studies import clinical, crossover, factor, made, outcome, two_groups

WITHIN = outcome("within").name


def row(table: pd.DataFrame, **wanted: str) -> pd.Series:
    found = table
    for name, value in wanted.items():
        found = found[found[name] == value]
    assert len(found) == 1, f"{len(found)} rows for {wanted}"
    return found.iloc[0]


# --- effects -------------------------------------------------------------------------------------


def test_small_sample_correction_is_exact() -> None:
    for df in (2, 4, 9, 18, 38):
        exact = gamma(df / 2) / (sqrt(df / 2) * gamma((df - 1) / 2))
        assert_allclose(small_sample_correction(df), exact, rtol=1e-13)
    # The usual approximation 1 − 3/(4 df − 1) is off by 1.3 % at 2 and by 2e-5 at 38.
    assert_allclose(small_sample_correction(38), 1 - 3 / (4 * 38 - 1), atol=3e-5)
    assert abs(small_sample_correction(2) / (1 - 3 / 7) - 1) > 0.012
    assert_allclose(small_sample_correction(1e6), 1, atol=1e-6)


def test_hedges_g_by_hand() -> None:
    # Means 5 and 2, both variances 2.5: d = 3/√2.5, J(8) = Γ(4)/(2 Γ(3.5)).
    found = hedges_g([3, 4, 5, 6, 7], [0, 1, 2, 3, 4])
    assert_allclose(found.value, 3 / sqrt(2.5) * gamma(4) / (2 * gamma(3.5)), rtol=1e-12)
    assert_allclose(found.difference, 3)
    assert found.n[0] == found.n_reference[0] == 5
    assert found.ci_low[0] < found.value[0] < found.ci_high[0]


def test_hedges_g_pools_unequal_groups_by_their_freedom() -> None:
    a, b = np.array([1.0, 2, 3, 4, 5, 6]), np.array([10.0, 14, 12])
    pooled = sqrt((5 * 3.5 + 2 * 4) / 7)
    expected = (3.5 - 12) / pooled * small_sample_correction(7)
    assert_allclose(hedges_g(a, b).value, expected, rtol=1e-12)


def test_paired_effects_by_hand() -> None:
    before, after = [1.0, 2, 3, 4], [2.0, 4, 3, 7]  # differences 1 2 0 3: mean 1.5, variance 5/3
    found = d_z(after, before)
    assert_allclose(found.value, 1.5 / sqrt(5 / 3), rtol=1e-12)
    assert_allclose((found.mean, found.mean_reference, found.difference), [[4], [2.5], [1.5]])
    average = (sqrt(14 / 3) + sqrt(5 / 3)) / 2
    assert_allclose(d_av(after, before), 1.5 / average, rtol=1e-12)


def test_correlation_by_hand() -> None:
    x, y = [1.0, 2, 3, 4, 5], [2.0, 1, 4, 3, 5]  # r = 0.8
    found = pearson_r(x, y)
    assert_allclose(found.value, 0.8, rtol=1e-12)
    reach = 1.959963984540054 / sqrt(2)
    assert_allclose(found.ci_low, np.tanh(np.arctanh(0.8) - reach), rtol=1e-12)
    assert_allclose(found.ci_high, np.tanh(np.arctanh(0.8) + reach), rtol=1e-12)
    assert_allclose(spearman_rho(np.exp(x), y), 0.8, rtol=1e-12)


def test_an_incomplete_pair_leaves_only_its_own_outcome() -> None:
    before = np.array([[1.0, 1], [2, 2], [3, 3], [4, 4]])
    after = before + np.array([[1.0, 1], [2, 2], [0, 0], [3, 3]])
    after[3, 1] = np.nan
    found = d_z(after, before)
    assert found.n.tolist() == [4, 3]
    assert_allclose(found.value[1], d_z(after[:3, 1], before[:3, 1]).value[0])


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (hedges_g([1, 1, 1], [2, 2, 2]), "do not vary"),
        (hedges_g([1, 2], [1, 2, 3]), "2 and 3; at least 3"),
        (hedges_g([], [1, 2, 3]), "0 and 3; at least 3"),
        (hedges_g([0.1 + 0.2, 0.3, 0.3], [0.3, 0.3, 0.3]), "do not vary"),
        (d_z([1, 2, 3], [1, 2, 3]), "do not vary"),
        (d_z([2, 3, 4], [1, 2, 3]), "do not vary"),
        (d_z([1, 2], [0, 5]), "pairs: 2; at least 3"),
        (d_z([1, 2, np.nan], [0, 5, 6]), "pairs: 2; at least 3"),
        (pearson_r([1, 2, 3], [1, 5, 2]), "values: 3; at least 4"),
        (pearson_r([1, 2, 3, 4], [7, 7, 7, 7]), "does not vary"),
    ],
)
def test_what_has_no_value_has_a_reason(found, reason: str) -> None:
    assert reason in found.reason[0]
    for column in (found.value, found.ci_low, found.ci_high, found.p):
        assert np.isnan(column[0])


def test_a_perfect_correlation_is_one_point() -> None:
    found = pearson_r([1.0, 2, 3, 4], [2.0, 4, 6, 8])
    assert (found.value[0], found.ci_low[0], found.ci_high[0], found.p[0]) == (1, 1, 1, 0)


def test_the_interval_excludes_zero_exactly_where_the_paired_p_is_under_5_percent() -> None:
    rng = np.random.default_rng(3)
    after, before = rng.normal(0.6, 1, (12, 400)), rng.normal(size=(12, 400))
    found = d_z(after, before)
    excludes = (found.ci_low > 0) | (found.ci_high < 0)
    assert 0 < excludes.sum() < 400
    assert (excludes == (found.p < 0.05)).all()


@pytest.mark.parametrize("t", [1e-9, 0.5, 4.0, 40.0, 999.0, 1001.0, 1e6])
def test_noncentrality_limits_grow_with_t_and_mirror(t: float) -> None:
    df = np.array([2.0, 8, 95])
    low, high = noncentrality_interval(t, df)
    other_low, other_high = noncentrality_interval(-t, df)
    assert (other_low == -high).all()
    assert (other_high == -low).all()
    assert (low < t).all()
    assert (t < high).all()
    further = noncentrality_interval(t * 1.01 + 0.01, df)
    assert (further[0] > low).all()
    assert (further[1] > high).all()


# 10,000 draws: the Monte Carlo standard error of 95 % is 0.22 points; 4 of them are 0.87. Scaling
# the limits by J, as some packages do, covers 93.2 % at 5 + 5 and δ = 2, and fails.
DRAWS, FOUR_ERRORS = 10_000, 4 * sqrt(0.95 * 0.05 / 10_000)


@pytest.mark.parametrize(("n", "m", "delta"), [(4, 6, 0.0), (5, 5, 2.0), (12, 30, 0.5)])
def test_the_interval_of_hedges_g_covers_the_population_effect(
    n: int, m: int, delta: float
) -> None:
    rng = np.random.default_rng(11)
    found = hedges_g(rng.normal(delta, 1, (n, DRAWS)), rng.normal(size=(m, DRAWS)))
    assert_allclose(
        ((found.ci_low <= delta) & (delta <= found.ci_high)).mean(), 0.95, atol=FOUR_ERRORS
    )
    # Unbiased: J removes what Cohen's d overestimates (11 % at 5 + 5).
    assert_allclose(found.value.mean(), delta, atol=4 * found.value.std() / sqrt(DRAWS))


@pytest.mark.parametrize(("n", "delta"), [(4, 0.8), (9, 0.0), (20, 0.5)])
def test_the_interval_of_d_z_covers_the_population_effect(n: int, delta: float) -> None:
    rng = np.random.default_rng(12)
    own = rng.normal(scale=3, size=(n, DRAWS))
    found = d_z(own + rng.normal(delta, 1, (n, DRAWS)), own)
    assert_allclose(
        ((found.ci_low <= delta) & (delta <= found.ci_high)).mean(), 0.95, atol=FOUR_ERRORS
    )


@pytest.mark.parametrize(("n", "rho"), [(10, 0.0), (30, 0.6)])
def test_fishers_interval_covers_the_population_correlation(n: int, rho: float) -> None:
    rng = np.random.default_rng(13)
    x, noise = rng.normal(size=(2, n, DRAWS))
    found = pearson_r(x, rho * x + sqrt(1 - rho**2) * noise)
    # Fisher's z is approximate: half a point off at these sizes is its own error.
    covered = ((found.ci_low <= rho) & (rho <= found.ci_high)).mean()
    assert_allclose(covered, 0.95, atol=FOUR_ERRORS + 0.005)


def test_false_discovery_leaves_missing_out() -> None:
    assert_allclose(false_discovery([0.01, np.nan, 0.04, 0.03]), [0.03, np.nan, 0.04, 0.04])
    assert np.isnan(false_discovery([np.nan])).all()


# --- design --------------------------------------------------------------------------------------


def test_the_crossover_is_read_as_drug_by_before_and_after() -> None:
    design = design_of(crossover())
    assert [(f.name, f.levels) for f in design.within] == [
        ("drug", ("placebo", "psilocybin")),
        ("condition", ("before", "after")),
    ]
    assert design.between == ()
    assert any("session_id is not tested again" in note for note in design.notes)


@pytest.mark.parametrize(
    ("levels", "first"),
    [
        (("ses-post", "ses-pre"), "ses-pre"),
        (("ses-d2", "ses-b0", "ses-d10"), "ses-b0"),
        (("patient", "healthy_control"), "healthy_control"),
        (("MDD", "HC"), "HC"),
        (("NA", "MDD"), "MDD"),
        (("ketamine", "midazolam", "saline"), "saline"),
        (("ketamine", "midazolam"), "midazolam"),
        (("ses-10", "ses-2"), "ses-2"),
    ],
)
def test_the_reference_level(levels: tuple[str, ...], first: str) -> None:
    table = pd.DataFrame(
        {
            "participant_id": [f"sub-{i}" for i in range(9)],
            "arm": [levels[i % len(levels)] for i in range(9)],
        }
    )
    found = design_of(made(table, factor("arm"))).between[0]
    assert found.reference == first
    assert sorted(found.levels) == sorted(levels)
    other = next(level for level in levels if level != first)
    assert (
        design_of(made(table, factor("arm")), reference={"arm": other}).between[0].reference
        == other
    )


def test_a_reference_that_does_not_exist_is_refused() -> None:
    for reference in ({"group": "nobody"}, {"nothing": "HC"}):
        with pytest.raises(DefaultModeError) as caught:
            design_of(two_groups(), reference=reference)
        assert caught.value.code == "E410"


def test_what_the_design_does_not_support_is_said() -> None:
    n = 21
    table = pd.DataFrame(
        {
            "participant_id": [f"sub-{i}" for i in range(n)],
            "site": [f"site{i % 7}" for i in range(n)],
            "species": ["homo sapiens"] * n,
            "group": ["MDD", "HC", "n/a"] * 7,
            "diagnosis": ["depressed", "well", ""] * 7,
            "hand": ["left", *["right"] * (n - 1)],
            "constant": np.ones(n),
            WITHIN: np.arange(n, dtype=float),
        }
    )
    names = ("site", "species", "group", "diagnosis", "hand")
    design = design_of(
        made(table, *(factor(x) for x in names), clinical("constant"), outcome("within"))
    )
    assert [f.name for f in design.between] == ["group"]
    reasons = dict(design.unsupported)
    assert "7 levels" in reasons["site"]
    assert "fewer than two levels" in reasons["species"]
    assert "fewer than two levels" in reasons["hand"]
    assert "exactly as group does" in reasons["diagnosis"]
    assert reasons["constant"] == "it does not vary"
    assert any("without a level" in note and "7" in note for note in design.notes)


def test_sessions_that_nobody_repeats_are_no_factor() -> None:
    table = two_groups().table.assign(session_id=["ses-1", "ses-2", "ses-3"] * 15)
    design = design_of(made(table, factor("group"), outcome("within")))
    assert design.within == ()
    assert "session_id" in dict(design.unsupported)


def test_an_arm_written_by_session_is_a_between_factor() -> None:
    table = pd.DataFrame(
        {
            "participant_id": [f"sub-{i // 2}" for i in range(12)],
            "session_id": ["ses-pre", "ses-post"] * 6,
            "arm": [a for i in range(6) for a in (["ketamine", "placebo"][i % 2],) * 2],
            WITHIN: np.random.default_rng(0).normal(size=12),
        }
    )
    design = design_of(made(table, factor("arm", level="session"), outcome("within")))
    assert [f.name for f in design.between] == ["arm"]
    assert [f.name for f in design.within] == ["session_id"]


def test_a_crossover_in_random_order_compares_drug_and_session_without_interaction() -> None:
    rng = np.random.default_rng(5)
    rows = [
        {
            "participant_id": f"sub-{i:02d}",
            "session_id": f"ses-{1 + s}",
            "drug": ["saline", "ketamine"][(i + s) % 2],
            WITHIN: rng.normal() + 3.0 * ((i + s) % 2),
        }
        for i in range(12)
        for s in range(2)
    ]
    study = made(pd.DataFrame(rows), factor("drug", level="session"), outcome("within"))
    design = design_of(study)
    table = compare(study, design).table
    assert row(table, factor="drug")["n"] == 12
    assert row(table, factor="drug")["value"] > 1
    assert set(table["kind"]) == {"paired"}
    assert any("not crossed" in note for note in design.notes)


def test_two_sessions_under_each_drug_are_not_crossed_with_it() -> None:
    rng = np.random.default_rng(6)
    rows = [
        {
            "participant_id": f"sub-{i}",
            "session_id": f"ses-{s}",
            "drug": d,
            WITHIN: rng.normal() + v,
        }
        for i in range(8)
        for s, (d, v) in enumerate(
            [("saline", 0), ("saline", 1), ("ketamine", 9), ("ketamine", 10)]
        )
    ]
    study = made(pd.DataFrame(rows), factor("drug", level="session"), outcome("within"))
    design = design_of(study)
    assert design.crossed == frozenset()
    assert [f.name for f in design.baseline] == ["drug"]
    found = row(compare(study, design).table, factor="drug")
    assert (found["n"], found["contrast"]) == (8, "ketamine − saline")
    assert_allclose(found["difference"], 9, atol=1.5)


# --- compare -------------------------------------------------------------------------------------


def test_a_planted_group_difference_is_found_with_its_sign() -> None:
    for shift in (1.0, -1.0):
        study = two_groups(60, 60, shift=shift)
        found = row(compare(study, design_of(study)).table, kind="group")
        assert found["contrast"] == "MDD − HC"
        assert found["ci_low"] < shift < found["ci_high"]
        assert np.sign(found["value"]) == np.sign(shift)
        assert found["p_fdr"] < 0.001


def test_the_crossover_gives_the_interaction_and_its_parts() -> None:
    study = crossover(effect=4.0)
    result = compare(study, design_of(study))
    table = result.table
    assert tuple(table.columns) == EFFECT_COLUMNS
    assert table.groupby("kind").size().to_dict() == {"interaction": 1, "paired": 6}
    joint = row(table, kind="interaction")
    assert joint["contrast"] == "(after − before, psilocybin) − (after − before, placebo)"
    assert joint["n"] == 9
    assert joint["value"] > 1
    inside = {
        drug: row(table, contrast=f"after − before (drug = {drug})")
        for drug in ("placebo", "psilocybin")
    }
    assert_allclose(
        joint["difference"], inside["psilocybin"]["difference"] - inside["placebo"]["difference"]
    )
    assert_allclose(joint["mean"], inside["psilocybin"]["difference"])
    wide = study.table.pivot_table(
        index="participant_id", columns=["drug", "condition"], values=WITHIN
    )
    change = (
        wide["psilocybin"]["after"]
        - wide["psilocybin"]["before"]
        - wide["placebo"]["after"]
        + wide["placebo"]["before"]
    )
    assert_allclose(joint["value"], change.mean() / change.std(ddof=1), rtol=1e-10)
    both = row(table, factor="condition", contrast="after − before (mean over drug)")
    assert_allclose(both["difference"], np.mean([inside[d]["difference"] for d in inside]))


def test_a_missing_cell_leaves_the_participant_in_what_remains() -> None:
    study = crossover()
    table = study.table.copy()
    gone = (
        (table["participant_id"] == "sub-00")
        & (table["drug"] == "placebo")
        & (table["condition"] == "after")
    )
    study = Study(table[~gone], study.columns)
    found = compare(study, design_of(study)).table
    assert row(found, kind="interaction")["n"] == 8
    assert row(found, contrast="after − before (drug = placebo)")["n"] == 8
    # The other drug is whole, so this person's change under it still counts, and only that.
    assert row(found, contrast="after − before (mean over drug)")["n"] == 9
    whole = row(found, contrast="after − before (drug = psilocybin)")
    assert whole["n"] == 9


def test_a_cell_that_nobody_has_leaves_balanced_pairs_and_an_interaction_with_its_reason() -> None:
    study = crossover()
    table = study.table.copy()
    gone = (table["drug"] == "psilocybin") & (table["condition"] == "after")
    table.loc[table["drug"] == "psilocybin", WITHIN] += 100
    study = Study(table[~gone], study.columns)
    found = compare(study, design_of(study)).table
    both = row(found, contrast="after − before (mean over drug)")
    assert abs(both["difference"]) < 5  # 50 if the drug's "before" entered without its "after"
    joint = row(found, kind="interaction")
    assert joint["n"] == 0
    assert "pairs: 0" in joint["reason"]


def test_no_participant_counts_twice() -> None:
    study = two_groups()
    twice = pd.concat([study.table.assign(run_id=r) for r in ("1", "2", "3")], ignore_index=True)
    again = made(twice, factor("group"), outcome("within"))
    one, three = (compare(s, design_of(s)) for s in (study, again))
    assert_allclose(three.table["value"], one.table["value"], rtol=1e-12)
    assert three.table["n"].tolist() == [20]
    assert any("averaged" in note for note in three.notes)


def test_atlases_are_never_mixed() -> None:
    study = two_groups()
    low = study.table.assign(atlas="b")
    high = study.table.assign(atlas="a")
    high[WITHIN] += 100
    both = made(pd.concat([low, high]), factor("group"), outcome("within"))
    table = compare(both, design_of(both)).table
    assert table["atlas"].tolist() == ["a", "b"]
    assert table["n"].tolist() == [20, 20]
    assert_allclose(table["value"], compare(study, design_of(study)).table["value"].iloc[0])


def test_groups_are_compared_at_the_reference_condition_and_said_so() -> None:
    drug = crossover(20)
    table = drug.table.assign(
        group=["MDD" if p < "sub-10" else "HC" for p in drug.table["participant_id"]]
    )
    table.loc[
        (table["group"] == "MDD") & (table["condition"] == "before") & (table["drug"] == "placebo"),
        WITHIN,
    ] += 50
    study = made(
        table,
        factor("group"),
        factor("drug", level="session"),
        factor("condition", level="run"),
        outcome("within"),
    )
    result = compare(study, design_of(study))
    group = row(result.table, kind="group")
    assert group["contrast"] == "MDD − HC (drug = placebo, condition = before)"
    assert group["difference"] > 40
    assert any(
        "Groups are compared at drug = placebo, condition = before" in n for n in result.notes
    )
    change = row(result.table, factor="group × condition")
    assert change["statistic"] == "Hedges g"
    assert change["difference"] < -15  # half of 50: averaged over the two drugs
    assert change["contrast"] == "(after − before, MDD) − (after − before, HC)"


def test_five_sessions_give_all_pairs_and_seven_only_those_with_the_reference() -> None:
    for n, expected in ((5, 10), (7, 6)):
        rng = np.random.default_rng(0)
        rows = [
            {"participant_id": f"sub-{i}", "session_id": f"ses-{s}", WITHIN: rng.normal()}
            for i in range(6)
            for s in range(n)
        ]
        study = made(pd.DataFrame(rows), outcome("within"))
        table = compare(study, design_of(study)).table
        assert len(table) == expected
        assert table["contrast"].is_unique


def test_an_outcome_without_values_keeps_its_rows_with_a_reason() -> None:
    study = two_groups()
    empty = outcome("empty")
    table = study.table.assign(**{empty.name: np.nan})
    whole = made(table, factor("group"), outcome("within"), empty)
    result = compare(whole, design_of(whole))
    found = row(result.table, measure="empty")
    assert "0 and 0" in found["reason"]
    assert np.isnan(found["value"])
    assert np.isnan(found["p_fdr"])
    assert "1 more have no value" in result.sentence


def test_the_order_of_the_rows_is_irrelevant_to_the_last_bit() -> None:
    study = crossover(effect=1.0)
    mixed = Study(study.table.sample(frac=1, random_state=4), study.columns)
    pd.testing.assert_frame_equal(
        compare(study, design_of(study)).table,
        compare(mixed, design_of(mixed)).table,
        check_exact=True,
    )


def test_swapping_the_groups_flips_every_sign() -> None:
    study = two_groups(shift=0.7)
    one = compare(study, design_of(study)).table.iloc[0]
    other = compare(study, design_of(study, reference={"group": "MDD"})).table.iloc[0]
    assert other["contrast"] == "HC − MDD"
    assert other["value"] == -one["value"]
    assert (other["ci_low"], other["ci_high"]) == (-one["ci_high"], -one["ci_low"])
    assert other["p"] == one["p"]


def test_the_false_discovery_rate_has_one_family_for_each_preset() -> None:
    rng = np.random.default_rng(8)
    columns = [outcome(f"m{i}", denoise=d) for d in ("a", "b") for i in range(6)]
    values = {c.name: rng.normal(size=45) for c in columns}
    study = made(
        two_groups().table.drop(columns=WITHIN).assign(**values), factor("group"), *columns
    )
    table = compare(study, design_of(study)).table
    for _, rows in table.groupby(["denoise", "kind"]):
        assert_allclose(rows["p_fdr"], false_discovery(rows["p"]))
    assert not np.allclose(table["p_fdr"], false_discovery(table["p"]))


def test_the_sentence_counts_intervals_before_and_after_correction() -> None:
    study = crossover(30, effect=3.0)
    result = compare(study, design_of(study))
    table = result.table
    clear = (table["ci_low"] > 0) | (table["ci_high"] < 0)
    assert f"{clear.sum()} of {len(table)} intervals" in result.sentence
    assert f"{(clear & (table['p_fdr'] <= 0.05)).sum()} remain" in result.sentence
    assert "Benjamini1995" in result.cites


def test_nothing_to_compare_is_said() -> None:
    table = pd.DataFrame({"participant_id": ["sub-1", "sub-2"], WITHIN: [1.0, 2.0]})
    study = made(table, outcome("within"))
    result = compare(study, design_of(study))
    assert tuple(result.table.columns) == EFFECT_COLUMNS
    assert result.table.empty
    assert "supports no comparison" in result.sentence
    nobody = made(table.iloc[:0], outcome("within"))
    assert compare(nobody, design_of(nobody)).table.empty


def test_unusable_outcomes_are_refused() -> None:
    study = two_groups()
    for name, code in (("nothing", "E410"), ("group", "E411")):
        with pytest.raises(DefaultModeError) as caught:
            compare(study, design_of(study), outcomes=[name])
        assert caught.value.code == code


# --- correlate -----------------------------------------------------------------------------------


MOTION = Column(
    "framewise_displacement_mean__as_supplied", "quality", "number", unit="mm",
    measure="framewise_displacement_mean", denoise="as-supplied",
)  # fmt: skip


def with_age(motion: np.ndarray | None = None) -> Study:
    study = two_groups(20, 20)
    noise = np.random.default_rng(2).normal(size=40)
    table = study.table.assign(age=np.round(40 + 8 * study.table[WITHIN] + noise))
    columns = [factor("group"), clinical("age"), outcome("within")]
    if motion is not None:
        table, columns = table.assign(**{MOTION.name: motion}), [*columns, MOTION]
    return made(table, *columns)


def test_a_participant_column_goes_with_the_participant_mean() -> None:
    study = with_age()
    table = correlate(study, design_of(study)).table
    assert list(table["contrast"]) == [
        "participant mean, all groups together",
        "participant mean, group = HC",
        "participant mean, group = MDD",
    ]
    patients = study.table[study.table["group"] == "MDD"]
    within = row(table, contrast="participant mean, group = MDD")
    assert within["n"] == 20
    assert_allclose(within["value"], np.corrcoef(patients["age"], patients[WITHIN])[0, 1])
    found = row(table, contrast="participant mean, all groups together")
    expected = np.corrcoef(study.table["age"], study.table[WITHIN])[0, 1]
    assert_allclose(found["value"], expected, rtol=1e-12)
    assert found["statistic"] == "Pearson r"
    assert (found["n"], found["unit"]) == (40, "")
    ranks = study.table[["age", WITHIN]].rank()
    assert found["second"] == "Spearman rho"
    assert_allclose(found["second_value"], np.corrcoef(ranks["age"], ranks[WITHIN])[0, 1])


def test_motion_is_set_against_connectivity_in_a_family_of_its_own() -> None:
    motion = np.abs(np.random.default_rng(6).normal(size=40))
    study = with_age(motion)
    table = correlate(study, design_of(study)).table
    found = row(table, factor="framewise displacement")
    assert found["outcome"] == WITHIN
    assert_allclose(found["value"], np.corrcoef(motion, study.table[WITHIN])[0, 1], rtol=1e-12)
    assert found["p_fdr"] == found["p"]
    # Head motion under a condition can explain connectivity under it: it is compared too.
    assert "framewise_displacement_mean" in set(compare(study, design_of(study)).table["measure"])


def test_motion_that_was_not_recorded_is_said() -> None:
    study = with_age(np.full(40, np.nan))
    result = correlate(study, design_of(study))
    assert set(result.table["factor"]) == {"age"}
    assert any("head motion" in note for note in result.notes)


def test_what_changes_with_the_session_is_correlated_as_change() -> None:
    rng = np.random.default_rng(9)
    rows = []
    for i in range(15):
        own, step = rng.normal(scale=5), rng.normal()
        for session, times in (("ses-pre", 0.0), ("ses-post", 1.0)):
            name = {"participant_id": f"sub-{i:02d}", "session_id": session}
            rows.append({**name, "MADRS": 30 + own - times * step, WITHIN: times * step - own})
    table = pd.DataFrame(rows)
    study = made(table, clinical("MADRS", level="session"), outcome("within"))
    found = correlate(study, design_of(study)).table
    assert found["contrast"].tolist() == ["change ses-post − ses-pre"]
    assert_allclose(found["value"], -1, atol=1e-9)
    assert found["n"].tolist() == [15]


def test_what_was_asked_once_is_correlated_at_each_session() -> None:
    study = crossover(8)
    score = pd.Series(range(8), index=sorted(study.table["participant_id"].unique()), dtype=float)
    before = study.table["session_id"] == "ses-placebo"
    table = study.table.assign(score=study.table["participant_id"].map(score).where(before))
    whole = made(
        table,
        factor("drug", level="session"),
        factor("condition", level="run"),
        clinical("score", level="session"),
        outcome("within"),
    )
    found = correlate(whole, design_of(whole)).table
    assert found["contrast"].tolist() == ["at drug = placebo", "at drug = psilocybin"]
    assert found["n"].tolist() == [8, 0]
    assert "0; at least 4" in found["reason"].iloc[1]


def test_nothing_to_correlate_is_said() -> None:
    study = two_groups()
    result = correlate(study, design_of(study))
    assert result.table.empty
    assert "no clinical number" in result.sentence


# --- real tables ---------------------------------------------------------------------------------


def test_a_study_of_clinical_tables_alone_compares_its_sessions() -> None:
    file = shared("data/openneuro_tables/ds005917_phenotype.tsv")
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    score = "MADRS_Total"
    values: dict[str, dict[str, float]] = {}
    for r in rows:
        if r[score] != "n/a":
            values.setdefault(r["session_id"], {})[r["participant_id"]] = float(r[score])
    table = pd.DataFrame(rows)[["participant_id", "session_id", score]]
    table[score] = pd.to_numeric(table[score], errors="coerce")
    study = made(table, clinical(score, level="session"))
    found = compare(study, design_of(study)).table
    assert len(found) == 10
    for a, b in combinations(("ses-b0", "ses-d2", "ses-d10", "ses-p2", "ses-p10"), 2):
        both = sorted(values[a].keys() & values[b].keys())
        change = np.array([values[b][p] - values[a][p] for p in both])
        effect = row(found, contrast=f"{b} − {a}")
        assert effect["n"] == len(both)
        assert_allclose(effect["value"], change.mean() / change.std(ddof=1), rtol=1e-12)
        assert effect["unit"] == "points"
    # The ratings fell two days after ketamine; the data say so whatever caused it.
    assert row(found, contrast="ses-d2 − ses-b0")["ci_high"] < 0


def test_groups_of_a_real_table_change_differently() -> None:
    people = shared("data/openneuro_tables/ds005917_participants.tsv")
    ratings = shared("data/openneuro_tables/ds005917_phenotype.tsv")
    options = {"sep": "\t", "dtype": str, "keep_default_na": False}
    table = pd.read_csv(ratings, **options).merge(
        pd.read_csv(people, **options), on="participant_id", how="left"
    )
    table["MADRS_Total"] = pd.to_numeric(table["MADRS_Total"], errors="coerce")
    columns = [factor("group"), clinical("MADRS_Total", level="session")]
    study = made(table[["participant_id", "session_id", "group", "MADRS_Total"]], *columns)
    design = design_of(study)
    assert design.between[0].levels == ("HC", "BP", "MDD")
    result = compare(study, design)
    counts = result.table.groupby("kind").size().to_dict()
    assert counts == {"group": 2, "interaction": 8, "paired": 10 * (1 + 3)}
    patients = table[table["group"] == "MDD"].pivot_table(
        index="participant_id", columns="session_id", values="MADRS_Total"
    )
    fall = (patients["ses-d2"] - patients["ses-b0"]).dropna()
    one = row(result.table, contrast="ses-d2 − ses-b0 (group = MDD)")
    assert one["n"] == len(fall)
    assert one["value"] == pytest.approx(fall.mean() / fall.std(ddof=1), rel=1e-12)
    assert row(result.table, contrast="MDD − HC (session_id = ses-b0)")["value"] > 2
    assert (result.table["reason"].eq("") | result.table["value"].isna()).all()


@pytest.mark.parametrize(
    ("levels", "reference"),
    [
        (("ses-predrug", "ses-postdrug"), "ses-predrug"),  # the example of the BIDS specification
        (("ket", "pla"), "pla"),
        (("ket", "sal"), "sal"),
        (("ket", "mdz"), "mdz"),
        (("drug", "nodrug"), "nodrug"),
        (("acute", "screening"), "screening"),
        (("post1", "prescan"), "prescan"),
        (("24h", "bas"), "bas"),
        (("followup", "start"), "start"),
        (("depr_cbt", "depr_no_treatment"), "depr_no_treatment"),
        (("midazolam", "placebo"), "placebo"),
    ],
)
def test_common_names_of_a_reference_are_known(levels: tuple[str, str], reference: str) -> None:
    table = pd.DataFrame(
        {
            "participant_id": [f"sub-{i:02d}" for i in range(8)],
            "group": [levels[i % 2] for i in range(8)],
            WITHIN: np.arange(8.0),
        }
    )
    design = design_of(made(table, factor("group"), outcome("within")))
    assert design.between[0].reference == reference
    assert not [n for n in design.notes if "reference" in n]


def test_a_reference_is_read_from_the_sidecar_or_its_guess_is_told() -> None:
    table = pd.DataFrame(
        {
            "participant_id": [f"sub-{i:02d}" for i in range(8)],
            "infusion": ["d", "p"] * 4,
            WITHIN: np.arange(8.0),
        }
    )
    silent = factor("infusion")
    design = design_of(made(table, silent, outcome("within")))
    assert design.between[0].reference == "d"
    assert any("no level is known as a reference" in n for n in design.notes)
    described = replace(silent, levels={"d": "Ketamine", "p": "Placebo"})
    design = design_of(made(table, described, outcome("within")))
    assert design.between[0].reference == "p"


def test_a_column_that_says_the_same_where_both_speak_is_not_tested_twice() -> None:
    table = pd.DataFrame(
        {
            "participant_id": [f"sub-{i:02d}" for i in range(8)],
            "infusion_1": ["d", "p"] * 4,
            "infusion_2": ["p", "d"] * 3 + ["n/a", "n/a"],
            WITHIN: np.arange(8.0),
        }
    )
    design = design_of(made(table, factor("infusion_1"), factor("infusion_2"), outcome("within")))
    assert [f.name for f in design.between] == ["infusion_1"]


def test_tasks_are_never_averaged_together() -> None:
    rows = [
        ("sub-1", "ses-pre", "rest", 1.0),
        ("sub-1", "ses-pre", "nback", 9.0),
        ("sub-1", "ses-post", "rest", 2.0),
        *[
            (f"sub-{i}", s, "rest", v + 0.1 * i)
            for i in (2, 3, 4)
            for s, v in (("ses-pre", 1.0), ("ses-post", 2.0 + 0.1 * i))
        ],
    ]
    table = pd.DataFrame(rows, columns=["participant_id", "session_id", "task_id", WITHIN])
    study = made(table, outcome("within"))
    found = compare(study, design_of(study)).table
    rest = row(found, contrast="ses-post − ses-pre [task rest]")
    assert rest["n"] == 4
    assert_allclose(rest["mean_reference"], np.mean([1.0, 1.2, 1.3, 1.4]))
