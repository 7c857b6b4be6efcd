"""Makes small BOLD images with a known signal, whole or damaged, and the run they belong to."""

import gzip
import struct
from pathlib import Path

import nibabel as nib
import numpy as np

from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.recording import Entities
from defaultmode.sources.atlases import Parcellation
from defaultmode.sources.bids import RunFiles

SHAPE, N_TIME, TR_S = (14, 12, 10), 30, 2.0
AFFINE = np.array([[3.0, 0, 0, -21], [0, 3, 0, -30], [0, 0, 3, -12], [0, 0, 0, 1]])
NAMES = ("PCC", "mPFC", "IPL", "FEF", "IPS", "V1")


def boxes() -> Parcellation:
    """Six boxes of two planes each, labels 10 to 15."""
    labels = np.zeros(SHAPE, dtype=np.int32)
    for i in range(len(NAMES)):
        labels[1 + 2 * i : 3 + 2 * i, 3:9, 3:8] = 10 + i
    return Parcellation(labels, AFFINE, tuple(range(10, 16)))


def atlas(radius_mm: float | None = None) -> Atlas:
    roles = ("default", "default", "default", "task-positive", "task-positive", "other")
    centres = [
        tuple(float(x) for x in AFFINE[:3, :3] @ (2 + 2 * i, 6, 5) + AFFINE[:3, 3])
        for i in range(6)
    ]
    return Atlas(
        "boxes",
        tuple(
            Region(name, role, role=role, xyz_mm=centre, radius_mm=radius_mm)
            for name, role, centre in zip(NAMES, roles, centres, strict=True)
        ),
    )


def noise(dtype: str = "float32", seed: int = 0) -> np.ndarray:
    """BOLD-like values: mean 1000, standard deviation 50, (x, y, z, time)."""
    rng = np.random.default_rng(seed)
    return (1000 + 50 * rng.standard_normal((*SHAPE, N_TIME))).astype(dtype)


def means(data: np.ndarray, labels: Parcellation | None = None) -> np.ndarray:
    """Plain mean of each box in float64, (n_time, n_regions)."""
    labels = labels or boxes()
    return np.stack(
        [data[labels.labels == i].astype(float).mean(axis=0) for i in labels.ids], axis=1
    )


def nifti(
    data: np.ndarray,
    affine: np.ndarray | None = AFFINE,
    *,
    tr_s: float = TR_S,
    kind=nib.Nifti1Image,
    order="<",
) -> bytes:
    """An uncompressed image with both orientations set and time in seconds."""
    header = kind.header_class(endianness=order)
    header.set_data_dtype(data.dtype)
    image = kind(data, affine, header)
    if affine is not None:
        image.set_sform(affine, 4)
        image.set_qform(affine, 4)
    if data.ndim == 4:
        image.header.set_zooms((*image.header.get_zooms()[:3], tr_s))
    image.header.set_xyzt_units("mm", "sec")
    return image.to_bytes()


def patched(raw: bytes, offset: int, kind: str, *values: float) -> bytes:
    """The same bytes with some of the header replaced (little-endian)."""
    damaged = bytearray(raw)
    struct.pack_into("<" + kind, damaged, offset, *values)
    return bytes(damaged)


def packed(raw: bytes) -> bytes:
    return gzip.compress(raw, 1, mtime=0)


def run(
    folder: Path,
    content: bytes | None,
    name: str = "sub-01_task-rest_space-MNI152NLin6Asym_desc-preproc_bold.nii.gz",
    **changed,
) -> RunFiles:
    """Write the image and say what belongs to it; `content` None where the file is made elsewhere."""
    path = folder / name
    if content is not None:
        path.write_bytes(content)
    fields = {"sidecar": {"RepetitionTime": TR_S}, "space": "MNI152NLin6Asym"} | changed
    return RunFiles(Entities("01", task="rest"), "volumes", path, **fields)
