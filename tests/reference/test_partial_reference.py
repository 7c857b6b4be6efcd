"""Partial and within-person correlations against R's printed output."""

import numpy as np
import statsmodels.api as sm
from numpy.testing import assert_allclose

from defaultmode.statistics.partial import (
    partial_correlation,
    repeated_measures_correlation,
    semi_partial_correlation,
)

# Example data of the R package ppcor (Kim 2015).
HL = [7, 15, 19, 15, 21, 22, 57, 15, 20, 18]
DISP = [0.0, 0.964, 0.0, 0.0, 0.921, 0.0, 0.0, 1.006, 0.0, 1.011]
DEG = [9, 2, 3, 4, 1, 3, 1, 3, 6, 1]
BC = [1.78e-2, 1.05e-6, 1.37e-5, 7.18e-3, 0, 0, 0, 4.48e-3, 2.10e-6, 0]

# Bland & Altman (1995), table 1: intramural pH and PaCO2 of eight people.
SUBJECT = np.repeat(np.arange(1, 9), [4, 4, 9, 5, 8, 6, 3, 8])
PH = [
    6.68, 6.53, 6.43, 6.33, 6.85, 7.06, 7.13, 7.17, 7.4, 7.42, 7.41, 7.37, 7.34, 7.35, 7.28, 7.3,
    7.34, 7.36, 7.33, 7.29, 7.3, 7.35, 7.35, 7.3, 7.3, 7.37, 7.27, 7.28, 7.32, 7.32, 7.38, 7.3,
    7.29, 7.33, 7.31, 7.33, 6.86, 6.94, 6.92, 7.19, 7.29, 7.21, 7.25, 7.2, 7.19, 6.77, 6.82,
]  # fmt: skip
PACO2 = [
    3.97, 4.12, 4.09, 3.97, 5.27, 5.37, 5.41, 5.44, 5.67, 3.64, 4.32, 4.73, 4.96, 5.04, 5.22, 4.82,
    5.07, 5.67, 5.1, 5.53, 4.75, 5.51, 4.28, 4.44, 4.32, 3.23, 4.46, 4.72, 4.75, 4.99, 4.78, 4.73,
    5.12, 4.93, 5.03, 4.93, 6.85, 6.44, 6.52, 5.28, 4.56, 4.34, 4.32, 4.41, 3.69, 6.09, 5.58,
]  # fmt: skip


def test_partial_correlation_agrees_with_ppcor() -> None:
    # ppcor::pcor.test(hl, disp, [deg, BC]) prints −0.6720863, p 0.06789202; hl with deg given disp
    # and BC is −0.6161163, p 0.10383620.
    found = partial_correlation(HL, DISP, np.column_stack([DEG, BC]))
    assert_allclose([found.value, found.p], [-0.6720863, 0.06789202], atol=5e-8)
    other = partial_correlation(HL, DEG, np.column_stack([DISP, BC]))
    assert_allclose([other.value, other.p], [-0.6161163, 0.10383620], atol=5e-8)


def test_repeated_measures_correlation_agrees_with_rmcorr() -> None:
    # Bakdash & Marusich (2017) and pingouin.rm_corr: r = −0.50677, 38 degrees of freedom,
    # p = 0.000847, 95 % interval −0.71 to −0.23.
    found = repeated_measures_correlation(PACO2, PH, SUBJECT)
    assert_allclose([found.value, found.p], [-0.50677, 0.000847], atol=5e-6)
    assert_allclose([found.ci_low, found.ci_high], [-0.71, -0.23], atol=5e-3)
    assert (found.df, found.n) == (38, 8)


def test_test_and_share_agree_with_regression() -> None:
    # The square of a semi-partial correlation is what a predictor adds to R², and both correlations
    # are tested by the t of its coefficient.
    rng = np.random.default_rng(9)
    others = rng.normal(size=(40, 3))
    x = others @ [0.5, 0.2, 0.0] + rng.normal(size=40)
    y = 0.4 * x + others @ [0.0, 0.3, 0.3] + rng.normal(size=40)
    full = sm.OLS(y, sm.add_constant(np.column_stack([x, others]))).fit()
    less = sm.OLS(y, sm.add_constant(others)).fit()
    semi, partial = semi_partial_correlation(y, x, others), partial_correlation(y, x, others)
    assert_allclose(semi.value**2, full.rsquared - less.rsquared, rtol=1e-10)
    assert_allclose([semi.p, partial.p], full.pvalues[1], rtol=1e-9)
    assert abs(semi.value) < abs(partial.value)
