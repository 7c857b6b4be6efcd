"""What a sequence of states tells, against sequences that were counted by hand and Markov chains."""

import numpy as np
import pytest

from defaultmode.measures._state_sequence import (
    dwell_time_s,
    fractional_occupancy,
    mixing_time_s,
    return_probability,
    step_counts,
    switching_rate,
    transition_entropy,
    transition_matrix,
    unbroken,
)
from switching_recordings import chain

TR_S = 2.0
SHORT = np.array([0, 0, 1, -1, 1, 1, 0, 0])


def expected_counts(matrix, steps=1e6):
    """Counts of a chain of this transition matrix in its stationary distribution."""
    values, vectors = np.linalg.eig(np.transpose(matrix))
    stationary = np.real(vectors[:, np.argmax(np.real(values))])
    return steps * (stationary / stationary.sum())[:, None] * np.asarray(matrix)


def test_a_sequence_with_a_gap_by_hand():
    counts = step_counts(SHORT, 3)
    np.testing.assert_array_equal(counts, [[2, 1, 0], [1, 1, 0], [0, 0, 0]])
    np.testing.assert_allclose(fractional_occupancy(SHORT, 3), [4 / 7, 3 / 7, 0])
    np.testing.assert_array_equal(dwell_time_s(counts, TR_S), [6.0, 4.0, np.nan])
    assert switching_rate(counts, TR_S) == pytest.approx(2 / (5 * TR_S / 60))
    thirds = -(2 / 3) * np.log2(2 / 3) - (1 / 3) * np.log2(1 / 3)
    assert transition_entropy(counts) == pytest.approx(3 / 5 * thirds + 2 / 5)
    expected = [[2 / 3, 1 / 3, 0], [1 / 2, 1 / 2, 0], [np.nan] * 3]
    np.testing.assert_allclose(transition_matrix(counts), expected)
    assert mixing_time_s(counts, TR_S) == pytest.approx(-TR_S / np.log(2 / 3 + 1 / 2 - 1))


def test_the_stretches_of_a_mask():
    known = np.array([True, True, False, True, False, False, True])
    assert unbroken(known) == [slice(0, 2), slice(3, 4), slice(6, 7)]
    assert unbroken(np.zeros(3, dtype=bool)) == []


@pytest.mark.parametrize(("a", "b"), [(0.9, 0.8), (0.5, 0.95), (0.3, 0.4)])
def test_two_states_have_closed_forms(a, b):
    """Stay with probabilities a and b: the second eigenvalue is a + b − 1."""
    counts = expected_counts([[a, 1 - a], [1 - b, b]])
    np.testing.assert_allclose(dwell_time_s(counts, TR_S), [TR_S / (1 - a), TR_S / (1 - b)])
    assert mixing_time_s(counts, TR_S) == pytest.approx(-TR_S / np.log(abs(a + b - 1)))
    share = (1 - b) / (2 - a - b)
    entropies = [-p * np.log2(p) - (1 - p) * np.log2(1 - p) for p in (a, b)]
    assert transition_entropy(counts) == pytest.approx(
        share * entropies[0] + (1 - share) * entropies[1]
    )
    assert switching_rate(counts, TR_S) == pytest.approx(
        (share * (1 - a) + (1 - share) * (1 - b)) / (TR_S / 60)
    )


def test_many_states_that_follow_at_random_mix_at_once():
    counts = expected_counts(np.full((5, 5), 0.2))
    assert mixing_time_s(counts, TR_S) == 0.0
    assert transition_entropy(counts) == pytest.approx(np.log2(5))


def test_one_state_only():
    counts = step_counts(np.zeros(9, dtype=int), 2)
    assert switching_rate(counts, TR_S) == 0
    assert transition_entropy(counts) == 0
    assert np.isnan(mixing_time_s(counts, TR_S))
    assert np.isnan(dwell_time_s(counts, TR_S)).all()


def test_a_state_that_is_never_left_mixes_at_the_rate_of_the_other():
    counts = step_counts(np.array([0, 0, 1, 1, 1]), 2)
    np.testing.assert_array_equal(dwell_time_s(counts, TR_S), [2 * TR_S, np.nan])
    assert mixing_time_s(counts, TR_S) == pytest.approx(-TR_S / np.log(1 / 2))


def test_states_that_never_meet_do_not_mix():
    assert np.isnan(mixing_time_s(step_counts(np.array([0, 0, 0, -1, 1, 1]), 2), TR_S))


def test_a_state_seen_in_a_last_frame_only_is_left_out_of_the_mixing():
    with_last = np.array([0, 0, 1, 1, 0, 0, 1, 1, 2])
    counts = step_counts(with_last, 3)
    assert mixing_time_s(counts, TR_S) == pytest.approx(
        mixing_time_s(step_counts(with_last[:-1], 2), TR_S)
    )


def test_nothing_is_known_where_no_two_frames_follow():
    counts = step_counts(np.array([0, -1, 1, -1, 0]), 2)
    assert np.isnan(switching_rate(counts, TR_S))
    assert np.isnan(transition_entropy(counts))
    assert np.isnan(mixing_time_s(counts, TR_S))


def test_dwell_is_not_biased_by_censoring():
    """A fifth of the frames is lost; whole visits alone would say less than half of the truth."""
    stay, n_time = 0.95, 40_000
    labels = chain(n_time, (stay, stay), seed=1)
    labels[np.random.default_rng(2).random(n_time) < 0.2] = -1
    counts = step_counts(labels, 2)
    truth = TR_S / (1 - stay)
    exits = counts[0, 1]
    four_errors = 4 * truth * np.sqrt(stay / exits)  # of a mean of geometric lengths
    assert dwell_time_s(counts, TR_S)[0] == pytest.approx(truth, abs=four_errors)
    assert four_errors < 0.2 * truth
    visits = [s.stop - s.start for s in unbroken(labels == 0)]
    assert TR_S * np.mean(visits) < truth / 2


def test_return_counts_pairs_a_lag_apart():
    labels = np.array([1, 0, 1, 0, 1, -1, 1, 0])
    pairs = [(1, 1), (0, 0), (1, 1), (1, 1)]  # lag 2, with those of the censored frame left out
    after = [b for _, b in pairs]
    assert return_probability(labels, 1, 2) == pytest.approx(1 - np.mean(after))
    assert return_probability(labels, 0, 2) == pytest.approx(1 - np.mean([b == 0 for b in after]))
    assert np.isnan(return_probability(labels, 2, 2))
    assert np.isnan(return_probability(labels, 1, 20))


def test_return_of_a_chain_is_a_power_of_its_eigenvalue():
    """P(D at t + τ | D at t) − P(D) = (1 − P(D)) λ2^τ for two states."""
    a, b, lag = 0.9, 0.8, 3
    labels = chain(200_000, (a, b), seed=5)
    share = (1 - b) / (2 - a - b)
    assert return_probability(labels, 0, lag) == pytest.approx(
        (1 - share) * (a + b - 1) ** lag,
        abs=0.01,  # four standard errors of the two shares
    )
