"""Connectivity in windows, against signals whose every window is known exactly."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Motion
from defaultmode.core.reference import Reference
from defaultmode.denoising import Choices, all_presets, denoise
from defaultmode.measures import find
from defaultmode.measures._windows import window_correlations, windows_of
from defaultmode.sources.atlases import load_atlas
from runs_to_denoise import confounds_table
from toy_recordings import atlas_of, blocks, lively, recording_of, reference_of, signal_of

ATLAS = atlas_of()
PERIOD = 30  # frames: 60 s at a repetition time of 2 s, so a window holds each frame of it once
NAMES = (
    "window_connectivity_sd_default",
    "window_connectivity_sd_default_task_positive",
    "functional_connectivity_dynamics_mean",
    "functional_connectivity_dynamics_sd",
)


def correlations(within, across):
    """Correlation matrix of the toy atlas, one value inside networks and one across."""
    return blocks(ATLAS, dict.fromkeys(ATLAS.networks, within), {None: across})


def periodic(r, periods, seed=1):
    """Signal that repeats every 60 s, so that every window of 60 s has exactly these correlations."""
    return np.tile(signal_of(r, n_time=PERIOD, seed=seed), (periods, 1))


def values(recording, reference=None):
    """The four statistics of windows, in the order of NAMES."""
    return [find(name)(recording, reference or Reference(surrogates=0)) for name in NAMES]


def two_regimes(first, second, periods=6):
    """One connectivity, a minute of censored frames, then another."""
    gap = np.full((PERIOD, len(ATLAS)), 1e3)
    signal = np.concatenate([periodic(first, periods), gap, periodic(second, periods)])
    usable = np.ones(len(signal), dtype=bool)
    usable[periods * PERIOD : (periods + 1) * PERIOD] = False
    return recording_of(signal, ATLAS, usable=usable)


def test_connectivity_that_stays_has_no_spread_and_comes_back_entirely():
    found = values(recording_of(periodic(correlations(0.5, 0.1), 8), ATLAS))
    np.testing.assert_allclose([v.value for v in found], [0, 0, 1, 0], atol=1e-7)


def test_two_regimes_have_the_spread_and_the_recurrence_that_were_planted():
    """Eleven windows in each regime; those that touch the gap are half censored and dropped."""
    a, b = correlations(0.6, 0.1), correlations(0.2, -0.02)
    found = [v.value for v in values(two_regimes(a, b))]
    triangle = np.triu_indices(len(ATLAS), k=1)
    # both matrices have the same two levels in the same places, so their edges correlate at 1
    assert np.corrcoef(a[triangle], b[triangle])[0, 1] == pytest.approx(1.0)
    default, positive = ATLAS.members("default"), ATLAS.members("task-positive")
    z = np.arctanh([np.where(np.eye(len(r)) == 1, 0, r) for r in (a, b)])
    n = len(default)
    within = z[:, default][:, :, default].sum(axis=(1, 2)) / (n * (n - 1))
    across = z[:, default][:, :, positive].mean(axis=(1, 2))
    expected = [np.repeat(level, 11).std(ddof=1) for level in (within, across)]
    np.testing.assert_allclose(found, [*expected, 1.0, 0.0], atol=1e-7)


def test_recurrence_between_regimes_is_the_correlation_of_their_edges():
    """Of pairs of windows without a common frame, 45 lie in each regime and 121 across."""
    a = correlations(0.6, 0.1)
    order = np.random.default_rng(3).permutation(len(ATLAS))
    b = a[np.ix_(order, order)]
    triangle = np.triu_indices(len(ATLAS), k=1)
    c = np.corrcoef(a[triangle], b[triangle])[0, 1]
    pairs = np.repeat([1.0, c], [2 * 45, 121])
    found = values(two_regimes(a, b))
    assert abs(c) < 0.5
    assert found[2].value == pytest.approx(pairs.mean(), abs=1e-9)
    assert found[3].value == pytest.approx(pairs.std(ddof=1), abs=1e-9)


def test_a_change_in_mid_run_exceeds_every_surrogate():
    halves = [
        signal_of(correlations(within, 0.0), n_time=300, seed=seed)
        for within, seed in ((0.7, 1), (0.1, 2))
    ]
    found = values(recording_of(np.concatenate(halves), ATLAS), Reference())
    assert found[0].value > found[0].surrogates.max()
    assert found[3].value > found[3].surrogates.max()
    assert found[0].note == ""


def test_a_stationary_run_seldom_exceeds_its_surrogates():
    """The rank test of a Gaussian signal is exact: p ≤ 0.05 comes twice in 40 runs.

    More than eight has a probability of 0.0002 for each statistic, were they independent runs.
    """
    chol = np.linalg.cholesky(correlations(0.5, 0.1)).T
    runs = [np.random.default_rng(s).standard_normal((180, len(ATLAS))) @ chol for s in range(40)]
    p = np.array(
        [
            [v.p for v in values(recording_of(x, ATLAS), Reference(seed=s))]
            for s, x in enumerate(runs)
        ]
    )
    assert ((p <= 0.05).sum(axis=0) <= 8).all()


@pytest.mark.parametrize(("n_censored", "tested"), [(30, True), (31, False)])
def test_a_run_with_more_than_a_tenth_censored_is_not_tested(n_censored, tested):
    signal = np.random.default_rng(8).standard_normal((300, len(ATLAS)))
    usable = np.ones(300, dtype=bool)
    usable[np.random.default_rng(9).permutation(300)[:n_censored]] = False
    for value in values(recording_of(signal, ATLAS, usable=usable), Reference()):
        assert np.isfinite(value.value)
        assert np.isfinite(value.p) == tested
        assert len(value.surrogates) == (39 if tested else 0)
        expected = "not tested: more than 10 % of the frames are censored"
        assert (value.note == expected) == (not tested)


def censored_in_bursts(seed, n_frames):
    """Stationary noise of 100 regions that correlate with their neighbours, denoised as a run is.

    A tenth of it at most is censored, in bursts of so many frames.
    """
    rng = np.random.default_rng(seed)
    atlas = load_atlas("schaefer100")
    distance_mm = np.linalg.norm(atlas.centres_mm[:, None] - atlas.centres_mm, axis=2)
    r = 0.25 * np.exp(-distance_mm / 30) + 0.15 + 0.6 * np.eye(len(atlas))
    noise = rng.standard_normal((400, len(atlas))) @ np.linalg.cholesky(r).T
    signal = 1000 + 10 * lfilter([1.0], [1.0, -0.6], noise, axis=0)[100:]
    displacement_mm = np.full(300, 0.1)
    while (displacement_mm > 1).sum() <= 30 - n_frames:
        start = rng.integers(300 - n_frames)
        displacement_mm[start : start + n_frames] = 3.0
    moved = {"confounds": confounds_table(300), "motion": Motion(displacement_mm)}
    moved["confounds"]["framewise_displacement"] = displacement_mm
    choices = Choices(min_usable_s=0, min_freedom=-1e9, contiguous_frames=1, fd_threshold_mm=0.5)
    given = recording_of(signal, atlas, unit="scanner", **moved)
    return denoise(given, all_presets()["minimal"], choices=choices)


def test_a_tenth_censored_in_bursts_leaves_what_is_tested_at_its_level():
    """30 stationary runs: p ≤ 0.05 in more than five has a probability of 0.003 for a right test.

    The mean recurrence would be called different too often, and is not tested.
    """
    runs = [censored_in_bursts(seed, 6) for seed in range(30)]
    assert all(0.05 < (~run.usable).mean() <= 0.1 for run in runs)
    each = [values(run, Reference(seed=s)) for s, run in enumerate(runs)]
    called = np.sum([[v.p <= 0.05 for v in found] for found in each], axis=0)
    assert (called[[0, 1, 3]] <= 5).all()
    assert all(np.isnan(found[2].p) for found in each)


def test_what_censored_frames_hold_does_not_matter():
    usable = np.random.default_rng(5).random(240) < 0.85
    signal = np.random.default_rng(6).standard_normal((240, len(ATLAS)))
    other = np.where(usable[:, None], signal, 70.0)
    plain, changed = (recording_of(x, ATLAS, usable=usable) for x in (signal, other))
    for a, b in zip(values(plain), values(changed), strict=True):
        assert a.value == pytest.approx(b.value, rel=1e-12)


def test_windows_begin_every_half_minute_and_drop_what_is_mostly_censored():
    usable = np.ones(300, dtype=bool)
    starts = list(range(0, 271, 15))
    whole = windows_of(usable, 2.0)
    assert [frames.tolist() for frames in whole] == [list(range(s, s + 30)) for s in starts]
    usable[45:56] = False  # eleven of the thirty frames that begin at 30, and at 45
    left = windows_of(usable, 2.0)
    assert [frames[-1] - 29 for frames in left] == [s for s in starts if s not in (30, 45)]
    usable[45] = True
    left = windows_of(usable, 2.0)
    assert len(left) == len(starts)
    assert left[2].tolist() == [*range(30, 46), *range(56, 60)]
    assert [len(frames) for frames in windows_of(np.ones(1200, dtype=bool), 0.72)] == [83] * 27


@pytest.mark.parametrize(
    ("n_time", "tr_s", "code"), [(119, 2.0, "E301"), (120, 2.0, ""), (300, 5.0, "E306")]
)
def test_a_run_that_is_too_short_or_too_slow_is_missing(n_time, tr_s, code):
    signal = np.random.default_rng(4).standard_normal((n_time, len(ATLAS)))
    found = values(recording_of(signal, ATLAS, tr_s=tr_s))
    assert [getattr(v, "code", "") for v in found] == [code] * 4


def test_a_region_that_rests_for_a_minute_is_missing():
    signal = np.random.default_rng(4).standard_normal((300, len(ATLAS)))
    signal[60:120, 3] = 1.0
    assert values(recording_of(signal, ATLAS))[0].code == "E306"
    with pytest.raises(DefaultModeError, match="E306"):
        window_correlations(signal, windows_of(np.ones(300, dtype=bool), 2.0))


def test_two_regions_that_are_one_are_missing():
    signal = np.random.default_rng(4).standard_normal((300, len(ATLAS)))
    signal[:, 5] = signal[:, 4]
    assert values(recording_of(signal, ATLAS))[0].code == "E305"


@pytest.mark.parametrize(("gap", "tested"), [(0, True), (3, True), (4, False)])
def test_recurrence_is_not_tested_where_frames_are_censored_in_bursts(gap, tested):
    whole = lively(300)
    usable = np.ones(whole.n_time, dtype=bool)
    usable[100 : 100 + gap] = False
    value = find("functional_connectivity_dynamics_mean")(
        replace(whole, usable=usable), reference_of(whole)
    )
    assert np.isfinite(value.p) == tested
    assert ("bursts of more than 6 s" in value.note) != tested
