"""Regional means equal those of nilearn's maskers on the same images.

Spheres: nilearn takes the voxels within the radius and the voxel nearest to the centre, as we do.
It differs in two ways that this test stays clear of. We count a voxel up to 0.001 mm beyond the
radius as within, because header affines are rounded to float32; and nilearn adds the first voxel
whose coordinates in mm, cut to whole numbers, equal the centre's, which lies inside any sphere of
more than 1.8 mm anyway. Labels: nilearn keeps voxels that never change, of which there are
none here, and loses the outer half voxel of the label image, which is 0 here as in every atlas.
"""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from nilearn.maskers import NiftiLabelsMasker, NiftiSpheresMasker

from defaultmode.core.atlas import Atlas, Region
from defaultmode.sources.atlases import Parcellation
from defaultmode.sources.volumes import read_volumes
from volume_images import AFFINE, SHAPE, atlas, boxes, nifti, noise, packed, run

CLOSE = {"rtol": 1e-6, "atol": 0}  # nilearn averages float32 images in float32


@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
@pytest.mark.parametrize("masked", [False, True])
def test_labels(dtype: str, masked: bool, tmp_path: Path) -> None:
    files = run(tmp_path, packed(nifti(noise(dtype))))
    mask = None
    if masked:
        brain = np.ones(SHAPE, dtype=np.uint8)
        brain[:, :4] = 0
        mask = tmp_path / "mask.nii.gz"
        mask.write_bytes(packed(nifti(brain)))
        files = run(tmp_path, None, mask=mask)
    labels = nib.Nifti1Image(boxes().labels, AFFINE)
    masker = NiftiLabelsMasker(labels, mask_img=mask, standardize=None, reports=False)
    ours = read_volumes(files, atlas(), boxes()).signal
    np.testing.assert_allclose(ours, masker.fit_transform(files.signal), **CLOSE)


def test_finer_labels_on_a_turned_grid(tmp_path: Path) -> None:
    angle = 0.3
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    fine = np.eye(4)
    fine[:3, :3] = turn * 1.3
    fine[:3, 3] = (-14.03, -38.07, -12.01)
    rng = np.random.default_rng(0)
    labels = np.kron(rng.integers(0, 7, (7, 7, 6)), np.ones((5, 5, 5))).astype(np.int32)
    labels = np.pad(labels[1:-1, 1:-1, 1:-1], 1)
    files = run(tmp_path, packed(nifti(noise("float64"))))
    parcels = Parcellation(labels, fine, tuple(range(1, 7)))
    masker = NiftiLabelsMasker(
        nib.Nifti1Image(labels, fine), resampling_target="data", standardize=None, reports=False
    )
    theirs = masker.fit_transform(files.signal)
    ours = read_volumes(files, atlas(), parcels, min_coverage=0).signal
    np.testing.assert_allclose(ours, theirs, **CLOSE)


@pytest.mark.parametrize("radius_mm", [2.0, 4.5, 8.0])
@pytest.mark.parametrize("masked", [False, True])
def test_spheres(radius_mm: float, masked: bool, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    corner = AFFINE[:3, :3] @ (np.array(SHAPE) - 1) + AFFINE[:3, 3]
    # Seeds near the edge too: their spheres leave the image.
    seeds = rng.uniform(AFFINE[:3, 3] + 2, corner - 2, (12, 3))
    regions = tuple(
        Region(f"r{i}", "x", xyz_mm=tuple(xyz), radius_mm=radius_mm) for i, xyz in enumerate(seeds)
    )
    mask = None
    if masked:
        brain = np.ones(SHAPE, dtype=np.uint8)
        brain[0] = 0
        mask = tmp_path / "mask.nii.gz"
        mask.write_bytes(packed(nifti(brain)))
    files = run(tmp_path, packed(nifti(noise("float64"))), mask=mask)
    masker = NiftiSpheresMasker(
        seeds, radius=radius_mm, mask_img=mask, allow_overlap=True, standardize=None, reports=False
    )
    ours = read_volumes(files, Atlas("seeds", regions), min_coverage=0).signal
    np.testing.assert_allclose(ours, masker.fit_transform(files.signal), **CLOSE)
