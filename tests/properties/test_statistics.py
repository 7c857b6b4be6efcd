"""What holds for every pair of samples: signs, scales, order, and intervals around their effects."""

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from defaultmode.statistics import compare, design_of
from defaultmode.statistics.effects import d_z, false_discovery, hedges_g, pearson_r
from made_studies import factor, made, outcome

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3))
SAMPLES = arrays(np.float64, st.integers(3, 20), elements=NUMBERS)
PAIRS = st.integers(4, 20).flatmap(lambda n: arrays(np.float64, (2, n), elements=NUMBERS))
WITHIN = outcome("within").name


def spread(*samples: np.ndarray) -> bool:
    """Far enough from constant that scaling and shifting lose no more than the tolerance."""
    return all(np.std(s) > 1e-4 * (1 + np.abs(s).max()) for s in samples)


@given(SAMPLES, SAMPLES)
def test_swapping_groups_flips_the_effect(a: np.ndarray, b: np.ndarray) -> None:
    one, other = hedges_g(a, b), hedges_g(b, a)
    assert one.reason[0] == other.reason[0]
    assert_allclose(one.value, -other.value, rtol=1e-12)
    # SciPy's two inverses differ in the ninth digit where t is exactly 0.
    assert_allclose(one.ci_low, -other.ci_high, rtol=1e-7)
    assert_allclose(one.p, other.p, rtol=1e-9)


@given(SAMPLES, SAMPLES, st.floats(0.01, 100), st.floats(-100, 100))
def test_effects_have_no_unit(a: np.ndarray, b: np.ndarray, scale: float, shift: float) -> None:
    assume(spread(a, b))
    one, other = hedges_g(a, b), hedges_g(a * scale + shift, b * scale + shift)
    assert_allclose(one.value, other.value, rtol=1e-6, atol=1e-6)
    assert_allclose(one.ci_high, other.ci_high, rtol=1e-5, atol=1e-5)


@given(SAMPLES, SAMPLES)
def test_the_interval_is_around_the_effect(a: np.ndarray, b: np.ndarray) -> None:
    found = hedges_g(a, b)
    if found.reason[0]:
        assert np.isnan(found.value[0])
    else:
        assert found.ci_low[0] < found.value[0] < found.ci_high[0]
        assert 0 <= found.p[0] <= 1


@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_participants_is_irrelevant(pair: np.ndarray, random: object) -> None:
    assume(spread(pair[0] - pair[1], pair[0], pair[1]))
    order = list(range(pair.shape[1]))
    random.shuffle(order)
    for effect in (d_z, pearson_r):
        one, other = effect(*pair), effect(*pair[:, order])
        assert_allclose(one.value, other.value, rtol=1e-7, atol=1e-9)


@given(PAIRS)
def test_a_paired_effect_is_that_of_its_differences(pair: np.ndarray) -> None:
    after, before = pair
    found, alone = d_z(after, before), d_z(after - before, np.zeros_like(after))
    if not (found.reason[0] or alone.reason[0]):
        assert_allclose(found.value, alone.value, rtol=1e-12)
        assert found.ci_low[0] < found.value[0] < found.ci_high[0]


@given(PAIRS)
def test_correlations_stay_between_minus_one_and_one(pair: np.ndarray) -> None:
    found = pearson_r(*pair)
    if not found.reason[0]:
        assert -1 <= found.ci_low[0] <= found.value[0] <= found.ci_high[0] <= 1


@given(arrays(np.float64, st.integers(1, 40), elements=st.floats(0, 1)))
def test_correction_never_lowers_p_nor_changes_its_order(p: np.ndarray) -> None:
    adjusted = false_discovery(p)
    assert (adjusted >= p - 1e-15).all()
    assert (adjusted <= 1).all()
    order = np.argsort(p, kind="stable")
    assert (np.diff(adjusted[order]) >= -1e-15).all()


@st.composite
def studies(draw: st.DrawFn) -> pd.DataFrame:
    """People with a group and any of up to three sessions, values possibly missing or equal."""
    rows = []
    for person in range(draw(st.integers(1, 8))):
        group = draw(st.sampled_from(["HC", "MDD", "n/a", "NA"]))
        for session in draw(
            st.lists(st.sampled_from(["pre", "post", "later"]), unique=True, min_size=1)
        ):
            value = draw(st.one_of(st.just(np.nan), st.integers(-3, 3).map(float)))
            rows.append((f"sub-{person:02d}", f"ses-{session}", group, value))
    return pd.DataFrame(rows, columns=["participant_id", "session_id", "group", WITHIN])


@settings(deadline=None, max_examples=40)
@given(studies())
def test_every_row_has_a_value_or_a_reason(table: pd.DataFrame) -> None:
    study = made(table, factor("group"), outcome("within"))
    design = design_of(study)
    effects = compare(study, design).table
    numbers = effects[["value", "ci_low", "ci_high", "p", "p_fdr"]]
    assert (numbers.notna().all(axis=1) == (effects["reason"] == "")).all()
    assert (numbers.isna().all(axis=1) == (effects["reason"] != "")).all()
    people = table["participant_id"].nunique()
    paired = effects["kind"] == "paired"
    assert (effects.loc[paired, "n"] <= people).all()
    assert (effects.loc[~paired, ["n", "n_reference"]].sum(axis=1) <= people).all()
    assert len(effects) == sum(
        len(g.levels[1:]) * (1 + sum(len(f.levels[1:]) for f in design.within))
        for g in design.between
    ) + sum(len(f.levels) * (len(f.levels) - 1) // 2 for f in design.within) * (
        1 + sum(len(g.levels) for g in design.between)
    )
