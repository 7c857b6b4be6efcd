"""What the measures of voxels and vertices share."""

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.grid import LEFT, RIGHT, Grid
from defaultmode.core.recording import Array, Recording
from defaultmode.measures._connectivity import IDENTICAL
from defaultmode.measures._regions import carrying

Mask = NDArray[np.bool_]


def grid_of(recording: Recording) -> Grid:
    """The voxels or vertices; raises E304 where none were read."""
    if recording.grid is None:
        raise DefaultModeError("E304", "No voxels or vertices were read.")
    return recording.grid


def in_regions(recording: Recording, columns: NDArray[np.intp]) -> Mask:
    """Which places lie in these regions, (n_places,)."""
    wanted = np.zeros(len(recording.atlas) + 1, dtype=bool)  # the last one is for −1: no region
    wanted[columns] = True
    return np.asarray(wanted[grid_of(recording).region])


def correlations(recording: Recording, series: Array) -> Array:
    """Pearson correlation of each place with each series over the usable frames, (n_places, k).

    series : (n_usable, k). NaN where a place has no signal left.
    """
    grid = grid_of(recording)
    level = series - series.mean(axis=0)
    unit = level / np.linalg.norm(level, axis=0)
    found = np.empty((len(grid), series.shape[1]))
    for where, signal in grid.blocks(recording.usable):
        apart = signal - signal.mean(axis=0)
        length = np.linalg.norm(apart, axis=0)
        found[where] = (apart.T @ unit) / np.where(length > 0, length, np.nan)[:, None]
    return np.asarray(np.clip(found, -1 + IDENTICAL, 1 - IDENTICAL))


def region_means(recording: Recording, values: Array) -> Array:
    """Mean of a map (n_places,) over the places of each region with a signal, (n_regions,).

    NaN where a region has no signal or none of its places has a value.
    """
    known = in_regions(recording, carrying(recording)) & np.isfinite(values)
    region, n = grid_of(recording).region[known], len(recording.atlas)
    count = np.bincount(region, minlength=n)
    total = np.bincount(region, values[known], n)
    means: Array = np.full(n, np.nan)
    np.divide(total, count, out=means, where=count > 0)
    return means


def dice(one: Mask, other: Mask) -> float:
    """Twice the shared places over the places of both (Dice 1945); raises E306 without any."""
    size = int(one.sum() + other.sum())
    if not size:
        raise DefaultModeError("E306", "There is no place in either of the two maps.")
    return 2 * int((one & other).sum()) / size


def laterality(grid: Grid, values: Array | Mask, among: Mask) -> float:
    """(left − right) / (left + right), from −1 to 1 (Seghier 2008).

    values : (n_places,) of at least 0: a strength, or whether a place is in a map. Left and right
    are their means over the places of each hemisphere in `among`, so that a field of view that
    covers more of one side does not tilt it. Raises E306 where a hemisphere has no place, or all
    values are 0.
    """
    means = []
    for side in (LEFT, RIGHT):
        here = among & (grid.side == side)
        if not here.any():
            raise DefaultModeError("E306", "A hemisphere has no place in the atlas.")
        means.append(float(values[here].mean()))
    left, right = means
    if not left + right:
        raise DefaultModeError("E306", "The map is 0 in both hemispheres.")
    return (left - right) / (left + right)
