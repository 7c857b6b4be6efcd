"""Intrinsic timescales and variability, against closed forms and processes that are known."""

import numpy as np
import pytest
from scipy.signal import lfilter

from defaultmode.core.errors import DefaultModeError
from defaultmode.measures import find
from defaultmode.measures._autocorrelation import area, autocorrelation, decay, half_width
from toy_recordings import atlas_of, recording_of, signal_of

TR_S = 2.0
MANY = atlas_of((("Default", "default", "", 100),), name="many")
NAMES = ("timescale_default", "timescale_half_default", "timescale_exponential_default")


def autoregressive(phi, n_time, seed=0):
    """A hundred independent processes x(t) = φ x(t − 1) + noise, (n_time, 100)."""
    noise = np.random.default_rng(seed).standard_normal((n_time + 200, len(MANY)))
    return lfilter([1.0], [1.0, -phi], noise, axis=0)[200:]


def known(phi):
    """Area, half-width along a line, and time constant of φ^k, in s."""
    after = int(np.ceil(np.log(0.5) / np.log(phi)))
    high, low = phi ** (after - 1), phi**after
    half = after - 1 + (high - 0.5) / (high - low)
    return TR_S * np.array([0.5 + phi / (1 - phi), half, -1 / np.log(phi)])


def measured(signal, **fields):
    return [find(name)(recording_of(signal, MANY, **fields)) for name in NAMES]


@pytest.mark.parametrize("phi", [0.5, 0.8, 0.95])
def test_an_exponential_autocorrelation_has_its_timescales(phi):
    """Lags far enough that what is cut off, φ^1000, is rounding; then one lag below zero."""
    acf = np.append(phi ** np.arange(1000), -0.1)[:, None]
    found = [area(acf)[0], half_width(acf)[0], decay(acf[:, 0])]
    np.testing.assert_allclose(TR_S * np.array(found), known(phi), rtol=1e-10)


def test_noise_of_the_scanner_does_not_shorten_the_exponential():
    """It lowers every lag but the zeroth by one factor."""
    acf = np.append(0.8 ** np.arange(200), -0.1)
    noisy = np.where(np.arange(201) == 0, 1.0, 0.6 * acf)
    assert decay(noisy) == pytest.approx(decay(acf), rel=1e-10)
    assert area(noisy[:, None])[0] < 0.7 * area(acf[:, None])[0]


@pytest.mark.parametrize("share", [0.0, 0.2], ids=["whole", "a fifth censored"])
@pytest.mark.parametrize("phi", [0.6, 0.9])
def test_an_autoregressive_process_has_its_timescales(phi, share):
    """Over 5000 frames the bias is under 4 %.

    The sum before the first zero keeps noise that is above zero, and so is too long; the lost mean
    and line make the others too short.
    """
    usable = np.random.default_rng(1).random(5000) >= share
    found = measured(autoregressive(phi, 5000), usable=usable)
    np.testing.assert_allclose(found, known(phi), rtol=0.04)


def test_a_short_run_cuts_slow_fluctuations_off():
    short, long = (measured(autoregressive(0.9, n)) for n in (200, 2000))
    assert (np.array(short) < 0.85 * np.array(long)).all()


def test_a_slow_repetition_time_makes_the_same_process_another():
    """Every third frame of φ is a process of φ³; its area and half-width differ in seconds."""
    found = measured(autoregressive(0.9, 6000)[::3], tr_s=3 * TR_S)
    expected = 3 * known(0.9**3)
    np.testing.assert_allclose(found, expected, rtol=0.05)
    assert expected[2] == pytest.approx(known(0.9)[2])


def test_what_is_faster_than_the_repetition_time_is_missing():
    white = np.random.default_rng(3).standard_normal((1000, len(MANY)))
    assert [v.code for v in measured(white)] == ["E306"] * 3
    fast = measured(autoregressive(0.3, 5000))
    assert fast[1].code == "E306"  # 0.3 is below a half
    assert fast[0] == pytest.approx(known(0.3)[0], rel=0.04)


