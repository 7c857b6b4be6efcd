"""Power, assurance and the odds of verdicts against brute force, and what must hold of them."""

import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.statistics.attenuation import (
    attenuated_correlation,
    attenuated_difference,
    detectable_change_sd,
    paired_difference,
)
from defaultmode.statistics.comparisons import (
    correlation,
    paired,
    parallel_change,
    prediction,
    two_groups,
)
from defaultmode.statistics.effects import hedges_g, noncentrality_interval
from defaultmode.statistics.mediation_power import DRAWS, mediation_needed, mediation_power
from defaultmode.statistics.power import (
    assurance,
    detectable,
    equivalence_power,
    needed,
    normal_effects,
    odds,
    power,
    tails,
)
from defaultmode.statistics.sample_size import (
    completing,
    enrolled,
    riley_intercept,
    riley_shrinkage,
)

STUDIES = 4000
FOUR_ERRORS = 4 * 0.5 / np.sqrt(STUDIES)  # of a simulated share, at its largest
ALL = [two_groups(), two_groups(2.0), paired(), parallel_change(0.6), correlation(), prediction()]


def ids(comparison):
    return comparison.name


def test_odds_are_the_shares_of_simulated_studies():
    """Groups drawn, compared by `hedges_g`, judged by the ledger's rule."""
    rng = np.random.default_rng(0)
    n, d, smallest = 60, 0.25, 0.5
    found = hedges_g(rng.normal(size=(n, STUDIES)) + d, rng.normal(size=(n, STUDIES)))
    unit, freedom = np.sqrt(2 / n), 2 * n - 2
    j = 1 - 3 / (4 * freedom - 1)
    low, high = noncentrality_interval(
        found.value / j / unit, np.full(STUDIES, freedom), confidence=0.9
    )
    inside = (low * unit > -smallest) & (high * unit < smallest)
    said = odds(two_groups(), d, n, smallest=smallest)
    shares = (
        np.mean(~inside & (found.ci_low > 0)), np.mean(~inside & (found.ci_high < 0)),
        np.mean(inside),
    )  # fmt: skip
    expected = (said.supported, said.contradicted, said.negligible)
    np.testing.assert_allclose(shares, expected, atol=FOUR_ERRORS)
    assert min(shares[0], shares[2]) > 0.1  # so that both parts of the rule are tried


def test_analysis_of_covariance_by_simulation():
    rng = np.random.default_rng(1)
    n, d, r = 30, 0.6, 0.7
    before = rng.normal(size=(STUDIES, 2 * n))
    after = r * before + np.sqrt(1 - r**2) * rng.normal(size=(STUDIES, 2 * n))
    after[:, :n] += d
    arm = np.repeat([1.0, 0.0], n)
    t = np.empty(STUDIES)
    for i in range(STUDIES):
        x = np.column_stack([np.ones(2 * n), arm, before[i]])
        inverse = np.linalg.inv(x.T @ x)
        beta = inverse @ x.T @ after[i]
        rest = after[i] - x @ beta
        t[i] = beta[1] / np.sqrt(inverse[1, 1] * rest @ rest / (2 * n - 3))
    from scipy.stats import t as student

    share = np.mean(np.abs(t) > student.isf(0.025, 2 * n - 3))
    assert share == pytest.approx(float(power(parallel_change(r), d, n)), abs=FOUR_ERRORS + 0.01)


