"""BOLD on the vertices of both hemispheres (GIFTI), as a recording of regions."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.grid import LEFT, RIGHT, Grid, alive
from defaultmode.core.recording import Recording
from defaultmode.sources.bids import RunFiles
from defaultmode.sources.places import recording_of_places
from defaultmode.sources.sidecars import LARGEST_TR_DIFFERENCE_S, repetition_time
from defaultmode.sources.surface_files import surface_image
from defaultmode.sources.surface_parcels import edges, laid_on_surface

# Vertices of a hemisphere: of an icosahedron whose edges were halved 5, 6 and 7 times.
SURFACES = {10242: "fsaverage5", 40962: "fsaverage6", 163842: "fsaverage"}
HEMISPHERES = ("CortexLeft", "CortexRight")


@dataclass(frozen=True, slots=True, eq=False)
class _Hemisphere:
    """Series (n_vertices, n_time) of one hemisphere; step : as the file states it, 0 for not."""

    path: Path
    series: NDArray[np.float32]
    step: float


def read_surfaces(files: RunFiles, atlas: str, *, maps: bool = False) -> Recording:
    """Average every region of an atlas over its vertices, in a pair of `.func.gii` files.

    Vertices without variance or with values that are not finite, as in the medial wall, are left
    out. With `maps` the vertices come along as a grid. The repetition time is the sidecar's; a file
    that states another one is refused.

    Raises E101 and E119 (the files), E123 (a hemisphere is missing, they are swapped, or differ in
    length), E124 (no labels for this surface), E201 to E203 (repetition time), and what
    `recording_of_places` raises.
    """
    left, right = _pair(files)
    tr_s = _repetition_time(files, left, right)
    n_left, n_right = len(left.series), len(right.series)
    surface = _surface(files, n_left)
    laid = laid_on_surface(atlas, surface, (n_left, n_right))
    signal = np.vstack([left.series, right.series])
    kept = alive(signal)
    side = np.repeat(np.array([LEFT, RIGHT], dtype=np.int8), [n_left, n_right])
    grid = Grid(
        signal=signal[kept],
        region=laid.column[kept],
        side=side[kept],
        neighbours=edges(surface if maps else "", kept),
        kind="vertices",
        index=np.flatnonzero(kept),
        form={"space": files.space, "n_vertices": (n_left, n_right)},
    )
    return recording_of_places(files, laid, grid, tr_s=tr_s, maps=maps)


def _pair(files: RunFiles) -> list[_Hemisphere]:
    """Left and right, of one length."""
    for path in files.signals:
        if not path.is_file():
            raise DefaultModeError("E123", f"{path} is not there; the other hemisphere is.")
    pair = [_read(path, named) for path, named in zip(files.signals, HEMISPHERES, strict=True)]
    left, right = (half.series.shape[1] for half in pair)
    if left != right:
        msg = f"{files.signal}: {left} volumes on the left, {right} on the right."
        raise DefaultModeError("E123", msg)
    return pair


def _read(path: Path, hemisphere: str) -> _Hemisphere:
    image = surface_image(path, kind="GiftiImage")
    for stated in (image.meta, *(array.meta for array in image.darrays[:1])):
        named = stated.get("AnatomicalStructurePrimary", hemisphere)
        if named != hemisphere:
            raise DefaultModeError("E123", f"{path} says that it is of {named}.")
    arrays = [np.asarray(array.data, dtype=np.float32) for array in image.darrays]
    shapes = {array.shape for array in arrays}
    if len(arrays) < 2 or len(shapes) != 1 or arrays[0].ndim != 1:
        found = f"{len(arrays)} arrays of the shapes {sorted(shapes)}"
        raise DefaultModeError("E119", f"{path} holds {found}; expected one array per volume.")
    return _Hemisphere(path, np.column_stack(arrays), _step(image.meta, path))


def _step(meta: Any, path: Path) -> float:
    try:
        return float(meta.get("TimeStep", 0))
    except ValueError as problem:
        raise DefaultModeError("E119", f"{path}: its TimeStep is no number.") from problem


def _repetition_time(files: RunFiles, *pair: _Hemisphere) -> float:
    """The sidecar's; some software writes it into the file too, in milliseconds or in seconds."""
    tr_s = repetition_time(files.sidecar, files.signal)
    for half in pair:
        apart_s = min(abs(half.step - tr_s), abs(half.step / 1000 - tr_s))
        if half.step and not apart_s <= LARGEST_TR_DIFFERENCE_S:
            msg = f"{half.path}: {tr_s:g} s in the sidecar, TimeStep {half.step:g} in the file."
            raise DefaultModeError("E202", msg)
    return tr_s


def _surface(files: RunFiles, n_vertices: int) -> str:
    """Which surface it is: `space-fsaverage` may come in any of its three densities."""
    if not files.space.startswith("fsaverage"):
        return files.space
    known = SURFACES.get(n_vertices, "")
    if not known or files.space not in {known, "fsaverage"}:
        msg = f"{files.signal} has {n_vertices} vertices, which is not {files.space}."
        raise DefaultModeError("E119", msg)
    return known
