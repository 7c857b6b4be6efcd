"""Mediation against R's and statsmodels' numbers and against closed forms."""

import math

import numpy as np
import statsmodels.api as sm
from numpy.testing import assert_allclose
from statsmodels.stats.mediation import Mediation as TheirMediation

from defaultmode.statistics.mediation import mediation
from defaultmode.statistics.mediation_sensitivity import e_value, mediation_sensitivity

# Simulated teaching data of the University of Virginia (Ford 2016, "Introduction to mediation
# analysis"), as shipped with pingouin: one digit per person, "a" is ten.
X = (
    "67784495846896635446698465766756444775556466668584"
    "77956056a46847774466745475858864765689893787658725"
)
M = (
    "55743470736466247348586357346856344641344235564363"
    "66473492a36835556544652365526752766386875683724424"
)
Y = (
    "654857847443a6435446764478445797666760475243474345"
    "576746a28659353547545334a4647741856359886546521515"
)


def digits(text: str) -> np.ndarray:
    return np.array([int(c, 16) for c in text], dtype=float)


def test_paths_agree_with_r_and_pingouin() -> None:
    # pingouin.mediation_analysis prints M ~ X 0.561015 (se 0.094480), total 0.396126 (p 5.671e-4),
    # direct 0.039604 (p 0.7187), indirect 0.356522, interval 0.219818 to 0.537654 (500 draws); R's
    # mediation prints ACME 0.3565, interval 0.2155 to 0.53.
    rng = np.random.default_rng(1)
    found = mediation(digits(X), digits(M), digits(Y), rng=rng)
    assert_allclose([found.a.value, found.a.se], [0.561015, 0.094480], atol=5e-7)
    assert_allclose([found.total.value, found.total.p], [0.396126, 5.671e-4], atol=5e-7)
    assert_allclose([found.direct.value, found.direct.p], [0.039604, 0.7187429], atol=5e-7)
    one = found.indirect.estimate
    assert_allclose(one.raw, 0.356522, atol=5e-7)
    unit = digits(Y).std(ddof=1)
    printed = [0.2198, 0.5377]  # an end of 500 draws has a Monte Carlo error of about 0.01
    assert_allclose([one.ci_low * unit, one.ci_high * unit], printed, atol=0.03)
    assert_allclose(found.indirect.monte_carlo, printed, atol=0.05)


def test_product_is_the_average_causal_effect_of_statsmodels() -> None:
    # Without interaction ACME = a·b (Imai, Keele & Tingley 2010); theirs comes by simulation.
    rng = np.random.default_rng(2)
    n = 300
    arm, age = np.repeat([0.0, 1.0], n // 2), rng.normal(size=n)
    m = 0.5 * arm + 0.3 * age + rng.normal(size=n)
    y = 0.4 * m + 0.2 * arm - 0.2 * age + rng.normal(size=n)
    design = np.column_stack([np.ones(n), arm, m, age])
    theirs = TheirMediation(
        sm.OLS(y, design), sm.OLS(m, design[:, [0, 1, 3]]), [1, 1], mediator=2
    ).fit(method="parametric", n_rep=300, rng=np.random.default_rng(3))
    acme = theirs.summary().loc["ACME (average)"]
    found = mediation(arm, m, y, covariates=age, rng=rng)
    one, unit = found.indirect.estimate, y.std(ddof=1)
    error = one.se * unit / math.sqrt(300)  # of the mean of their draws
    assert_allclose(one.raw, acme["Estimate"], atol=4 * error)
    ends = [acme["Lower CI bound"], acme["Upper CI bound"]]
    assert_allclose([one.ci_low * unit, one.ci_high * unit], ends, atol=0.6 * one.se * unit)


def test_sensitivity_recovers_an_effect_of_known_confounding() -> None:
    # Errors of mediator and outcome correlated by 0.5, no effect of the mediator: at rho = 0.5 the
    # mediated effect must vanish, while at rho = 0 it is the product of coefficients.
    rng = np.random.default_rng(6)
    n = 200_000
    arm = np.repeat([0.0, 1.0], n // 2)
    shared = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], n)
    m, y = 0.5 * arm + shared[:, 0], 0.3 * arm + shared[:, 1]
    found = mediation_sensitivity(arm, m, y)
    assert_allclose(found.rho, 0.5, atol=4 / math.sqrt(n))
    design = np.column_stack([np.ones(n), arm, m])
    b = np.linalg.lstsq(design, y, rcond=None)[0][2]
    assert_allclose(found.acme(0.0), found.a * b, rtol=1e-10)
    assert_allclose(found.acme(found.rho), 0, atol=1e-12)


def test_e_values_of_vanderweele_and_ding() -> None:
    # VanderWeele & Ding (2017): risk ratio 3.9 (1.8 to 8.7) needs 7.26, its limit 3.0; 0.80 (0.71 to
    # 0.91) needs 1.81 and 1.43.
    first = e_value(*(math.log(r) / 0.91 for r in (3.9, 1.8, 8.7)))
    assert_allclose([first.point, first.limit], [7.26, 3.0], atol=5e-3)
    second = e_value(*(math.log(r) / 0.91 for r in (0.80, 0.71, 0.91)))
    assert_allclose([second.point, second.limit], [1.81, 1.43], atol=5e-3)
    assert e_value(0.2, -0.1, 0.5).limit == 1
