"""Recordings with a small box of voxels whose signal is made to order."""

import numpy as np

from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.grid import Grid
from defaultmode.core.recording import Recording
from defaultmode.sources.volume_grid import neighbouring
from toy_recordings import recording_of

SHAPE = (8, 6, 5)
N = int(np.prod(SHAPE))
# Four slabs along x on each side: hemisphere of a voxel is the sign of its first coordinate.
NAMES = ("PCC_L", "DMN_L", "DAN_L", "VIS_L", "VIS_R", "DAN_R", "DMN_R", "PCC_R")


def slabs() -> Atlas:
    """One region for each x: posterior cingulate outside, then default, attention and visual."""
    kind = {
        "PCC": ("Default", "default", "core", "posterior cingulate"),
        "DMN": ("Default", "default", "core", "angular gyrus"),
        "DAN": ("DorsalAttention", "task-positive", "", ""),
        "VIS": ("Visual", "other", "", ""),
    }
    rows = []
    for name in NAMES:
        network, role, subsystem, place = kind[name[:3]]
        rows.append(Region(name, network, role, subsystem, place, hemisphere=name[-1]))
    return Atlas("slabs", tuple(rows))


def grid_of(signal: np.ndarray, **changed) -> Grid:
    """Voxels (n_time, N), x fastest, of the box; each x is a region."""
    place = np.arange(N)
    x = np.unravel_index(place, SHAPE, order="F")[0]
    fields = {
        "signal": np.ascontiguousarray(signal.T, dtype=np.float32),
        "region": x.astype(np.intp),
        "side": np.where(x < SHAPE[0] // 2, -1, 1).astype(np.int8),
        "neighbours": neighbouring(place, SHAPE),
        "kind": "voxels",
        "index": place,
        "form": {"space": "MNI152NLin6Asym", "shape": SHAPE, "affine": np.diag([2.0, 2, 2, 1])},
    }
    return Grid(**{**fields, **changed})


def boxed(signal: np.ndarray, **changed) -> Recording:
    """A recording whose regions are the means of the voxels (n_time, N)."""
    grid = grid_of(signal, **changed)
    voxels = grid.signal.astype(np.float64)
    means = [voxels[grid.region == i].mean(axis=0) for i in range(len(NAMES))]
    return recording_of(np.column_stack(means), slabs(), grid=grid)


def noise(n_time: int = 80, seed: int = 0) -> np.ndarray:
    """Independent standard normal voxels, (n_time, N)."""
    return np.random.default_rng(seed).standard_normal((n_time, N))
