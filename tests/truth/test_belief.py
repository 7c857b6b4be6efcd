"""Belief in twins: planted individual differences are found, and none are found where none are."""

from dataclasses import replace
from itertools import permutations
from math import sqrt

import numpy as np
import pytest

from defaultmode.core.missing import Missing
from defaultmode.fitting.belief import Agreement, Belief, agreement, believable, correlation
from defaultmode.fitting.identification import identification
from defaultmode.fitting.priors import group_samples, standard_deviations, steps
from defaultmode.fitting.shrinkage import shrunk
from defaultmode.fitting.target import Target
from defaultmode.simulation.twin_space import BLOCKS

N_REGIONS = 20


def some_target(rng: np.random.Generator, spread: float = 1.0, samples: float = 100.0) -> Target:
    z, lagged = spread * rng.standard_normal((2, N_REGIONS, N_REGIONS))
    logs = spread * rng.standard_normal(N_REGIONS)
    z = np.triu(z, 1) + np.triu(z, 1).T
    return Target(
        z=z,
        log_variance=logs - logs.mean(),
        lagged=(lagged - lagged.T) / 2.0,
        global_share=spread * float(rng.standard_normal()),
        lag_s=2.0,
        samples=samples,
    )


def summed(one: Target, other: Target) -> Target:
    nothing = replace(
        one, z=0 * one.z, log_variance=0 * one.log_variance, lagged=0 * one.lagged, global_share=0.0
    )
    return one.moved(other, nothing)


def of_r(r: float | Missing) -> Agreement:
    return Agreement(r, 0.1, 0.5, 0.5, 0.0)


def belief_with(**r: float | Missing) -> Belief:
    plain = {
        "fitted": 0.9,
        "held_out": 0.7,
        "ceiling": 0.64,
        "other_run": Missing("there is no other run", "E515"),
        "group_average": 0.5,
        "structure_only": 0.3,
    }
    seen = {name: of_r(value) for name, value in (plain | r).items()}
    return Belief(**(seen | {"other_run": plain["other_run"]}))


def test_agreement_of_a_target_with_itself_and_with_its_opposite() -> None:
    rng = np.random.default_rng(1)
    target = some_target(rng)
    same = agreement(target, target)
    assert same.mean_absolute_error == same.global_share_difference == 0.0
    assert (same.r, same.lagged_r, same.log_variance_r) == pytest.approx((1.0, 1.0, 1.0), abs=1e-12)
    turned = replace(target, z=-target.z, lagged=-target.lagged, log_variance=-target.log_variance)
    other = agreement(turned, target)
    assert (other.r, other.lagged_r, other.log_variance_r) == pytest.approx((-1, -1, -1), abs=1e-12)
    above = np.triu_indices(N_REGIONS, 1)
    assert other.mean_absolute_error == pytest.approx(2 * np.abs(np.tanh(target.z[above])).mean())


def test_agreement_counts_every_pair_once_and_no_region_with_itself() -> None:
    rng = np.random.default_rng(2)
    one, other = some_target(rng), some_target(rng)
    above = np.triu_indices(N_REGIONS, 1)
    found = agreement(one, other)
    by_numpy = np.corrcoef(np.tanh(one.z)[above], np.tanh(other.z)[above])[0, 1]
    assert found.r == pytest.approx(by_numpy, abs=1e-12)
    assert found.lagged_r == pytest.approx(
        np.corrcoef(one.lagged[above], other.lagged[above])[0, 1], abs=1e-12
    )
    assert found.global_share_difference == one.global_share - other.global_share


def test_a_model_without_lags_has_no_lagged_correlation() -> None:
    rng = np.random.default_rng(3)
    target = some_target(rng)
    found = agreement(replace(target, lagged=np.zeros_like(target.lagged)), target)
    assert isinstance(found.lagged_r, Missing)
    assert found.lagged_r.code == "E515"
    assert isinstance(correlation(np.full(30, 0.1), rng.standard_normal(30)), Missing)
    assert isinstance(correlation(np.array([1.0, 2.0]), np.array([1.0, 2.0])), Missing)


