"""Planted leaks that a careless pipeline scores high on give chance in ours.

Nothing here can be predicted: whatever a pipeline scores above 0.5 it owes to a leak. Ours is a mean
over data sets, held against 0.5 within four standard errors of that mean.
"""

import warnings
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from scipy.stats import kstest
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from defaultmode.prediction import (
    Cohort,
    Model,
    cohort,
    find_estimator,
    harmonise,
    impute_median,
    leading_score,
    null_data_sets,
    predict_unseen,
    regress_confounds,
    select_best,
    splits_of,
    standardise,
)
from defaultmode.prediction.combat import fit_combat
from defaultmode.prediction.steps import fit_steps

SETS = 8
ERRORS = 4.0
FIT = find_estimator("ridge", "binary").fit


def careless(features: np.ndarray, outcome: np.ndarray, seed: int) -> float:
    """Rows dealt into folds whoever they are, scores of everybody pooled."""
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    model = LogisticRegression(C=1.0, max_iter=2000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        probability = cross_val_predict(model, features, outcome, cv=folds, method="predict_proba")[
            :, 1
        ]
    return float(roc_auc_score(outcome, probability))


def ours(people: Cohort, rng: np.random.Generator, steps=(impute_median, standardise)) -> float:
    model = Model("measures", np.arange(people.features.shape[1]), steps, FIT)
    return leading_score(
        predict_unseen(people, model, splits_of(people, n_repeats=1, rng=rng))
    ).value


def centres_on_chance(values: list[float]) -> bool:
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    return bool(abs(np.mean(values) - 0.5) < ERRORS * error)


def site_data(rng, n_sites: int, n: int = 90, p: int = 12):
    """Features that know the site and nothing else; the outcome is frequent at some sites only."""
    site = np.arange(n) % n_sites
    share = np.linspace(0.15, 0.85, n_sites)
    outcome = np.zeros(n)
    for s in range(n_sites):
        members = np.flatnonzero(site == s)
        outcome[members[: round(share[s] * len(members))]] = 1.0
    return rng.normal(size=(n, p)) + 2.0 * rng.normal(size=(n_sites, p))[site], outcome, site


@pytest.mark.parametrize("n_sites", [2, 4])
@pytest.mark.parametrize("combat", [False, True])
def test_a_site_that_goes_with_the_outcome(n_sites, combat):
    rng, found, leaking = np.random.default_rng(n_sites), [], []
    steps = (impute_median, *((harmonise,) if combat else ()), standardise)
    for seed in range(SETS):
        features, outcome, site = site_data(rng, n_sites)
        found.append(ours(cohort(features, outcome, site=site), rng, steps))
        leaking.append(careless(features, outcome, seed))
    assert np.mean(leaking) > 0.7
    assert centres_on_chance(found)


def test_several_runs_of_one_participant():
    rng, found, leaking = np.random.default_rng(0), [], []
    n, runs, p = 40, 4, 40
    for seed in range(SETS):
        outcome = (np.arange(n) % 2).astype(float)
        who = np.repeat(np.arange(n), runs)
        features = 2.0 * rng.normal(size=(n, p))[who] + rng.normal(size=(n * runs, p))
        people = Cohort(
            features, outcome, who, np.zeros(n * runs, dtype=int), np.zeros((n * runs, 0))
        )
        found.append(ours(people, rng))
        leaking.append(careless(features, outcome[who], seed))
    assert np.mean(leaking) > 0.8
    assert centres_on_chance(found)


def test_the_same_rows_entered_twice_as_one_participant():
    rng, found, leaking = np.random.default_rng(1), [], []
    n, p = 40, 60
    for seed in range(SETS):
        outcome, who = (np.arange(n) % 2).astype(float), np.tile(np.arange(n), 2)
        features = rng.normal(size=(n, p))[who]
        people = Cohort(features, outcome, who, np.zeros(2 * n, dtype=int), np.zeros((2 * n, 0)))
        found.append(ours(people, rng))
        leaking.append(careless(features, outcome[who], seed))
    assert np.mean(leaking) > 0.8
    assert centres_on_chance(found)


def test_a_participant_seen_at_two_sites_is_on_one_side_only():
    rng = np.random.default_rng(2)
    n = 60
    who = np.concatenate([np.arange(n), np.arange(0, n, 10)])
    site = np.concatenate([np.arange(n) % 5, (np.arange(0, n, 10) + 1) % 5])
    people = Cohort(
        rng.normal(size=(len(who), 4)), (np.arange(n) // 5 % 2).astype(float), who, site,
        np.zeros((len(who), 0)),
    )  # fmt: skip
    assert people.block.max() + 1 == 4  # sites 0 and 1 are one
    for outer in splits_of(people, n_repeats=1, rng=rng).outer:
        for s in range(5):
            assert len(set(outer[who[site == s]])) == 1


def test_selection_and_scaling_on_everybody_before_the_folds():
    rng, found, leaking = np.random.default_rng(3), [], []
    n, p, kept = 50, 600, 15
    steps = (impute_median, standardise, partial(select_best, count=kept))
    for seed in range(SETS):
        outcome = (np.arange(n) % 2).astype(float)
        features = rng.normal(size=(n, p))
        found.append(ours(cohort(features, outcome), rng, steps))
        best = SelectKBest(f_classif, k=kept).fit_transform(features, outcome)
        leaking.append(careless(best, outcome, seed))
    assert np.mean(leaking) > 0.85
    assert centres_on_chance(found)


def test_combat_that_keeps_the_outcome_on_everybody():
    rng, found, leaking = np.random.default_rng(4), [], []
    for seed in range(SETS):
        features, outcome, site = site_data(rng, 2, n=60, p=100)
        steps = (impute_median, harmonise, standardise)
        found.append(ours(cohort(features, outcome, site=site), rng, steps))
        kept = outcome[:, None]
        leaking.append(
            careless(fit_combat(features, site, kept).apply(features, site, kept), outcome, seed)
        )
    assert np.mean(leaking) > 0.7
    assert centres_on_chance(found)


def test_gaps_filled_with_the_mean_of_their_class():
    rng, found, leaking = np.random.default_rng(5), [], []
    n, p = 50, 40
    for seed in range(SETS):
        outcome = (np.arange(n) % 2).astype(float)
        features = rng.normal(size=(n, p))
        features[rng.random((n, p)) < 0.4] = np.nan
        found.append(ours(cohort(features, outcome), rng))
        filled = features.copy()
        for c in (0, 1):
            part = filled[outcome == c]
            filled[outcome == c] = np.where(np.isnan(part), np.nanmean(part, axis=0), part)
        leaking.append(careless(filled, outcome, seed))
    assert np.mean(leaking) > 0.8
    assert centres_on_chance(found)


def test_every_step_learns_from_the_training_rows_alone():
    """Whatever is done to the rows that are left out, those trained on come out the same."""
    rng = np.random.default_rng(6)
    n = 40
    people = replace(
        cohort(
            rng.normal(size=(n, 5)), (np.arange(n) % 2).astype(float), site=np.arange(n) // 2 % 2
        ),
        confounds=rng.normal(size=(n, 2)),
    )
    train, test = people.of(np.arange(n) < 30), people.of(np.arange(n) >= 30)
    steps = (
        impute_median,
        harmonise,
        regress_confounds,
        standardise,
        partial(select_best, count=2),
    )
    apply = fit_steps(steps, train)[1]
    alone = [apply(test.of(np.arange(10) == i)).features for i in range(10)]
    np.testing.assert_allclose(np.vstack(alone), apply(test).features, rtol=1e-12)
    spoilt = replace(test, outcome=1 - test.outcome)
    np.testing.assert_array_equal(apply(spoilt).features, apply(test).features)


def test_noise_gives_chance_with_honest_intervals_and_uniform_p():
    rng = np.random.default_rng(7)
    found = null_data_sets(60, rng=rng, n=40, n_features=8)
    assert centres_on_chance(list(found.auc))
    # 95 % intervals, 60 sets: four standard errors below
    assert found.covered.mean() > 0.95 - 4 * np.sqrt(0.95 * 0.05 / 60)


def test_permutation_p_is_uniform_on_noise():
    found = null_data_sets(25, rng=np.random.default_rng(8), n=24, n_features=2, n_permutations=4)
    smeared = found.p - np.random.default_rng(9).random(25) / 5  # a discrete p, made continuous
    assert kstest(smeared, "uniform").pvalue > 1e-3
    assert found.p.min() >= 1 / 5
