"""Dense CIFTI series, cortex and subcortical voxels together, as a recording of regions."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.grid import LEFT, MIDLINE, RIGHT, Grid, alive
from defaultmode.core.recording import Recording
from defaultmode.sources.atlases.surface_labels import is_surface_path, read_surface_labels
from defaultmode.sources.bids import RunFiles
from defaultmode.sources.cifti import agreed_repetition_time, series_image
from defaultmode.sources.places import Laid, recording_of_places


def read_dense(files: RunFiles, atlas: str, *, maps: bool = False) -> Recording:
    """Average every region of a `.dlabel.nii` over its places in a `.dtseries.nii`.

    Places are matched by structure and vertex, or by voxel; those without variance are left out.
    The repetition time is that of `read_cifti`. With `maps` the places come along as a grid, of
    which it is not known which ones touch: the mesh is not in the file.

    Raises E101 and E119 (the file), E124 (the atlas labels no places of this kind), E202 and E203
    (repetition time), and what `recording_of_places` raises.
    """
    signal, axis, step_s = _series(files.signal)
    laid = _laid(atlas, axis)
    kept = alive(signal)
    grid = Grid(
        signal=signal[kept],
        region=laid.column[kept],
        side=_side(axis)[kept],
        neighbours=np.empty((int(kept.sum()), 0), dtype=np.int32),
        kind="vertices",
        index=np.flatnonzero(kept),
        form={"space": files.space, "axis": axis},
    )
    tr_s = agreed_repetition_time(files, step_s)
    return recording_of_places(files, laid, grid, tr_s=tr_s, maps=maps)


def _series(path: Path) -> tuple[NDArray[np.float32], Any, float]:
    """Signal (n_places, n_time), the brain models of its places, and the step in seconds."""
    image, axis, step_s = series_image(path, places="BrainModelAxis")
    signal = np.ascontiguousarray(image.get_fdata(dtype="float32").T)
    return signal, axis, step_s


def _laid(atlas: str, axis: Any) -> Laid:
    labels = read_surface_labels(Path(atlas)) if is_surface_path(atlas) else None
    if labels is None or labels.axis is None:
        msg = f"the atlas {atlas!r} has no labels for the places of a dense CIFTI series."
        raise DefaultModeError("E124", msg)
    column = dict(zip(_where(labels.axis), labels.parts[0].tolist(), strict=True))
    found = np.array([column.get(place, -1) for place in _where(axis)], dtype=np.intp)
    if (found < 0).all():
        raise DefaultModeError("E124", f"{atlas} labels none of the places of the series.")
    return Laid(labels.atlas, found, "labels of the places")


def _where(axis: Any) -> list[tuple[object, ...]]:
    """What each place is called: structure and vertex, or the millimetres of its voxel."""
    names, vertices = axis.name.tolist(), axis.vertex.tolist()
    centres = np.zeros((len(names), 3))
    if axis.affine is not None:
        centres = np.round(axis.voxel @ axis.affine[:3, :3].T + axis.affine[:3, 3], 3)
    return [
        (name, vertex) if vertex >= 0 else tuple(xyz)
        for name, vertex, xyz in zip(names, vertices, centres.tolist(), strict=True)
    ]


def _side(axis: Any) -> NDArray[np.int8]:
    """Hemisphere of each place by the name of its structure, (n_places,)."""
    ends = {"LEFT": LEFT, "RIGHT": RIGHT}
    last = [str(name).rpartition("_")[2] for name in axis.name.tolist()]
    return np.array([ends.get(word, MIDLINE) for word in last], dtype=np.int8)
