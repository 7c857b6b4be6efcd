"""Permutation tests: what may change places, closed forms, planted effects, chance."""

from math import comb, factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from defaultmode.core.errors import DefaultModeError
from defaultmode.statistics.exchange import FREE, Exchange, shuffles
from defaultmode.statistics.permutation import design_of, permutation_p

FLIPS = Exchange(flips=True)


def rng(seed=0):
    return np.random.default_rng(seed)


def all_of(design, exchange=FREE):
    design = np.asarray(design, dtype=float)
    return shuffles(design[:, None], exchange, n_permutations=10_000, rng=rng())


def test_every_arrangement_that_differs_comes_once():
    design = [0, 0, 0, 1, 1]
    found = all_of(design)
    assert found.complete
    arranged = found.of(np.array(design, dtype=float))
    assert len(arranged) == comb(5, 2) == len(np.unique(arranged, axis=0))
    assert len(all_of(range(5))) == factorial(5)


def test_rows_stay_in_their_block():
    site = ["a", "a", "a", "b", "b", "b", "b"]
    found = all_of([0, 1, 1, 0, 0, 0, 1], Exchange(within=site))
    assert len(found) == comb(3, 1) * comb(4, 1)
    assert (np.sort(found.order[:, :3]) == [0, 1, 2]).all()


def test_rows_of_a_person_move_together_and_with_people_of_as_many_rows():
    person = [1, 1, 2, 2, 3, 3, 4, 5]
    found = all_of([0, 0, 1, 1, 0, 0, 1, 0], Exchange(whole=person))
    assert len(found) == comb(3, 1) * comb(2, 1)
    pairs = found.order[:, :6].reshape(-1, 3, 2)
    assert (pairs[:, :, 1] == pairs[:, :, 0] + 1).all()
    assert np.isin(found.order[:, 6:], [6, 7]).all()


def test_rows_of_a_person_are_flipped_together():
    found = all_of(np.ones(6), Exchange(whole=[7, 8, 7, 9, 9, 8], flips=True))
    assert len(found) == 2**3 == len(np.unique(found.sign, axis=0))
    assert (found.sign[:, [0, 1, 3]] == found.sign[:, [2, 5, 4]]).all()


def test_random_arrangements_keep_blocks_and_people():
    person, site = np.repeat(np.arange(40), 2), np.repeat([0, 1], 40)
    found = shuffles(
        rng().normal(size=(80, 1)), Exchange(site, person), n_permutations=50, rng=rng()
    )
    assert not found.complete
    assert len(found) == 50
    assert (site[found.order] == site).all()
    assert (person[found.order[:, ::2]] == person[found.order[:, 1::2]]).all()


@pytest.mark.parametrize(
    ("x", "exchange", "why"),
    [
        ([0, 0, 1, 1], Exchange(within=[1, 1, 2, 2]), "one way only"),
        ([0, 0, 1, 1], Exchange(within=[1, 2, 1, 2], whole=[1, 1, 2, 2]), "different blocks"),
        ([0, 0, 1, 1], Exchange(within=[1, 2]), "labels of blocks"),
        ([2, 2, 2, 2], Exchange(), "one way only"),
        ([0, 0, 1, np.nan], Exchange(), "1 of 4 rows lack"),
        ([0, 1], Exchange(), "have shapes"),
    ],
)
def test_what_cannot_be_exchanged_is_refused(x, exchange, why):
    with pytest.raises(DefaultModeError, match=why) as raised:
        permutation_p(rng().normal(size=4), x, exchange=exchange, rng=rng())
    assert raised.value.code == "E422"


def test_a_covariate_that_says_the_same_is_refused():
    x = rng().normal(size=20)
    with pytest.raises(DefaultModeError, match=r"E422.*beyond its covariates"):
        permutation_p(rng().normal(size=20), x, covariates=2 * x + 1, rng=rng())
    with pytest.raises(DefaultModeError, match=r"E422.*no freedom"):
        design_of(rng().normal(size=(3, 3)))


def test_all_of_one_sign_has_the_smallest_p_of_flips():
    """Of the 2ⁿ flips only the data and their mirror are as extreme."""
    found = permutation_p([1.0, 2, 3, 4, 6, 9], np.ones(6), exchange=FLIPS, rng=rng())
    assert found.complete.all()
    assert found.n_shuffles.tolist() == [64]
    assert found.p.tolist() == found.smallest_p.tolist() == [2 / 64]
    assert found.slope[0] == pytest.approx(25 / 6)


def test_separated_groups_have_the_smallest_p_of_their_sizes():
    found = permutation_p([0.0, 1, 2, 13, 14, 15, 16], [0, 0, 0, 1, 1, 1, 1], rng=rng())
    assert found.p[0] == found.smallest_p[0] == 1 / comb(7, 3)
    assert found.slope[0] == pytest.approx(13.5)
    even = permutation_p(np.arange(8.0), [0, 0, 0, 0, 1, 1, 1, 1], rng=rng())
    assert even.p[0] == 2 / comb(8, 4)  # the groups exchanged are as extreme


def test_drawn_permutations_count_the_data_among_them():
    y = np.r_[np.zeros(30), 100 * np.ones(30)] + rng().normal(size=60)
    found = permutation_p(y, np.repeat([0, 1], 30), n_permutations=99, rng=rng())
    assert found.p[0] == found.smallest_p[0] == 1 / 100


def test_a_planted_effect_beside_a_covariate_is_found_and_the_covariate_is_not_taken_for_one():
    z = rng(1).normal(size=80)
    x = z + rng(2).normal(size=80)
    y = np.column_stack([x, np.zeros(80)]) + 3 * z[:, None] + 0.5 * rng(3).normal(size=(80, 2))
    found = permutation_p(y, x, covariates=z, n_permutations=999, rng=rng())
    assert found.p[0] == 1 / 1000
    assert found.p[1] > 0.05
    assert found.slope == pytest.approx([1, 0], abs=0.2)
    assert permutation_p(y, x, n_permutations=999, rng=rng()).p[1] == 1 / 1000


