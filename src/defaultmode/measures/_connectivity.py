"""Correlations between regions, computed once per recording and shared by the measures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.measures._regions import carrying, once_per_recording

IDENTICAL = 1e-12  # rounding of a correlation of exactly ±1


@dataclass(frozen=True, slots=True, eq=False)
class Connectivity:
    """Pearson correlations over the usable frames.

    r : (n_regions, n_regions), 1 on the diagonal; z : Fisher z of r, 0 on the diagonal; both NaN in
    the rows and columns of regions without a signal. Read-only.
    """

    r: Array
    z: Array


def _check_distinct(r: Array, names: list[str]) -> None:
    same = np.argwhere(np.triu(np.abs(r) >= 1 - IDENTICAL, k=1))
    if len(same):
        a, b = (names[int(i)] for i in same[0])
        msg = f"Regions {a!r} and {b!r} correlate at exactly ±1: they are the same signal."
        raise DefaultModeError("E305", msg)


@once_per_recording
def connectivity(recording: Recording) -> Connectivity:
    """Correlations between all regions that carry a signal (Greicius 2003).

    Raises E301 for fewer than four usable frames, and E305 where two regions correlate at exactly
    ±1: then a column was duplicated, and an infinite Fisher z would hide it.
    """
    columns = carrying(recording)
    kept = recording.kept[:, columns]
    # Scaled first, so that huge or tiny units neither overflow nor underflow when squared.
    centred = (kept - kept.mean(axis=0)) / np.ptp(kept, axis=0)
    normed = centred / np.linalg.norm(centred, axis=0)
    found = np.clip(normed.T @ normed, -1.0, 1.0)
    _check_distinct(found, [recording.atlas.names[i] for i in columns])
    np.fill_diagonal(found, 0.0)
    n = len(recording.atlas)
    r, z = np.full((n, n), np.nan), np.full((n, n), np.nan)
    r[np.ix_(columns, columns)] = found + np.eye(len(columns))
    z[np.ix_(columns, columns)] = np.arctanh(found)
    r.flags.writeable = z.flags.writeable = False
    return Connectivity(r, z)


def mean_within(z: Array, members: NDArray[np.intp]) -> float:
    """Mean over all pairs of members, each pair once (M1 of SCIENCE.md)."""
    block = z[np.ix_(members, members)]
    return float(block[np.triu_indices(len(members), k=1)].mean())


def mean_between(z: Array, ours: NDArray[np.intp], theirs: NDArray[np.intp]) -> float:
    """Mean over all pairs of one of ours and one of theirs (M2 of SCIENCE.md)."""
    return float(z[np.ix_(ours, theirs)].mean())
