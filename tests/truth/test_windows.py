"""Windows along a run: where they lie, what they hold, and how sure they are of it."""

from dataclasses import replace

import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.exposure import Exposure
from defaultmode.core.recording import Processing
from defaultmode.measures import WindowPlan, find, window_series
from toy_recordings import atlas_of, lively, recording_of

WHOLE = ("within_default_mode", "default_mode_task_positive", "global_signal_variance")


def with_dose(recording, *given):
    return replace(recording, exposure=Exposure("ketamine", given, np.zeros(recording.n_time)))


@pytest.mark.parametrize("name", WHOLE)
def test_a_window_as_long_as_the_run_is_the_measure(name):
    run = replace(lively(), exposure=None)
    series = window_series(run, WindowPlan(run.n_time * run.tr_s, 20.0))
    assert series.values[name] == pytest.approx([find(name)(run)], rel=1e-12)


@pytest.mark.parametrize("begins_s", [151.0, 150.0, 149.3])
def test_no_window_reaches_over_the_dose(begins_s):
    run = with_dose(lively(), (begins_s, 250.0))
    series = window_series(run, WindowPlan())
    over = (series.start_s < begins_s) & (series.end_s > begins_s + 1e-9)
    assert not over.any()
    assert {"before", "during", "across", "after"} == set(series.phase)
    assert np.allclose(series.usable_s, 60.0)
    for phase, begin, end in zip(series.phase, series.start_s, series.end_s, strict=True):
        assert (phase == "before") == (end <= begins_s)
        assert (phase == "across") == (begin + 1 < 250 < end - 1)


def test_windows_across_the_dose_are_marked():
    run = with_dose(lively(), (150.0, 390.0))
    series = window_series(run, WindowPlan(across=True))
    over = (series.start_s < 150) & (series.end_s > 150)
    assert over.any()
    assert [p == "across" for p in series.phase] == (over | (series.end_s > 391)).tolist()


def test_a_bolus_is_followed_by_after():
    run = with_dose(lively(), (150.0, 150.0))
    assert set(window_series(run, WindowPlan()).phase) == {"before", "after"}


def test_a_dose_outside_the_run_leaves_the_windows_where_they_are():
    plain = window_series(replace(lively(), exposure=None), WindowPlan())
    assert plain.phase == ("",) * len(plain.phase)
    for given, phase in (((-600.0, -60.0), "after"), ((9000.0, 9600.0), "before")):
        series = window_series(with_dose(lively(), given), WindowPlan())
        assert set(series.phase) == {phase}
        np.testing.assert_array_equal(series.start_s, plain.start_s)


def test_a_window_with_few_usable_frames_has_no_value():
    run = lively()
    usable = np.ones(run.n_time, dtype=bool)
    usable[:12] = False  # of the 30 frames of the first window
    series = window_series(replace(run, usable=usable, exposure=None), WindowPlan())
    assert series.usable_s[0] == 36.0
    known = np.isfinite(series.values["within_default_mode"])
    assert not known[0]
    assert known[2:].all()


def test_what_the_recording_cannot_show_has_no_value():
    run = replace(
        lively(), processing=Processing(global_signal_removed=True, supplied_low_cutoff_hz=0.01)
    )
    values = window_series(run, WindowPlan()).values
    for name in ("global_signal_variance", "default_mode_signal"):
        assert np.isnan(values[name]).all()
    arbitrary = window_series(replace(lively(), unit="arbitrary"), WindowPlan()).values
    assert np.isnan(arbitrary["default_mode_signal"]).all()
    assert np.isfinite(arbitrary["within_default_mode"]).all()


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("within_default_mode", 0.85, 1.3),
        ("global_signal_variance", 0.8, 1.2),
        ("default_mode_signal", 0.9, 1.1),
    ],
)
def test_the_error_is_the_spread_over_windows_where_frames_are_independent(name, low, high):
    """300 windows that share no frame: their spread is known to 4 %; the jackknife of z is above it."""
    atlas, rng = atlas_of(), np.random.default_rng(3)
    signal = rng.standard_normal((300 * 30, len(atlas)))
    signal += 0.7 * rng.standard_normal((len(signal), 1))
    series = window_series(recording_of(signal, atlas), WindowPlan(60.0, 60.0))
    spread = series.values[name].std(ddof=1)
    stated = np.sqrt(np.mean(series.errors[name] ** 2))
    assert low < stated / spread < high


@pytest.mark.parametrize("plan", [(10.0, 20.0), (9000.0, 20.0)])
def test_windows_that_cannot_be_cut_are_refused(plan):
    with pytest.raises(DefaultModeError) as caught:
        window_series(lively(), WindowPlan(*plan))
    assert caught.value.code == "E447"


@pytest.mark.parametrize("plan", [(0.0, 20.0), (60.0, -1.0), (float("nan"), 20.0)])
def test_a_length_that_is_no_time_is_refused(plan):
    with pytest.raises(DefaultModeError) as caught:
        WindowPlan(*plan)
    assert caught.value.code == "E447"


def test_an_exposure_of_another_length_is_refused():
    with pytest.raises(DefaultModeError) as caught:
        replace(lively(), exposure=Exposure("ketamine", ((0.0, 1.0),), np.zeros(3)))
    assert caught.value.code == "E131"
