"""Power and sample sizes against statsmodels, G*Power, PowerTOST and the numbers of the field."""

import numpy as np
import pytest
from statsmodels.stats.power import NormalIndPower, TTestIndPower, TTestPower

from defaultmode.statistics.comparisons import (
    area_error,
    correlation,
    moderation,
    one_group,
    paired,
    parallel_change,
    prediction,
    two_groups,
)
from defaultmode.statistics.power import detectable, needed, power
from defaultmode.statistics.sample_size import riley_intercept, riley_shrinkage

EXACT = 1e-9  # the same noncentral t by another route


@pytest.mark.parametrize("effect", [0.2, 0.5, -0.8])
@pytest.mark.parametrize("n", [5, 20, 200])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_t_tests_are_those_of_statsmodels(effect, n, alpha):
    groups = TTestIndPower().power(effect, n, alpha, ratio=2.0)
    pairs = TTestPower().power(effect, n, alpha)
    assert power(two_groups(2.0), effect, n, alpha=alpha) == pytest.approx(groups, abs=EXACT)
    for comparison in (paired(), one_group()):
        assert power(comparison, effect, n, alpha=alpha) == pytest.approx(pairs, abs=EXACT)


def test_correlation_is_the_normal_test_of_statsmodels_on_z():
    z = NormalIndPower(ddof=3).power(np.arctanh(0.3), 85, 0.05, ratio=0)
    assert power(correlation(), 0.3, 85) == pytest.approx(z, abs=EXACT)


@pytest.mark.parametrize(
    ("d", "n"), [(0.19, 436), (0.25, 253), (0.33, 146), (0.4, 100), (0.5, 64), (0.63, 41)]
)
def test_people_in_each_group(d, n):
    """SCIENCE.md, §6 and §12.12."""
    assert needed(two_groups(), d) == n


def test_gpower():
    """The first example of its reference manual (t tests), and one of Wuensch's tutorial."""
    assert needed(two_groups(), 0.5, target=0.9) == 172 / 2
    assert power(two_groups(), 0.5, 86) == pytest.approx(0.9032, abs=5e-5)
    assert power(one_group(), 1 / 3, 25) == pytest.approx(0.360, abs=5e-4)


@pytest.mark.parametrize(("d_z", "n"), [(0.3, 90), (0.4, 52), (0.5, 34), (0.63, 22)])
def test_pairs(d_z, n):
    assert needed(paired(), d_z) == n


@pytest.mark.parametrize(("r", "n"), [(0.1, 783), (0.15, 347), (0.2, 194), (0.3, 85), (0.35, 62)])
def test_people_for_a_correlation(r, n):
    assert needed(correlation(), r) == n
    assert needed(correlation(), -r) == n


def test_areas_under_the_curve():
    assert area_error(0.7, 30, 30) == pytest.approx(0.068, abs=5e-4)
    assert area_error(0.7, 100, 100) == pytest.approx(0.037, abs=5e-4)
    assert power(prediction(), 0.5, 60) == pytest.approx(0.05, abs=EXACT)


def test_prediction_models():
    """Riley's shrinkage criterion and margin, as SCIENCE.md §6 has them."""
    assert riley_shrinkage(10, 0.10) == 850
    assert riley_shrinkage(5, 0.10) == 425
    assert riley_shrinkage(10, 0.15) == 549
    assert riley_intercept(0.5) == 385


def test_analysis_of_covariance_saves_r_squared_of_the_people():
    """Borm et al. (2007): n is (1 − r²) times that of the t test, and one more at most."""
    for r in (0.3, 0.5, 0.7):
        saved = (1 - r**2) * TTestIndPower().solve_power(0.5, power=0.8, alpha=0.05)
        assert 0 <= needed(parallel_change(r), 0.5) - saved < 2


def test_an_interaction_needs_about_four_times_the_people_of_a_difference():
    """In all, for an interaction as large as the main effect (Brookes et al. 2004)."""
    people = 4 * needed(moderation(), 0.5)
    assert people == pytest.approx(4 * 2 * needed(two_groups(), 0.5), rel=0.01)


@pytest.mark.parametrize("comparison", [two_groups(), paired(), correlation(), prediction()])
def test_the_smallest_detectable_effect_has_that_power(comparison):
    effect = detectable(comparison, 50, target=0.9)
    assert power(comparison, effect, 50) == pytest.approx(0.9, abs=1e-6)
