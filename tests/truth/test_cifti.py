"""CIFTI parcel series: axes, repetition time and parcels by name."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Entities
from defaultmode.sources.bids import RunFiles
from defaultmode.sources.cifti import read_cifti
from given import shared

NAMES = ("LH_DefaultA_PFCm_1", "RH_DefaultB_Temp_1", "LH_DorsAttnA_SPL_1")
VALUES = np.random.default_rng(1).standard_normal((12, 3)).astype(np.float32) + 50


def parcels(names: tuple[str, ...] = NAMES) -> nib.cifti2.ParcelsAxis:
    brain = [
        nib.cifti2.BrainModelAxis.from_surface([i], 10, "CortexLeft") for i in range(len(names))
    ]
    return nib.cifti2.ParcelsAxis.from_brain_models(list(zip(names, brain, strict=True)))


def written(folder: Path, axes: tuple[object, ...], values: np.ndarray = VALUES) -> Path:
    path = folder / "sub-01_task-rest_atlas-X_timeseries.ptseries.nii"
    nib.Cifti2Image(values, header=axes).to_filename(path)
    return path


def series(step: float = 0.8, unit: str = "SECOND") -> nib.cifti2.SeriesAxis:
    return nib.cifti2.SeriesAxis(0, step, len(VALUES), unit=unit)


def run_of(path: Path, **sidecar: object) -> RunFiles:
    return RunFiles(Entities("01", task="rest"), "cifti", path, sidecar)


def refused(code: str, run: RunFiles) -> None:
    with pytest.raises(DefaultModeError) as caught:
        read_cifti(run)
    assert caught.value.code == code, caught.value


def test_parcels_go_by_name(tmp_path: Path) -> None:
    recording = read_cifti(run_of(written(tmp_path, (series(), parcels()))))
    assert recording.tr_s == 0.8
    for name, column in zip(NAMES, VALUES.T, strict=True):
        np.testing.assert_array_equal(
            recording.signal[:, recording.atlas.names.index(name)], column
        )


def test_the_sidecar_and_the_series_axis_must_agree(tmp_path: Path) -> None:
    path = written(tmp_path, (series(), parcels()))
    assert read_cifti(run_of(path, RepetitionTime=0.8005)).tr_s == 0.8005
    refused("E202", run_of(path, RepetitionTime=2.0))
    refused("E208", run_of(path, RepetitionTime="0.8"))
    refused("E203", run_of(written(tmp_path, (series(0.0), parcels()))))


def test_what_is_no_parcel_series_is_refused(tmp_path: Path) -> None:
    refused("E101", run_of(tmp_path / "none.ptseries.nii"))
    refused("E119", run_of(written(tmp_path, (parcels(), series()), VALUES.T)))
    refused("E119", run_of(written(tmp_path, (series(unit="HERTZ"), parcels()))))
    damaged = tmp_path / "x.ptseries.nii"
    damaged.write_bytes(b"not an image")
    refused("E119", run_of(damaged))
    whole = written(tmp_path, (series(), parcels())).read_bytes()
    damaged.write_bytes(whole[:-40])
    refused("E119", run_of(damaged))
    volume = tmp_path / "volume.nii"
    nib.Nifti1Image(np.zeros((2, 2, 2)), np.eye(4)).to_filename(volume)
    refused("E119", run_of(volume))


def test_a_parcel_without_variance_is_absent(tmp_path: Path) -> None:
    values = VALUES.copy()
    values[:, 2] = 0
    recording = read_cifti(run_of(written(tmp_path, (series(), parcels()), values)))
    assert recording.absent[NAMES[2]].code == "E118"


def test_real_series_of_419_parcels() -> None:
    path = shared("data/bold/rapidtide_ptseries.nii")
    recording = read_cifti(run_of(path))
    assert recording.signal.shape == (1200, 419)
    assert recording.tr_s == pytest.approx(0.72, abs=1e-9)  # the axis holds a decimal text
    image = nib.load(path)
    names = list(image.header.get_axis(1).name)
    roles = {"default": "Default", "salience": "SalVentAttn"}
    for role, word in roles.items():
        assert len(recording.columns(role)) == sum(word in n for n in names)
    positive = sum(any(w in n for w in ("DorsAttn", "ContA", "ContB")) for n in names)
    assert len(recording.columns("task-positive")) == positive
    assert len(recording.columns(network="Subcortical")) == 19
    column = recording.atlas.names.index(names[57])
    np.testing.assert_array_equal(recording.signal[:, column], image.get_fdata()[:, 57])