def test_the_noiseless_ceiling_is_what_a_perfect_model_reaches() -> None:
    rng = np.random.default_rng(4)
    truth, first, second = rng.standard_normal((3, 200_000))
    first, second = truth + 0.7 * first, truth + 0.7 * second
    ceiling = float(np.corrcoef(first, second)[0, 1])
    found = belief_with(ceiling=ceiling)
    # error of a correlation over 200,000 values: about .001
    assert found.noiseless_ceiling_r == pytest.approx(np.corrcoef(truth, second)[0, 1], abs=0.005)
    assert found.noiseless_ceiling_r == sqrt(ceiling)
    assert found.whole_run_reliability == pytest.approx(1 / (1 + 0.7**2 / 2), abs=0.005)
    assert isinstance(belief_with(ceiling=-0.1).noiseless_ceiling_r, Missing)
    assert isinstance(belief_with(ceiling=-0.1).whole_run_reliability, Missing)


def test_the_table_of_belief_names_every_number() -> None:
    columns = belief_with().columns()
    assert columns["held_out_r"] == 0.7
    assert columns["ceiling_mean_absolute_error"] == 0.1
    assert columns["other_run_lagged_r"] == Missing("there is no other run", "E515")
    assert columns["noiseless_ceiling_r"] == pytest.approx(0.8)
    assert len(columns) == 6 * 5 + 2


def test_a_good_twin_is_used_and_personal() -> None:
    found = believable(belief_with(), -2.5)
    assert found.failed is None
    assert found.personal is True


@pytest.mark.parametrize(
    ("changed", "growth_per_s", "why"),
    [
        ({}, 0.4, "no stable rest"),
        ({}, float("nan"), "no stable rest"),
        ({}, Missing("E504: none found", "E515"), "E504"),
        ({"structure_only": 0.7}, -2.5, "structure alone"),
        ({"held_out": Missing("it does not vary", "E515")}, -2.5, "does not vary"),
    ],
)
def test_a_twin_that_fails_says_why(changed, growth_per_s, why) -> None:
    found = believable(belief_with(**changed), growth_per_s)
    assert isinstance(found.failed, Missing)
    assert found.failed.code == "E515"
    assert why in found.failed.reason
    assert found.personal is False


def test_a_twin_no_better_than_the_average_is_not_personal_and_has_not_failed() -> None:
    found = believable(belief_with(group_average=0.7), -2.5)
    assert found.failed is None
    assert found.personal is False
    alone = Missing("there is no other participant", "E515")
    assert believable(belief_with(group_average=alone), -2.5).personal == alone


def likeness_of(rng: np.random.Generator, *, people: int, individual: float) -> np.ndarray:
    """Twins of `people` that share a group, each with as much of their own, seen through noise."""
    pairs = N_REGIONS * (N_REGIONS - 1) // 2
    own = rng.standard_normal(pairs) + individual * rng.standard_normal((people, pairs))
    twins, halves = own + 0.3 * rng.standard_normal((2, people, pairs))
    return np.corrcoef(twins, halves)[:people, people:]


def test_planted_individual_differences_are_found() -> None:
    found = identification(likeness_of(np.random.default_rng(5), people=7, individual=0.3))
    assert (found.n, found.accuracy, found.chance) == (7, 1.0, 1 / 7)
    # every twin chose its own half, and each half was chosen once: one way in 7!
    assert found.p == pytest.approx(1 / 5040, rel=1e-12)
    assert found.differential_identifiability > 5.0


