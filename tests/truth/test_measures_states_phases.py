"""Phases, their leading pattern and their synchrony, against waves whose phases are known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import hilbert

from defaultmode.core.recording import Processing
from defaultmode.core.reference import Reference
from defaultmode.measures import find
from defaultmode.measures._phases import leading_eigenvectors, phases_of, settled, synchrony
from switching_recordings import ATLAS, person

RNG = np.random.default_rng(8)
N, K = 400, len(ATLAS)
TIME = np.arange(N)
REFERENCE = Reference(surrogates=0)


def wave(bins, delay=0.0):
    """Cosine at a Fourier bin of the run, shape (n_time,)."""
    return np.cos(2 * np.pi * bins * TIME / N - delay)


@pytest.mark.parametrize("n_time", [N, N - 1])
def test_phases_are_those_of_the_analytic_signal(n_time):
    signal = RNG.standard_normal((n_time, K)) * np.logspace(-200, 200, K)
    analytic = hilbert(signal - signal.mean(axis=0), axis=0)
    found = phases_of(signal)
    np.testing.assert_allclose(found.cosine, np.cos(np.angle(analytic)), atol=1e-12)
    np.testing.assert_allclose(found.sine, np.sin(np.angle(analytic)), atol=1e-12)


def test_phase_of_a_wave_is_its_own():
    found = phases_of(np.stack([wave(20), wave(20, 1.0)], axis=1))
    angle = np.arctan2(found.sine, found.cosine)
    expected = (2 * np.pi * 20 * TIME / N)[:, None] - [0.0, 1.0]
    np.testing.assert_allclose(np.exp(1j * angle), np.exp(1j * expected), atol=1e-12)


@pytest.mark.parametrize("k", [2, 3, 10, 41])
def test_leading_eigenvector_is_that_of_the_whole_matrix(k):
    phase = RNG.uniform(-np.pi, np.pi, (50, k))
    vectors, values = leading_eigenvectors(phase)
    for angles, vector, value in zip(phase, vectors, values, strict=True):
        matrix = np.cos(angles[:, None] - angles)
        expected_values, expected = np.linalg.eigh(matrix)
        assert value == pytest.approx(expected_values[-1], abs=1e-12 * k)
        gap = expected_values[-1] - expected_values[-2]  # the vector is known to rounding ÷ gap
        assert 1 - abs(vector @ expected[:, -1]) < 1e-12
        np.testing.assert_allclose(matrix @ vector, value * vector, atol=1e-12 * k)
        assert gap > 1e-6
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-12)


def test_fewer_regions_are_positive_and_a_tie_has_no_positive_sum():
    for k in (5, 6):
        vectors, _ = leading_eigenvectors(RNG.uniform(-np.pi, np.pi, (400, k)))
        excess = 2 * (vectors > 0).sum(axis=1) - k
        assert (excess <= 0).all()
        assert (vectors.sum(axis=1)[excess == 0] <= 0).all()
        assert (excess == 0).any() == (k == 6)


def test_regions_in_step_are_wholly_synchronous():
    signal = wave(20)[:, None] * np.linspace(1, 3, K)
    recording = person("01", signal)
    assert find("kuramoto_synchrony")(recording, REFERENCE).value == pytest.approx(1, abs=1e-12)
    assert find("kuramoto_metastability")(recording, REFERENCE).value == pytest.approx(0, abs=1e-7)


def test_synchrony_of_two_camps_is_their_difference():
    camps = np.where(np.arange(K) < 5, 1, -1)
    found = synchrony(phases_of(wave(20)[:, None] * camps))
    np.testing.assert_allclose(found, (K - 10) / K, atol=1e-12)


def test_two_frequencies_beat():
    """Half of the regions at either: R = |cos(Δω t / 2)|, over 18 whole beats of 20 frames."""
    atlas = ATLAS.take(range(16))
    signal = np.where(np.arange(16) < 8, wave(20)[:, None], wave(40)[:, None])
    recording = replace(person("01", np.zeros((N, K))), signal=signal, atlas=atlas, tr_s=0.5)
    beat = np.abs(np.cos(np.pi * 20 * np.arange(20) / N))
    for name, value in (("synchrony", beat.mean()), ("metastability", beat.std())):
        found = find(f"kuramoto_{name}")(recording, REFERENCE).value
        assert found == pytest.approx(value, abs=1e-12)
    assert settled(recording).sum() == N - 2 * 20


def test_synchrony_follows_the_global_signal_and_without_it_is_that_of_random_phases():
    """Independent regions: E R = √(π/4N); with a share of 3/4 in one signal, far above it."""
    noise = np.random.default_rng(11).standard_normal((4000, K))
    shared = np.random.default_rng(12).standard_normal((4000, 1))
    found = [
        find("kuramoto_synchrony")(person("01", noise + weight * shared), REFERENCE).value
        for weight in (0.0, 0.5, 1.0, 3**0.5)
    ]
    assert found[0] == pytest.approx(np.sqrt(np.pi / (4 * K)), rel=0.02)
    assert (np.diff(found) > 0.05).all()


def test_synchrony_needs_the_global_signal():
    done = Processing(global_signal_removed=True)
    for name in ("synchrony", "metastability"):
        value = find(f"kuramoto_{name}")(person("01", RNG.standard_normal((N, K)), processing=done))
        assert value.code == "E304"


def test_phases_near_the_ends_are_not_used():
    """They are wrong there: the Hilbert transform takes the run for a circle."""
    rough = wave(20.5)[:, None] * np.ones(K)
    angle = 2 * np.pi * 20.5 * TIME / N
    error = np.abs(phases_of(rough).cosine[:, 0] - np.cos(angle))
    inner = settled(person("01", rough))
    assert inner.sum() == N - 10
    assert error[inner].max() < 0.5 * error.max()


def test_a_run_that_is_all_ends_is_missing():
    recording = person("01", RNG.standard_normal((12, K)))
    value = find("kuramoto_synchrony")(recording, REFERENCE)
    assert value.code == "E301"
    assert "10 s" in value.reason
