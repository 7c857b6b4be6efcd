"""Label volumes: which voxel belongs to which region."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.nifti_stream import read_header, read_volume


@dataclass(frozen=True, slots=True, eq=False)
class Parcellation:
    """Voxels of an atlas.

    labels : (n_x, n_y, n_z), integers, 0 outside every region; read-only
    affine : (4, 4), voxel indices to MNI millimetres
    ids : the label of each region, in the order of the atlas' regions
    """

    labels: NDArray[np.int32]
    affine: NDArray[np.float64]
    ids: tuple[int, ...]

    @property
    def centres_mm(self) -> NDArray[np.float64]:
        """Centre of mass of each region, shape (n_regions, 3), millimetres."""
        voxels = np.argwhere(self.labels > 0)
        labels = self.labels[tuple(voxels.T)]
        counts = np.bincount(labels, minlength=max(self.ids) + 1)[list(self.ids)]
        sums = [np.bincount(labels, axis, minlength=max(self.ids) + 1) for axis in voxels.T]
        means = np.array(sums)[:, list(self.ids)].T / counts[:, None]
        return np.asarray(means @ self.affine[:3, :3].T + self.affine[:3, 3], dtype=np.float64)


def read_parcellation(path: Path, ids: tuple[int, ...]) -> Parcellation:
    """Read a label image and check that its labels are exactly the ids.

    Raises E101 to E113, as the strict reader of volumes does, and E140 (labels that are not whole
    numbers, or labels other than the ids).
    """
    header = read_header(path, series=False)
    values = read_volume(header)
    if not np.isfinite(values).all() or not np.array_equal(np.rint(values), values):
        raise DefaultModeError("E140", f"{path} holds labels that are not whole numbers.")
    labels = values.astype(np.int32)
    _check_labels(path, set(np.unique(labels).tolist()) - {0}, set(ids))
    affine = header.affine.copy()
    labels.flags.writeable = False
    affine.flags.writeable = False
    return Parcellation(labels, affine, ids)


def _check_labels(path: Path, found: set[int], expected: set[int]) -> None:
    if found - expected:
        msg = f"label {min(found - expected)} of {path} has no row with that index in its table."
        raise DefaultModeError("E140", msg)
    if expected - found:
        msg = f"index {min(expected - found)} of the table has no voxel in {path}."
        raise DefaultModeError("E140", msg)
