"""What a twin is to show of a recording: its halves, its band, and what was censored or is absent."""

from dataclasses import replace

import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Entities, Processing, Recording
from defaultmode.core.settings import Settings
from defaultmode.denoising import denoise_all
from defaultmode.fitting.priors import independent_share
from defaultmode.pipeline.one_run import choices_of, chosen_presets
from defaultmode.pipeline.twin_ground import group_target, refuse_gaps
from defaultmode.pipeline.twin_targets import shown_in
from defaultmode.sources.atlases import load_atlas
from made_datasets import series

SETTINGS = Settings(source="made")


def recording(seed=0, n_time=200, **more):
    rng = np.random.default_rng(seed + 100)
    usable = rng.random(n_time) < 0.95
    return Recording(
        signal=series(seed, n_time),
        tr_s=2.0,
        atlas=load_atlas("aal90"),
        entities=Entities(f"{seed:02d}", task="rest"),
        usable=usable,
        **more,
    )


def without(region, seed=0):
    signal = series(seed, 200)
    signal[:, region] = np.nan
    name = load_atlas("aal90").names[region]
    return replace(recording(seed), signal=signal, absent={name: Missing("no coverage", "E302")})


def test_halves_are_equal_shares_of_the_usable_frames():
    run = recording()
    presets, _ = chosen_presets(run, ())
    cleaned = next(iter(denoise_all(run, presets[:1], choices=choices_of(SETTINGS))))
    shown = shown_in(run, SETTINGS, key="k")
    kept = cleaned.kept
    n = len(kept) // 2
    for target, part in ((shown.whole, kept), (shown.first, kept[:n]), (shown.second, kept[n:])):
        np.testing.assert_allclose(target.connectivity, np.corrcoef(part.T), atol=1e-10)
    assert shown.first.samples + shown.second.samples == pytest.approx(shown.whole.samples)
    assert shown.usable_s == len(kept) * 2.0
    assert shown.whole.samples == pytest.approx(independent_share() * 2 * 0.09 * len(kept) * 2.0)


def test_a_band_that_was_cut_before_holds_fewer_samples():
    cut = recording(processing=Processing(low_cutoff_hz=0.01, high_cutoff_hz=0.08))
    shown = shown_in(cut, SETTINGS, key="k")
    assert (shown.low_hz, shown.high_hz) == (0.01, 0.08)
    whole = shown_in(recording(), SETTINGS, key="k").whole
    assert shown.whole.samples / whole.samples == pytest.approx(0.07 / 0.09)


def test_an_absent_region_is_left_out_and_others_show_it_to_the_group():
    lacking, other = (shown_in(r, SETTINGS, key="k") for r in (without(4), recording(1)))
    assert len(lacking.regions) == 89
    assert 4 not in lacking.regions
    both = group_target([lacking, other])
    np.testing.assert_allclose(both.z[4], other.first.z[4])
    mean = (lacking.first.z[0, 1] + other.first.z[0, 1]) / 2
    assert both.z[0, 1] == pytest.approx(mean)
    nobody = group_target([lacking, lacking])
    assert np.isnan(nobody.z[4]).all()
    name = load_atlas("aal90").names[4]
    with pytest.raises(DefaultModeError, match=f"E516.*{name}"):
        refuse_gaps(nobody, load_atlas("aal90"))


def test_a_removed_global_signal_and_a_short_run_are_refused():
    removed = recording(processing=Processing(global_signal_removed=True))
    with pytest.raises(DefaultModeError, match="E516"):
        shown_in(removed, SETTINGS, key="k")
    with pytest.raises(DefaultModeError, match="E516"):
        shown_in(recording(), replace(SETTINGS, min_usable_s=600.0), key="k")