def test_one_outcome_is_tested_as_it_is_among_others():
    """All arrangements: exactly; drawn ones, where one outcome is arranged itself: nearly."""
    y, z = rng(4).normal(size=(20, 6)), rng(5).normal(size=20)
    x = np.repeat([0, 1], 10)
    few = permutation_p(y[:8], x[6:14], rng=rng()), permutation_p(y[:8, 0], x[6:14], rng=rng())
    assert few[0].complete.all()
    assert few[0].p[0] == few[1].p[0]
    many = permutation_p(y, x, covariates=z, n_permutations=4000, rng=rng())
    one = permutation_p(y[:, 0], x, covariates=z, n_permutations=4000, rng=rng())
    assert one.t[0] == pytest.approx(many.t[0], rel=1e-12)
    assert one.p[0] == pytest.approx(many.p[0], abs=4 * np.sqrt(0.5 / 4000))


def test_gaps_are_left_out_outcome_by_outcome():
    y = rng(6).normal(size=(12, 3))
    y[:4, 1], y[:, 2] = np.nan, 5.0
    x = np.tile([0, 1], 6)
    found = permutation_p(y, x, rng=rng())
    alone = permutation_p(y[4:, 1], x[4:], rng=rng())
    assert found.n.tolist() == [12, 8, 12]
    assert found.p[1] == alone.p[0]
    assert found.reason.tolist() == ["", "", "the values do not vary"]
    assert np.isnan(found.p_familywise[2])
    both = 1 - (1 - permutation_p(y[:, 0], x, rng=rng()).p[0]) * (
        1 - (np.abs(_null(y[4:, 1], x[4:])) >= abs(found.t[0])).mean()
    )
    assert found.p_familywise[0] == pytest.approx(both)


def _null(y, x):
    """Welch's t of every arrangement of two groups, by the book."""
    found = []
    for order in all_of(x).order:
        a, b = y[np.asarray(x)[order] == 1], y[np.asarray(x)[order] == 0]
        found.append(
            (a.mean() - b.mean()) / np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
        )
    return np.array(found)


def test_too_few_rows_are_a_reason():
    found = permutation_p([[1.0], [np.nan], [2.0], [np.nan]], [0, 0, 1, 1], rng=rng())
    assert found.reason[0] == "rows with a value: 2; at least 4 are needed"
    assert np.isnan(found.p[0])


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.floats(0.01, 100), st.floats(-50, 50))
def test_unit_and_offset_do_not_matter(seed, scale, offset):
    y, x = rng(seed).normal(size=9), np.tile([0, 1, 1], 3)
    one = permutation_p(y, x, rng=rng())
    other = permutation_p(scale * y + offset, x, rng=rng())
    assert one.p == pytest.approx(other.p)
    assert one.p_familywise == pytest.approx(one.p)


def _share_of_null_below(level, n_studies, study):
    """Share of null studies with p at most the level; exact tests give the level or less."""
    return np.mean([study(rng(seed)) <= level + 1e-12 for seed in range(n_studies)])


def test_chance_gives_what_it_should():
    """5 % of 1,000 outcomes within three standard errors of the Monte Carlo, p in steps of 1/252."""
    y = rng(7).exponential(size=(10, 1000))
    found = permutation_p(y, np.tile([0, 1], 5), rng=rng())
    expected = np.floor(0.05 * comb(10, 5) / 2) * 2 / comb(10, 5)
    assert np.mean(found.p <= 0.05) == pytest.approx(expected, abs=3 * np.sqrt(0.05 * 0.95 / 1000))


def test_unequal_variances_do_not_disturb():
    """Small noisy group, large quiet one: the pooled t rejects in about a fifth, Welch's does not."""
    x = np.repeat([1, 0], [10, 60])
    y = rng(8).normal(size=(70, 600)) * np.where(x == 1, 4, 1)[:, None]
    found = permutation_p(y, x, n_permutations=499, rng=rng())
    assert np.mean(found.p <= 0.05) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 600)
    difference = [
        abs(y[order[:10]].mean(axis=0) - y[order[10:]].mean(axis=0))
        for order in [np.arange(70), *(rng(s).permutation(70) for s in range(199))]
    ]
    assert np.mean(np.mean(difference >= difference[0], axis=0) <= 0.05) > 0.12


def test_people_with_several_rows_are_no_more_people():
    """Rows of a person are alike: moved one by one they reject too often, moved whole they do not."""
    person = np.repeat(np.arange(16), 4)
    x = np.repeat(np.tile([0, 1], 8), 4)
    own = np.repeat(rng(9).normal(size=(16, 400)), 4, axis=0)
    y = own + 0.3 * rng(10).normal(size=own.shape)
    whole = permutation_p(y, x, exchange=Exchange(whole=person), n_permutations=399, rng=rng())
    singly = permutation_p(y, x, n_permutations=399, rng=rng())
    assert np.mean(whole.p <= 0.05) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 400)
    assert np.mean(singly.p <= 0.05) > 0.2


def test_the_family_is_controlled():
    """With 20 outcomes of no effect, some p_familywise is at most .05 in 5 % of 200 studies."""
    x = np.tile([0, 1], 10)
    share = _share_of_null_below(
        0.05,
        200,
        lambda r: np.min(
            permutation_p(r.normal(size=(20, 20)), x, n_permutations=199, rng=r).p_familywise
        ),
    )
    assert share == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 200))
