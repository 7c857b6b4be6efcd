"""What holds of equivalence tests, Bayes factors, pooling and mediation for any numbers."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from defaultmode.core.result import Estimate
from defaultmode.statistics.bayes_factor import bayes_factor
from defaultmode.statistics.equivalence import equivalence
from defaultmode.statistics.mediation import mediation
from defaultmode.statistics.partial import partial_correlation, repeated_measures_correlation
from defaultmode.statistics.pooling import pool

EFFECTS = st.floats(-0.9, 0.9)
STATISTICS = st.sampled_from(["d_z", "Hedges g", "Pearson r", "other"])
FREEDOM = st.sampled_from([4.0, 19.0, 150.0, math.nan])


def estimate(statistic: str, value: float, df: float) -> Estimate:
    spread = 0.0 if math.isnan(df) else value**2 / (2 * df)
    return Estimate(statistic, value=value, se=math.sqrt(0.2**2 + spread), df=df, n=30)


@given(STATISTICS, EFFECTS, FREEDOM, st.floats(0.05, 0.8))
@settings(max_examples=60, deadline=None)
def test_mirrored_effects_have_mirrored_answers(statistic, value, df, size) -> None:
    one, other = (estimate(statistic, sign * value, df) for sign in (1, -1))
    here, there = equivalence(one, size), equivalence(other, size)
    assert_allclose([here.p_lower, here.ci_low], [there.p_upper, -there.ci_high], atol=1e-7)
    up, down = (
        bayes_factor(e, size, direction=d) for e, d in ((one, "increase"), (other, "decrease"))
    )
    assert_allclose(up.log10, down.log10, atol=1e-9)


@given(STATISTICS, EFFECTS, FREEDOM)
@settings(max_examples=40, deadline=None)
def test_wider_bounds_are_easier_and_no_prior_is_no_evidence(statistic, value, df) -> None:
    one = estimate(statistic, value, df)
    p = [equivalence(one, size).p for size in (0.1, 0.3, 0.6)]
    assert p[0] >= p[1] >= p[2]
    assert_allclose(bayes_factor(one, 1e-9).log10, 0, atol=1e-6)


@given(
    st.lists(st.tuples(st.floats(-2, 2), st.floats(0.05, 1)), min_size=2, max_size=9),
    st.floats(-5, 5),
    st.floats(0.1, 10),
)
@settings(max_examples=60, deadline=None)
def test_pooling_moves_and_scales_with_its_cohorts(cohorts, shift, factor) -> None:
    y, se = np.array(cohorts).T
    found, moved = pool(y, se), pool(factor * y + shift, factor * se)
    # τ² is iterated to 1e-12 of itself, slowly where the likelihood is flat
    assert_allclose(moved.tau2, factor**2 * found.tau2, rtol=1e-4, atol=1e-6 * factor**2)
    assert_allclose(moved.estimate.value, factor * found.estimate.value + shift, atol=1e-4 * factor)
    assert 0 <= found.i2 <= 1
    assert min(y) - 1e-9 <= found.estimate.value <= max(y) + 1e-9
    assert found.tau2 >= 0


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_order_units_and_signs_do_not_matter(seed) -> None:
    rng = np.random.default_rng(seed)
    x, y, z = rng.normal(size=(3, 24))
    arm, order = np.repeat([0.0, 1.0], 12), rng.permutation(24)
    one = mediation(arm, x, y, covariates=z, rng=rng, draws=50)
    other = mediation(
        1 - arm[order], 5 - x[order], y[order], covariates=3 * z[order], rng=rng, draws=50
    )
    assert_allclose(other.a.value, one.a.value, atol=1e-9)
    assert_allclose(other.indirect.estimate.raw, -one.indirect.estimate.raw, atol=1e-9)
    person = np.repeat(np.arange(6), 4)
    for ask, extra in ((partial_correlation, z), (repeated_measures_correlation, person)):
        r = ask(y, x, extra).value
        assert -1 <= r <= 1
        assert_allclose(ask(x, y, extra).value, r, atol=1e-12)
        assert_allclose(ask(-2 * y[order] + 1, x[order], extra[order]).value, -r, atol=1e-9)
