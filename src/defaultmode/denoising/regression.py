"""Least squares on the kept frames only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.recording import Array

# Columns are scaled to length one first, so this is the angle below which two regressors are one;
# it is also the share of a column below which what a step leaves of it is rounding error.
SMALLEST = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Residual:
    """What a regression leaves, (n_time, n), and the rank of its design."""

    signal: Array
    rank: int


def regress(signal: Array, design: Array, usable: NDArray[np.bool_]) -> Residual:
    """The signal without its least-squares fit, weights taken from the usable frames alone.

    signal : (n_time, n) in any unit; design : (n_time, n_columns). Collinear columns count once
    (singular values below 1e-10 of the largest are dropped), so their order cannot matter.
    """
    length = np.linalg.norm(design[usable], axis=0)
    columns = design[:, length > 0] / length[length > 0]
    if not columns.shape[1]:
        return Residual(signal.copy(), 0)
    left, sizes, right = np.linalg.svd(columns[usable], full_matrices=False)
    rank = int((sizes > SMALLEST * sizes[0]).sum())
    shares = (left[:, :rank].T @ signal[usable]) / sizes[:rank, None]
    return Residual(signal - columns @ (right[:rank].T @ shares), rank)


def remove_trend(signal: Array, usable: NDArray[np.bool_], *, line: bool = True) -> Array:
    """The signal (n_time, n) without constant and, if `line`, straight line over usable frames.

    Summed series by series: the last bit does not depend on how many series there are.
    """
    kept = np.ascontiguousarray(signal[usable].T)
    mean = kept.mean(axis=1)
    steady: Array = signal - mean
    if not line:
        return steady
    frames = np.arange(len(signal)) - np.flatnonzero(usable).mean()
    spread = frames[usable] @ frames[usable]
    slope = ((kept - mean[:, None]) * frames[usable]).sum(axis=1) / (spread or 1.0)
    return np.asarray(steady - frames[:, None] * slope)


def without_rounding(after: Array, before: Array) -> Array:
    """Columns of `after` (n_time, n) that a step left only as rounding error, set to zero.

    A regressor of pure rounding error, once scaled to length one, would remove real signal.
    """
    left = np.linalg.norm(after, axis=0) > SMALLEST * np.linalg.norm(before, axis=0)
    return np.where(left, after, 0.0)
