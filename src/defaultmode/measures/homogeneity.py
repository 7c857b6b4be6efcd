"""How alike the time courses of neighbouring voxels or vertices are: regional homogeneity."""

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.grid import parts
from defaultmode.core.recording import Array, Recording
from defaultmode.measures._grid import grid_of, region_means
from defaultmode.measures._regions import carrying, once_per_recording, regions
from defaultmode.measures._registry import measure

UNCHANGED = ("region order", "time reversal")
UNIT = "Kendall's W"


@once_per_recording
def homogeneity_map(recording: Recording) -> Array:
    """Kendall's W of each place and those around it, (n_places,), NaN for a place that is alone.

    0 to 1 over the usable frames; 27 voxels (Zang 2004), or a vertex and those an edge away; at
    the rim of the brain those of them that are there. Raises E301 for fewer than four usable frames
    and E306 where it is not known which places touch.
    """
    grid = grid_of(recording)
    carrying(recording)
    if not grid.neighbours.shape[1]:
        msg = f"It is not known which {grid.kind} of {grid.form.get('space')} are neighbours."
        raise DefaultModeError("E306", msg)
    ranks = _ranks(recording)
    own = np.einsum("ij,ij->i", ranks, ranks, dtype=np.float64)
    found = np.empty(len(grid))
    for where in parts(len(grid)):
        found[where] = _concordance(where, grid.neighbours[where], ranks, own)
    return found


def _ranks(recording: Recording) -> NDArray[np.int16]:
    """Twice the rank of each usable frame about its mean, (n_places + 1, n_usable).

    Whole numbers even for tied frames, which share their mean rank. The last row is 0: it is what
    the neighbour −1, which is not there, adds to a sum.
    """
    from scipy.stats import rankdata  # half a second to import, and rarely needed

    grid = grid_of(recording)
    n = int(recording.usable.sum())
    ranks = np.zeros((len(grid) + 1, n), dtype=np.int16)
    steps = np.arange(1 - n, n, 2, dtype=np.int16)
    for where, signal in grid.blocks(recording.usable):
        series = np.ascontiguousarray(signal.T)
        order = series.argsort(axis=1)
        np.put_along_axis(ranks[where], order, steps[None], axis=1)
        inorder = np.take_along_axis(series, order, axis=1)
        tied = np.flatnonzero((inorder[:, 1:] == inorder[:, :-1]).any(axis=1))
        ranks[where.start + tied] = 2 * rankdata(series[tied], axis=1) - (n + 1)
    return ranks


def _concordance(
    where: slice, neighbours: NDArray[np.int32], ranks: NDArray[np.int16], own: Array
) -> Array:
    """W of some places: the squared sum of ranks over the largest that it could be.

    With R the ranks about their mean, W = Σ(ΣR)² / (m ΣΣR²), which is Kendall's W corrected for
    ties, for m series.
    """
    together = ranks[where].astype(np.int32)
    apart, count = own[where].copy(), np.ones(len(neighbours))
    for around in neighbours.T:
        together += ranks[around]
        apart += own[around]
        count += around >= 0
    known = (count > 1) & (apart > 0)
    squared = np.einsum("ij,ij->i", together, together, dtype=np.float64)
    found: Array = np.full(len(count), np.nan)
    np.divide(squared, count * apart, out=found, where=known)
    return found


def _mean(recording: Recording, role: str) -> float:
    values = region_means(recording, homogeneity_map(recording))
    values = values[regions(recording, role, at_least=1)]
    return float(values[np.isfinite(values)].mean()) if np.isfinite(values).any() else np.nan


@measure(
    unit=UNIT, cites=("Zang2004",), unchanged_by=UNCHANGED, premises=("grid known",), kind="regions"
)
def homogeneity_by_region(recording: Recording) -> Array:
    """Regional homogeneity (ReHo) of each region: how alike the time courses of neighbours are.

    Kendall's W, 0 to 1, of each voxel with the 26 around it, or of each vertex with those an edge
    away, averaged over the region; shape (n_regions,), NaN where a region has no signal. Smoothing
    raises it, and so do larger voxels: compare runs of one space and resolution (Zang 2004).
    """
    return region_means(recording, homogeneity_map(recording))


@measure(unit=UNIT, cites=("Zang2004",), unchanged_by=UNCHANGED, premises=("grid known",))
def homogeneity_default(recording: Recording) -> float:
    """Mean regional homogeneity (ReHo) of default-mode regions.

    Kendall's W, 0 to 1; the mean over regions of `homogeneity_by_region` (Zang 2004).
    """
    return _mean(recording, "default")


@measure(unit=UNIT, cites=("Zang2004",), unchanged_by=UNCHANGED, premises=("grid known",))
def homogeneity_task_positive(recording: Recording) -> float:
    """Mean regional homogeneity (ReHo) of task-positive regions.

    Kendall's W, 0 to 1; the mean over regions of `homogeneity_by_region` (Zang 2004).
    """
    return _mean(recording, "task-positive")