@pytest.mark.parametrize(("paths", "direct"), [((0.25, 0.3), 0.0), ((0.4, 0.25), 0.2)])
def test_mediation_by_simulating_people(paths, direct):
    """What is drawn instead of people gives the power that people give."""
    rng = np.random.default_rng(2)
    n, (a, b) = 100, paths
    x = np.tile([1.0, -1.0], n // 2)
    m = a * x + np.sqrt(1 - a**2) * rng.normal(size=(STUDIES, n))
    rest = np.sqrt(1 - b**2 - direct**2 - 2 * a * b * direct)
    y = b * m + direct * x + rest * rng.normal(size=(STUDIES, n))

    def r(u, v):
        u, v = (w - w.mean(axis=-1, keepdims=True) for w in (u, v))
        return (u * v).sum(axis=-1) / np.sqrt((u**2).sum(axis=-1) * (v**2).sum(axis=-1))

    xm, xy, my = r(x, m), r(x, y), r(m, y)
    partial = (my - xm * xy) / np.sqrt((1 - xm**2) * (1 - xy**2))
    from scipy.stats import t as student

    first = np.abs(xm) * np.sqrt((n - 2) / (1 - xm**2)) > student.isf(0.025, n - 2)
    second = np.abs(partial) * np.sqrt((n - 3) / (1 - partial**2)) > student.isf(0.025, n - 3)
    said = mediation_power(n, paths, rng=rng, direct=direct)
    assert np.mean(first & second) == pytest.approx(said, abs=FOUR_ERRORS)


def test_mediation_is_conservative_without_an_effect_and_found_with_enough_people():
    rng = np.random.default_rng(3)
    assert mediation_power(100, (0.0, 0.0), rng=rng) < 0.05**2 + 4 * np.sqrt(0.0025 / DRAWS)
    n = mediation_needed((0.3, 0.4), rng=rng)
    assert mediation_power(n, (0.3, 0.4), rng=rng) == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("comparison", ALL, ids=ids)
def test_alpha_is_the_power_without_an_effect(comparison):
    assert power(comparison, comparison.none, 40, alpha=0.01) == pytest.approx(0.01, abs=1e-9)


@pytest.mark.parametrize("comparison", ALL, ids=ids)
def test_needed_is_the_smallest(comparison):
    effect = comparison.none + 0.2
    n = needed(comparison, effect)
    assert power(comparison, effect, n) >= 0.8 > power(comparison, effect, n - 1)


@pytest.mark.parametrize("comparison", ALL, ids=ids)
def test_odds_add_up_and_mirror(comparison):
    up = odds(comparison, comparison.none + 0.15, 80, smallest=0.1)
    down = odds(comparison, comparison.none + 0.15, 80, smallest=0.1, sign=-1)
    assert sum((up.supported, up.contradicted, up.negligible, up.inconclusive)) == pytest.approx(1)
    assert (up.supported, up.contradicted) == (down.contradicted, down.supported)


def test_the_larger_the_study_the_surer_the_verdict():
    """A large study calls an absent effect negligible and a real one supported."""
    none = odds(two_groups(), 0.0, 5000, smallest=0.2)
    real = odds(two_groups(), 0.4, 5000, smallest=0.2)
    assert none.negligible > 0.99
    assert real.supported > 0.99
    tiny = odds(two_groups(), 0.1, 5000, smallest=0.2)
    assert tiny.negligible > 0.99  # it is there, and too small to matter
    assert equivalence_power(two_groups(), 0.0, 5000, smallest=0.2) == none.negligible


def test_assurance_is_the_average_power_of_its_direction():
    rng = np.random.default_rng(4)
    effects = normal_effects(0.3, 0.2, two_groups())
    drawn = rng.normal(0.3, 0.2, size=200_000)
    below, said = (assurance(two_groups(), effects, 100, sign=s) for s in (-1, 1))
    assert said == pytest.approx(assurance(two_groups(), drawn, 100), abs=0.004)
    assert below + said == pytest.approx(float(power(two_groups(), effects, 100).mean()))
    assert said < float(power(two_groups(), 0.3, 100))  # doubt costs power above one half
    certain = normal_effects(0.3, 0.0, two_groups())
    one_side = float(tails(two_groups(), 0.3, 100)[1])
    assert assurance(two_groups(), certain, 100) == pytest.approx(one_side, abs=1e-12)


def test_attenuation_of_simulated_measurements():
    rng = np.random.default_rng(5)
    n, icc, other = 400_000, 0.5, 0.8
    x, y = rng.multivariate_normal([0, 0], [[1, 0.3], [0.3, 1]], size=n).T

    def seen(true, reliability):
        return true + np.sqrt(1 / reliability - 1) * rng.normal(size=n)

    r = np.corrcoef(seen(x, icc), seen(y, other))[0, 1]
    assert r == pytest.approx(attenuated_correlation(0.3, icc, other), abs=0.008)
    assert attenuated_correlation(0.3, icc, other) == pytest.approx(0.19, abs=5e-4)  # SCIENCE.md §6
    one, two = seen(x, icc), seen(x, icc) + 0.4
    assert 0.4 / one.std() == pytest.approx(attenuated_difference(0.4, icc), abs=0.005)
    change = two - one
    d = attenuated_difference(0.4, icc)
    assert change.mean() / change.std() == pytest.approx(paired_difference(d, icc), abs=0.008)
    assert detectable_change_sd(icc) == pytest.approx(1.96 * change.std() / one.std(), abs=0.01)


def test_drop_out_is_made_good():
    for n in range(1, 200):
        for dropout in (0.0, 0.1, 0.15, 1 / 3):
            assert completing(enrolled(n, dropout), dropout) >= n
            assert completing(enrolled(n, dropout) - 1, dropout) < n
    assert enrolled(90, 0.1) == 100


REFUSED = {
    "reliability": lambda: attenuated_correlation(0.3, 1.2),
    "no reliability": lambda: detectable_change_sd(0.0),
    "perfect reliability": lambda: paired_difference(0.3, 1.0),
    "dropout": lambda: enrolled(10, 1.0),
    "impossible correlation": lambda: needed(correlation(), 1.0),
    "no effect": lambda: needed(two_groups(), 0.0),
    "tiny effect": lambda: needed(two_groups(), 1e-5),
    "too few": lambda: detectable(correlation(), 3),
    "power": lambda: needed(two_groups(), 0.5, target=1.0),
    "alpha": lambda: power(two_groups(), 0.5, 20, alpha=0.0),
    "smallest": lambda: odds(two_groups(), 0.5, 20, smallest=0.0),
    "ratio": lambda: two_groups(0.0),
    "retest": lambda: parallel_change(1.0),
    "prevalence": lambda: prediction(0.0),
    "share of responders": lambda: riley_intercept(1.0),
    "explained": lambda: riley_shrinkage(10, 0.95),
    "paths": lambda: mediation_power(50, (1.0, 0.3), rng=np.random.default_rng(0)),
    "no path": lambda: mediation_needed((0.0, 0.3), rng=np.random.default_rng(0)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_planned_is_refused(name):
    with pytest.raises(DefaultModeError) as refused:
        REFUSED[name]()
    assert refused.value.code == "E432"
    assert refused.value.detail.endswith(".")
