"""Effects against published numbers and against SciPy and statsmodels on the same data."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import integrate, optimize, special, stats

from defaultmode.statistics.effects import (
    d_z,
    false_discovery,
    hedges_g,
    noncentrality_interval,
    pearson_r,
    small_sample_correction,
    spearman_rho,
)

# Cushny & Peebles (1905), R's data set `sleep`: extra hours of sleep of ten people on two drugs.
SLEEP_1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SLEEP_2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]

# Henderson & Velleman (1981), R's data set `mtcars`: weight (1000 lb) by transmission.
MANUAL = [2.62, 2.875, 2.32, 2.2, 1.615, 1.835, 1.935, 2.14, 1.513, 3.17, 2.77, 3.57, 2.78]
AUTOMATIC = [
    3.215, 3.44, 3.46, 3.57, 3.19, 3.15, 3.44, 3.44, 4.07, 3.73, 3.78, 5.25, 5.424, 5.345, 2.465,
    3.52, 3.435, 3.84, 3.845,
]  # fmt: skip


def test_t_tests_agree_with_r() -> None:
    # R 4, the examples of ?t.test: t.test(extra ~ group, sleep) gives t = -1.8608, df = 17.776,
    # p-value = 0.07939; with(…, paired = TRUE) t = -4.0621, df = 9, p-value = 0.002833.
    assert_allclose(hedges_g(SLEEP_1, SLEEP_2).p, 0.07939, atol=5e-6)
    paired = d_z(SLEEP_1, SLEEP_2)
    assert_allclose(paired.p, 0.002833, atol=5e-7)
    assert_allclose(paired.value * np.sqrt(10), -4.0621, atol=5e-5)
    assert_allclose(paired.difference, -1.58, atol=1e-12)


def test_hedges_g_agrees_with_effectsize() -> None:
    # R package effectsize (easystats), tests/testthat/test-standardized_differences.R:
    # cohens_d(wt ~ am, data = mtcars, pooled_sd = TRUE) gives 1.892, interval 1.030 to 2.732, and
    # hedges_g(wt ~ am, data = mtcars) gives 1.844. (Its interval of g is that of d times J; ours
    # is that of the population effect: docs/decisions/0006-comparisons.md.)
    found = hedges_g(AUTOMATIC, MANUAL)
    assert_allclose(found.value, 1.844, atol=1e-3)
    assert_allclose(found.value / small_sample_correction(30), 1.892, atol=1e-3)
    assert_allclose([found.ci_low[0], found.ci_high[0]], [1.030, 2.732], atol=1e-3)


def test_interval_agrees_with_mbess() -> None:
    # R package MBESS (Kelley 2007): MBESS::ci.smd(smd = 0.3062566, n.1 = 50, n.2 = 26) prints
    # Lower.Conf.Limit.smd -0.1712149, Upper.Conf.Limit.smd 0.7816834.
    unit = np.sqrt(1 / 50 + 1 / 26)
    low, high = noncentrality_interval(0.3062566 / unit, 74)
    assert_allclose([low * unit, high * unit], [-0.1712149, 0.7816834], atol=2e-7)


def test_correction_agrees_with_tables_of_the_gamma_function() -> None:
    # Closed forms from Γ(1/2) = √π, Γ(3/2) = √π/2 and Γ(1) = 1 (Hedges 1981, eq. 6e).
    assert_allclose(small_sample_correction(2), 1 / np.sqrt(np.pi), rtol=1e-14)
    assert_allclose(small_sample_correction(3), np.sqrt(np.pi / 6), rtol=1e-14)


def cumulative(t: float, df: int, shift: float) -> float:
    """P(T ≤ t) of the noncentral t by quadrature over its chi denominator."""
    root = np.sqrt(df)

    def integrand(u: float) -> float:
        return float(special.ndtr(t * u / root - shift) * stats.chi.pdf(u, df))

    return integrate.quad(integrand, max(0.0, root - 12), root + 12, epsabs=1e-13, limit=400)[0]


@pytest.mark.parametrize("df", [2, 8, 95])
@pytest.mark.parametrize("t", [0.0, 0.7, 2.6, 9.0])
def test_noncentrality_limits_agree_with_quadrature(t: float, df: int) -> None:
    limits = noncentrality_interval(t, df)
    for limit, tail in zip(limits, (0.975, 0.025), strict=True):
        expected = optimize.brentq(lambda s, p=tail: cumulative(t, df, s) - p, -6 - t, 6 + 3 * t)
        # SciPy's inverse is good to some 1e-6 of the limit.
        assert_allclose(limit, expected, atol=5e-6 * (1 + abs(expected)))


def test_tests_agree_with_scipy_column_by_column() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.4, 2, (14, 5)), rng.normal(size=(9, 5))
    assert_allclose(hedges_g(a, b).p, stats.ttest_ind(a, b, equal_var=False).pvalue, rtol=1e-12)
    assert_allclose(d_z(a[:9], b).p, stats.ttest_rel(a[:9], b).pvalue, rtol=1e-12)
    found = pearson_r(a[:9], b)
    for i in range(5):
        expected = stats.pearsonr(a[:9, i], b[:, i])
        interval = expected.confidence_interval(0.95)
        got = (found.value[i], found.p[i], found.ci_low[i], found.ci_high[i])
        assert_allclose(got, (*expected, interval.low, interval.high), rtol=1e-9)
        rho = stats.spearmanr(a[:9, i], b[:, i]).statistic
        assert_allclose(spearman_rho(a[:9, i], b[:, i]), rho, rtol=1e-12)


def test_tests_agree_with_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests
    from statsmodels.stats.weightstats import DescrStatsW, ttest_ind

    rng = np.random.default_rng(2)
    a, b = rng.normal(0.4, 2, 14), rng.normal(size=14)
    assert_allclose(hedges_g(a, b[:9]).p, ttest_ind(a, b[:9], usevar="unequal")[1], rtol=1e-10)
    assert_allclose(d_z(a, b).p, DescrStatsW(a - b).ttest_mean(0)[1], rtol=1e-10)
    p = rng.uniform(size=40) ** 2
    assert_allclose(false_discovery(p), multipletests(p, method="fdr_bh")[1], rtol=1e-12)
