"""The task model gives planted activations back, and is the general linear model with confounds."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt
from scipy.stats import gamma

from defaultmode.core.missing import Missing
from defaultmode.core.recording import Processing, TaskEvent
from defaultmode.denoising import Choices, all_presets, denoise
from defaultmode.measures import find
from defaultmode.measures._task_design import is_rest, task_design
from defaultmode.measures._task_model import task_fit
from defaultmode.measures.task_deactivation import activation_by_trial_type
from runs_to_denoise import confounds_table
from toy_recordings import atlas_of, recording_of

N_TIME, TR_S = 240, 2.0
ATLAS = atlas_of()
BLOCKS = tuple(TaskEvent(float(t), 24.0, "nback") for t in range(20, 460, 48))
PLANTED = np.array(
    [{"default": -0.4, "task-positive": 0.7}.get(r.role, 0.05) for r in ATLAS.regions]
)


def noise(seed=0, n_time=N_TIME):
    return np.random.default_rng(seed).standard_normal((n_time, len(ATLAS)))


def response(events, n_time=N_TIME, tr_s=TR_S, step_s=0.01):
    """Boxcar convolved with the canonical response, by its formula on a fine grid of our own."""
    time_s = np.arange(0, n_time * tr_s, step_s)
    boxcar = sum(
        ((time_s >= e.onset_s) & (time_s < e.onset_s + e.duration_s)) * 1.0 for e in events
    )
    late_s = np.arange(0, 32, step_s)
    kernel = gamma.pdf(late_s, 6) - gamma.pdf(late_s, 16) / 6
    smooth = np.convolve(boxcar, kernel / kernel.sum())[: len(time_s)]
    return smooth[:: round(tr_s / step_s)]


def made(signal, events=BLOCKS, **fields):
    return recording_of(signal, ATLAS, events=events, **fields)


def test_planted_activations_come_back():
    """Noise of 1 % and the response by its formula: within four standard errors everywhere."""
    recording = made(np.outer(response(BLOCKS), PLANTED) + noise())
    fit = task_fit(recording)
    error = [fit.error(np.array([i])) for i in fit.columns]
    assert np.all(np.abs(fit.activation - PLANTED) < 4 * np.array(error))
    assert np.mean(error) == pytest.approx(
        1 / np.sqrt(np.sum(_level(response(BLOCKS)) ** 2)), rel=0.05
    )


def _level(x):
    return x - x.mean()


def test_without_noise_they_come_back_to_the_precision_of_the_grid():
    recording = made(np.outer(response(BLOCKS), PLANTED) + 1e-6 * noise())
    assert find("task_deactivation_index")(recording) == pytest.approx(0.4, rel=0.01)
    assert find("task_activation_task_positive")(recording) == pytest.approx(0.7, rel=0.01)
    assert find("task_deactivation_per_activation")(recording) == pytest.approx(4 / 7, rel=1e-3)
    np.testing.assert_allclose(find("task_activation_by_region")(recording), PLANTED, rtol=0.01)


@pytest.mark.parametrize("preset", ["24P+aCompCor", "24P+aCompCor+GSR", "minimal"])
def test_it_is_the_one_step_model_with_confounds(preset):
    """Frisch and Waugh: residualised regressors give the coefficients of the whole design."""
    table = confounds_table(N_TIME)
    table["trans_x"] = table["trans_x"] + 0.03 * response(BLOCKS)  # motion goes with the task
    table["framewise_displacement"][[30, 31, 90]] = 3.0
    raw = 1000 * (1 + np.outer(response(BLOCKS), PLANTED) / 100) + 10 * noise(seed=3)
    recording = made(raw + 20 * table["trans_x"][:, None], unit="scanner", confounds=table)
    cleaned = denoise(recording, all_presets()[preset], choices=Choices(min_usable_s=0))
    assert not isinstance(cleaned, Missing)
    kept = cleaned.usable
    percent = 100 * (recording.signal[kept] / recording.signal[kept].mean(axis=0) - 1)
    design, contrast = task_design(cleaned).regressors, task_design(cleaned).contrast
    whole = np.column_stack([design, cleaned.removed])[kept]
    beta = np.linalg.lstsq(whole / np.linalg.norm(whole, axis=0), percent, rcond=1e-11)[0]
    one_step = contrast @ beta[: len(contrast)] / np.linalg.norm(whole[:, 0])
    np.testing.assert_allclose(task_fit(cleaned).activation, one_step, rtol=1e-7, atol=1e-9)


def test_task_is_held_against_the_rest_that_the_table_names():
    """Instructions lie between both: only a labelled rest keeps them out of the baseline."""
    rest = tuple(TaskEvent(t + 24.0, 14.0, "Fixation") for t in range(20, 460, 48))
    cues = tuple(TaskEvent(t + 38.0, 10.0, "cue") for t in range(20, 460, 48))
    signal = np.outer(response(BLOCKS), PLANTED) + np.outer(
        response(rest), 0.2 * np.ones(len(ATLAS))
    )
    events = tuple(sorted((*BLOCKS, *rest), key=lambda e: e.onset_s))
    found = find("task_deactivation_index")(made(signal + 1e-6 * noise(), events=events))
    assert found == pytest.approx(0.4 + 0.2, rel=0.01)
    loud = signal + np.outer(response(cues), np.ones(len(ATLAS)))
    unnamed = find("task_deactivation_index")(made(loud + 1e-6 * noise(), events=BLOCKS))
    assert abs(unnamed - 0.4) > 0.2  # the rest of this model holds cues and fixation alike


def test_trial_types_count_by_their_time():
    easy, hard = (
        BLOCKS[::2],
        tuple(replace(e, trial_type="2back", duration_s=12.0) for e in BLOCKS[1::2]),
    )
    signal = np.outer(response(easy), np.full(len(ATLAS), 1.0)) + np.outer(
        response(hard), np.full(len(ATLAS), 4.0)
    )
    recording = made(
        signal + 1e-6 * noise(), events=tuple(sorted((*easy, *hard), key=lambda e: e.onset_s))
    )
    expected = (1.0 * 24 * len(easy) + 4.0 * 12 * len(hard)) / (24 * len(easy) + 12 * len(hard))
    assert find("task_deactivation_index")(recording) == pytest.approx(-expected, rel=0.01)


def test_each_trial_type_has_its_own_activations():
    """A self-referential block raises what an external one lowers; their mean is next to nothing."""
    own = tuple(replace(e, trial_type="self") for e in BLOCKS[1::2])
    rest = tuple(TaskEvent(t + 24.0, 24.0, "rest") for t in range(20, 460, 48))
    signal = np.outer(response(BLOCKS[::2]), PLANTED) - np.outer(response(own), PLANTED)
    for more in ((), rest):
        events = tuple(sorted((*BLOCKS[::2], *own, *more), key=lambda e: e.onset_s))
        recording = made(signal + 1e-6 * noise(), events=events)
        each = activation_by_trial_type(recording)
        assert set(each) == {"nback", "self"}
        np.testing.assert_allclose(each["nback"], PLANTED, rtol=0.02)
        np.testing.assert_allclose(each["self"], -PLANTED, rtol=0.02)
        assert abs(find("task_deactivation_index")(recording)) < 0.01
    assert activation_by_trial_type(made(noise(), events=())) == {}


def test_events_without_any_duration_are_no_lasting_task():
    sticks = tuple(TaskEvent(float(t), 0.0, "flash") for t in range(10, 450, 23))
    value = find("task_deactivation_index")(made(noise(seed=5), events=sticks))
    assert value.code == "E306"
    assert "flash" in value.reason


def test_a_button_beside_the_task_is_in_the_model_and_not_in_the_contrast():
    """Its regressor, built as one second at each press, takes up what follows the presses."""
    presses = tuple(TaskEvent(float(t), 0.0, "button") for t in range(15, 450, 31))
    blocks = tuple(TaskEvent(float(t), 20.0, "nback") for t in range(20, 440, 60))
    whole = made(noise(seed=5), events=tuple(sorted(blocks + presses, key=lambda e: e.onset_s)))
    design = task_design(whole)
    assert design.types == ("button", "nback")
    np.testing.assert_array_equal(design.contrast, [0.0, 1.0])
    assert set(activation_by_trial_type(whole)) == {"button", "nback"}


@pytest.mark.parametrize("name", ["rest", "Rest", "fixation", "baseline", "Rest_Block", "fix"])
def test_rest_is_known_by_its_name(name):
    assert is_rest(name)


@pytest.mark.parametrize("name", ["nback", "2back", "restaurant", "rest_faces", "self", ""])
def test_anything_else_is_a_task(name):
    assert not is_rest(name)


MEASURES = [
    "task_activation_task_positive",
    "task_deactivation_index",
    "task_deactivation_per_activation",
    "task_activation_by_region",
]


def lost(recording, code, words, name="task_deactivation_index"):
    value = find(name)(recording)
    assert isinstance(value, Missing), value
    assert value.code == code
    assert words in value.reason


@pytest.mark.parametrize("name", MEASURES)
def test_a_design_without_contrast_gives_no_number(name):
    whole = (TaskEvent(0.0, N_TIME * TR_S, "nback"),)
    lost(made(noise(), events=whole), "E306", "fills 100 %", name)
    only_rest = tuple(replace(e, trial_type="rest") for e in BLOCKS)
    lost(made(noise(), events=only_rest), "E306", "No trial type is a task", name)
    unnamed = tuple(replace(e, trial_type="") for e in BLOCKS)
    lost(made(noise(), events=unnamed), "E306", "those of the run: none", name)


def test_two_trial_types_that_always_come_together_are_not_told_apart():
    """The contrast of task and rest is not in a design where both regressors are one."""
    twins = tuple(e for b in BLOCKS for e in (b, replace(b, trial_type="rest")))
    lost(made(noise(), events=twins), "E306", "cannot be told apart")


def test_confounds_that_explain_the_task_take_the_measure():
    design = task_design(made(noise())).regressors
    nearly = design + 0.05 * noise(seed=9)[:, :1]
    lost(made(noise(), removed=nearly), "E303", "Confounds and filters take the task away")
    half = design + 0.3 * noise(seed=9)[:, :1]
    assert isinstance(find("task_deactivation_index")(made(noise(), removed=half)), float)


def test_a_ratio_to_nothing_is_missing():
    flat = PLANTED * (PLANTED < 0)
    recording = made(np.outer(response(BLOCKS), flat) + noise(seed=7))
    lost(recording, "E306", "a ratio to it means nothing", "task_deactivation_per_activation")
    falls = made(np.outer(response(BLOCKS), -np.abs(PLANTED)) + 0.1 * noise(seed=7))
    lost(falls, "E306", "rises by -", "task_deactivation_per_activation")


@pytest.mark.parametrize(("low_hz", "high_hz"), [(0.01, None), (None, 0.1), (0.01, 0.08)])
def test_a_signal_that_came_filtered_gives_the_same_activations(low_hz, high_hz):
    """Two seconds of task every twelve lose 40 % to 0.01–0.08 Hz; the regressors lose as much."""
    events = tuple(TaskEvent(float(t), 2.0, "go") for t in range(10, 460, 14))
    signal = np.outer(response(events), PLANTED) + 1e-6 * noise()
    for corner, kind in ((low_hz, "highpass"), (high_hz, "lowpass")):
        if corner is not None:
            sos = butter(2, corner, kind, fs=1 / TR_S, output="sos")
            signal = sosfiltfilt(sos, signal, axis=0)
    done = Processing(low_cutoff_hz=low_hz, high_cutoff_hz=high_hz)
    found = find("task_deactivation_index")(made(signal, events=events, processing=done))
    assert found == pytest.approx(0.4, rel=0.02)


def test_censored_frames_do_not_count():
    usable = np.ones(N_TIME, dtype=bool)
    usable[[4, 50, 51, 52, 200]] = False
    signal = np.outer(response(BLOCKS), PLANTED) + 0.1 * noise()
    spiky = signal.copy()
    spiky[~usable] += 500.0
    clean, dirty = (task_fit(made(s, usable=usable)).activation for s in (signal, spiky))
    np.testing.assert_array_equal(clean, dirty)
