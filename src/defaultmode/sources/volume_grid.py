"""The voxels behind the regions of a run, kept while its volumes stream by."""

from contextlib import closing
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.grid import LEFT, RIGHT, Grid, alive, parts
from defaultmode.sources.nifti_header import VolumeHeader
from defaultmode.sources.nifti_stream import Blocks
from defaultmode.sources.volume_weights import RegionVoxels

# A voxel and the 26 that touch it, by face, edge or corner (Zang 2004).
AROUND = tuple(step for step in product((-1, 0, 1), repeat=3) if any(step))


@dataclass(frozen=True, slots=True, eq=False)
class KeptVoxels:
    """Voxels whose series are kept while the volumes of a run stream by.

    voxel : (n_voxels,) flat indices, x fastest
    signal : (n_voxels, n_time) as stored; 276 MB for 230 000 voxels and 300 volumes
    """

    header: VolumeHeader
    regions: RegionVoxels
    voxel: NDArray[np.intp]
    signal: NDArray[np.float32]

    @classmethod
    def of(
        cls, header: VolumeHeader, regions: RegionVoxels, brain: NDArray[np.bool_] | None
    ) -> "KeptVoxels":
        """The voxels of the brain mask (x, y, z); without one, those that belong to a region."""
        if brain is None:
            voxel = np.unique(regions.voxel)
        else:
            voxel = np.flatnonzero(brain.ravel(order="F"))
        signal = np.empty((len(voxel), header.n_time), dtype=np.float32)
        return cls(header, regions, voxel, signal)

    def filled(self, blocks: Blocks) -> Blocks:
        """The same blocks; the voxels are copied out of them on the way."""
        t = 0
        with closing(blocks), np.errstate(over="ignore"):
            for block in blocks:
                self.signal[:, t : t + len(block)] = block.take(self.voxel, axis=1).T
                t += len(block)
                yield block

    def grid(self, space: str) -> Grid:
        """The voxels that vary over time and are finite throughout, in the image's own units.

        A voxel that two spheres share counts to the first of them. Called once, after the last
        block: the series are scaled and moved where they lie.
        """
        kept = alive(self.signal)
        place = self.voxel[kept]
        signal = _moved_up(self.signal, kept)
        signal *= np.float32(self.header.slope)
        signal += np.float32(self.header.inter)
        region = np.full(self.header.n_voxels, -1, dtype=np.intp)
        region[self.regions.voxel[::-1]] = self.regions.region[::-1]
        shape = self.header.shape[:3]
        return Grid(
            signal=signal,
            region=region[place],
            side=_side(place, self.header),
            neighbours=neighbouring(place, shape),
            kind="voxels",
            index=place,
            form={"space": space, "shape": shape, "affine": self.header.affine},
        )


def _moved_up(signal: NDArray[np.float32], kept: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The rows that are kept, where they lie: a copy would double the memory."""
    n = 0
    for where in parts(len(signal)):
        rows = signal[where][kept[where]]
        signal[n : n + len(rows)] = rows
        n += len(rows)
    return signal[:n]


def _side(place: NDArray[np.intp], header: VolumeHeader) -> NDArray[np.int8]:
    """Hemisphere of each voxel; one whose centre is within half a voxel of the midline has none."""
    ijk = np.array(np.unravel_index(place, header.shape[:3], order="F"))
    x_mm = header.affine[0, :3] @ ijk + header.affine[0, 3]
    half_mm = np.abs(header.affine[0, :3]).max() / 2
    return (np.where(x_mm < -half_mm, LEFT, 0) + np.where(x_mm > half_mm, RIGHT, 0)).astype(np.int8)


def neighbouring(place: NDArray[np.intp], shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Which of these voxels touch each of them, (n_places, 26); −1 for one that is not among them.

    place : (n_places,) flat indices, x fastest, in an image of that shape (x, y, z)
    """
    nx, ny, nz = shape
    number = np.full((nx + 2, ny + 2, nz + 2), -1, dtype=np.int32)  # one voxel of margin
    i, j, k = (at + 1 for at in np.unravel_index(place, shape, order="F"))
    number[i, j, k] = np.arange(len(place), dtype=np.int32)
    return np.column_stack([number[i + di, j + dj, k + dk] for di, dj, dk in AROUND])
