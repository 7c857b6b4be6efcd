"""Denoising under all presets at once is, bit by bit, denoising under each."""

from dataclasses import fields, replace

import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.grid import Grid
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Motion, Processing, Recording
from defaultmode.denoising import Choices, Preset, all_presets, denoise, denoise_all, presets_for
from defaultmode.denoising.filters import interpolate
from defaultmode.denoising.regression import regress, remove_trend
from defaultmode.sources.embedded import embedded_recordings
from runs_to_denoise import LOOSE, confounds_table, full_run, noise, run

PRESETS = list(all_presets().values())
CHOICES = {
    "usual": LOOSE,
    "no band": LOOSE | {"low_hz": None, "high_hz": None},
    "no high-pass": LOOSE | {"low_hz": None},
    "censored": LOOSE | {"fd_threshold_mm": 0.2},
    "limits": {},
}


def moving(n_time: int = 300, n_regions: int = 17) -> Recording:
    """A made run whose head moves, so that presets keep different frames, with one dead region."""
    table = confounds_table(n_time)
    table["framewise_displacement"][5::40] = 0.5
    signal = noise(n_time, n_regions)
    signal[:, 3] = 900.0
    return run(signal, confounds=table, motion=Motion(np.nan_to_num(table["std_dvars"])))


def gridded() -> Recording:
    """A made run with voxels behind its regions."""
    voxels = noise(300, 23, seed=8).T.astype(np.float32)
    grid = Grid(
        signal=voxels,
        region=np.arange(23) % 6,
        side=np.zeros(23, dtype=np.int8),
        neighbours=np.full((23, 1), -1),
        kind="voxels",
        index=np.arange(23),
    )
    return replace(full_run(), grid=grid)


def same(one: object, other: object) -> bool:
    """Equal to the last bit, NaN equal to NaN; of a grid, what its blocks yield."""
    if isinstance(one, Recording) and isinstance(other, Recording):
        named = (field.name for field in fields(Recording))
        return all(same(getattr(one, name), getattr(other, name)) for name in named)
    if isinstance(one, Grid) and isinstance(other, Grid):
        return all(same(a, b) for (_, a), (_, b) in zip(one.blocks(), other.blocks(), strict=True))
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    if isinstance(one, Motion) and isinstance(other, Motion):
        return same(one.framewise_displacement_mm, other.framewise_displacement_mm)
    return one == other


@pytest.mark.parametrize("choices", CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize("make", [full_run, moving, gridded])
def test_made_runs_under_all_presets_at_once(make, choices):
    recording = make()
    together = list(denoise_all(recording, PRESETS, choices=Choices(**choices)))
    alone = [denoise(recording, preset, choices=Choices(**choices)) for preset in PRESETS]
    assert all(map(same, together, alone))
    assert len({repr(r) if isinstance(r, Missing) else r.processing.preset for r in together}) > 5


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)], ids=["as is", "reversed"])
def test_real_runs_under_all_presets_at_once(order):
    for recording in embedded_recordings()[:4]:
        presets = [p for p in presets_for(recording).values() if isinstance(p, Preset)][order]
        together = list(denoise_all(recording, presets))
        assert len(together) >= 2
        assert any(isinstance(result, Recording) for result in together)
        assert all(map(same, together, (denoise(recording, preset) for preset in presets)))


def test_a_series_does_not_depend_on_those_beside_it():
    """What makes sharing exact: the trend of one column is the same alone and among others."""
    signal, usable = noise(301, 40), np.arange(301) % 7 > 0
    together = remove_trend(signal, usable)
    for n in (1, 2, 7, 24):
        for start in range(0, 40 - n, 5):
            columns = slice(start, start + n)
            assert np.array_equal(remove_trend(signal[:, columns], usable), together[:, columns])


def test_the_trend_is_the_least_squares_fit():
    signal, usable = noise(200, 5), np.arange(200) % 3 > 0
    line = np.column_stack([np.ones(200), np.arange(200.0)])
    fitted = regress(signal, line, usable).signal
    # Two ways of rounding values of 1000: 1e-10 is 500 times their last bit.
    assert np.abs(remove_trend(signal, usable) - fitted).max() < 1e-10
    one = np.arange(200) == 50
    assert np.array_equal(remove_trend(signal, one), signal - signal[50])
    assert np.array_equal(interpolate(remove_trend(signal, one), one), np.zeros((200, 5)))


def test_results_come_one_by_one():
    """A broken column stops only the presets that take it, when they are reached."""
    recording = full_run()
    table = dict(recording.confounds) | {"global_signal": np.full(300, np.nan)}
    broken = replace(recording, confounds=table)
    results = denoise_all(broken, [all_presets()["minimal"], all_presets()["24P+aCompCor+GSR"]])
    assert isinstance(next(results), Recording)
    with pytest.raises(DefaultModeError, match="E134"):
        next(results)


def test_what_cannot_be_denoised_says_so_in_its_place():
    done = full_run(processing=Processing(confounds_removed=("trans_x",)))
    results = list(denoise_all(done, PRESETS))
    codes = [r.code if isinstance(r, Missing) else "" for r in results]
    needing = ["E304" if preset.needs_confounds else "" for preset in PRESETS]
    assert codes == needing
