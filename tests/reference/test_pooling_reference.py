"""Pooling against metafor's published output and statsmodels."""

import math

import numpy as np
from numpy.testing import assert_allclose
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from defaultmode.statistics.pooling import pool

# Colditz et al. (1994), 13 trials of BCG vaccination, metafor's dat.bcg: tuberculosis and none in
# the vaccinated, and in the others.
BCG = np.array([
    (4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619),
    (33, 5036, 47, 5761), (180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892),
    (29, 7470, 45, 7232), (17, 1699, 65, 1600), (186, 50448, 141, 27197), (5, 2493, 3, 2338),
    (27, 16886, 29, 17825),
], dtype=float)  # fmt: skip
A, B, C, D = BCG.T
RATIO = (A / (A + B)) / (C / (C + D))
ERROR = np.sqrt(1 / A - 1 / (A + B) + 1 / C - 1 / (C + D))


def test_restricted_likelihood_agrees_with_metafor() -> None:
    # Printed by metafor for rma(yi, vi, data = dat.bcg): tau² 0.3132, I² 92.22 %, Q(12) = 152.2330,
    # estimate −0.7145, se 0.1798, 95 % interval −1.0669 to −0.3622.
    found = pool(np.log(RATIO), ERROR, hartung_knapp=False)
    one = found.estimate
    assert_allclose([found.tau2, found.i2, found.q], [0.3132, 0.9222, 152.2330], atol=5e-5)
    printed = [-0.7145, 0.1798, -1.0669, -0.3622]
    assert_allclose([one.value, one.se, one.ci_low, one.ci_high], printed, atol=5e-5)


def test_dersimonian_laird_agrees_with_metafor() -> None:
    # rma(…, method = "DL"): tau² 0.3088, estimate −0.7141, interval −1.0644 to −0.3638; with
    # test = "knha": se 0.1807, p 0.0019, interval −1.1078 to −0.3204.
    y = np.log(RATIO)
    usual, knapp = (pool(y, ERROR, method="DL", hartung_knapp=h) for h in (False, True))
    one = usual.estimate
    assert_allclose([usual.tau2, one.value], [0.3088, -0.7141], atol=5e-5)
    assert_allclose([one.ci_low, one.ci_high], [-1.0644, -0.3638], atol=5e-5)
    one = knapp.estimate
    printed = [0.1807, 0.0019, -1.1078, -0.3204]
    assert_allclose([one.se, one.p, one.ci_low, one.ci_high], printed, atol=5e-5)


def test_prediction_interval_agrees_with_metafor_but_for_the_quantile() -> None:
    # metafor's predict(…, transf = exp) prints 0.4894 and the prediction interval 0.1546 to 1.5490,
    # with the normal quantile where Higgins et al. (2009) take t with k − 2.
    found = pool(RATIO, ERROR, scale="log", hartung_knapp=False)
    low, high = np.log(found.prediction)
    reach = (high - low) / 2 / stats.t.isf(0.025, 11) * stats.norm.isf(0.025)
    centre = math.log(found.estimate.value)
    assert_allclose(found.estimate.value, 0.4894, atol=5e-5)
    assert_allclose(np.exp([centre - reach, centre + reach]), [0.1546, 1.5490], atol=5e-5)


def test_paule_mandel_agrees_with_statsmodels() -> None:
    y = np.log(RATIO)
    theirs = combine_effects(y, ERROR**2, method_re="iterated", use_t=True, atol=1e-10)
    found = pool(y, ERROR, method="PM")
    assert_allclose(found.tau2, theirs.tau2, rtol=1e-9)
    assert_allclose(found.estimate.value, theirs.mean_effect_re, rtol=1e-9)
    # statsmodels' Hartung–Knapp factor is 1 here to rounding, so that both errors agree.
    assert_allclose(found.estimate.se, theirs.sd_eff_w_re_hksj, rtol=1e-6)
