"""Mediation where the paths are planted, where there are none, and where it must not be asked."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.statistics.mediation import mediation, serial_mediation
from defaultmode.statistics.mediation_sensitivity import e_value
from defaultmode.statistics.mediation_within import crossover_mediation, multilevel_mediation
from defaultmode.statistics.partial import (
    partial_correlation,
    repeated_measures_correlation,
    within_dose_correlation,
)

ARM = np.repeat([0.0, 1.0], 100)


def trial(rng, a=0.6, b=0.5, direct=0.3, n=200):
    arm = np.repeat([0.0, 1.0], n // 2)
    m = a * arm + rng.normal(size=n)
    return arm, m, b * m + direct * arm + rng.normal(size=n)


def test_planted_paths_are_found_and_add_up() -> None:
    rng = np.random.default_rng(1)
    arm, m, y = trial(rng, n=4000)
    found = mediation(arm, m, y, rng=rng, draws=1000)
    assert_allclose([found.a.value, found.b.value, found.direct.value], [0.6, 0.5, 0.3], atol=0.12)
    assert_allclose(found.total.value, found.direct.value + found.indirect.estimate.raw, rtol=1e-9)
    assert_allclose(found.proportion[0], 0.5, atol=0.1)
    # Large samples: bootstrap, bias-corrected and normal intervals are one.
    unit = y.std(ddof=1)
    percentile = [
        v * unit for v in (found.indirect.estimate.ci_low, found.indirect.estimate.ci_high)
    ]
    width = percentile[1] - percentile[0]
    for other in (found.indirect.bias_corrected, found.indirect.monte_carlo):
        assert_allclose(other, percentile, atol=0.12 * width)


def test_same_stream_same_numbers_and_other_units_same_effect() -> None:
    arm, m, y = trial(np.random.default_rng(2))
    one, two = (mediation(arm, m, y, rng=np.random.default_rng(5), draws=300) for _ in "ab")
    assert one.indirect == two.indirect
    scaled = mediation(
        arm, 1e6 * m + 3, 1e-3 * y - 7, rng=np.random.default_rng(5), draws=300
    ).indirect
    assert_allclose(scaled.estimate.ci_low, one.indirect.estimate.ci_low, rtol=1e-6)
    assert_allclose(scaled.estimate.raw, 1e-3 * one.indirect.estimate.raw, rtol=1e-6)


def test_no_share_of_an_unclear_or_opposed_total() -> None:
    rng = np.random.default_rng(3)
    arm, m, y = trial(rng, direct=-0.3)
    unclear = mediation(arm, m, y, rng=rng, draws=200).proportion
    assert isinstance(unclear, Missing)
    assert "no meaning" in unclear.reason
    arm, m, y = trial(rng, b=-0.5, direct=1.5)
    opposed = mediation(arm, m, y, rng=rng, draws=200).proportion
    assert isinstance(opposed, Missing)
    assert "against the total" in opposed.reason


def test_mediators_in_a_row() -> None:
    rng = np.random.default_rng(4)
    n = 4000
    arm = np.repeat([0.0, 1.0], n // 2)
    first = 0.5 * arm + rng.normal(size=n)
    second = 0.6 * first + 0.2 * arm + rng.normal(size=n)
    y = 0.4 * second + 0.1 * first + 0.3 * arm + rng.normal(size=n)
    found = serial_mediation(arm, (first, second), y, rng=rng, draws=500)
    ways = (found.through_first, found.through_second, found.through_both)
    raw = [way.estimate.raw for way in ways]
    assert_allclose(raw, [0.05, 0.08, 0.12], atol=0.05)
    assert_allclose(sum(raw) + found.direct.value, found.total.value, rtol=1e-9)
    alone = mediation(arm, first, y, rng=rng, draws=200)
    assert_allclose(alone.indirect.estimate.raw, raw[0] + raw[2], rtol=1e-9)


def test_mediation_is_conservative_where_both_paths_are_absent() -> None:
    # With neither path the product's tests reject far below 5 %, with one strong path near 5 %: that
    # is the nature of a product. The joint p is never liberal, the interval hardly.
    rejected = {}
    for name, paths in {"neither": (0.0, 0.0), "one": (1.0, 0.0)}.items():
        rng = np.random.default_rng(11)
        tests = [
            mediation(*trial(rng, *paths, n=80), rng=rng, draws=300).indirect.estimate
            for _ in range(250)
        ]
        outside = np.mean([one.ci_low > 0 or one.ci_high < 0 for one in tests])
        rejected[name] = (outside, np.mean([one.p < 0.05 for one in tests]))
    assert max(rejected["neither"]) < 0.02
    assert max(rejected["one"]) < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 250)


def test_crossover_recovers_the_paths_beyond_what_persons_bring() -> None:
    # The person's own level drives mediator and outcome alike: between persons that would pass for
    # a path, within persons it cancels.
    rng = np.random.default_rng(6)
    n = 3000
    person = rng.normal(size=n)
    m = person + rng.normal(size=(2, n)) + np.array([[0.5], [0.0]])
    y = 0.4 * m + 2 * person + rng.normal(size=(2, n)) + np.array([[0.2], [0.0]])
    order = np.tile([-0.5, 0.5], n // 2)
    found = crossover_mediation(tuple(m), tuple(y), covariates=order, rng=rng, draws=500)
    assert_allclose([found.a.value, found.b.value, found.direct.value], [0.5, 0.4, 0.2], atol=0.1)
    whole = found.direct.value + found.indirect.estimate.raw
    assert_allclose(whole, found.total.value, rtol=1e-9)
    without = crossover_mediation(tuple(m), tuple(y), rng=rng, draws=200)
    assert_allclose(without.a.value, (m[0] - m[1]).mean(), rtol=1e-12)
    whole = without.direct.value + without.indirect.estimate.raw
    assert_allclose(whole, (y[0] - y[1]).mean(), rtol=1e-9)


def test_multilevel_mean_effect_holds_the_covariance_of_paths() -> None:
    # E[a_j·b_j] = 0.5·0.4 + 0.05; the product of means alone would miss the covariance.
    estimates, covers = [], 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        n, k = 60, 6
        paths = rng.multivariate_normal([0.5, 0.4], [[0.1, 0.05], [0.05, 0.1]], n)
        x = np.tile([0.0, 1.0], (n, k // 2))
        m = paths[:, :1] * x + rng.normal(size=(n, 1)) + rng.normal(size=(n, k))
        y = paths[:, 1:] * m + 0.2 * x + 2 * rng.normal(size=(n, 1)) + rng.normal(size=(n, k))
        person = np.repeat(np.arange(n), k)
        found = multilevel_mediation(person, x.ravel(), m.ravel(), y.ravel(), rng=rng, draws=300)
        one = found.indirect.estimate
        estimates.append(one.raw)
        covers += one.ci_low < 0.25 * one.value / one.raw < one.ci_high
        assert_allclose(found.a * found.b + found.covariance, one.raw, rtol=1e-12)
    assert abs(np.mean(estimates) - 0.25) < 4 * np.std(estimates) / math.sqrt(40)
    assert covers >= 33


def code(ask, *args, **named) -> str:
    with pytest.raises(DefaultModeError) as caught:
        ask(*args, rng=np.random.default_rng(0), **named)
    return caught.value.code


def test_concentration_is_not_held_fixed_between_arms() -> None:
    rng = np.random.default_rng(7)
    arm, m, y = trial(rng)
    plasma = np.where(arm == 1, rng.uniform(80, 200, 200), 0.0)
    unmeasured = np.where(arm == 1, plasma, math.nan)
    for concentration in (plasma, unmeasured):
        covariates = np.column_stack([rng.normal(size=200), concentration])
        assert code(mediation, arm, m, y, covariates=covariates) == "E425"
        assert code(serial_mediation, arm, (m, y + m), y, covariates=covariates) == "E425"
    ratings = rng.integers(0, 4, 200).astype(float)
    mediation(arm, m, y, covariates=ratings, rng=rng, draws=50)  # zero for some in both arms


def test_columns_that_cannot_carry_a_mediation() -> None:
    rng = np.random.default_rng(8)
    arm, m, y = trial(rng)
    assert code(mediation, arm, np.ones(200), y) == "E437"
    assert code(mediation, np.ones(200), m, y) == "E437"
    assert code(mediation, arm, m, y, covariates=np.full(200, 3.0)) == "E437"
    assert code(mediation, arm, 2 * arm + 1, y) == "E437"
    assert code(mediation, arm, m, y, covariates=np.column_stack([y - m, y, m])) == "E437"
    assert code(mediation, arm[96:104], m[96:104], y[96:104]) == "E439"
    assert code(mediation, arm[:104], m[:104], y[:104]) == "E439"
    pair = (m[:100], m[100:])
    assert code(crossover_mediation, (m, m - 1), (y, y)) == "E437"
    assert code(crossover_mediation, (m[:5], y[:5]), (y[:5], m[:5])) == "E439"
    assert code(crossover_mediation, pair, (m[:100], m[100:]), covariates=np.ones(100)) == "E437"
    who, x = np.repeat(np.arange(100), 2), np.tile([0, 1], 100)
    assert code(multilevel_mediation, who, x, m, y) == "E439"  # two sessions each


def test_correlation_within_doses_and_persons_is_not_that_of_the_dose() -> None:
    rng = np.random.default_rng(9)
    dose = np.repeat([0.0, 0.1, 0.5], 100)
    x, y = 4 * dose + rng.normal(size=300), 4 * dose + rng.normal(size=300)
    assert partial_correlation(y, x).ci_low > 0.2
    found = within_dose_correlation(y, x, dose)
    assert found.ci_low < 0 < found.ci_high
    assert found.df == 300 - 2 - 2
    person = np.repeat(np.arange(60), 5)
    level = np.repeat(3 * rng.normal(size=60), 5)
    x, y = level + rng.normal(size=300), level + rng.normal(size=300)
    assert partial_correlation(y, x).ci_low > 0.5
    within = repeated_measures_correlation(y, x, person)
    assert within.ci_low < 0 < within.ci_high
    assert (within.df, within.n) == (300 - 60 - 1, 60)


def test_correlations_that_cannot_be_had() -> None:
    rng = np.random.default_rng(10)
    x, y = rng.normal(size=(2, 20))
    asks = {
        "E439": [lambda: partial_correlation(y[:4], x[:4], y[:4] ** 2),
                 lambda: repeated_measures_correlation(y, x, np.arange(20))],
        "E437": [lambda: partial_correlation(y, np.ones(20)),
                 lambda: partial_correlation(y, x, np.column_stack([y, x])),
                 lambda: partial_correlation(y, x, np.ones(20)),
                 lambda: repeated_measures_correlation(y, np.repeat(x[:10], 2), np.repeat(range(10), 2))],
        "E411": [lambda: e_value(0.3, 0.4, 0.5)],
    }  # fmt: skip
    for expected, asked in asks.items():
        for ask in asked:
            with pytest.raises(DefaultModeError) as caught:
                ask()
            assert caught.value.code == expected
