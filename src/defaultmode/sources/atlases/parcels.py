"""Label volumes: which voxel belongs to which region."""

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError


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

    Raises E101 (no such file), E102, E103, E105 (unreadable) and E140 (not three-dimensional,
    labels that are not whole numbers, or labels other than the ids).
    """
    values, affine = _read_image(path)
    if values.ndim != 3 or not np.isfinite(affine).all() or np.linalg.det(affine[:3, :3]) == 0:
        msg = f"{path} has shape {values.shape}; expected three dimensions and a usable affine."
        raise DefaultModeError("E140", msg)
    labels = np.rint(values).astype(np.int32)
    if not np.array_equal(labels, values):
        raise DefaultModeError("E140", f"{path} holds labels that are not whole numbers.")
    _check_labels(path, set(np.unique(labels).tolist()) - {0}, set(ids))
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


def _read_image(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    import nibabel

    if not path.is_file() or path.stat().st_size == 0:
        raise DefaultModeError("E101", f"there is no label image at {path}, or it is empty.")
    try:
        image = nibabel.load(path)
        values = np.asarray(image.dataobj)
    except EOFError as error:
        raise DefaultModeError("E102", f"{path}: {error}.") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DefaultModeError("E103", f"{path}: {error}.") from error
    except (nibabel.filebasedimages.ImageFileError, ValueError, OSError) as error:
        raise DefaultModeError("E105", f"{path}: {error}.") from error
    return values, np.array(image.affine, dtype=np.float64)
