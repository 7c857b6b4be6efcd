"""Prediction: splits, models and figures against libraries, published numbers and known truths."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import brier_score_loss, roc_auc_score

from defaultmode.core.errors import DefaultModeError
from defaultmode.prediction import (
    CITES,
    Cohort,
    Model,
    OutOfFold,
    added,
    calibration_bins,
    check_comparable,
    check_enough,
    check_not_separated,
    cohort,
    decision_curve,
    evaluate,
    find_estimator,
    impute_median,
    learning_curve,
    only,
    permutation_p,
    predict_unseen,
    regress_confounds,
    sample_size,
    select_best,
    splits_of,
    standardise,
    tripod_rows,
)
from defaultmode.prediction.calibration import calibration, calibration_error
from defaultmode.prediction.discrimination import (
    auc,
    brier,
    difference,
    estimate,
    r_squared,
)
from defaultmode.prediction.estimators import ESTIMATORS, linear_elastic_net, logistic_elastic_net
from defaultmode.prediction.null import permute
from defaultmode.prediction.ridge import linear_ridge, logistic_ridge, penalties
from defaultmode.prediction.sample_size import size_for_intercept, size_for_shrinkage
from defaultmode.prediction.usefulness import exact_interval, predictive_values
from defaultmode.report.references import reference

PLAIN = (impute_median, standardise)


def balanced(n: int) -> np.ndarray:
    return (np.arange(n) % 2).astype(float)


def seen(score, outcome, *, fold=None, block=None, kind="binary") -> OutOfFold:
    """Predictions as if they came out of folds; one fold and one site unless told."""
    score = np.atleast_2d(np.asarray(score, dtype=float))
    outcome = np.asarray(outcome, dtype=float)
    n = len(outcome)
    fold = np.zeros((len(score), n), dtype=int) if fold is None else np.atleast_2d(fold)
    block = np.zeros(n, dtype=int) if block is None else block
    return OutOfFold(score, np.full(score.shape, outcome.mean()), fold, outcome, block, kind)


def planted(n=80, p=6, effect=1.0, seed=0, **more) -> Cohort:
    rng = np.random.default_rng(seed)
    features, outcome = rng.normal(size=(n, p)), balanced(n)
    features[:, 0] += effect * outcome
    return cohort(features, outcome, **more)


def model(p: int, fit=logistic_ridge, steps=PLAIN) -> Model:
    return Model("measures", np.arange(p), steps, fit)


# --- splits --------------------------------------------------------------------------------------


def test_folds_hold_the_share_of_the_classes_and_leave_everybody_out_once():
    people = planted(n=53)
    splits = splits_of(people, n_repeats=4, rng=np.random.default_rng(1))
    assert splits.outer.shape == (4, 53)
    assert len({tuple(f) for f in splits.outer}) == 4
    for folds in splits.outer:
        for c in (0, 1):
            counts = np.bincount(folds[people.outcome == c], minlength=5)
            assert np.ptp(counts) <= 1
    for repeat, folds in enumerate(splits.outer):
        for fold in range(5):
            inner = splits.inner[repeat, fold]
            assert_array_equal(inner < 0, folds == fold)


def test_three_sites_are_left_out_whole_in_both_loops():
    site = np.arange(80) // 2 % 4
    splits = splits_of(planted(site=site), n_repeats=4, rng=np.random.default_rng(1))
    assert splits.outer.shape == (1, 80)
    assert_array_equal(splits.outer[0], site)
    for fold in range(4):
        inner = splits.inner[0, fold]
        for s in set(range(4)) - {fold}:
            assert len(set(inner[site == s])) == 1


def test_sites_that_hold_one_class_alone_are_not_left_out():
    outcome = np.repeat([1.0, 0.0, 0.0], 20)
    people = cohort(np.zeros((60, 1)), outcome, site=np.repeat([0, 1, 2], 20))
    folds = splits_of(people, n_repeats=1, rng=np.random.default_rng(0)).outer
    assert folds.max() == 4


def test_rows_of_one_participant_stay_together_and_weigh_as_their_mean():
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(30), 3)
    people = Cohort(
        rng.normal(size=(90, 4)), balanced(30), who, np.zeros(90, int), np.zeros((90, 0))
    )
    found = predict_unseen(people, model(4), splits_of(people, n_repeats=2, rng=rng))
    assert found.score.shape == (2, 30)


def test_too_few_are_refused():
    with pytest.raises(DefaultModeError, match=r"E429.*9 participants with"):
        check_enough(np.repeat([1.0, 0.0], [9, 50]), "binary")
    with pytest.raises(DefaultModeError, match="E429"):
        check_enough(np.arange(19.0), "continuous")
    check_enough(np.repeat([1.0, 0.0], [10, 10]), "binary")


def test_sites_of_one_class_each_cannot_be_told_from_the_outcome():
    with pytest.raises(DefaultModeError, match=r"E429.*no site"):
        check_comparable(balanced(40), np.arange(40) % 2, "binary")
    check_comparable(balanced(40), np.arange(40) // 2 % 2, "binary")


def test_perfect_separation_is_refused_by_the_name_of_the_feature():
    people = planted(n=40)
    people.features[:, 3] = people.outcome
    with pytest.raises(DefaultModeError, match=r"E431.*'d'"):
        check_not_separated(people, list("abcdef"))
    people.features[0, 3] = 1.0
    check_not_separated(people, list("abcdef"))


def test_rows_that_name_nobody_are_refused():
    with pytest.raises(DefaultModeError, match="E411"):
        Cohort(
            np.zeros((3, 1)), balanced(3), np.array([0, 1, 1]), np.zeros(3, int), np.zeros((3, 0))
        )


# --- models --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "p", "share"), [(60, 10, 0.5), (40, 90, 0.5), (70, 30, 0.2)])
def test_logistic_ridge_is_scikit_learns(n, p, share):
    rng = np.random.default_rng(p)
    features = rng.normal(size=(n, p)) + rng.normal(size=(n, 1))
    outcome = (np.arange(n) < share * n).astype(float)
    slopes, intercepts = logistic_ridge(features, outcome)
    squares = np.linalg.svd(features - features.mean(axis=0), compute_uv=False) ** 2
    for i, penalty in enumerate(penalties(squares, n)):
        oracle = LogisticRegression(
            C=1 / (n * penalty), solver="newton-cholesky", tol=1e-12, max_iter=500
        ).fit(features, outcome)
        assert_allclose(slopes[:, i], oracle.coef_[0], atol=2e-6)
        assert_allclose(intercepts[i], oracle.intercept_[0], atol=2e-5)


def test_linear_ridge_is_scikit_learns():
    rng = np.random.default_rng(1)
    features, outcome = rng.normal(size=(40, 60)), rng.normal(size=40)
    slopes, intercepts = linear_ridge(features, outcome)
    squares = np.linalg.svd(features - features.mean(axis=0), compute_uv=False) ** 2
    for i, penalty in enumerate(penalties(squares, 40)):
        oracle = Ridge(alpha=40 * penalty).fit(features, outcome)
        assert_allclose(slopes[:, i], oracle.coef_, atol=1e-9)
        assert_allclose(intercepts[i], oracle.intercept_, atol=1e-9)


@pytest.mark.parametrize("fit", [logistic_elastic_net, linear_elastic_net])
def test_the_elastic_net_begins_with_nothing_and_finds_the_one_that_counts(fit):
    people = planted(effect=2.0)
    slopes, intercepts = fit(people.features, people.outcome)
    assert_allclose(slopes[:, 0], 0.0, atol=1e-3)
    assert np.argmax(np.abs(slopes[:, 2])) == 0
    assert (slopes[1:, 2] == 0).any()
    assert intercepts.shape == (slopes.shape[1],)


def test_an_unknown_estimator_is_refused():
    with pytest.raises(DefaultModeError, match=r"E410.*forest"):
        find_estimator("forest", "binary")


def test_a_planted_effect_is_found_and_noise_is_not_better_than_the_prevalence():
    people = planted(n=120, effect=1.5)
    splits = splits_of(people, n_repeats=2, rng=np.random.default_rng(3))
    strong = predict_unseen(people, model(6), splits)
    nothing = predict_unseen(people, model(0), splits)
    # a shift of 1.5 SD separates to Φ(1.5/√2) = 0.856
    assert 0.75 < auc(strong).value < 0.92
    assert auc(nothing).value == 0.5
    gain, better = added(strong, nothing)
    assert gain.ci_low > 0
    assert better.ci_high < 0  # Brier score


def test_the_continuous_outcome_has_its_r_squared_out_of_sample():
    rng = np.random.default_rng(4)
    features = rng.normal(size=(150, 5))
    outcome = features[:, 0] + rng.normal(size=150)  # R² = 0.5
    people = cohort(features, outcome, kind="continuous")
    found = predict_unseen(people, model(5, linear_ridge), splits_of(people, n_repeats=2, rng=rng))
    first, second = evaluate(found)
    assert first.ci_low < 0.5 < first.ci_high
    assert second.value < outcome.std()
    wrong = OutOfFold(
        -5 * found.score, found.expected, found.fold, outcome, found.block, "continuous"
    )
    assert r_squared(wrong).value < -1  # however well it correlates


@pytest.mark.parametrize("step", [partial(select_best, count=2), regress_confounds])
def test_a_step_on_some_columns_leaves_the_others(step):
    people = planted()
    apply = only(people, step=step, columns=np.array([0, 2, 3]))
    assert_array_equal(apply(people).features[:, -3:], people.features[:, [1, 4, 5]])


def test_gaps_take_the_median_and_a_column_without_values_is_zero():
    features = np.array([[1.0, np.nan, 5.0], [2.0, np.nan, np.nan], [9.0, np.nan, 7.0]])
    people = cohort(features, np.array([0.0, 1.0, 0.0]))
    gap = cohort(np.full((1, 3), np.nan), np.zeros(1))
    assert_array_equal(impute_median(people)(gap).features, [[2.0, 0.0, 6.0]])


def test_confounds_are_taken_out():
    rng = np.random.default_rng(5)
    confound = rng.normal(size=(50, 1))
    people = Cohort(
        3 + 2 * confound + 0.1 * rng.normal(size=(50, 2)), balanced(50), np.arange(50),
        np.zeros(50, int), confound,
    )  # fmt: skip
    left = regress_confounds(people)(people).features
    assert_allclose(np.corrcoef(left[:, 0], confound[:, 0])[0, 1], 0, atol=1e-9)
    assert_allclose(left.mean(axis=0), 3 + 2 * confound.mean() * 0, atol=0.1)


# --- figures -------------------------------------------------------------------------------------


def test_auc_and_brier_are_scikit_learns():
    rng = np.random.default_rng(6)
    outcome, score = balanced(61), np.round(rng.normal(size=61), 1)
    assert_allclose(auc(seen(score, outcome)).value, roc_auc_score(outcome, score))
    assert_allclose(brier(seen(score, outcome)).value, brier_score_loss(outcome, expit(score)))


def test_auc_of_a_published_table():
    """Computed tomography rated in 109 patients: AUC 0.893 with SE 0.032, Hanley & McNeil (1982)."""
    normal, abnormal = (33, 6, 6, 11, 2), (3, 2, 2, 11, 33)
    score = np.concatenate([np.repeat(np.arange(5), normal), np.repeat(np.arange(5), abnormal)])
    outcome = np.repeat([0.0, 1.0], [58, 51])
    found = auc(seen(score, outcome))
    assert round(found.value, 3) == 0.893
    assert_allclose(found.se, 0.032, atol=0.002)  # theirs is parametric, DeLong's is not


def test_the_standard_error_is_delongs():
    """By his structural components, written out."""
    rng = np.random.default_rng(11)
    score, outcome = rng.normal(size=50) + balanced(50), balanced(50)
    wins = score[outcome == 1][:, None] > score[outcome == 0]
    variance = wins.mean(axis=1).var(ddof=1) / 25 + wins.mean(axis=0).var(ddof=1) / 25
    assert_allclose(auc(seen(score, outcome)).se, np.sqrt(variance))
    fold = np.arange(50) // 2 % 5
    folded = auc(seen(score, outcome, fold=fold))
    assert folded.se > 1.3 * np.sqrt(variance)


def test_pairs_of_two_folds_or_two_sites_are_not_compared():
    score, outcome = np.array([5.0, 4.0, 1.0, 0.0]), np.array([0.0, 1.0, 0.0, 1.0])
    fold = np.array([0, 0, 1, 1])
    assert auc(seen(score, outcome, fold=fold)).value == 0.0
    assert auc(seen(score, outcome)).value == 0.25
    apart = seen(score, outcome, block=fold)
    assert auc(apart).value == 0.0
    assert auc(apart, within_sites=False).value == 0.25
    alone = seen(score, outcome, fold=np.arange(4))
    assert estimate(auc(alone), 4).reason


def test_a_difference_of_a_model_with_itself_is_nothing():
    rng = np.random.default_rng(7)
    one = auc(seen(rng.normal(size=40), balanced(40), fold=np.arange(40) // 2 % 2))
    same = difference(one, one, 40)
    assert (same.value, same.p) == (0.0, 1.0)


def test_perfect_scores_keep_an_interval():
    found = estimate(auc(seen(balanced(20), balanced(20), fold=np.arange(20) // 2 % 2)), 20)
    assert found.value == 1.0
    assert_allclose(found.ci_low, 0.025 ** (1 / 10))  # ten independent pairs
    few = (np.arange(20) < 4).astype(float)
    assert_allclose(estimate(auc(seen(few, few)), 20).ci_low, 0.025 ** (1 / 4))


def test_true_probabilities_are_calibrated_and_overconfident_ones_are_not():
    rng = np.random.default_rng(8)
    logit = rng.normal(size=3000)
    outcome = (rng.random(3000) < expit(logit)).astype(float)
    fold = np.arange(3000) % 5
    slope, large = calibration(seen(logit, outcome, fold=fold))
    assert slope.ci_low < 1 < slope.ci_high
    assert large.ci_low < 0 < large.ci_high
    assert calibration_error(seen(logit, outcome)).value < 0.03
    sure = seen(3 * logit, outcome, fold=fold)
    assert_allclose(calibration(sure)[0].value, slope.value / 3, rtol=1e-6)
    assert calibration_error(sure).value > 0.1


def test_repeats_do_not_make_the_calibration_surer():
    rng = np.random.default_rng(9)
    logit, outcome, fold = rng.normal(size=80), balanced(80), np.arange(80) % 5
    once = calibration(seen(logit, outcome, fold=fold))[0]
    thrice = calibration(seen([logit] * 3, outcome, fold=[fold] * 3))[0]
    assert_allclose(thrice.value, once.value)
    assert_allclose(thrice.se, once.se, rtol=0.02)


def test_calibration_of_what_has_none_says_why():
    same = seen(np.zeros(20), balanced(20), fold=np.arange(20) % 5)
    assert "the same" in calibration(same)[0].reason
    perfect = seen(20 * balanced(20) - 10, balanced(20), fold=np.arange(20) % 5)
    assert "without an error" in calibration(perfect)[0].reason


def test_bins_are_of_ten_or_more():
    rng = np.random.default_rng(10)
    bins = calibration_bins(seen(rng.normal(size=47), balanced(47)[::-1]))
    assert sum(b.n for b in bins) == 47
    assert min(b.n for b in bins) >= 10
    assert all(b.ci_low <= b.observed <= b.ci_high for b in bins)


def test_net_benefit_by_hand():
    """Of ten, four with the outcome; at 20 % eight are called, all four among them."""
    outcome = np.array([1.0] * 4 + [0.0] * 6)
    score = np.array([2.0] * 8 + [-3.0] * 2)
    point = next(b for b in decision_curve(seen(score, outcome)) if b.threshold == 0.2)
    assert_allclose(point.model, 4 / 10 - 4 / 10 * 0.25)
    assert_allclose(point.treat_all, 4 / 10 - 6 / 10 * 0.25)
    assert point.treat_none == 0.0


def test_exact_limits_of_a_small_biomarker_study():
    """8 of 9 and 6 of 6 (Nakamura 2021): SCIENCE.md §6 gives .52–.997 and .54–1.0."""
    assert_allclose(exact_interval(8, 9), (0.5175, 0.9972), atol=5e-5)
    assert_allclose(exact_interval(6, 6), (0.5407, 1.0), atol=5e-5)
    assert exact_interval(0, 6)[0] == 0.0


def test_predictive_values_by_bayes():
    positive, negative = predictive_values((80, 90), (100, 100), base_rate=0.4)
    assert_allclose(positive.value, 0.8 * 0.4 / (0.8 * 0.4 + 0.1 * 0.6))
    assert_allclose(negative.value, 0.9 * 0.6 / (0.9 * 0.6 + 0.2 * 0.4))
    assert positive.ci_low < positive.value < positive.ci_high
    nobody = predictive_values((0, 100), (100, 100), base_rate=0.4)
    assert nobody[0].reason == "nobody is called so"


def test_sample_sizes_of_the_brief():
    """SCIENCE.md §6: 850, 425, 549 for the shrinkage, 385 for the intercept."""
    assert [size_for_shrinkage(*a) for a in ((10, 0.10), (5, 0.10), (10, 0.15))] == [850, 425, 549]
    assert size_for_intercept(0.5) == 385
    size = sample_size(100, 60, prevalence=0.5)
    assert size.needed > 4000
    assert "100 participants for 60" in size.sentence
    assert sample_size(100, 5, prevalence=None).for_intercept == 239


# --- null, learning, reporting -------------------------------------------------------------------


def test_labels_change_hands_within_a_site_only():
    site = np.arange(80) % 3
    people = planted(site=site)
    mixed = permute(people, np.random.default_rng(0))
    assert (mixed.outcome != people.outcome).any()
    for s in range(3):
        assert mixed.outcome[site == s].sum() == people.outcome[site == s].sum()


def test_p_counts_the_observed_one_and_ties():
    assert permutation_p(0.7, [0.5, 0.7, 0.6]) == 2 / 4
    assert permutation_p(0.9, [0.5] * 99) == 1 / 100
    assert np.isnan(permutation_p(np.nan, [0.5]))


def test_a_learning_curve_rises_where_there_is_something_to_learn():
    people = planted(n=100, effect=1.5)
    points = learning_curve(people, model(6), rng=np.random.default_rng(0))
    assert [p.n for p in points] == [40, 60, 80, 100]
    assert points[-1].value > 0.75
    small = planted(n=30)
    assert [p.n for p in learning_curve(small, model(6), rng=np.random.default_rng(0))] == [24, 30]


def test_the_reporting_table_has_27_items_and_says_what_is_left():
    rows = tripod_rows({"aim": "development"})
    assert [r[0] for r in rows] == [str(i) for i in range(1, 28)]
    known = {r[0]: r[3] for r in rows}
    assert known["4"] == "development"
    assert known["17"].startswith("author must write: committee")
    assert known["9"] == "author must write"


def test_every_source_is_in_the_list_of_references():
    for key in (*CITES, *(k for e in ESTIMATORS for k in e.cites)):
        assert reference(key).key == key