def test_regions_have_their_own_timescales():
    atlas = atlas_of((("Default", "default", "", 50), ("Control", "task-positive", "", 50)))
    slow = np.arange(100) < 50
    recording = recording_of(
        np.where(slow, autoregressive(0.9, 5000), autoregressive(0.5, 5000)), atlas
    )
    regions = find("timescale_by_region")(recording)
    found = [regions[slow].mean(), regions[~slow].mean()]
    np.testing.assert_allclose(found, [known(0.9)[0], known(0.5)[0]], rtol=0.06)
    assert find("timescale_default")(recording) == pytest.approx(found[0], rel=1e-12)
    assert find("timescale_task_positive")(recording) == pytest.approx(found[1], rel=1e-12)


def test_the_unfiltered_signal_is_measured():
    slow, fast = (autoregressive(phi, 1000) for phi in (0.95, 0.6))
    assert measured(slow, unfiltered=fast) == measured(fast)


def test_every_second_frame_has_no_neighbours():
    usable = np.arange(400) % 2 == 0
    found = measured(autoregressive(0.9, 400), usable=usable)
    assert [v.code for v in found] == ["E301"] * 3


def test_an_autocorrelation_that_stays_up_is_refused():
    with pytest.raises(DefaultModeError, match=r"E301.*stays above 0\.0 over all 9 lags"):
        area(np.full((10, 1), 0.3))


@pytest.mark.parametrize(
    ("acf", "said"), [([1, 0.5, 0.2, -0.1], "at 2 lags"), ([1, 0.1, 0.2, 0.4, -1], "not decay")]
)
def test_what_does_not_decay_has_no_time_constant(acf, said):
    with pytest.raises(DefaultModeError, match=f"E306.*{said}"):
        decay(np.array(acf, dtype=float))


def test_lags_with_few_pairs_are_not_used():
    usable = np.ones(400, dtype=bool)
    usable[60:330] = False  # 60 and 70 frames, 270 apart
    acf = autocorrelation(np.where(usable[:, None], 1.0, 0.0), usable)
    pairs = [60 - k + 70 - k for k in range(60)]
    assert len(acf) == sum(n >= 50 for n in pairs)
    np.testing.assert_allclose(acf, 1.0, rtol=1e-12)


def test_variability_is_the_standard_deviation():
    atlas = atlas_of((("Default", "default", "", 2), ("Visual", "other", "", 1)))
    recording = recording_of(7.0 + signal_of(np.diag([1.0, 9.0, 25.0])), atlas)
    np.testing.assert_allclose(find("variability_by_region")(recording), [1, 3, 5], rtol=1e-12)
    assert find("variability_default")(recording) == pytest.approx(2.0, rel=1e-12)


def test_a_signal_that_turns_at_every_frame_differs_by_two():
    """An odd number of frames, so that no line fits it; a censored frame takes two pairs away."""
    turning = np.tile([[1.0], [-1.0]], (101, len(MANY)))[:201]
    usable = np.ones(201, dtype=bool)
    usable[[50, 150]] = False  # as far from the middle as each other
    spoilt = np.where(usable[:, None], turning, 99.0)
    for signal, frames in ((turning, np.ones(201, bool)), (spoilt, usable)):
        recording = recording_of(signal + np.arange(201)[:, None], MANY, usable=frames)
        assert find("successive_difference_default")(recording) == pytest.approx(2.0, rel=1e-12)


def test_successive_differences_of_noise_are_root_two_deviations():
    """Of 100 × 999 differences: a standard error of 0.3 %."""
    recording = recording_of(np.random.default_rng(2).standard_normal((1000, len(MANY))), MANY)
    value = find("successive_difference_default")(recording)
    assert value == pytest.approx(np.sqrt(2), rel=0.01)


def test_successive_differences_need_neighbours():
    recording = recording_of(autoregressive(0.5, 200), MANY, usable=np.arange(200) % 4 < 2)
    value = find("successive_difference_default")(recording)
    assert value > 0  # 50 pairs
    fewer = recording_of(autoregressive(0.5, 200), MANY, usable=np.arange(200) % 4 < 1)
    assert find("successive_difference_default")(fewer).code == "E301"
