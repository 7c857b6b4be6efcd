"""Where a mean can serve as the percent scale, and which single regions it cannot serve."""

from pathlib import Path

import numpy as np
import pytest

from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.recording import Entities, Recording
from defaultmode.denoising import all_presets, denoise
from defaultmode.denoising.scale import to_percent
from defaultmode.sources.bids import RunFiles, find_runs
from defaultmode.sources.embedded import embedded_recordings
from defaultmode.sources.reading import read_recording
from defaultmode.sources.tables import assemble
from given import shared
from runs_to_denoise import noise, run

PLAIN = all_presets()["as-supplied"]
ATLAS = Atlas("made", tuple(Region(f"r{i}", "Default", "default") for i in range(6)))


def z_scores() -> np.ndarray:
    signal = noise(300)
    return (signal - signal.mean(axis=0)) / signal.std(axis=0)


def table_of(signal: np.ndarray) -> Recording:
    files = RunFiles(Entities("01", task="rest"), "table", Path("sub-01_timeseries.tsv"))
    return assemble(files, ATLAS, signal, 2.0)


@pytest.mark.parametrize(
    ("mean_in_sd", "unit"), [(3, "arbitrary"), (9, "arbitrary"), (11, "percent")]
)
def test_z_scores_with_an_offset_are_no_percent_scale(mean_in_sd, unit):
    """Both places hold the limit of ten standard deviations."""
    signal = z_scores() + mean_in_sd
    assert denoise(run(signal), PLAIN).unit == unit
    table = table_of(signal)
    assert table.processing.demeaned == (unit == "arbitrary")
    assert table.unit == ("arbitrary" if unit == "arbitrary" else "scanner")
    assert len(table.provenance["notes"]) == (unit == "arbitrary")
    assert all("taken as demeaned" in note for note in table.provenance["notes"])


def test_scanner_drift_does_not_hide_the_scale():
    drift = np.linspace(0.0, 600.0, 300)[:, None]  # a standard deviation of 13 % of the mean
    signal = noise(300) + drift
    assert denoise(run(signal), PLAIN).unit == "percent"
    assert not table_of(signal).processing.demeaned


@pytest.mark.parametrize(("mean", "kept"), [(60, False), (-500, False), (0.0, False), (300, True)])
def test_ordinary_noise_over_a_small_mean_is_absent(mean, kept):
    """Means of 6 % and of 30 % of the others', with the noise that the others have."""
    signal = z_scores() * 3 + 1000
    signal[:, 2] += mean - 1000
    result = denoise(run(signal), PLAIN)
    assert {name: why.code for name, why in result.absent.items()} == (
        {} if kept else {"r2": "E120"}
    )
    assert np.isnan(result.signal[:, 2]).all() != kept


def test_a_small_mean_with_small_noise_stays():
    """A region at a twentieth of the others' mean whose percent change is like theirs."""
    signal = z_scores() * 3 + 1000
    signal[:, 2] *= 0.04
    assert not denoise(run(signal), PLAIN).absent


def lost(recording: Recording) -> set[str]:
    return set(to_percent(recording, recording.usable).absent) - set(recording.absent)


def test_no_embedded_region_is_lost():
    assert [r.entities.stem for r in embedded_recordings() if lost(r)] == []


def test_no_region_of_other_real_runs_is_lost():
    runs = [(run, "") for run in find_runs(shared("data/psilocybin_aal90"))]
    runs += [(run, "seitzman300") for run in find_runs(shared("data/bold/lemon"))]
    assert len(runs) == 37
    assert [run.key for run, atlas in runs if lost(read_recording(run, atlas))] == []
