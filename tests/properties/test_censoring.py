"""Whatever is censored, and in whatever order the columns come, denoising keeps its promises."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from defaultmode.core.missing import Missing
from defaultmode.core.recording import Motion
from defaultmode.denoising import Choices, all_presets, denoise
from defaultmode.denoising.censoring import usable_frames
from defaultmode.denoising.filters import interpolate
from defaultmode.denoising.presets import Censoring
from runs_to_denoise import LOOSE, full_run, noise, run

PRESETS = all_presets()
masks = arrays(bool, st.integers(8, 120))
few = settings(max_examples=60, deadline=None)


@few
@given(masks, st.sampled_from(["as-supplied", "as-supplied+GSR"]))
def test_any_mask_keeps_shape_count_and_time(usable, name):
    recording = run(noise(len(usable)), usable=usable)
    result = denoise(recording, PRESETS[name], choices=Choices(**LOOSE))
    if usable.sum() < 3:
        assert isinstance(result, Missing)
        assert result.code == "E301"
        return
    assert result.signal.shape == recording.signal.shape
    assert np.array_equal(result.usable, usable)
    assert len(result.kept) == usable.sum()
    present = [i for i, n in enumerate(result.atlas.names) if n not in result.absent]
    assert np.isfinite(result.signal[:, present]).all()
    if len(present) > 1 and usable.sum() > 8:
        assert np.abs(result.signal[:, present]).max() < 100  # percent; the input moves by 1 to 2


@few
@given(masks, st.integers(0, 2**31))
def test_what_is_censored_cannot_matter(usable, seed):
    signal = noise(len(usable))
    other = np.where(
        usable[:, None], signal, np.random.default_rng(seed).normal(0, 1e4, signal.shape)
    )
    results = [
        denoise(run(s, usable=usable), PRESETS["as-supplied"], choices=Choices(**LOOSE))
        for s in (signal, other)
    ]
    if not isinstance(results[0], Missing):
        assert np.array_equal(results[0].kept, results[1].kept, equal_nan=True)


@few
@given(masks)
def test_interpolation_stays_within_the_good_values(usable):
    if not usable.any():
        return
    signal = noise(len(usable))
    filled = interpolate(signal, usable)
    assert np.array_equal(filled[usable], signal[usable])
    slack = 1e-9
    assert (filled <= signal[usable].max(axis=0) + slack).all()
    assert (filled >= signal[usable].min(axis=0) - slack).all()


@few
@given(arrays(np.float64, 80, elements=st.floats(0, 0.5)), st.integers(0, 8))
def test_more_is_censored_by_a_lower_limit_and_a_longer_stretch(displacement, shortest):
    recording = run(noise(80), motion=Motion(displacement))
    strict = usable_frames(recording, Censoring(0.2, None, shortest))
    lax = usable_frames(recording, Censoring(0.3, None, 0))
    assert not (strict & ~lax).any()
    assert (displacement[strict] <= 0.2).all()
    padded = "".join("x" if frame else " " for frame in strict)
    assert all(len(stretch) >= shortest for stretch in padded.split())


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**31))
def test_the_order_of_columns_does_not_matter(seed):
    recording, rng = full_run(300), np.random.default_rng(seed)
    names = rng.permutation(list(recording.confounds)).tolist()
    shuffled = replace(recording, confounds={n: recording.confounds[n] for n in names})
    for name in ("24P+aCompCor", "AROMA"):
        first, second = (denoise(r, PRESETS[name]) for r in (recording, shuffled))
        assert first.processing.confounds_removed == second.processing.confounds_removed
        assert np.array_equal(first.signal, second.signal)
    groups = PRESETS["36P+scrub"].regressors
    shuffled_groups = tuple(groups[i] for i in rng.permutation(len(groups)))
    other = replace(PRESETS["36P+scrub"], regressors=shuffled_groups)
    first, second = denoise(recording, PRESETS["36P+scrub"]), denoise(recording, other)
    assert np.abs(first.signal - second.signal).max() < 1e-9 * first.signal.std()


@few
@given(st.floats(1e-3, 1e3), st.floats(-2.0, 2.0))
def test_scanner_gain_and_drift_do_not_matter(gain, slope):
    signal = noise(200)
    drift = slope * (np.arange(200) - 99.5)[:, None]  # leaves every region's mean as it is
    plain = denoise(run(signal), PRESETS["as-supplied"])
    moved = denoise(run(gain * (signal + drift)), PRESETS["as-supplied"])
    assert np.abs(plain.signal - moved.signal).max() < 1e-9
