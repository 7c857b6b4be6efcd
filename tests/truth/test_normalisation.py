"""Normalisation against patients whose true change is known."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from defaultmode.statistics.normalisation import (
    expected_distance,
    normalisation,
    patients_reliability,
    regression_to_mean,
)

ICC, SD, PATIENTS, HEALTHY = 0.55, 0.1, 0.50, 0.40


def people(rng, n, mean, shift=0.0):
    """Two scans of each person, (2, n), with reliability ICC; the second moved by `shift`."""
    true = rng.normal(mean, SD * math.sqrt(ICC), n)
    scans = true + rng.normal(0, SD * math.sqrt(1 - ICC), (2, n))
    return scans + np.array([[0.0], [shift]])


def test_regression_is_towards_the_patients_and_not_the_controls() -> None:
    # SCIENCE.md §12.2: untreated patients do not move as a group; the formula with the controls'
    # mean would predict (1 − 0.55)·(0.50 − 0.40) = 0.045 towards them.
    rng = np.random.default_rng(1)
    pre, post = people(rng, 40_000, PATIENTS)
    error = SD * math.sqrt(2 * (1 - ICC) / 40_000)
    assert abs((pre - post).mean()) < 4 * error
    own = -regression_to_mean(pre, mean=pre.mean(), reliability=ICC)
    healthy = -regression_to_mean(pre, mean=HEALTHY, reliability=ICC)
    assert_allclose(own.mean(), 0, atol=1e-12)
    assert_allclose(healthy.mean(), 0.045, atol=1e-3)
    # Among the more extreme half regression is real, and the patients' mean predicts it.
    half = pre > PATIENTS
    assert_allclose((pre - post)[half].mean(), own[half].mean(), atol=1e-3)
    assert own[half].mean() > 0.03


def test_expected_distance_is_that_of_untreated_patients() -> None:
    rng = np.random.default_rng(2)
    pre, post = people(rng, 40_000, PATIENTS)
    known = {"mean": PATIENTS, "sd": SD, "reliability": ICC, "target": HEALTHY}
    for some in (pre > 0.6, pre < 0.42, pre > 0):
        found = expected_distance(pre[some], **known).mean()
        distance = np.abs(post[some] - HEALTHY)
        assert_allclose(found, distance.mean(), atol=4 * distance.std() / math.sqrt(some.sum()))
    certain = expected_distance(pre, **(known | {"reliability": 1.0}))
    assert_allclose(certain, np.abs(pre - HEALTHY), atol=1e-12)


def test_reliability_among_patients_from_a_retest_of_controls() -> None:
    rng = np.random.default_rng(3)
    narrow = rng.normal(HEALTHY, 0.01, 5000) + rng.normal(0, SD * math.sqrt(1 - ICC), (2, 5000))
    patients = people(rng, 5000, PATIENTS)[0]
    assert_allclose(patients_reliability(patients, narrow.T), ICC, atol=0.02)
    assert math.isnan(patients_reliability(patients, narrow.T[:2]))


@pytest.mark.parametrize("shift", [0.0, -0.05])
def test_arms_and_retest_find_the_planted_movement(shift) -> None:
    rng = np.random.default_rng(4)
    n = 400
    treated, untreated = people(rng, n, PATIENTS, shift), people(rng, n, PATIENTS)
    controls = people(rng, n, HEALTHY)
    by_arm = normalisation(*treated, controls[0], untreated=tuple(untreated))
    by_retest = normalisation(*treated, controls[0], retest=controls.T)
    for found in (by_arm.ancova, by_arm.distance, by_retest.distance):
        assert found.ci_low < (0 if shift == 0 else found.value) < found.ci_high
        assert (found.ci_low > 0) == (shift < 0)
    assert_allclose(by_arm.ancova.raw, -shift, atol=0.02)
    assert_allclose(by_retest.reliability, ICC, atol=0.1)
    assert by_arm.ancova.n == by_arm.ancova.n_reference == n


def test_direction_follows_the_controls() -> None:
    rng = np.random.default_rng(5)
    treated, untreated = people(rng, 100, HEALTHY, 0.05), people(rng, 100, HEALTHY)
    controls = people(rng, 100, PATIENTS)[0]
    found = normalisation(*treated, controls, untreated=tuple(untreated))
    mirrored = normalisation(*-treated, -controls, untreated=tuple(-untreated))
    assert found.ancova.value > 0
    assert found.distance.value > 0
    assert_allclose(mirrored.ancova.value, found.ancova.value, rtol=1e-9)
    assert_allclose(mirrored.distance.value, found.distance.value, rtol=1e-9)


def test_a_subgroup_of_extremes_is_not_taken_for_an_effect() -> None:
    # The more extreme half of untreated patients comes 0.03 nearer; without the retest that would
    # look like treatment. 150 small studies: not more false findings than 5 %.
    rng, trials, found = np.random.default_rng(6), 150, 0
    for _ in range(trials):
        pre, post = people(rng, 40, PATIENTS)
        controls = people(rng, 30, HEALTHY)
        members = pre > np.median(pre)
        one = normalisation(pre, post, controls[0], retest=controls.T, members=members)
        found += one.distance.p < 0.05
    assert found / trials < 0.05 + 3 * math.sqrt(0.05 * 0.95 / trials)


def test_what_cannot_be_told_is_said() -> None:
    rng = np.random.default_rng(7)
    treated, controls = people(rng, 30, PATIENTS), people(rng, 30, HEALTHY)[0]
    alone = normalisation(*treated, controls)
    assert alone.ancova.code == alone.distance.code == "E427"
    assert "retest" in alone.distance.reason
    chosen = normalisation(
        *treated, controls, untreated=tuple(treated), members=treated[0] > PATIENTS
    )
    assert chosen.distance.code == "E427"
    few = normalisation(treated[0][:2], treated[1][:2], controls)
    assert few.distance.code == "E439"
    thin = normalisation(*treated, controls, untreated=(treated[0][:2], treated[1][:2]))
    assert thin.ancova.code == thin.distance.code == "E439"
    noise = np.array([[0.0, 9.0]] * 30)  # no reliability: everybody is expected at the mean
    flat = normalisation(treated[0], np.full(30, 0.5), controls, retest=noise)
    assert flat.distance.code == "E437"
    same = normalisation(*people(rng, 30, HEALTHY), controls)
    assert "not clear what there is to normalise" in same.notes[0]
    assert not alone.notes


def test_missing_values_are_left_out_of_both_scans() -> None:
    rng = np.random.default_rng(8)
    (pre, post), (a, b) = people(rng, 30, PATIENTS), people(rng, 30, PATIENTS)
    controls = people(rng, 30, HEALTHY)[0]
    holes = post.copy()
    holes[3] = math.nan
    found = normalisation(pre, holes, controls, untreated=(a, b))
    kept = np.arange(30) != 3
    expected = normalisation(pre[kept], post[kept], controls, untreated=(a, b))
    assert found.ancova == expected.ancova
