"""The voxels behind the regions: read in the same pass, cleaned as the regions are."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.grid import BLOCK, LEFT, MIDLINE, RIGHT, Grid
from defaultmode.denoising import Choices, all_presets, denoise
from defaultmode.sources.reading import read_recording
from defaultmode.sources.volume_grid import neighbouring
from defaultmode.sources.volumes import read_volumes
from made_grids import boxed, grid_of
from made_grids import noise as voxel_noise
from volume_images import AFFINE, SHAPE, atlas, boxes, nifti, noise, packed, patched, run

SHORT = Choices(min_usable_s=0, min_freedom=1)


def masked(folder: Path, brain: np.ndarray) -> Path:
    path = folder / "sub-01_task-rest_space-MNI152NLin6Asym_desc-brain_mask.nii.gz"
    path.write_bytes(packed(nifti(brain.astype(np.uint8))))
    return path


def ball() -> np.ndarray:
    at = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), axis=-1)
    return ((at - np.array([7, 6, 5])) ** 2).sum(axis=-1) < 30


def flat(data: np.ndarray) -> np.ndarray:
    """Voxels in file order, (n_voxels, n_time)."""
    return data.reshape(-1, data.shape[3], order="F")


@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
def test_the_voxels_of_the_mask_come_along_and_nothing_else_changes(
    dtype: str, tmp_path: Path
) -> None:
    data, brain = noise(dtype), ball()
    files = run(tmp_path, packed(nifti(data)), mask=masked(tmp_path, brain))
    with_grid = read_volumes(files, atlas(), boxes(), maps=True)
    without = read_volumes(files, atlas(), boxes())
    np.testing.assert_array_equal(with_grid.signal, without.signal)
    assert without.grid is None
    grid = with_grid.grid
    np.testing.assert_array_equal(grid.index, np.flatnonzero(brain.ravel(order="F")))
    np.testing.assert_array_equal(grid.signal, flat(data)[grid.index].astype(np.float32))
    labels = boxes().labels.ravel(order="F")[grid.index]
    np.testing.assert_array_equal(grid.region, np.where(labels > 0, labels - 10, -1))
    assert (grid.form["shape"], grid.form["space"]) == (SHAPE, "MNI152NLin6Asym")


def test_regions_are_the_means_of_their_voxels(tmp_path: Path) -> None:
    recording = read_volumes(run(tmp_path, packed(nifti(noise()))), atlas(), boxes(), maps=True)
    grid = recording.grid
    for i in range(len(recording.atlas)):
        mean = grid.signal[grid.region == i].mean(axis=0, dtype=np.float64)
        np.testing.assert_allclose(mean, recording.signal[:, i], rtol=1e-12)


def test_without_a_mask_only_labelled_voxels_are_kept(tmp_path: Path) -> None:
    grid = read_volumes(run(tmp_path, packed(nifti(noise()))), atlas(), boxes(), maps=True).grid
    np.testing.assert_array_equal(grid.index, np.flatnonzero(boxes().labels.ravel(order="F")))
    assert (grid.region >= 0).all()


def test_values_are_scaled_as_the_header_says(tmp_path: Path) -> None:
    raw = patched(nifti(noise("int16")), 112, "2f", 0.5, 100.0)
    grid = read_volumes(run(tmp_path, packed(raw)), atlas(), boxes(), maps=True).grid
    expected = flat(noise("int16"))[grid.index] * 0.5 + 100
    np.testing.assert_array_equal(grid.signal, expected.astype(np.float32))


@pytest.mark.parametrize("value", [7.0, np.nan, np.inf])
def test_a_voxel_that_is_constant_or_not_finite_is_left_out(value: float, tmp_path: Path) -> None:
    data, brain = noise(), ball()
    dead = (6, 6, 8)  # in the mask, in no region: the regions stay as they are
    assert brain[dead]
    assert not boxes().labels[dead]
    data[dead] = value if value == 7.0 else data[dead]
    data[(*dead, 3)] = value
    files = run(tmp_path, packed(nifti(data)), mask=masked(tmp_path, brain))
    grid = read_volumes(files, atlas(), boxes(), maps=True).grid
    brain[dead] = False
    np.testing.assert_array_equal(grid.index, np.flatnonzero(brain.ravel(order="F")))
    np.testing.assert_array_equal(grid.signal, flat(data)[grid.index])


def test_spheres_that_share_a_voxel_give_it_to_the_first(tmp_path: Path) -> None:
    recording = read_volumes(run(tmp_path, packed(nifti(noise()))), atlas(9.0), maps=True)
    grid = recording.grid
    assert len(grid) == len(np.unique(grid.index))
    assert set(grid.region.tolist()) == set(range(6))


def test_neighbours_are_the_26_around_a_voxel() -> None:
    place = np.arange(60)
    found = neighbouring(place, (5, 4, 3))
    assert found.shape == (60, 26)
    middle = np.ravel_multi_index((2, 2, 1), (5, 4, 3), order="F")
    around = {
        int(np.ravel_multi_index((2 + i, 2 + j, 1 + k), (5, 4, 3), order="F"))
        for i, j, k in product((-1, 0, 1), repeat=3)
    }
    assert set(found[middle].tolist()) == around - {middle}
    assert (found >= 0).sum(axis=1).min() == 7  # a corner has seven
    for i, row in enumerate(found):
        for j in row[row >= 0]:
            assert i in found[j]


def test_a_voxel_that_is_not_there_is_nobodys_neighbour() -> None:
    place = np.delete(np.arange(27), 13)
    found = neighbouring(place, (3, 3, 3))
    assert (found >= 0).sum(axis=1).max() == 16  # the middle of a face
    assert found.max() == 25


@pytest.mark.parametrize("sign", [1, -1])
def test_left_is_left_whichever_way_the_axis_runs(sign: int, tmp_path: Path) -> None:
    affine = AFFINE.copy()
    affine[0] = [3.0 * sign, 0, 0, -19.5 * sign]  # a plane within half a voxel of the midline
    files = run(tmp_path, packed(nifti(noise(), affine)), space="")
    parcels = replace(boxes(), affine=affine)
    grid = read_volumes(files, atlas(), parcels, maps=True).grid
    x_mm = nib.affines.apply_affine(
        affine, np.column_stack(np.unravel_index(grid.index, SHAPE, order="F"))
    )[:, 0]
    assert set(grid.side.tolist()) == {LEFT, RIGHT, MIDLINE}
    np.testing.assert_array_equal(grid.side == LEFT, x_mm < -1.5)
    np.testing.assert_array_equal(grid.side == RIGHT, x_mm > 1.5)


@pytest.mark.parametrize("preset", ["as-supplied", "as-supplied+GSR"])
def test_a_voxel_is_cleaned_as_if_it_were_a_region(preset: str) -> None:
    """Exact to rounding: 1e-9 of the voxel's own spread."""
    voxels = 1000 + 20 * voxel_noise(120)
    recording = boxed(voxels)
    usable = np.ones(120, dtype=bool)
    usable[[3, 4, 50]] = False
    recording = replace(recording, unit="scanner", usable=usable)
    cleaned = denoise(recording, all_presets()[preset], choices=SHORT)
    signal = np.column_stack([block for _, block in cleaned.grid.blocks()])
    mean = np.column_stack(
        [signal[:, cleaned.grid.region == i].mean(axis=1) for i in range(len(recording.atlas))]
    )
    percent = cleaned.signal * recording.signal[usable].mean(axis=0) / 100
    np.testing.assert_allclose(mean, percent, atol=1e-9 * voxels.std())


