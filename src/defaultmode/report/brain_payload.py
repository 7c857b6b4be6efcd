"""What the brain view of a page reads: a surface, the regions in it, and packed numbers."""

import base64
import gzip
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array
from defaultmode.sources.surface_parcels import MNI305_TO_MNI152

BRAIN_STYLES = ("brain.css",)
BRAIN_SCRIPTS = ("viewing.js", "brain_scene.js", "brain_controls.js", "brain.js")
SURFACE = "fsaverage5"
N_COARSE = 2562  # vertices of a hemisphere of fsaverage4; fsaverage5 begins with them
PER_MM = 4  # a vertex is stored in quarters of a millimetre
STEPS, ABSENT = 127, -128  # of a correlation as int8; the one value that means missing


def packed(array: NDArray[np.int8] | NDArray[np.int16]) -> str:
    """An array of int8 or int16, in order, as gzip in base64: `defaultmode.unpacked` reads it.

    Raises E131 for any other type.
    """
    if array.dtype not in (np.int8, np.int16):
        msg = f"the array has type {array.dtype}; only int8 and int16 are packed."
        raise DefaultModeError("E131", msg)
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return base64.b64encode(gzip.compress(little.tobytes(), 9, mtime=0)).decode("ascii")


def packed_edges(z: Array) -> str:
    """The upper triangle of Fisher z, row by row, as int8 of r × 127; missing is −128.

    z : (n_regions, n_regions). A correlation is off by 1/254 at most, rounding.
    """
    r = np.tanh(z[np.triu_indices(len(z), k=1)])
    steps = np.where(np.isfinite(r), np.rint(np.nan_to_num(r) * STEPS), ABSENT)
    return packed(steps.astype(np.int8))


def brain_payload(atlas: Atlas) -> dict[str, object]:
    """Surface and regions as `defaultmode.brain` reads them.

    mesh : vertices, packed int16 in quarters of a millimetre of MNI152, left hemisphere first, and
        faces, packed uint16, of one hemisphere: the other has the same
    regions : in column order; x, y and z in mm, None where the centre is not known
    """
    return {"mesh": _mesh(), "regions": [_region(r, r.xyz_mm) for r in atlas.regions]}


def _region(region: object, centre: tuple[float, float, float] | None) -> dict[str, object]:
    said = {name: getattr(region, name) for name in ("name", "network", "role")}
    places = [None] * 3 if centre is None else [round(float(c), 1) for c in centre]
    return said | dict(zip("xyz", places, strict=True))


@cache
def _mesh() -> dict[str, str]:
    vertices_mm, faces = glass_surface()
    quarters = np.rint(vertices_mm * PER_MM).astype(np.int16)
    return {"vertices": packed(quarters), "faces": packed(faces.astype(np.int16))}


@cache
def glass_surface() -> tuple[Array, NDArray[np.intp]]:
    """The pial surface that nilearn ships, thinned to the vertices of fsaverage4.

    vertices : (5124, 3), mm of MNI152, left hemisphere first; faces : (5120, 3), vertices of one
    hemisphere, counterclockwise from outside; both hemispheres have the same.
    """
    import nibabel as nib
    from nilearn.datasets import fetch_surf_fsaverage

    paths = fetch_surf_fsaverage(SURFACE)  # installed with nilearn: nothing is fetched
    sides: list[Any] = [nib.load(paths[f"pial_{side}"]) for side in ("left", "right")]
    points = np.vstack([side.darrays[0].data[:N_COARSE] for side in sides]).astype(np.float64)
    rotation, shift = MNI305_TO_MNI152[:, :3], MNI305_TO_MNI152[:, 3]
    return points @ rotation.T + shift, coarser(sides[0].darrays[1].data.astype(np.intp))


def coarser(faces: NDArray[np.intp]) -> NDArray[np.intp]:
    """The faces before an icosahedral surface was subdivided once, (n_faces // 4, 3).

    Each was cut into four: three keep one of its corners, the middle one has none, and the corner
    opposite a side of the middle one is the corner of the face that shares this side.
    """
    old = faces < N_COARSE
    corner = {
        frozenset(face[~kept].tolist()): int(face[kept][0])
        for face, kept in zip(faces, old, strict=True)
        if kept.any()
    }
    middle = faces[~old.any(axis=1)]
    sides = ((0, 1), (1, 2), (2, 0))
    found = [[corner[frozenset(face[list(side)].tolist())] for side in sides] for face in middle]
    return np.array(found, dtype=np.intp)
