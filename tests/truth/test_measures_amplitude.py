"""Amplitudes and motion summaries, against closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import detrend, lombscargle, periodogram

from defaultmode.core.recording import Motion, Processing
from defaultmode.denoising import Choices, all_presets, denoise
from defaultmode.measures import find
from defaultmode.measures._spectrum import spectrum
from defaultmode.sources.embedded import embedded_recordings
from toy_recordings import atlas_of, gappy, lively, recording_of, signal_of

N, TR_S = 300, 2.0
PAIR = atlas_of((("Default", "default", "", 2),), name="pair")
MANY = atlas_of((("Default", "default", "", 400),), name="many")
BAND_HZ = 0.08 - 0.01
BINS_IN_BAND = 43  # k/600 Hz for k = 6 … 48


def waves(bin_numbers, amplitude, n_time=N):
    """Cosines at Fourier bins, even about the middle so that no line fits them, (n_time, 2)."""
    middle = np.arange(n_time) - (n_time - 1) / 2
    parts = [np.cos(2 * np.pi * k * middle / n_time) for k in bin_numbers]
    return amplitude * np.stack([sum(parts)] * 2, axis=1)


def noise(n_time, seed=3):
    return np.random.default_rng(seed).standard_normal((n_time, len(MANY)))


def test_alff_of_a_sine_is_known():
    """Power a²/2 in one bin of width 1/T, hence a root density of a √(T/2) there."""
    value = find("alff_default_mode")(recording_of(waves([20], 0.7), PAIR))
    density = 0.7 * np.sqrt(N * TR_S / 2)
    assert value == pytest.approx(density * np.sqrt(BAND_HZ) / BINS_IN_BAND, rel=1e-9)


@pytest.mark.parametrize("outside", [3, 100])
def test_alff_sees_only_its_band(outside):
    """Bins 3 and 100 are 0.005 and 0.167 Hz."""
    value = find("alff_default_mode")(recording_of(waves([outside], 1.0), PAIR))
    assert value == pytest.approx(0.0, abs=1e-9)


def test_alff_does_not_see_a_drift():
    drift = np.linspace(-50, 80, N)[:, None]
    plain, drifting = (recording_of(noise(N) + x, MANY) for x in (0.0, drift))
    alff = find("alff_default_mode")
    assert alff(drifting) == pytest.approx(alff(plain), rel=1e-9)


def test_falff_of_two_sines_is_a_half():
    value = find("falff_default_mode")(recording_of(waves([20, 100], 1.0), PAIR))
    assert value == pytest.approx(0.5, abs=1e-9)


def test_falff_of_white_noise_is_the_share_of_its_band():
    """All roots of power have the same mean, so the share is that of the bins: 43 of 149."""
    value = find("falff_default_mode")(recording_of(noise(N), MANY))
    assert value == pytest.approx(BINS_IN_BAND / 149, rel=0.01)


def test_falff_is_of_the_unfiltered_signal():
    recording = recording_of(
        waves([20], 1.0),
        PAIR,
        unfiltered=waves([20, 100], 1.0),
        processing=Processing(low_cutoff_hz=0.01, high_cutoff_hz=0.1),
    )
    assert find("falff_default_mode")(recording) == pytest.approx(0.5, abs=1e-9)


def test_white_noise_has_its_alff_with_and_without_censoring_and_at_any_length():
    """White noise of deviation 1 has the density 2 TR; the mean root of it is √(π/4) of its root."""
    expected = np.sqrt(2 * TR_S * BAND_HZ) * np.sqrt(np.pi / 4)
    censored = np.random.default_rng(5).random(N) < 0.6
    for recording in (
        recording_of(noise(N), MANY),
        recording_of(noise(N), MANY, usable=censored),
        recording_of(noise(150), MANY),
    ):
        # 400 regions × 21 or more bins: a standard error of 0.6 % at most; losing the mean and the
        # line from under 200 frames takes up to 1 % more.
        assert find("alff_default_mode")(recording) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("n_time", [N, N + 1])
def test_spectrum_without_gaps_is_that_of_the_fourier_transform(n_time):
    signal = noise(n_time) + 5.0
    found = spectrum(recording_of(signal, MANY))
    hz, expected = periodogram(detrend(signal, axis=0), fs=1 / TR_S, axis=0)
    inside = slice(1, len(found.hz) + 1)
    np.testing.assert_allclose(found.hz, hz[inside], rtol=1e-12)
    np.testing.assert_allclose(found.density, expected[inside], rtol=1e-7, atol=1e-10)
    assert len(found.hz) == len(hz) - 1 - (n_time % 2 == 0)  # all but 0 and Nyquist


def test_spectrum_with_gaps_is_that_of_scipy():
    """Times count from the first frame, gaps included; the line is fitted to what is there."""
    usable = np.random.default_rng(8).random(N) < 0.7
    signal = noise(N) + np.linspace(0, 9, N)[:, None]
    found = spectrum(recording_of(signal, MANY, usable=usable))
    time_s, kept = np.arange(N)[usable] * TR_S, signal[usable]
    for i in range(3):
        level = kept[:, i] - np.polyval(np.polyfit(time_s, kept[:, i], 1), time_s)
        expected = lombscargle(time_s, level, 2 * np.pi * found.hz, floating_mean=True)
        np.testing.assert_allclose(found.density[:, i], 2 * TR_S * expected, rtol=1e-7, atol=1e-10)


def test_every_second_frame_does_not_divide_by_nothing():
    """At half the frames, cosine and sine at the new Nyquist frequency are one and the same."""
    usable = np.arange(N) % 2 == 0
    value = find("alff_default_mode")(recording_of(noise(N), MANY, usable=usable))
    assert np.isfinite(value)


@pytest.mark.parametrize(("n_time", "tr_s"), [(40, 0.3), (80, 8.0)])
def test_a_band_that_is_not_resolved_is_missing(n_time, tr_s):
    recording = recording_of(noise(n_time), MANY, tr_s=tr_s)
    for name in ("alff_default_mode", "falff_default_mode"):
        assert find(name)(recording).code == "E306"


def test_a_band_that_was_cut_is_missing():
    cut = replace(lively(), unfiltered=None, processing=Processing(high_cutoff_hz=0.05))
    assert find("alff_default_mode")(cut).code == "E304"
    kept = replace(cut, processing=Processing(low_cutoff_hz=0.01, high_cutoff_hz=0.1))
    assert find("alff_default_mode")(kept) > 0
    assert find("falff_default_mode")(kept).code == "E304"


def filtered_before(corners_hz, **choices):
    """A run of the toy atlas that says it came filtered, through our own denoising."""
    mean = 1000.0 + np.arange(len(atlas_of()))
    supplied = replace(
        lively(400),
        signal=lively(400).signal + mean,
        unfiltered=None,
        unit="scanner",
        processing=Processing(*corners_hz),
    )
    return denoise(supplied, all_presets()["as-supplied"], choices=Choices(**choices))


@pytest.mark.parametrize(
    ("supplied", "own", "alff", "falff"),
    [
        ((None, None), {}, True, True),
        ((None, None), {"low_hz": 0.02, "high_hz": 0.05}, True, True),
        ((None, None), {"low_hz": None, "high_hz": None}, True, True),
        ((0.008, None), {}, True, True),
        ((0.01, None), {}, True, True),
        ((0.02, None), {}, False, False),
        ((None, 0.1), {}, True, False),
        ((None, 0.1), {"low_hz": 0.02}, True, False),
        ((None, 0.05), {}, False, False),
        ((0.01, 0.08), {}, True, False),
        ((0.02, 0.1), {}, False, False),
    ],
    ids=str,
)
def test_only_the_filter_that_came_with_the_signal_cuts(supplied, own, alff, falff):
    """Our own band is not asked: the spectrum is of the signal before our filter."""
    found = filtered_before(supplied, **own)
    for name, there in (("alff_default_mode", alff), ("falff_default_mode", falff)):
        value = find(name)(found)
        assert isinstance(value, float) == there, (name, value)
        if not there:
            assert value.code == "E304"


@pytest.mark.parametrize("supplied", [(0.008, None), (None, 0.1)], ids=str)
def test_alff_is_not_measured_through_our_own_filter(supplied):
    """Taken for granted: the made signal is white, and the supplied corners are only stated."""
    whole, half = filtered_before((None, None)), filtered_before(supplied)
    wide, narrow = (filtered_before(supplied, low_hz=low) for low in (0.01, 0.05))
    alff = find("alff_default_mode")
    assert alff(half) == pytest.approx(alff(whole), rel=0.02)  # a line more or less is taken off
    assert alff(narrow) == pytest.approx(alff(wide), rel=1e-9)


HCP = ("sub-100307_task-rest_acq-LR_run-1", "sub-213522_task-rest_acq-LR_run-1")


def lost_frames(n_time, share, burst, seed):
    """Usable frames where so many bursts of frames, drawn at random, are lost."""
    drawn = np.random.default_rng(seed).permutation(n_time // burst)
    lost = drawn[: round(share * n_time / burst)]
    return ~np.isin(np.arange(n_time) // burst, lost)


def changes_by_censoring(recording, share, burst):
    """Mean change of ALFF and fALFF in percent over three draws of lost frames."""
    preset = all_presets()["as-supplied"]
    names = ("alff_default_mode", "falff_default_mode")
    usable = [recording.usable & lost_frames(recording.n_time, share, burst, s) for s in range(3)]
    whole, *cut = (
        np.array([find(n)(denoise(replace(recording, usable=u), preset)) for n in names])
        for u in (recording.usable, *usable)
    )
    return 100 * (np.mean(cut, axis=0) / whole - 1)


@pytest.mark.parametrize(
    ("share", "burst", "alff", "falff"),
    [
        (0.2, 1, (-7.1, -7.8), (-12.4, -16.0)),
        (0.2, 5, (-2.1, -2.5), (-4.3, -6.6)),
        (0.4, 1, (-14.3, -16.8), (-22.2, -28.2)),
        (0.4, 5, (-4.3, -4.3), (-8.0, -11.9)),
    ],
)
def test_what_censoring_does_to_real_amplitudes(share, burst, alff, falff):
    """The numbers of decision 0005, which the docstrings state; five draws there, three here.

    A draw scatters by up to 2.3 % (standard deviation), hence the mean of three by 1.3 %.
    """
    people = [r for r in embedded_recordings() if r.entities.stem in HCP]
    found = [changes_by_censoring(r, share, burst) for r in people]
    np.testing.assert_allclose(found, np.transpose([alff, falff]), atol=3.0)


def test_global_signal_is_known_from_the_covariance():
    random = np.random.default_rng(2).standard_normal((6, 9))
    covariance = random @ random.T
    atlas = atlas_of((("Default", "default", "", 3), ("Visual", "other", "", 3)))
    recording = recording_of(signal_of(covariance), atlas)
    variance = covariance.sum() / 36
    expected = {
        "global_signal_variance": variance,
        "global_signal_amplitude": np.sqrt(variance),
        "global_signal_fraction": variance / np.diag(covariance).mean(),
    }
    for name, value in expected.items():
        assert find(name)(recording) == pytest.approx(value, rel=1e-10)


def test_independent_regions_have_the_smallest_fraction():
    recording = recording_of(signal_of(np.eye(4)), atlas_of((("Default", "default", "", 4),)))
    assert find("global_signal_fraction")(recording) == pytest.approx(1 / 4, rel=1e-10)


def test_frames_that_came_marked_have_a_share_although_motion_is_not_known():
    usable = np.arange(N) >= 30
    share = find("censored_share")
    assert share(recording_of(noise(N), MANY, usable=usable)) == pytest.approx(0.1, abs=1e-12)
    assert share(recording_of(noise(N), MANY)).code == "E304"
    assert share(recording_of(noise(N), MANY, motion=Motion(np.zeros(N)))) == 0.0


def test_default_mode_regions_with_a_signal_are_counted():
    count = find("default_mode_regions_present")
    assert (count.role, count.unit) == ("quality", "regions")
    assert count(lively()) == 10.0
    assert count(gappy()) == 9.0  # two regions are absent, one of them of the default mode
    flat = lively().signal.copy()
    flat[:, [0, 1, 25]] = 7.0
    assert count(replace(lively(), signal=flat)) == 8.0


def test_motion_counts_from_the_second_frame():
    fd = np.zeros(10)
    fd[1:] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    usable = np.arange(10) < 8
    recording = recording_of(noise(10), MANY, motion=Motion(fd), usable=usable, tr_s=1.5)
    expected = {
        "framewise_displacement_mean": 0.5,
        "framewise_displacement_max": 0.9,
        "censored_share": 0.2,
        "usable_s": 12.0,
    }
    for name, value in expected.items():
        assert find(name)(recording) == pytest.approx(value, abs=1e-12)
