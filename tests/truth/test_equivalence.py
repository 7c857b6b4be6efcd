"""Equivalence tests, Bayes factors and pooling where the truth is known."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.result import Estimate
from defaultmode.statistics.bayes_factor import BayesFactor, bayes_factor, log_factor
from defaultmode.statistics.equivalence import equivalence
from defaultmode.statistics.linear import PAIRED, coefficient
from defaultmode.statistics.pooling import (
    error_from_interval,
    leave_one_out,
    one_per_cohort,
    pool,
)
from defaultmode.statistics.sampling import Sampling

R = Estimate("Pearson r", value=0.1, se=1 / math.sqrt(97), n=100)


@pytest.mark.parametrize("smallest", [0.05, 0.2, 0.35, 0.6])
@pytest.mark.parametrize("statistic", ["d_z", "Pearson r", "other"])
def test_inside_means_that_the_interval_lies_between_the_bounds(statistic, smallest) -> None:
    estimate = Estimate(statistic, value=0.1, se=0.11, df=90.0, n=91)
    found = equivalence(estimate, smallest)
    assert found.inside == (-smallest < found.ci_low and found.ci_high < smallest)
    assert found.inside == (found.p < 0.05)


def test_effect_at_the_bound_is_called_negligible_in_one_of_twenty() -> None:
    # 150 people bound ±0.3 tightly enough that the other side never fails: size α exactly.
    rng, trials = np.random.default_rng(8), 800
    ones, nothing = np.ones(150), np.empty((0, 0))
    called = [
        equivalence(coefficient(rng.normal(0.3, 1, 150), ones, nothing, kind=PAIRED), 0.3).inside
        for _ in range(trials)
    ]
    assert abs(np.mean(called) - 0.05) < 3 * math.sqrt(0.05 * 0.95 / trials)


def test_a_small_study_never_shows_equivalence() -> None:
    rng = np.random.default_rng(3)
    few = [
        coefficient(rng.normal(size=9), np.ones(9), np.empty((0, 0)), kind=PAIRED)
        for _ in range(200)
    ]
    assert not any(equivalence(one, 0.2).inside for one in few)


def test_nothing_to_test_keeps_its_reason() -> None:
    missing = Estimate("d_z", reason="2 participants are too few", code="E439")
    for found in (equivalence(missing, 0.2), bayes_factor(missing, 0.2)):
        assert found == Missing("2 participants are too few", "E439")


@pytest.mark.parametrize("size", [0.0, -0.1, math.nan, 1.5])
def test_impossible_bounds_and_priors_are_refused(size) -> None:
    for ask in (equivalence, bayes_factor):
        with pytest.raises(DefaultModeError) as caught:
            ask(R, size)
        assert caught.value.code == "E411"


@pytest.mark.parametrize("law", ["normal", "t", "noncentral t"])
def test_normal_prior_is_half_of_each_side(law) -> None:
    df = math.inf if law == "normal" else 17
    sampling = Sampling(law, 0.3, 0.2, df)
    both, up, down = (math.exp(log_factor(sampling, 0.4, sign)) for sign in (0, 1, -1))
    assert_allclose(both, (up + down) / 2, rtol=1e-10)
    assert up > 1 > down


def test_normal_factor_in_closed_form_and_beyond_every_float() -> None:
    law = Sampling("normal", 0.3, 0.2, math.inf)
    expected = stats.norm.pdf(0.3, 0, math.hypot(0.2, 0.4)) / stats.norm.pdf(0.3, 0, 0.2)
    assert_allclose(math.exp(log_factor(law, 0.4, 0)), expected, rtol=1e-12)
    huge = bayes_factor(Estimate("other", value=60.0, se=1.0), 10.0, direction="increase")
    assert huge.value == math.inf
    # 60²/2·(100/101)/ln 10 + log10(2/√101)
    assert_allclose(huge.log10, 773.29, atol=5e-3)
    # A t with many degrees of freedom is that normal: they differ by O(1/df).
    t = log_factor(Sampling("t", 0.3, 0.2, 1e6), 0.4, 0)
    assert_allclose(t, math.log(expected), atol=1e-5)


def test_average_factor_under_the_null_is_one() -> None:
    # The expectation of a Bayes factor under the null is 1, for any prior: here by quadrature in t.
    df, unit = 12, 0.3
    t = np.linspace(-40, 40, 1001)
    factors = [
        math.exp(log_factor(Sampling("noncentral t", x * unit, unit, df), 0.5, 1)) for x in t
    ]
    assert_allclose(np.trapezoid(factors * stats.t.pdf(t, df), t), 1, atol=2e-3)


@pytest.mark.parametrize(("factor", "words"), [
    (2.0, "anecdotal evidence for the effect"), (3.1, "moderate evidence for the effect"),
    (1 / 12, "strong evidence for the null"), (45.0, "very strong evidence for the effect"),
    (1e-200, "extreme evidence for the null"),
])  # fmt: skip
def test_words(factor, words) -> None:
    assert BayesFactor(math.log10(factor), "").strength == words


def test_direction_decides() -> None:
    up, down = (bayes_factor(R, 0.2, direction=d) for d in ("increase", "decrease"))
    assert up.value > 0.5 > down.value
    flipped = Estimate("Pearson r", value=-0.1, se=R.se, n=100)
    assert_allclose(bayes_factor(flipped, 0.2, direction="decrease").log10, up.log10, rtol=1e-12)


def test_equal_cohorts_have_no_variance_between_them() -> None:
    found = pool([0.2, 0.2, 0.2], [0.1, 0.1, 0.1])
    assert found.tau2 == 0
    assert found.i2 == 0
    assert_allclose([found.estimate.value, found.estimate.se], [0.2, 0.1 / math.sqrt(3)])
    assert isinstance(pool([0.2, 0.3], [0.1, 0.1]).prediction, Missing)


def test_scales_of_pooling() -> None:
    r, n = np.array([0.1, 0.3, 0.5]), np.array([40, 60, 80])
    found = pool(r, 1 / np.sqrt(n - 3), scale="Fisher z")
    again = pool(np.arctanh(r), 1 / np.sqrt(n - 3))
    assert_allclose(found.estimate.ci_high, math.tanh(again.estimate.ci_high))
    assert_allclose(found.prediction, np.tanh(again.prediction))
    assert_allclose(error_from_interval(0.1, 0.5) * 2 * 1.959964, 0.4, rtol=1e-6)
    assert_allclose(error_from_interval(0.5, 2, scale="log"), math.log(4) / 3.919928, rtol=1e-6)


def test_leaving_one_out() -> None:
    y, se = [0.1, 0.5, 0.9, 0.2], [0.1, 0.2, 0.1, 0.3]
    found = leave_one_out(y, se)
    assert len(found) == 4
    assert found[1].estimate == pool([0.1, 0.9, 0.2], [0.1, 0.1, 0.3]).estimate


def test_one_estimate_for_each_cohort() -> None:
    places = one_per_cohort(["a", "b", "a", "c", "b"], [0.3, 0.2, 0.1, 0.5, 0.2])
    assert places.tolist() == [1, 2, 3]


def test_intervals_cover_the_mean_and_a_further_cohort() -> None:
    # Eight cohorts whose true effects vary as much as their errors. The interval of the mean holds
    # 95 %; that of a ninth cohort's true effect about 89 %, as Partlett & Riley (2017) found for few
    # cohorts: its docstring says so, and nothing hides it.
    rng, trials, k = np.random.default_rng(12), 1000, 8
    mean, further = 0, 0
    for _ in range(trials):
        y = rng.normal(0.3, 0.2, k) + rng.normal(0, 0.2, k)
        found = pool(y, np.full(k, 0.2))
        mean += found.estimate.ci_low < 0.3 < found.estimate.ci_high
        further += found.prediction[0] < rng.normal(0.3, 0.2) < found.prediction[1]
    error = math.sqrt(0.05 * 0.95 / trials)
    assert mean / trials > 0.95 - 3 * error
    assert 0.86 < further / trials < 0.93


@pytest.mark.parametrize(("values", "errors", "scale"), [
    ([0.2], [0.1], "as it is"), ([0.2, 0.3], [0.1, 0.0], "as it is"),
    ([0.2, math.nan], [0.1, 0.1], "as it is"), ([-1.0, 2.0], [0.1, 0.1], "log"),
    ([0.2, 1.0], [0.1, 0.1], "Fisher z"),
])  # fmt: skip
def test_what_cannot_be_pooled_is_refused(values, errors, scale) -> None:
    with pytest.raises(DefaultModeError) as caught:
        pool(values, errors, scale=scale)
    assert caught.value.code == "E426"
