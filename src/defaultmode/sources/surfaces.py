"""BOLD on the vertices of both hemispheres (GIFTI), as a recording of regions."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.grid import LEFT, RIGHT, Grid
from defaultmode.core.recording import Recording
from defaultmode.sources.bids import RunFiles
from defaultmode.sources.places import alive, recording_of_places
from defaultmode.sources.sidecars import LARGEST_TR_DIFFERENCE_S, repetition_time
from defaultmode.sources.surface_files import sides, surface_image
from defaultmode.sources.surface_parcels import edges, laid_on_surface

# Vertices of a hemisphere: those of an icosahedron whose edges were halved 5, 6 and 7 times.
N_VERTICES = {"fsaverage5": 10242, "fsaverage6": 40962, "fsaverage": 163842}
SIDE_OF = {"left": "CortexLeft", "right": "CortexRight"}
Series = NDArray[np.float32]


def read_surfaces(files: RunFiles, atlas: str, *, maps: bool = False) -> Recording:
    """Average every region of an atlas over its vertices, in a pair of `.func.gii` files.

    files.signal is either hemisphere. Vertices without variance or with values that are not finite,
    as in the medial wall, are left out. With `maps` the vertices come along as a grid. The
    repetition time is the sidecar's; a file that states another one is refused.

    Raises E101 and E119 (the files), E123 (a hemisphere is missing, they are swapped, or differ in
    length), E124 (no labels for this surface), E201 to E203 (repetition time), and what
    `recording_of_places` raises.
    """
    left, right = (_hemisphere(path, files.space, which) for path, which in _pair(files))
    if left.shape[1] != right.shape[1]:
        msg = f"{files.signal}: {left.shape[1]} volumes on the left, {right.shape[1]} on the right."
        raise DefaultModeError("E123", msg)
    tr_s = repetition_time(files.sidecar, files.signal)
    for path, _ in _pair(files):
        _check_step(path, tr_s)
    laid = laid_on_surface(atlas, files.space, (len(left), len(right)))
    signal = np.vstack([left, right])
    kept = alive(signal)
    side = np.repeat(np.array([LEFT, RIGHT], dtype=np.int8), [len(left), len(right)])
    grid = Grid(
        signal=signal[kept],
        region=laid.column[kept],
        side=side[kept],
        neighbours=edges(files.space, kept) if maps else np.empty((kept.sum(), 0), np.int32),
        kind="vertices",
        index=np.flatnonzero(kept),
        form={"space": files.space, "n_vertices": (len(left), len(right))},
    )
    return recording_of_places(files, laid, grid, tr_s=tr_s, maps=maps)


def _pair(files: RunFiles) -> list[tuple[Path, str]]:
    paths = sides(files.signal)
    for path in paths:
        if not path.is_file():
            raise DefaultModeError("E123", f"{path} is not there; the other hemisphere is.")
    return list(zip(paths, SIDE_OF, strict=True))


def _hemisphere(path: Path, space: str, which: str) -> Series:
    """Series of one hemisphere, (n_vertices, n_time)."""
    image = surface_image(path, kind="GiftiImage")
    for stated in (image.meta, *(array.meta for array in image.darrays[:1])):
        named = stated.get("AnatomicalStructurePrimary", SIDE_OF[which])
        if named != SIDE_OF[which]:
            raise DefaultModeError("E123", f"{path} says that it is of {named}.")
    arrays = [np.asarray(array.data, dtype=np.float32) for array in image.darrays]
    shapes = {array.shape for array in arrays}
    if len(arrays) < 2 or len(shapes) != 1 or arrays[0].ndim != 1:
        found = f"{len(arrays)} arrays of the shapes {sorted(shapes)}"
        raise DefaultModeError("E119", f"{path} holds {found}; expected one array per volume.")
    expected = N_VERTICES.get(space, len(arrays[0]))
    if len(arrays[0]) != expected:
        msg = f"{path} has {len(arrays[0])} vertices; {space} has {expected}."
        raise DefaultModeError("E119", msg)
    return np.column_stack(arrays)


def _check_step(path: Path, tr_s: float) -> None:
    """Some software writes the repetition time into the file, in ms or in s; 0 states nothing."""
    meta: Any = surface_image(path, kind="GiftiImage").meta
    try:
        step = float(meta.get("TimeStep", 0))
    except ValueError as problem:
        raise DefaultModeError("E119", f"{path}: its TimeStep is no number.") from problem
    if step and min(abs(step - tr_s), abs(step / 1000 - tr_s)) > LARGEST_TR_DIFFERENCE_S:
        msg = f"{path}: {tr_s:g} s in the sidecar, TimeStep {step:g} in the file."
        raise DefaultModeError("E202", msg)
