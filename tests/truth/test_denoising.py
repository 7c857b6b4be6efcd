"""Denoising against closed forms: gains, planted confounds, censored frames, scales, bookkeeping."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import butter, sosfreqz

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Motion, Processing, Recording
from defaultmode.denoising import Choices, all_presets, denoise, presets_for
from defaultmode.denoising.filters import band_pass, interpolate
from defaultmode.denoising.regression import remove_trend
from defaultmode.sources.bids import find_runs
from defaultmode.sources.reading import read_recording
from given import shared
from runs_to_denoise import FILTERED, LOOSE, confounds_table, full_run, noise, run

PRESETS = all_presets()
PLAIN, MEAN = PRESETS["as-supplied"], PRESETS["as-supplied+GSR"]
MINIMAL, SCRUB = PRESETS["minimal"], PRESETS["36P+scrub"]
BAND = (0.01, 0.1)


def seconds(n_time: int, tr_s: float = 2.0) -> np.ndarray:
    return np.arange(n_time) * tr_s


def cleaned(recording: Recording, preset=PLAIN, **choices: object) -> Recording:
    result = denoise(recording, preset, choices=Choices(**choices))
    assert isinstance(result, Recording), result
    return result


# Filter


@pytest.mark.parametrize("hz", [0.004, 0.01, 0.03, 0.1, 0.2])
def test_a_sine_passes_with_the_filters_own_gain_and_no_phase(hz):
    t = seconds(3000)
    wave = np.sin(2 * np.pi * hz * t)[:, None]
    _, response = sosfreqz(butter(2, BAND, "bandpass", fs=0.5, output="sos"), worN=[hz], fs=0.5)
    gain = np.abs(response[0]) ** 2  # forwards and backwards
    middle = slice(1000, 2000)  # 2000 s from either edge: 90 time constants of the 0.01 Hz corner
    got = band_pass(wave, 2.0, band=BAND)[middle]
    assert np.abs(got - gain * wave[middle]).max() < 1e-9


def test_constants_and_lines_leave_nothing():
    t = seconds(200)
    signal = np.column_stack([np.full(200, 900.0), 1000 + t])
    assert np.abs(band_pass(signal[:, :1], 2.0, band=BAND)).max() < 1e-9
    result = denoise(run(np.column_stack([signal, noise(200, 1)])), PLAIN)
    assert result.absent["r0"].code == "E118"
    assert result.absent["r1"].code == "E118"
    assert np.isnan(result.signal[:, :2]).all()
    assert np.isfinite(result.signal[:, 2]).all()


@pytest.mark.parametrize("where", [60, 150, 240])
def test_an_impulse_stays_where_it_was(where):
    signal = np.zeros((300, 1))
    signal[where] = 1.0
    got = band_pass(signal, 2.0, band=BAND)[:, 0]
    assert np.argmax(got) == where
    reach = np.arange(1, 50)  # symmetric: the same before as after
    assert np.abs(got[where + reach] - got[where - reach]).max() < 1e-4 * got[where]


@pytest.mark.parametrize("n_time", [3, 5, 12, 16, 40])
def test_the_filter_does_not_blow_up_on_short_runs(n_time):
    signal = noise(n_time, 4, mean=0)
    got = band_pass(signal, 2.0, band=BAND)
    assert np.isfinite(got).all()
    assert np.abs(got).max() < 2 * np.abs(signal).max()


def test_padding_beats_the_customary_one_at_the_edges():
    """Against the same filter on a record 20 times as long (the measurement in decision 0004)."""
    from scipy.signal import sosfiltfilt

    rng = np.random.default_rng(3)
    long = np.cumsum(rng.standard_normal((3000, 50)), axis=0) * 0.1
    long += rng.standard_normal(long.shape)
    sections = butter(2, BAND, "bandpass", fs=0.5, output="sos")
    part, edges = slice(1500, 1650), np.r_[0:10, 140:150]
    truth = band_pass(long, 2.0, band=BAND)[part][edges]
    ours = band_pass(long[part], 2.0, band=BAND)[edges]
    customary = sosfiltfilt(sections, long[part], axis=0)[edges]
    assert (ours - truth).std() < 0.7 * (customary - truth).std()


def test_a_low_pass_beyond_nyquist_is_no_filter():
    result = cleaned(run(noise(100), tr_s=6.0))
    assert result.processing.high_cutoff_hz is None
    assert result.processing.low_cutoff_hz == 0.01


# Interpolation and censoring


def test_interpolation_is_linear_inside_and_nearest_at_the_edges():
    signal = np.array([9.0, 1, 99, 99, 4, 5, -99])[:, None]
    usable = np.array([0, 1, 0, 0, 1, 1, 0], dtype=bool)
    assert interpolate(signal, usable)[:, 0].tolist() == pytest.approx([1, 1, 2, 3, 4, 5, 5])


def motion_at(n_time: int, frames: list[int]) -> Motion:
    displacement = np.full(n_time, 0.1)
    displacement[frames] = 0.9
    return Motion(displacement)


@pytest.mark.parametrize(
    "frames", [[], [150], [0, 1, 2], [297, 298, 299], [0, 50, 51, 52, 299]], ids=str
)
def test_known_frames_are_censored_and_what_is_in_them_never_matters(frames):
    signal = noise(300)
    spiked = signal.copy()
    spiked[frames] *= 1.5  # fifty percent
    results = [
        cleaned(run(s, motion=motion_at(300, frames)), fd_threshold_mm=0.5)
        for s in (signal, spiked)
    ]
    assert np.flatnonzero(~results[0].usable).tolist() == frames
    assert results[0].n_time == 300
    kept = [r.signal[r.usable] for r in results]
    assert np.array_equal(*kept)  # to the last bit
    assert np.array_equal(*[r.unfiltered[r.usable] for r in results])


def test_a_spike_in_the_confounds_does_not_leak_either():
    recording = full_run(300)
    table = dict(recording.confounds)
    table["framewise_displacement"] = motion_at(300, [100]).framewise_displacement_mm
    results = []
    for size in (0.0, 50.0):
        column = table["trans_x"].copy()
        column[100] += size
        results.append(
            cleaned(
                replace(recording, confounds={**table, "trans_x": column}),
                MINIMAL,
                fd_threshold_mm=0.5,
            )
        )
    assert np.array_equal(*[r.signal[r.usable] for r in results])


@pytest.mark.parametrize("kept", [0, 1, 2, 119])
def test_too_little_usable_signal_is_missing_with_its_seconds(kept):
    usable = np.arange(300) < kept
    result = denoise(run(noise(300), usable=usable), PLAIN)
    assert result == Missing(f"{2 * kept} s of usable signal; 240 s are needed", "E301")


def test_240_s_are_enough():
    assert isinstance(denoise(run(noise(300), usable=np.arange(300) < 120), PLAIN), Recording)
    n_time = next(n for n in range(100, 300) if n * (240 / n) < 240)  # by the last bit only
    assert isinstance(denoise(run(noise(n_time), tr_s=240 / n_time), PLAIN), Recording)


def test_two_frames_are_never_enough():
    result = denoise(run(noise(9), usable=np.arange(9) < 2), PLAIN, choices=Choices(**LOOSE))
    assert result.code == "E301"


def test_displacement_or_dvars_censors_and_short_stretches_go_too():
    recording = full_run(400)
    displacement, dvars = np.full(400, 0.1), np.full(400, 1.0)
    displacement[[0, 10, 21]] = [np.nan, 0.21, 0.21]
    dvars[15] = 1.51  # four frames between 10 and 15 go, five between 15 and 21 stay
    displacement[30], dvars[40] = 0.2, 1.5  # at the limit is not above it
    table = {**recording.confounds, "framewise_displacement": displacement, "std_dvars": dvars}
    result = cleaned(replace(recording, confounds=table), SCRUB)
    assert np.flatnonzero(~result.usable).tolist() == [10, 11, 12, 13, 14, 15, 21]


def test_frames_before_the_steady_state_are_always_censored():
    recording = full_run(300)
    mark = np.zeros(300)
    mark[0] = 1
    table = {**recording.confounds, "non_steady_state_outlier00": mark}
    for name in ("minimal", "24P+aCompCor"):
        result = cleaned(replace(recording, confounds=table), PRESETS[name])
        assert np.flatnonzero(~result.usable).tolist() == [0]
        assert result.provenance["denoising"]["n_censored"] == 1


def test_a_limit_without_its_series_is_refused():
    assert denoise(run(noise(300)), PLAIN, choices=Choices(fd_threshold_mm=0.5)).code == "E205"
    table = {k: v for k, v in full_run().confounds.items() if k != "std_dvars"}
    found = presets_for(replace(full_run(), confounds=table))["36P+scrub"]
    assert found.code == "E205"
    assert "std_dvars" in found.reason


# Regression


def test_a_planted_confound_is_removed_to_rounding():
    """Linear and time-invariant: what is added of a confound goes, and nothing else changes."""
    recording = full_run(300)
    wave = np.sin(2 * np.pi * 0.05 * seconds(300))
    table = {**recording.confounds, "trans_x": wave}
    signal = np.array(recording.signal)
    planted = signal + 30 * wave[:, None] * np.linspace(-1, 1, signal.shape[1])
    choices = {"low_hz": 0.01, "high_hz": 0.1}
    arbitrary = [
        cleaned(replace(recording, signal=s, unit="arbitrary", confounds=table), MINIMAL, **choices)
        for s in (signal, planted)
    ]
    size = arbitrary[0].signal.std()
    assert np.abs(arbitrary[0].signal - arbitrary[1].signal).max() < 1e-10 * size
    assert np.abs(arbitrary[0].unfiltered - arbitrary[1].unfiltered).max() < 1e-10 * size


def test_what_the_filter_took_does_not_come_back():
    """A confound that is mostly drift and flicker must not put them into the signal."""
    rng = np.random.default_rng(5)
    table = confounds_table(400)
    for name in table:
        if name.startswith(("trans", "rot")) and "_" not in name[6:]:
            table[name] = np.cumsum(rng.standard_normal(400)) + 5 * rng.standard_normal(400)
    result = cleaned(run(noise(400), confounds=table), MINIMAL)
    power = np.abs(np.fft.rfft(result.signal * np.hanning(400)[:, None], axis=0)) ** 2
    hz = np.fft.rfftfreq(400, 2.0)
    outside = power[(hz > 0.2) | (hz < 0.003)].sum() / power.sum()
    assert outside < 0.005


def test_a_region_that_is_a_confound_is_absent_not_rounding_error():
    recording = full_run(300)
    signal = np.array(recording.signal)
    signal[:, 2] = 1000 + 3 * recording.confounds["rot_z"]
    result = cleaned(replace(recording, signal=signal), MINIMAL)
    assert list(result.absent) == ["r2"]
    assert result.absent["r2"].code == "E118"


def test_collinear_confounds_count_once():
    recording = full_run(300)
    table = {**recording.confounds, "rot_z": 3 * recording.confounds["rot_x"] + 7}
    table["rot_y"] = np.full(300, 2.0)
    result = cleaned(replace(recording, confounds=table), MINIMAL)
    assert result.provenance["denoising"]["rank"] == 4
    assert np.isfinite(result.signal).all()


def test_gaps_are_refused_but_the_first_frame_of_what_looks_back_is_0():
    recording = full_run(300)
    assert np.isnan(recording.confounds["trans_x_derivative1"][0])
    cleaned(recording, PRESETS["24P+aCompCor"])
    for name, frame in (("trans_x_derivative1", 7), ("trans_x", 0), ("framewise_displacement", 3)):
        column = np.array(recording.confounds[name])
        column[frame] = np.nan
        broken = replace(recording, confounds={**recording.confounds, name: column})
        with pytest.raises(DefaultModeError, match=f"E134.*{name}.*frame {frame + 1} of 300"):
            denoise(broken, SCRUB)


def test_too_many_regressors_for_the_run_are_refused():
    short = full_run(125)  # 250 s in a band of 0.09 Hz hold 45 independent samples; 36 go out
    result = denoise(short, SCRUB)
    assert result.code == "E303"
    assert "36 regressors from 45" in result.reason
    assert "9 degrees" in result.reason
    assert isinstance(denoise(full_run(130), SCRUB), Recording)


# Global signal


def test_after_global_signal_regression_the_mean_over_regions_is_zero():
    result = cleaned(run(noise(300)), MEAN)
    assert np.abs(result.kept.mean(axis=1)).max() < 1e-10
    assert np.abs(result.unfiltered.mean(axis=1)).max() < 1e-10
    assert result.processing.global_signal_removed
    assert result.processing.confounds_removed == ("mean_of_regions",)


def test_a_second_global_signal_regression_is_refused():
    removed = run(noise(300), processing=Processing(global_signal_removed=True))
    assert denoise(removed, MEAN).code == "E304"
    assert presets_for(removed)["as-supplied+GSR"].code == "E304"
    assert isinstance(denoise(removed, PLAIN), Recording)


def test_regions_that_already_average_to_zero_are_left_alone():
    signal = noise(300)
    signal -= signal.mean(axis=1, keepdims=True)
    supplied = run(signal, unit="arbitrary")
    plain, again = cleaned(supplied), cleaned(supplied, MEAN)
    assert np.abs(plain.signal - again.signal).max() < 1e-10
    assert again.provenance["denoising"]["rank"] == 0


# Units


def test_percent_scale_is_the_mean_of_usable_frames():
    wave = np.sin(2 * np.pi * 0.03 * seconds(1500))
    usable = np.ones(1500, dtype=bool)
    usable[:20] = False
    signal = np.column_stack([800 + 8 * wave, 400 + 8 * wave])
    signal[:20] = 5000
    result = cleaned(run(signal, usable=usable))
    assert result.unit == "percent"
    amplitude = result.signal[600:900].max(axis=0)
    ratio = 8 / signal[usable].mean(axis=0) * 100
    assert amplitude[1] / amplitude[0] == pytest.approx(ratio[1] / ratio[0], rel=1e-9)
    assert amplitude == pytest.approx(ratio, rel=5e-3)  # the filter's gain at 0.03 Hz is 0.998


def test_where_there_is_no_mean_there_is_no_percent():
    cases = (
        run(noise(300, mean=0)),
        run(noise(300, mean=-500)),
        run(noise(300), processing=Processing(demeaned=True)),
        run(noise(300), unit="arbitrary"),
    )
    for recording in cases:
        result = cleaned(recording)
        assert result.unit == "arbitrary"
        assert result.processing.demeaned == (recording.unit == "scanner")
        assert not result.absent
    assert cleaned(run(noise(300, mean=0), unit="percent")).unit == "percent"


def test_a_region_in_dropout_is_absent_not_amplified():
    signal = noise(300)
    signal[:, 1] = signal[:, 1] - 990  # a mean of about 10 where others have 1000
    signal[:, 4] = -signal[:, 4]
    result = cleaned(run(signal))
    assert {name: m.code for name, m in result.absent.items()} == {"r1": "E120", "r4": "E120"}
    assert np.isfinite(np.delete(result.signal, [1, 4], axis=1)).all()


def test_absent_regions_stay_absent_and_all_absent_is_missing():
    signal = noise(300)
    signal[:, 0] = np.nan
    gone = Missing("outside the field of view", "E116")
    result = cleaned(run(signal, absent={"r0": gone}), MEAN)
    assert result.absent == {"r0": gone}
    assert np.isnan(result.signal[:, 0]).all()
    assert denoise(run(np.full((300, 3), 5.0)), PLAIN).code == "E302"


# Nothing is done twice


def test_a_filtered_input_is_not_filtered_again():
    supplied = run(noise(300), processing=FILTERED)
    result = cleaned(supplied)
    percent = 100 * (supplied.signal / supplied.signal.mean(axis=0) - 1)
    assert np.abs(result.signal - percent).max() < 1e-10  # not even a straight line is taken off
    assert result.unfiltered is None
    assert result.processing.high_cutoff_hz == 0.08
    assert result.provenance["denoising"]["filtered_here_hz"] == [None, None]


def test_only_the_side_that_is_open_is_filtered():
    low_passed = run(noise(300), processing=Processing(high_cutoff_hz=0.08))
    result = cleaned(low_passed)
    assert result.processing.low_cutoff_hz == 0.01
    assert result.processing.high_cutoff_hz == 0.08
    assert result.processing.supplied_low_cutoff_hz is None
    assert result.processing.supplied_high_cutoff_hz == 0.08
    high_only = cleaned(run(noise(300)), high_hz=None)
    assert np.abs(result.signal - high_only.signal).max() < 1e-10


@pytest.mark.parametrize("band", [(0.008, None), (None, 0.08)], ids=str)
def test_unfiltered_has_been_through_the_supplied_filter_only(band):
    """Signal and confounds alike: the broad band of the confounds does not enter by the fit."""
    recording = full_run(300, unit="arbitrary")
    level = remove_trend(recording.signal, recording.usable)
    filtered = band_pass(level, 2.0, band=band)
    done = Processing(low_cutoff_hz=band[0], high_cutoff_hz=band[1])
    supplied = cleaned(replace(recording, signal=filtered, processing=done), MINIMAL)
    here = cleaned(recording, MINIMAL, low_hz=band[0], high_hz=band[1])
    size = here.signal.std()
    # A line taken off before and after a low-pass is not quite the same line at the edges.
    got, expected = (remove_trend(s, here.usable) for s in (supplied.unfiltered, here.signal))
    assert np.abs(got - expected).max() < 1e-4 * size
    assert np.abs(supplied.signal - supplied.unfiltered).max() > 0.1 * size


def test_confounds_are_filtered_as_the_supplied_signal_was():
    """Else frequencies that the signal no longer has would come back with the confounds."""
    recording = full_run(300, unit="arbitrary")
    band = Processing(low_cutoff_hz=0.02, high_cutoff_hz=0.08)
    level = remove_trend(recording.signal, recording.usable)
    filtered = band_pass(level, 2.0, band=(0.02, 0.08))
    supplied = cleaned(replace(recording, signal=filtered, processing=band), MINIMAL)
    here = cleaned(recording, MINIMAL, low_hz=0.02, high_hz=0.08)
    assert np.abs(supplied.signal - here.signal).max() < 1e-9 * here.signal.std()
    freedom = supplied.provenance["denoising"]["degrees_of_freedom"]
    assert freedom == pytest.approx(2 * 0.06 * 600 - 6)


def test_without_a_band_every_frame_counts_but_those_of_the_line():
    books = cleaned(full_run(300), MINIMAL, low_hz=None, high_hz=None).provenance["denoising"]
    assert books["degrees_of_freedom"] == pytest.approx(300 - 2 - 6)


def test_a_band_that_is_empty_is_refused():
    slow = run(noise(300), processing=Processing(high_cutoff_hz=0.009))
    assert denoise(slow, PLAIN).code == "E304"


def test_denoised_input_is_not_denoised_again():
    once = cleaned(run(noise(300)))
    assert denoise(once, PLAIN).code == "E304"
    before = full_run(processing=Processing(confounds_removed=("trans_x",)))
    assert denoise(before, MINIMAL).code == "E304"


def test_the_books_say_what_was_done():
    sidecar = {"confounds_sidecar": {"a": 1}, "source": "made"}
    result = cleaned(full_run(provenance=sidecar), PRESETS["24P+aCompCor+GSR"])
    assert result.processing.preset == "24P+aCompCor+GSR"
    assert len(result.processing.confounds_removed) == 35
    assert result.processing.confounds_removed[-1] == "global_signal"
    assert result.motion is not None
    assert not result.confounds
    assert result.provenance["source"] == "made"
    assert "confounds_sidecar" not in result.provenance
    books = result.provenance["denoising"]
    assert books["rank"] == 35
    assert books["degrees_of_freedom"] == pytest.approx(2 * 0.09 * 600 - 35)
    assert not result.signal.flags.writeable


@pytest.mark.parametrize(
    "wrong",
    [
        {"low_hz": 0.2},
        {"low_hz": 0},
        {"high_hz": -1},
        {"order": 0},
        {"min_usable_s": -1},
        {"fd_threshold_mm": 0},
    ],
    ids=str,
)
def test_choices_that_cannot_be_are_refused(wrong):
    with pytest.raises(DefaultModeError, match="E411"):
        Choices(**wrong)


# Real recordings


def test_psilocybin_tables_are_left_in_their_band():
    """People scanned at 3 s, band-passed 0.01–0.08 Hz before they came here."""
    runs = find_runs(shared("data/psilocybin_aal90"), participants=("01", "02"))
    assert len(runs) == 8
    for supplied in map(read_recording, runs):
        plain, mean = cleaned(supplied), cleaned(supplied, MEAN)
        assert plain.unit == "percent"
        assert not plain.absent
        assert plain.unfiltered is None
        assert (plain.processing.low_cutoff_hz, plain.processing.high_cutoff_hz) == (0.01, 0.08)
        same = np.corrcoef(plain.signal.T) - np.corrcoef(supplied.signal.T)
        assert np.abs(same).max() < 1e-10
        assert np.abs(mean.signal.mean(axis=1)).max() < 1e-10


def test_demeaned_tables_have_no_percent_scale():
    """People with and without depression, demeaned and band-passed before they came here."""
    runs = find_runs(shared("data/mdd_destrieux164"), participants=("MDD001",))
    assert [cleaned(read_recording(r)).unit for r in runs] == ["arbitrary"]
