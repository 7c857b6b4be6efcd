"""Which vertex of a surface belongs to which region."""

import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array
from defaultmode.sources.atlases import load_atlas, parcellation
from defaultmode.sources.atlases.parcels import Parcellation
from defaultmode.sources.atlases.surface_labels import is_surface_path, read_surface_labels
from defaultmode.sources.places import Laid

FSAVERAGE5 = "fsaverage5"
# FreeSurfer's wiki, CoordinateSystems, 8: fsaverage lies in MNI305, atlases in MNI152.
MNI305_TO_MNI152 = np.array(
    [
        [0.9975, -0.0073, 0.0176, -0.0429],
        [0.0146, 1.0009, -0.0024, 1.5496],
        [-0.0130, -0.0093, 0.9971, 1.1840],
    ]
)
# Our own. Tried on the fsLR surface of BrainSpace 0.3.0, whose Schaefer labels are published: of
# the cortex 99.9 % lies within this distance of a label, of the medial wall 14 %, and 88 % of its
# vertices get their published label.
FARTHEST_MM = 2.0
SAMPLED = (
    "label image, read at the midthickness of fsaverage5: approximate (the label nearest within "
    f"{FARTHEST_MM:g} mm; surfaces and volumes of different people)"
)


def laid_on_surface(name_or_path: str, space: str, n_vertices: tuple[int, int]) -> Laid:
    """An atlas on the vertices of both hemispheres, left first, (n_left + n_right,).

    Labels of that very surface, or on fsaverage5 the label image of an atlas in MNI space, which is
    approximate. Raises E124 where neither is at hand, and what the files of the atlas raise.
    """
    if is_surface_path(name_or_path):
        labels = read_surface_labels(Path(name_or_path))
        found = tuple(len(part) for part in labels.parts)
        if labels.axis is not None or found != n_vertices:
            msg = f"{name_or_path} labels {found} vertices; the surfaces have {n_vertices}."
            raise DefaultModeError("E124", msg)
        return Laid(labels.atlas, np.concatenate(labels.parts), "labels of the vertices")
    if space != FSAVERAGE5:
        msg = f"{name_or_path!r} has no labels for the surface {space or 'of the participant'!r}."
        raise DefaultModeError("E124", msg)
    return _sampled(name_or_path)


@cache
def _sampled(name_or_path: str) -> Laid:
    atlas, parcels = load_atlas(name_or_path), parcellation(name_or_path)
    if parcels is None:
        msg = f"{name_or_path!r} has no label image that could be read at the vertices."
        raise DefaultModeError("E124", msg)
    surfaces = midthickness_mm()
    columns = [
        _nearest(xyz, parcels, [i for i, r in enumerate(atlas.regions) if r.hemisphere != other])
        for xyz, other in zip(surfaces, ("R", "L"), strict=True)
    ]
    return Laid(atlas, np.concatenate(columns), SAMPLED)


def _nearest(xyz_mm: Array, parcels: Parcellation, allowed: list[int]) -> NDArray[np.intp]:
    """Region of the labelled voxel that is nearest to each point, −1 beyond the limit, (n,)."""
    from scipy.spatial import cKDTree

    column = np.full(max(parcels.ids) + 1, -1, dtype=np.intp)
    column[[parcels.ids[i] for i in allowed]] = allowed
    voxels = np.argwhere(column[parcels.labels] >= 0)
    centres_mm = voxels @ parcels.affine[:3, :3].T + parcels.affine[:3, 3]
    _, found = cKDTree(centres_mm).query(xyz_mm, distance_upper_bound=FARTHEST_MM)
    regions = np.append(column[parcels.labels[tuple(voxels.T)]], -1)
    return np.asarray(regions[found])


@cache
def _mesh() -> Any:
    from nilearn.datasets import fetch_surf_fsaverage

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of nilearn, about its own future
        return fetch_surf_fsaverage(FSAVERAGE5)  # installed with nilearn: nothing is fetched


@cache
def _arrays(kind: str, hemisphere: str) -> tuple[Array, NDArray[np.intp]]:
    import nibabel as nib

    mesh: Any = nib.load(_mesh()[f"{kind}_{hemisphere}"])
    points, triangles = (array.data for array in mesh.darrays)
    return points.astype(np.float64), triangles.astype(np.intp)


def midthickness_mm() -> tuple[Array, Array]:
    """Points halfway between white matter and pia of fsaverage5, left and right.

    (10242, 3) each, mm of MNI152.
    """
    left, right = (
        (_arrays("white", side)[0] + _arrays("pial", side)[0]) / 2 for side in ("left", "right")
    )
    rotation, shift = MNI305_TO_MNI152[:, :3], MNI305_TO_MNI152[:, 3]
    return left @ rotation.T + shift, right @ rotation.T + shift


def edges(space: str, kept: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Which of the vertices that are kept share an edge with each of them, (n_kept, k).

    −1 for none. kept : (n_vertices,) of both hemispheres, left first. k is 6 on fsaverage5; on
    other surfaces, whose mesh is not at hand, it is 0.
    """
    if space != FSAVERAGE5:
        return np.empty((int(kept.sum()), 0), dtype=np.int32)
    n_left = len(kept) // 2
    triangles = np.vstack([_arrays("white", "left")[1], _arrays("white", "right")[1] + n_left])
    pairs = np.vstack([triangles[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))])
    pairs = np.unique(np.vstack([pairs, pairs[:, ::-1]]), axis=0)
    number = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
    degree = np.bincount(pairs[:, 0], minlength=len(kept))
    slot = np.arange(len(pairs)) - np.repeat(np.cumsum(degree) - degree, degree)
    found = np.full((len(kept), degree.max()), -1, dtype=np.int32)
    found[pairs[:, 0], slot] = number[pairs[:, 1]]
    return found[kept]
