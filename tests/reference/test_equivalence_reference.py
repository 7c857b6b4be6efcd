"""Equivalence tests and Bayes factors against published examples, statsmodels and quadrature."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import integrate, stats
from statsmodels.stats.weightstats import ttost_ind, ttost_paired

from defaultmode.core.result import Estimate
from defaultmode.statistics.bayes_factor import bayes_factor, log_factor
from defaultmode.statistics.equivalence import equivalence, two_one_sided
from defaultmode.statistics.linear import GROUPS, PAIRED, coefficient
from defaultmode.statistics.sampling import Sampling

NOTHING = np.empty((0, 0))


def test_lakens_2017_moery_and_calin_jageman() -> None:
    # Lakens (2017), and the example of TOSTtwo.raw in TOSTER: bounds d = ±0.43, equal variances,
    # n = 95 and 89, means 5.25 and 5.22, deviations 0.95 and 0.83: t(182) = −2.69, p = .004.
    pooled = math.sqrt((94 * 0.95**2 + 88 * 0.83**2) / 182)
    law = Sampling("t", 0.03, pooled * math.sqrt(1 / 95 + 1 / 89), 182)
    bound = 0.43 * pooled
    found = two_one_sided(law, (-bound, bound))
    assert_allclose((0.03 - bound) / law.unit, -2.69, atol=5e-3)
    assert_allclose(found.p, 0.004, atol=5e-4)
    assert found.inside


def test_t_law_agrees_with_statsmodels() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.normal(0.1, 1, 40), rng.normal(0, 1, 40)
    change = a - b
    paired = two_one_sided(Sampling("t", change.mean(), stats.sem(change), 39), (-0.5, 0.4))
    p, lower, upper = ttost_paired(a, b, -0.5, 0.4)
    assert_allclose([paired.p, paired.p_lower, paired.p_upper], [p, lower[1], upper[1]], rtol=1e-10)
    unit = math.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 40)
    groups = two_one_sided(Sampling("t", a.mean() - b.mean(), unit, 78), (-0.5, 0.4))
    assert_allclose(groups.p, ttost_ind(a, b, -0.5, 0.4)[0], rtol=1e-10)


def test_noncentral_t_reads_the_estimate_of_a_linear_model() -> None:
    rng = np.random.default_rng(5)
    y = rng.normal(0.1, 1, 60)
    d_z = coefficient(y, np.ones(60), NOTHING, kind=PAIRED)
    t = stats.ttest_1samp(y, 0).statistic
    found = equivalence(d_z, 0.4)
    assert_allclose(found.p_upper, stats.nct.cdf(t, 59, 0.4 * math.sqrt(60)), rtol=1e-9)
    assert_allclose(found.p_lower, stats.nct.sf(t, 59, -0.4 * math.sqrt(60)), rtol=1e-9)
    arm, age = np.repeat([0.0, 1.0], 30), rng.normal(size=60)
    g = coefficient(y, arm, age[:, None], kind=GROUPS)
    t = np.sign(g.value) * stats.t.isf(g.p / 2, g.df)  # what the model itself tests
    unit = g.raw / (t * _deviation_within(y, arm))
    assert_allclose(equivalence(g, 0.5).p_upper, stats.nct.cdf(t, g.df, 0.5 / unit), rtol=1e-6)


def _deviation_within(y: np.ndarray, arm: np.ndarray) -> float:
    """An effect between groups is in standard deviations of people within them."""
    return float(np.sqrt((y[arm == 0].var(ddof=1) + y[arm == 1].var(ddof=1)) / 2))


def test_correlations_are_tested_in_fisher_z() -> None:
    # TOSTER's TOSTr: z = (atanh r − atanh bound)·√(n − 3), both sides.
    found = equivalence(Estimate("Pearson r", value=0.02, se=1 / math.sqrt(97), n=100), 0.3)
    z = (np.arctanh(0.02) - np.arctanh([-0.3, 0.3])) * math.sqrt(97)
    assert_allclose([found.p_lower, found.p_upper], [stats.norm.sf(z[0]), stats.norm.cdf(z[1])])
    assert found.inside


@pytest.mark.parametrize(("mean", "se", "prior_sd", "factor"), [
    (5.5, 32.35, 13.3, 0.97), (0.63, 0.43, 2.69, 0.83),
])  # fmt: skip
def test_dienes_calculator(mean: float, se: float, prior_sd: float, factor: float) -> None:
    # Examples of Dienes' calculator with a half-normal, as printed to two digits in the tests of the
    # R package bayesplay (test-basic_calculations.R).
    found = bayes_factor(Estimate("other", value=mean, se=se), prior_sd, direction="increase")
    assert_allclose(found.value, factor, atol=5e-3)


@pytest.mark.parametrize("observed", [-0.6, 0.3, 1.1])
@pytest.mark.parametrize("df", [2.0, 40.0])
@pytest.mark.parametrize(("sd", "sign"), [(0.2, 1), (0.7, -1), (1.0, 0)])
def test_factors_agree_with_quadrature(observed: float, df: float, sd: float, sign: int) -> None:
    unit = 0.25
    laws = {
        "t": lambda true: stats.t.pdf((observed - true) / unit, df),
        "noncentral t": lambda true: stats.nct.pdf(observed / unit, df, true / unit),
    }
    bounds = {1: (0, 9 * sd), -1: (-9 * sd, 0), 0: (-9 * sd, 9 * sd)}[sign]
    for name, likelihood in laws.items():
        marginal = integrate.quad(
            lambda x, f=likelihood: f(x) * stats.norm.pdf(x, 0, sd), *bounds, epsrel=1e-9
        )[0] * (2 if sign else 1)
        expected = math.log(marginal / stats.t.pdf(observed / unit, df))
        found = log_factor(Sampling(name, observed, unit, df), sd, sign)
        assert_allclose(found, expected, atol=1e-6)
