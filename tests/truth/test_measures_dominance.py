"""Dominance within a run, and the shortest dwell a spectrum shows, against planted answers."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad

from defaultmode.core.recording import TaskEvent
from defaultmode.core.reference import Reference
from defaultmode.measures import find
from switching_recordings import NETWORKS, gaussian, person

NONE = Reference(surrogates=0)
D, P = NETWORKS == "Default", NETWORKS == "DorsalAttention"


def opposed(course, seed=0, noise=1e-6):
    """Default-mode regions follow a course (n_time,), task-positive ones its reverse."""
    signal = np.outer(course, D.astype(float) - P)
    return signal + noise * np.random.default_rng(seed).standard_normal(signal.shape)


def flat_band(n_time, tr_s, seed, band=(0.01, 0.1)):
    """Gaussian signal (n_time,) of a flat spectrum in a band and none outside it."""
    rng = np.random.default_rng(seed)
    hz = np.fft.rfftfreq(n_time, tr_s)
    inside = (hz >= band[0]) & (hz <= band[1])
    return np.fft.irfft(inside * np.exp(2j * np.pi * rng.random(len(hz))), n=n_time)


def sampled_rice_s(tr_s, low=0.01, high=0.1):
    """π TR / arccos ρ of a flat band, by integration of its spectrum."""
    rho = quad(lambda hz: np.cos(2 * np.pi * hz * tr_s), low, high)[0] / (high - low)
    return np.pi * tr_s / np.arccos(rho)


def test_a_flat_band_shows_no_dwell_below_8_s():
    """½ √(∫S / ∫f²S) = 8.22 s for 0.01–0.1 Hz, which the sampled form nears as TR → 0."""
    rice = 0.5 * np.sqrt(0.09 / ((0.1**3 - 0.01**3) / 3))
    assert rice == pytest.approx(8.22, abs=0.005)
    assert sampled_rice_s(0.01) == pytest.approx(rice, rel=1e-5)
    recording = replace(person("01", opposed(flat_band(4000, 0.5, seed=1))), tr_s=0.5)
    # 180 waves of equal size: their sum over the run departs by well under 1 % from the integral
    assert find("dwell_resolution_s")(recording) == pytest.approx(rice, rel=0.01)


@pytest.mark.parametrize(("censored", "error"), [(0.0, 0.01), (0.3, 0.05)])
def test_resolution_is_what_zero_crossings_show_also_across_gaps(censored, error):
    """Half of the steps lie between usable frames: some 1 200 of them tell of the rest to 4 %."""
    course = flat_band(6000, 2.0, seed=2)
    usable = np.random.default_rng(3).random(len(course)) >= censored
    recording = person("01", opposed(course), usable=usable)
    found = find("dwell_resolution_s")(recording)
    assert found == pytest.approx(sampled_rice_s(2.0), rel=error)
    crossings = np.count_nonzero(np.diff(np.sign(course)))
    assert 2.0 * len(course) / crossings == pytest.approx(sampled_rice_s(2.0), rel=0.03)


def test_resolution_needs_two_frames_in_a_row():
    usable = np.arange(60) % 2 == 0
    assert find("dwell_resolution_s")(person("01", gaussian(60, 1), usable=usable)).code == "E306"


def test_asymmetry_is_the_share_of_time_less_a_half():
    course = np.tile([1.0, 1.0, 1.0, -3.0], 50)
    value = find("default_dominance_asymmetry")(person("01", opposed(course)), NONE).value
    assert value == pytest.approx(0.25)


def test_a_symmetric_fluctuation_has_no_asymmetry_however_strong():
    wave = np.sin(2 * np.pi * (np.arange(200) + 0.5) / 20)
    for course in (wave, 10 * wave):
        value = find("default_dominance_asymmetry")(person("01", opposed(course)), NONE).value
        assert value == 0.0


def test_a_level_of_the_whole_run_says_nothing():
    """BOLD has no zero: a default mode network that is always higher is not more dominant."""
    course = np.tile([1.0, 1.0, 1.0, -3.0], 50)
    higher = opposed(course) + 50 * D
    values = [
        find("default_dominance_asymmetry")(person("01", s), NONE).value
        for s in (opposed(course), higher)
    ]
    assert values[0] == values[1]


def blocks(duration_s=30.0):
    return tuple(TaskEvent(40.0 * k, duration_s, "task") for k in range(1, 10))


def block_course(n_time=220, tr_s=2.0, delay_s=5.0):
    """1 at rest and −1 in the blocks, as the haemodynamic response shows them."""
    time_s = np.arange(n_time) * tr_s - delay_s
    busy = (time_s >= 40) & (time_s < 400) & (time_s % 40 < 30)
    return np.where(busy, -1.0, 1.0)


def test_the_task_contrast_is_that_of_the_blocks():
    """Both networks are ±1 apart from their means: their spread is 2 √(p (1 − p)) for a share p busy."""
    course = block_course()
    p = (course < 0).mean()
    recording = person("01", opposed(course), events=blocks())
    found = find("default_dominance_task")(recording, Reference())
    assert found.value == pytest.approx(4 / (2 * np.sqrt(p * (1 - p))), rel=1e-4)
    assert found.p == 0.05
    assert found.note == ""


@pytest.mark.parametrize("name", ["rest", "Fixation"])
def test_rest_that_the_table_lists_is_no_task(name):
    """10 s of rest after each block: planted ±1, so it is the rest of any part of the run."""
    breaks = [
        replace(e, onset_s=e.onset_s + 30.0, duration_s=10.0, trial_type=name) for e in blocks()
    ]
    untyped = TaskEvent(0.0, 400.0, "")
    listed = tuple(sorted((*blocks(), *breaks, untyped), key=lambda e: e.onset_s))
    values = [
        find("default_dominance_task")(person("01", opposed(block_course()), events=e), NONE).value
        for e in (blocks(), listed)
    ]
    assert values[1] == pytest.approx(values[0], rel=1e-5)


def test_what_is_neither_task_nor_listed_rest_does_not_count():
    """An instruction of 40 s before the first block, in which both networks are far from rest."""
    course = block_course()
    course[:20] = 5.0
    breaks = [TaskEvent(e.onset_s + 30.0, 10.0, "rest") for e in blocks()]
    events = tuple(sorted((*blocks(), *breaks), key=lambda e: e.onset_s))
    found = find("default_dominance_task")(person("01", opposed(course), events=events), NONE)
    assert found.value == pytest.approx(4 / course.std(), rel=1e-4)


def test_an_event_of_no_duration_lasts_a_second():
    sticks, seconds = (
        tuple(TaskEvent(5.0 * k, duration_s, "go") for k in range(1, 60))
        for duration_s in (0.0, 1.0)
    )
    signal = gaussian(220, 1)
    values = [
        find("default_dominance_task")(person("01", signal, events=e), NONE).value
        for e in (sticks, seconds)
    ]
    assert values[0] == values[1]


def test_the_task_contrast_leaves_censored_frames_out():
    course, usable = block_course(), np.ones(220, dtype=bool)
    usable[::7] = False
    spoilt = np.where(usable, course, 40.0)
    values = [
        find("default_dominance_task")(
            person("01", opposed(c), usable=usable, events=blocks()), NONE
        ).value
        for c in (course, spoilt)
    ]
    assert values[0] == pytest.approx(values[1], rel=1e-9)


@pytest.mark.parametrize(
    ("events", "what"), [(blocks(0.0), "the task"), ((TaskEvent(0, 1e4, "x"),), "rest")]
)
def test_a_contrast_needs_both_sides(events, what):
    recording = person("01", gaussian(220, 1), events=events)
    value = find("default_dominance_task")(recording, NONE)
    assert value.code == "E306"
    assert what in value.reason


def test_a_contrast_needs_a_task():
    assert find("default_dominance_task")(person("01", gaussian(220, 1)), NONE).code == "E304"