def test_blocks_give_every_place_once_and_only_the_frames_asked_for() -> None:
    n_places = BLOCK + 3
    rng = np.random.default_rng(0)
    signal = rng.standard_normal((n_places, 9)).astype(np.float32)
    nothing = np.zeros(n_places, dtype=np.int8)
    grid = Grid(
        signal=signal,
        region=nothing.astype(np.intp),
        side=nothing,
        neighbours=np.empty((n_places, 0), dtype=np.int32),
        kind="voxels",
        index=np.arange(n_places),
        cleaning=lambda x: x - x.mean(axis=0),
    )
    frames = np.arange(9) % 3 != 0
    found = np.column_stack([block for _, block in grid.blocks(frames)])
    exact = signal.astype(np.float64)
    np.testing.assert_allclose(
        found, (exact - exact.mean(axis=1, keepdims=True)).T[frames], atol=1e-14
    )


def test_a_grid_whose_parts_differ_in_length_is_refused() -> None:
    with pytest.raises(DefaultModeError, match="E131: region of a grid has 3 rows"):
        grid_of(voxel_noise(10), region=np.zeros(3, dtype=np.intp))


def test_the_frames_of_a_grid_are_those_of_its_recording() -> None:
    with pytest.raises(DefaultModeError, match="E131"):
        replace(boxed(voxel_noise(10)), grid=grid_of(voxel_noise(11)))


def test_maps_are_read_when_they_are_asked_for(tmp_path: Path) -> None:
    affine = np.array([[8.0, 0, 0, -88], [0, 8, 0, -120], [0, 0, 8, -64], [0, 0, 0, 1]])
    rng = np.random.default_rng(0)
    data = (1000 + 50 * rng.standard_normal((23, 27, 22, 6))).astype(np.int16)
    files = run(tmp_path, packed(nifti(data, affine)))
    assert read_recording(files, "schaefer100").grid is None
    grid = read_recording(files, "schaefer100", maps=True).grid
    assert grid.signal.shape == (len(grid), 6)
    assert set(grid.region.tolist()) == set(range(100))
