"""Complexity in space and time, against closed forms and sequences counted by hand."""

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.special import erf

from defaultmode.core.errors import DefaultModeError
from defaultmode.measures import find
from defaultmode.measures.complexity import (
    eigenvalue_entropy,
    lempel_ziv_complexity,
    lempel_ziv_phrases,
)
from defaultmode.measures.sample_entropy import sample_entropy
from toy_recordings import atlas_of, recording_of, signal_of

MANY = atlas_of((("Default", "default", "", 50),), name="many")


def white(n_time, seed=1):
    return np.random.default_rng(seed).standard_normal((n_time, len(MANY)))


def autoregressive(phi, n_time):
    return lfilter([1.0], [1.0, -phi], white(n_time + 200), axis=0)[200:]


def all_usable(signal):
    return np.ones(len(signal), dtype=bool)


@pytest.mark.parametrize("name", ["spatial_complexity", "spatial_complexity_default"])
def test_independent_regions_are_as_complex_as_can_be(name):
    value = find(name)(recording_of(signal_of(np.eye(len(MANY))), MANY))
    assert value == pytest.approx(1.0, rel=1e-9)


@pytest.mark.parametrize("r", [0.2, 0.9, 1 - 1e-9])
def test_one_common_signal_has_the_entropy_of_its_eigenvalues(r):
    """One eigenvalue is 1 + (k − 1) r and the others 1 − r; towards r = 1 nothing is left."""
    k = 10
    atlas = atlas_of((("Default", "default", "", k),))
    recording = recording_of(signal_of(np.full((k, k), r) + (1 - r) * np.eye(k)), atlas)
    shares = np.array([1 + (k - 1) * r, *[1 - r] * (k - 1)]) / k
    expected = -(shares * np.log(shares)).sum() / np.log(k)
    value = find("spatial_complexity")(recording)
    assert value == pytest.approx(expected, rel=1e-6)
    assert (value < 1e-6) == (r > 0.99)


def test_a_single_component_has_no_entropy():
    assert eigenvalue_entropy(np.ones((7, 7))) == pytest.approx(0.0, abs=1e-10)


def test_with_fewer_frames_than_regions_the_frames_set_the_scale():
    """Two orthonormal bases of the 11 dimensions that 12 centred frames have: 11 equal eigenvalues."""
    rng = np.random.default_rng(2)
    bases = []
    for _ in range(2):
        noise = rng.standard_normal((12, 11))
        bases.append(np.linalg.qr(noise - noise.mean(axis=0))[0])
    atlas = atlas_of((("Default", "default", "", 22),))
    value = find("spatial_complexity")(recording_of(np.concatenate(bases, axis=1), atlas))
    assert value == pytest.approx(1.0, rel=1e-9)


@pytest.mark.parametrize(
    ("sequence", "phrases"),
    [
        ("0001101001000101", 6),  # 0·001·10·100·1000·101, the example of Lempel and Ziv
        ("0" * 50, 2),
        ("01" * 50, 3),
        ("011" * 50, 4),  # 0·1·10·11011…
        ("0", 1),
        ("", 0),
    ],
)
def test_phrases_are_those_counted_by_hand(sequence, phrases):
    assert lempel_ziv_phrases(sequence.encode()) == phrases


def test_complexity_of_a_wave_is_near_zero_and_of_noise_near_one():
    """A square wave has four phrases, 1·11110·00001·11110…; noise tends to 1 from above."""
    n_time = 1200
    wave = np.where(np.arange(n_time) % 10 < 5, 1.0, -1.0)
    assert lempel_ziv_complexity(wave) == pytest.approx(4 * np.log2(n_time) / n_time)
    short, long = (find("lempel_ziv_default")(recording_of(white(n), MANY)) for n in (150, n_time))
    assert 1.0 < long < 1.1 < short < 1.25


def test_what_censoring_does_to_complexity():
    """A fifth of the frames, scattered, raises that of a slow signal, and of noise hardly at all."""
    usable = np.random.default_rng(3).random(1200) < 0.8
    first = np.arange(1200) < usable.sum()

    def rise(signal):
        scattered, together = (
            find("lempel_ziv_default")(recording_of(signal, MANY, usable=u))
            for u in (usable, first)
        )
        return scattered / together - 1

    assert 0.04 < rise(autoregressive(0.9, 1200)) < 0.12
    assert abs(rise(white(1200))) < 0.01


def test_sample_entropy_of_noise_is_known():
    """Two values differ by at most 0.2 deviations with probability erf(0.2 / 2).

    50 regions of 1200 frames: a standard error of 0.4 %.
    """
    expected = -np.log(erf(0.1))
    assert expected == pytest.approx(2.19, abs=0.01)
    for usable in (np.ones(1200, dtype=bool), np.random.default_rng(4).random(1200) < 0.9):
        value = find("sample_entropy_default")(recording_of(white(1200), MANY, usable=usable))
        assert value == pytest.approx(expected, rel=0.02)


def test_what_comes_back_exactly_has_no_sample_entropy():
    wave = np.sin(2 * np.pi * np.arange(300) / 10)[:, None]
    np.testing.assert_array_equal(sample_entropy(wave, all_usable(wave)), 0.0)


def test_a_regular_signal_has_less_sample_entropy_than_noise():
    regular, noise = (recording_of(x, MANY) for x in (autoregressive(0.9, 600), white(600)))
    value = find("sample_entropy_default")
    assert value(regular) < 0.75 * value(noise)


def test_no_stretch_crosses_a_gap():
    """Censored frames hold the mean: were they compared, much would be alike."""
    usable = np.arange(600) % 10 < 7
    signal = np.where(usable[:, None], white(600), 0.0)
    found = sample_entropy(signal, usable)
    # five stretches in each of 60 pieces
    assert found.mean() == pytest.approx(-np.log(erf(0.1)), rel=0.05)
    assert sample_entropy(signal, all_usable(signal)).mean() < 0.8 * found.mean()


@pytest.mark.parametrize("name", ["lempel_ziv_default", "sample_entropy_default"])
def test_a_run_that_is_too_short_is_missing(name):
    assert find(name)(recording_of(white(99), MANY)).code == "E301"
    assert find(name)(recording_of(autoregressive(0.9, 102), MANY)) > 0


def every_triple_once():
    """A sequence of five symbols in which each three in a row occur once (de Bruijn), greedily."""
    found, seen = [0, 0], set()
    while True:
        for symbol in (4, 3, 2, 1, 0):
            triple = (*found[-2:], symbol)
            if triple not in seen:
                seen.add(triple)
                found.append(symbol)
                break
        else:
            return np.array(found, dtype=float)


def test_a_region_in_which_no_stretch_comes_again_is_refused():
    """Symbols are 0.7 deviations apart, so that only equal ones are alike."""
    course = every_triple_once()[:, None]
    assert len(course) == 5**3 + 2
    with pytest.raises(DefaultModeError, match=r"E301.*no two stretches of 3 frames"):
        sample_entropy(course - course.mean(), all_usable(course))