def test_without_individual_differences_one_in_n_is_recognised_and_p_keeps_its_level() -> None:
    rng = np.random.default_rng(6)
    found = [identification(likeness_of(rng, people=5, individual=0.0)) for _ in range(1000)]
    # four standard errors of a mean over 1,000 groups of five
    accuracy = np.array([f.accuracy for f in found])
    assert abs(accuracy.mean() - 0.2) < 4 * accuracy.std() / sqrt(1000)
    assert np.mean([f.p <= 0.05 for f in found]) <= 0.05 + 4 * sqrt(0.05 * 0.95 / 1000)
    differential = np.array([f.differential_identifiability for f in found])
    assert abs(differential.mean()) < 4 * differential.std() / sqrt(1000)


@pytest.mark.parametrize("seed", range(8))
def test_p_is_the_share_of_all_permutations(seed: int) -> None:
    likeness = np.round(np.random.default_rng(seed).random((5, 5)), 1)  # rounded: ties occur
    best = likeness.max(axis=1)
    chosen = [set(np.flatnonzero(row == top)) for row, top in zip(likeness, best, strict=True)]
    chosen = [next(iter(c)) if len(c) == 1 else None for c in chosen]
    right = sum(c == i for i, c in enumerate(chosen))
    as_many = [
        sum(c == half for c, half in zip(chosen, order, strict=True)) >= right
        for order in permutations(range(5))
    ]
    found = identification(likeness)
    assert found.accuracy == right / 5
    assert found.p == pytest.approx(np.mean(as_many), abs=1e-15)


def test_twins_that_all_favour_one_half_recognise_one_person_by_chance() -> None:
    likeness = np.zeros((6, 6))
    likeness[:, 2] = 1.0
    assert identification(likeness).p == 1.0
    assert identification(likeness).accuracy == pytest.approx(1 / 6)


def test_nobody_is_recognised_among_nobody() -> None:
    found = identification(np.ones((1, 1)))
    assert isinstance(found, Missing)
    assert found.code == "E515"


def test_shrunk_is_the_mean_of_what_is_known() -> None:
    """Of people drawn around a group, as the formula assumes, no other weight comes nearer."""
    rng = np.random.default_rng(7)
    group, spread, samples = some_target(rng), 0.2, 50.0
    best = 1.0 / spread**2
    errors = {best: 0.0, best / 3: 0.0, best * 3: 0.0, 0.0: 0.0}
    for _ in range(40):
        person = summed(group, some_target(rng, spread))
        seen = summed(person, some_target(rng, 1.0 / sqrt(samples), samples))
        seen = replace(seen, samples=samples)
        for weight in errors:
            found = shrunk(seen, group, group_samples=weight)
            errors[weight] += float(((found.z - person.z) ** 2).sum())
    assert min(errors, key=errors.get) == best


def test_shrunk_by_nothing_is_the_same_and_a_part_of_the_group_serves_a_part() -> None:
    rng = np.random.default_rng(8)
    own, group = some_target(rng), some_target(rng)
    same = shrunk(own, group, group_samples=0.0)
    np.testing.assert_array_equal(same.z, own.z)
    half = shrunk(own, group, group_samples=own.samples)
    np.testing.assert_allclose(half.lagged, (own.lagged + group.lagged) / 2, atol=1e-15)
    assert half.samples == 2 * own.samples
    some = np.array([4, 2, 9])
    pairs = np.ix_(some, some)
    logs = own.log_variance[some]
    part = replace(own, z=own.z[pairs], lagged=own.lagged[pairs], log_variance=logs - logs.mean())
    found = shrunk(part, group, group_samples=30.0, regions=some)
    whole = shrunk(own, group, group_samples=30.0)
    np.testing.assert_allclose(found.z, whole.z[pairs], atol=1e-15)
    apart = whole.log_variance[some] - whole.log_variance[some].mean()
    np.testing.assert_allclose(found.log_variance, apart, atol=1e-15)


def test_the_chosen_priors_are_of_blocks_that_a_twin_has() -> None:
    assert set(standard_deviations()) <= set(BLOCKS)
    assert all(0.0 < sd < 10.0 for sd in standard_deviations().values())
    assert 10 <= steps() <= 500
    assert group_samples() >= 0.0
    standard_deviations().clear()
    assert standard_deviations()
