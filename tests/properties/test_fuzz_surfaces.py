"""500 damaged surface files: an error with a code, or the same numbers as of the whole one.

GIFTI holds a checksum for each array. CIFTI is not compressed and has none: damage of its numbers
cannot be told from other numbers, so of it only no other exception is asked.
"""

from collections import Counter
from pathlib import Path

import nibabel as nib
import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.surface_files import surface_image
from mutants import BINARY, TEXT, mutants

VALUES = np.random.default_rng(0).random((5, 40)).astype(np.float32)


def gifti() -> bytes:
    arrays = [nib.gifti.GiftiDataArray(row, datatype="NIFTI_TYPE_FLOAT32") for row in VALUES]
    return nib.gifti.GiftiImage(darrays=arrays).to_bytes()


def cifti() -> bytes:
    axes = (
        nib.cifti2.SeriesAxis(0, 0.8, 5),
        nib.cifti2.BrainModelAxis.from_mask(np.ones(40, bool), "CortexLeft"),
    )
    return nib.Cifti2Image(VALUES, header=axes).to_bytes()


def test_gifti(tmp_path: Path, record_property) -> None:
    path, seen = tmp_path / "bold.func.gii", Counter()
    for damaged in mutants(gifti(), (*BINARY, *TEXT), 250, seed=10):
        path.write_bytes(damaged)
        try:
            image = surface_image(path, kind="GiftiImage")
        except DefaultModeError as error:
            seen[error.code] += 1
            continue
        np.testing.assert_array_equal([a.data for a in image.darrays], VALUES)
        seen["same"] += 1
    record_property("mutants", f"250 damaged GIFTI files: {dict(seen)}")
    assert seen["E119"] > 100


def test_cifti(tmp_path: Path, record_property) -> None:
    path, seen = tmp_path / "bold.dtseries.nii", Counter()
    for damaged in mutants(cifti(), BINARY, 250, seed=11):
        path.write_bytes(damaged)
        try:
            surface_image(path, kind="Cifti2Image")
            seen["read"] += 1
        except DefaultModeError as error:
            seen[error.code] += 1
    record_property("mutants", f"250 damaged CIFTI files: {dict(seen)}")
    assert seen["E119"] > 100
