"""Which voxels of an image belong to which region: spheres and label images on the image's grid."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array
from defaultmode.sources.atlases.parcels import Parcellation
from defaultmode.sources.nifti_affine import AGREEMENT_MM, displacement_mm
from defaultmode.sources.nifti_header import VolumeHeader

Index = NDArray[np.intp]
# The cortical radius of Seitzman et al. 2018, 239 of whose 300 spheres have it (table in nilearn).
DEFAULT_RADIUS_MM = 5.0
# Header affines are float32: a voxel exactly on the rim must not come and go with their rounding.
RIM_MM = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class RegionVoxels:
    """Pairs of a voxel and a region it belongs to; spheres may share a voxel.

    voxel : (n_pairs,) flat index in file order, x fastest, ascending; region : (n_pairs,)
    expected : (n_regions,) how many voxels of this size the whole region has, in or out of view
    outside_view, outside_brain : (n_regions,) how many of those are beyond the image or the mask
    """

    voxel: Index
    region: Index
    expected: Array
    outside_view: Array
    outside_brain: Array


def region_voxels(
    atlas: Atlas,
    parcels: Parcellation | None,
    header: VolumeHeader,
    brain: NDArray[np.bool_] | None,
) -> RegionVoxels:
    """Place an atlas on the grid of an image; `brain` is (x, y, z) on that grid.

    With a label image, a voxel belongs to the label nearest to its centre; the signal itself is
    never resampled. Without one, it belongs to every sphere whose centre is within the radius, and
    the voxel that holds the centre belongs to its sphere always.

    Raises E140 (the atlas has neither labels nor centres) and E116 (no region is in view).
    """
    if parcels is None:
        voxel, region, expected = _spheres(atlas, header)
    else:
        voxel, region, expected = _labelled(parcels, header)
    if not len(voxel):
        msg = f"{header.path.name}: none of the {len(atlas)} regions of {atlas.name!r} is in view."
        raise DefaultModeError("E116", msg)
    n_regions = len(atlas)
    in_view = np.bincount(region, minlength=n_regions)
    kept = np.ones(len(voxel), dtype=bool) if brain is None else brain.ravel(order="F")[voxel]
    in_brain = np.bincount(region[kept], minlength=n_regions)
    order = np.argsort(voxel[kept], kind="stable")
    return RegionVoxels(
        voxel=voxel[kept][order],
        region=region[kept][order],
        expected=expected,
        outside_view=expected - in_view,
        outside_brain=(in_view - in_brain).astype(np.float64),
    )


def same_grid(header: VolumeHeader, shape: Sequence[int], affine: Array) -> bool:
    """Whether an image of that shape and affine has its voxels where this one has them."""
    grid = header.shape[:3]
    return tuple(shape) == grid and displacement_mm(affine, header.affine, grid) <= AGREEMENT_MM


def _spheres(atlas: Atlas, header: VolumeHeader) -> tuple[Index, Index, Array]:
    if any(region.xyz_mm is None for region in atlas.regions):
        msg = f"atlas {atlas.name!r} has neither a label image nor the centre of every region."
        raise DefaultModeError("E140", msg)
    voxels, regions = [], []
    expected = np.zeros(len(atlas))
    to_voxel = np.asarray(np.linalg.inv(header.affine), dtype=np.float64)
    for i, region in enumerate(atlas.regions):
        ijk = _sphere(region, header.affine, to_voxel)
        inside = ((ijk >= 0) & (ijk < header.shape[:3])).all(axis=1)
        flat = np.ravel_multi_index(tuple(ijk[inside].T), header.shape[:3], order="F")
        voxels.append(flat)
        regions.append(np.full(len(flat), i, dtype=np.intp))
        expected[i] = len(ijk)
    return np.concatenate(voxels), np.concatenate(regions), expected


def _sphere(region: Region, affine: Array, to_voxel: Array) -> Index:
    """Voxel indices of one sphere on the endless grid, shape (n, 3)."""
    centre_mm = np.array(region.xyz_mm, dtype=np.float64)
    radius_mm = DEFAULT_RADIUS_MM if region.radius_mm is None else region.radius_mm
    centre = to_voxel[:3, :3] @ centre_mm + to_voxel[:3, 3]
    reach = (radius_mm + RIM_MM) * np.linalg.norm(to_voxel[:3, :3], axis=1)
    low, high = np.floor(centre - reach), np.ceil(centre + reach)
    ranges = [np.arange(a, b + 1) for a, b in zip(low, high, strict=True)]
    ijk = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)
    distance_mm = np.linalg.norm((ijk - centre) @ affine[:3, :3].T, axis=1)
    holds_centre = (ijk == np.rint(centre)).all(axis=1)
    found: Index = ijk[(distance_mm <= radius_mm + RIM_MM) | holds_centre].astype(np.intp)
    return found


def _labelled(parcels: Parcellation, header: VolumeHeader) -> tuple[Index, Index, Array]:
    nearest = _labels_on_grid(parcels, header)
    voxel = np.flatnonzero(nearest)
    region = _region_of(nearest[voxel], parcels.ids)
    in_view = np.bincount(region, minlength=len(parcels.ids)).astype(np.float64)
    share = _share_in_view(parcels, header)
    expected = np.divide(in_view, share, out=np.zeros(len(share)), where=share > 0)
    return voxel, region, expected


def _region_of(labels: NDArray[np.int32], ids: Sequence[int]) -> Index:
    """Place in `ids` of each label; every label but 0 has one (`read_parcellation` checks it)."""
    order = np.argsort(ids)
    return order[np.searchsorted(ids, labels, sorter=order)]


def _labels_on_grid(parcels: Parcellation, header: VolumeHeader) -> NDArray[np.int32]:
    """The label nearest to the centre of each voxel of the image, flat, x fastest."""
    labels = parcels.labels
    if same_grid(header, labels.shape, parcels.affine):
        return labels.ravel(order="F")
    nx, ny, nz = header.shape[:3]
    to_label = np.linalg.inv(parcels.affine) @ header.affine
    i, j = np.arange(nx)[:, None], np.arange(ny)[None, :]
    found = np.zeros((nx, ny, nz), dtype=labels.dtype, order="F")
    for k in range(nz):
        at = [_nearest(row[0] * i + row[1] * j + row[2] * k + row[3]) for row in to_label[:3]]
        inside = np.logical_and.reduce(
            [(a >= 0) & (a < n) for a, n in zip(at, labels.shape, strict=True)]
        )
        found[..., k][inside] = labels[tuple(a[inside] for a in at)]
    return found.ravel(order="F")


def _nearest(index: Array) -> Index:
    # Rounded first: a centre halfway between two labels must not follow float noise.
    return np.floor(np.round(index, 5) + 0.5).astype(np.intp)


def _share_in_view(parcels: Parcellation, header: VolumeHeader) -> Array:
    """Share of each region's own label voxels whose centre the image holds, (n_regions,)."""
    if same_grid(header, parcels.labels.shape, parcels.affine):
        return np.ones(len(parcels.ids))
    at = np.argwhere(parcels.labels)
    region = _region_of(parcels.labels[tuple(at.T)], parcels.ids)
    to_image = np.linalg.inv(header.affine) @ parcels.affine
    ijk = _nearest(at @ to_image[:3, :3].T + to_image[:3, 3])
    inside = ((ijk >= 0) & (ijk < header.shape[:3])).all(axis=1)
    n_regions = len(parcels.ids)
    total = np.bincount(region, minlength=n_regions)
    within = np.bincount(region[inside], minlength=n_regions)
    share: Array = within / np.maximum(total, 1)
    return share
