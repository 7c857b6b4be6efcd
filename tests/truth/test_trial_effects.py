"""Contrasts of trials: the classical tests where these are exact, and all rows where they are not."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from defaultmode.core.errors import DefaultModeError
from defaultmode.statistics.crossover import carry_over_effects, trial_effects
from defaultmode.statistics.effects import d_z, hedges_g
from defaultmode.statistics.trial_rows import Contrast, TrialRows

DRUG = Contrast(("ketamine", "saline"))


def two_periods(people: int = 12, outcomes: int = 3, seed: int = 0):
    """An AB/BA crossover without an effect: outcomes, participant, treatment, period, sequence."""
    rng = np.random.default_rng(seed)
    who, period = np.repeat(np.arange(people), 2), np.tile([1, 2], people)
    sequence = np.where(who < people // 2, "AB", "BA")
    treatment = np.where((sequence == "AB") == (period == 1), "ketamine", "saline")
    y = rng.normal(size=(2 * people, outcomes)) + rng.normal(size=(people, outcomes))[who]
    return y, who, treatment, period, sequence


def test_complete_pairs_are_d_z_to_the_last_digits():
    y, who, treatment, *_ = two_periods()
    y[:, 2] -= 2 * y[:, 2] * (treatment == "saline")  # these correlate negatively
    paired = d_z(y[treatment == "ketamine"], y[treatment == "saline"])
    for j, found in enumerate(trial_effects(y, TrialRows(who, treatment), DRUG)):
        assert found.statistic == "d_z"
        assert_allclose(found.value, paired.value[j], rtol=1e-9)
        assert_allclose(
            [found.ci_low, found.ci_high], [paired.ci_low[j], paired.ci_high[j]], rtol=1e-6
        )
        assert_allclose([found.raw, found.p], [paired.difference[j], paired.p[j]], rtol=1e-8)
        assert_allclose(found.df, 11, rtol=1e-8)
        assert (found.n, found.n_reference) == (12, 12)


def test_a_crossover_is_the_test_of_hills_and_armitage():
    y, who, treatment, period, sequence = two_periods()
    rows = TrialRows(who, treatment, period=period, sequence=sequence)
    first, second = y[period == 1], y[period == 2]
    ab = np.arange(12) < 6
    classical = stats.ttest_ind((first - second)[ab], (first - second)[~ab])
    totals = hedges_g((first + second)[ab], (first + second)[~ab])
    carried = stats.ttest_ind((first + second)[ab], (first + second)[~ab])
    for j, found in enumerate(trial_effects(y, rows, DRUG)):
        assert_allclose([found.p, found.df], [classical.pvalue[j], 10], rtol=1e-8)
        expected = ((first - second)[ab].mean(axis=0) - (first - second)[~ab].mean(axis=0))[j] / 2
        assert_allclose(found.raw, expected, rtol=1e-9)
        assert "period 2, sequence BA" in found.how
    for j, found in enumerate(carry_over_effects(y, rows, DRUG)):
        assert_allclose([found.p, found.df], [carried.pvalue[j], 10], rtol=1e-8)
        assert_allclose(
            [found.value, found.ci_low, found.ci_high],
            [totals.value[j], totals.ci_low[j], totals.ci_high[j]],
            rtol=1e-6,
        )
        assert (found.n, found.n_reference) == (6, 6)


def test_two_groups_at_two_times_are_hedges_g_of_the_change():
    y, who, *_ = two_periods()
    group, time = np.where(who < 5, "patient", "control"), np.tile(["before", "after"], 12)
    contrast = Contrast(("patient", "control"), ("after", "before"))
    change = y[1::2] - y[::2]
    classical = stats.ttest_ind(change[:5], change[5:])
    expected = hedges_g(change[:5], change[5:])
    for j, found in enumerate(trial_effects(y, TrialRows(who, group, time), contrast)):
        assert found.statistic == "Hedges g"
        assert (found.n, found.n_reference) == (5, 7)
        assert_allclose(
            [found.value, found.ci_low, found.ci_high, found.raw],
            [expected.value[j], expected.ci_low[j], expected.ci_high[j], expected.difference[j]],
            rtol=1e-6,
        )
        assert_allclose([found.p, found.df], [classical.pvalue[j], 10], rtol=1e-8)
    levels = trial_effects(y, TrialRows(who, group, time), Contrast(("patient", "control")))
    means = hedges_g((y[::2] + y[1::2])[:5] / 2, (y[::2] + y[1::2])[5:] / 2)
    assert_allclose([found.value for found in levels], means.value, rtol=1e-6)


def test_a_change_with_three_treatments_and_missing_sessions_recovers_what_was_planted():
    rng = np.random.default_rng(8)
    people, found = 300, []
    who = np.repeat(np.arange(people), 6)
    treatment = np.tile(np.repeat(["ketamine", "midazolam", "saline"], 2), people)
    phase = np.tile(["baseline", "acute"], 3 * people)
    motion = rng.normal(size=6 * people)
    effect = 0.8 * ((treatment == "ketamine") & (phase == "acute"))
    y = rng.normal(size=people)[who] + effect + 0.5 * motion + rng.normal(size=6 * people)
    y[rng.random(6 * people) < 0.3] = np.nan
    rows = TrialRows(who, treatment, phase, covariates=motion[:, None], covariate_names=("motion",))
    for pair, truth in ((("ketamine", "midazolam"), 0.8), (("saline", "midazolam"), 0.0)):
        found = trial_effects(y, rows, Contrast(pair, ("acute", "baseline")))[0]
        spread = 2.0  # √4 σ: four rows of one participant
        assert abs(found.raw - truth) < 4 * found.se * spread
        assert_allclose(found.value * spread, found.raw, rtol=0.1)
        assert found.ci_low < truth / spread < found.ci_high
        assert found.p == pytest.approx(
            2 * stats.t.sf(abs(found.raw / (found.se * spread)), found.df), abs=0.05
        )
    change = trial_effects(y, rows, Contrast(phase=("acute", "baseline")))[0]
    assert abs(change.raw - 0.8 / 3) < 4 * 2 / np.sqrt(3 * people)
    assert "motion" in change.how


def test_carry_over_is_found_in_a_design_of_three_periods():
    rng = np.random.default_rng(9)
    orders = np.array(["KSM", "SMK", "MKS", "KMS", "MSK", "SKM"])
    people = 240
    who, period = np.repeat(np.arange(people), 3), np.tile([1, 2, 3], people)
    sequence = orders[who % 6]
    treatment = np.array([order[at - 1] for order, at in zip(sequence, period, strict=True)])
    before = np.array(
        [order[at - 2] if at > 1 else "" for order, at in zip(sequence, period, strict=True)]
    )
    y = rng.normal(size=people)[who] + 0.5 * rng.normal(size=3 * people)
    y += 1.0 * (treatment == "K") + 0.6 * (before == "K")
    rows = TrialRows(who, treatment, period=period, sequence=sequence)
    carried = carry_over_effects(y, rows, Contrast(("K", "S")))[0]
    none = carry_over_effects(y, rows, Contrast(("M", "S")))[0]
    assert abs(carried.raw - 0.6) < 0.2
    assert carried.p < 1e-6
    assert none.p > 0.01
    assert carried.n == 160  # four of the six orders do not end with it


def test_sites_are_columns_when_few_and_random_when_many():
    y, who, treatment, *_ = two_periods(people=40, outcomes=1)
    plain = trial_effects(y, TrialRows(who, treatment), DRUG)[0]
    for sites, word in ((3, "site 1"), (8, "participant, site")):
        rows = TrialRows(who, treatment, site=who % sites)
        found = trial_effects(y + 5 * (who % sites)[:, None], rows, DRUG)[0]
        assert word in found.how
        assert_allclose(found.raw, plain.raw, rtol=1e-6)
        assert_allclose(found.value, plain.value, rtol=1e-3)
    assert trial_effects(y, TrialRows(who, treatment, site=np.zeros(80)), DRUG)[0].p == plain.p


def test_a_random_slope_is_the_test_of_the_means_of_participants():
    rng = np.random.default_rng(11)
    who, treatment = np.repeat(np.arange(16), 6), np.tile(np.repeat(["ketamine", "saline"], 3), 16)
    own = rng.normal(size=16)[who] + 1.5 * rng.normal(size=16)[who] * (treatment == "ketamine")
    y = own + rng.normal(size=96)
    means = y.reshape(16, 2, 3).mean(axis=2)
    classical = stats.ttest_rel(means[:, 0], means[:, 1])
    found = trial_effects(y, TrialRows(who, treatment), DRUG, random_slope=True)[0]
    assert_allclose(found.p, classical.pvalue, rtol=1e-3)
    assert "slope" in found.how
    assert trial_effects(y, TrialRows(who, treatment), DRUG)[0].p < found.p


def test_order_of_rows_names_scale_and_shift_do_not_matter():
    y, who, treatment, period, sequence = two_periods(outcomes=1)
    y[5] = np.nan
    motion = np.linspace(0, 1, 24)[:, None] ** 2

    def effect(values, shuffle, *, names=who, scale=1.0):
        rows = TrialRows(
            names[shuffle], treatment[shuffle], period=period[shuffle], sequence=sequence[shuffle],
            covariates=scale * motion[shuffle], covariate_names=("motion",),
        )  # fmt: skip
        found = trial_effects(values[shuffle], rows, DRUG)[0]
        return np.array([found.value, found.ci_low, found.ci_high, found.p, found.df])

    same = np.arange(24)
    first = effect(y, same)
    mixed = np.random.default_rng(0).permutation(24)
    assert_allclose(effect(y, mixed), first, rtol=1e-8)
    assert_allclose(effect(y * 1e-5, same), first, rtol=1e-7)
    assert_allclose(effect(y + 1e4, same), first, rtol=1e-7)
    assert_allclose(effect(y, same, scale=1e6), first, rtol=1e-7)
    assert_allclose(
        effect(y, same, names=np.array([f"sub-{99 - i}" for i in who])), first, rtol=1e-8
    )
    back = Contrast(DRUG.treatment[::-1])
    rows = TrialRows(who, treatment, period=period, sequence=sequence)
    forth, opposite = trial_effects(y, rows, DRUG)[0], trial_effects(y, rows, back)[0]
    assert_allclose([opposite.value, opposite.ci_low, opposite.p],
                    [-forth.value, -forth.ci_high, forth.p], rtol=1e-8)  # fmt: skip


def refused(y, rows, contrast, call=trial_effects) -> DefaultModeError:
    with pytest.raises(DefaultModeError) as caught:
        call(y, rows, contrast)
    return caught.value


def test_an_empty_cell_is_refused_and_the_cells_with_rows_are_named():
    y, who, treatment, *_ = two_periods()
    phase = np.where(treatment == "saline", "after", "baseline")
    rows = TrialRows(who, treatment, phase)
    both = refused(y, rows, Contrast(DRUG.treatment, ("after", "baseline")))
    assert both.code == "E420"
    assert "ketamine baseline, saline after" in both.detail
    assert refused(y, rows, DRUG).code == "E420"
    assert refused(y, TrialRows(who, treatment), Contrast(("esketamine", "saline"))).code == "E420"
    with pytest.raises(DefaultModeError, match="E420"):
        Contrast()
    found = refused(y, TrialRows(who, treatment), DRUG, carry_over_effects)
    assert (found.code, "periods" in found.detail) == ("E420", True)


def test_a_constant_covariate_and_an_aliased_one_are_refused_by_name():
    y, who, treatment, *_ = two_periods()
    dose = np.where(treatment == "ketamine", 0.5, 0.0)[:, None]
    rows = TrialRows(who, treatment, covariates=np.ones((24, 1)), covariate_names=("age",))
    assert (refused(y, rows, DRUG).code, "'age'" in refused(y, rows, DRUG).detail) == ("E437", True)
    found = refused(y, TrialRows(who, treatment, covariates=dose, covariate_names=("dose",)), DRUG)
    assert found.code == "E419"
    assert "dose" in found.detail


def test_an_outcome_with_too_few_pairs_says_so():
    y, who, treatment, *_ = two_periods(outcomes=2)
    y[(who > 1) & (treatment == "saline"), 1] = np.nan
    whole, few = trial_effects(y, TrialRows(who, treatment), DRUG)
    assert math.isfinite(whole.value)
    assert (few.code, few.n, few.n_reference) == ("E439", 12, 2)
    assert math.isnan(few.value)
    assert "2 in both" in few.reason
    y[:, 1] = 3.0
    assert trial_effects(y, TrialRows(who, treatment), DRUG)[1].code == "E437"
