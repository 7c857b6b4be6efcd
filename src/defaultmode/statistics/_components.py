"""Components of many networks at once, joined edge by edge, compiled."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]
Places = NDArray[np.intp]
STRIDE = 32  # edges that are looked at together: few of them reach a threshold


class Forest(NamedTuple):
    """The joined regions of each network, (n_networks, n_regions) each.

    parent : the region that a region hangs on, itself where it is a root
    extent, intensity : at a root, how many edges its component has and the sum of their |t| above
        the threshold
    """

    parent: Places
    extent: Places
    intensity: Array


def forest(n_networks: int, n_regions: int) -> Forest:
    """No region joined to any other."""
    shape = (n_networks, n_regions)
    parent = np.tile(np.arange(n_regions), (n_networks, 1))
    return Forest(parent, np.zeros(shape, dtype=np.intp), np.zeros(shape))


@njit(nogil=True)
def join(trees: Forest, ends: Places, r: Array, threshold_t: float, df: int) -> None:
    """Join the regions at both ends of every edge whose |t| exceeds a threshold, in place.

    ends : (2, n_edges), regions; r : (n_networks, n_edges), partial correlations of df degrees of
    freedom. Disjoint sets with path halving (Tarjan & van Leeuwen 1984).
    """
    least = threshold_t / np.sqrt(df + threshold_t**2)  # the r of this t
    n_edges = r.shape[1]
    for network in range(len(r)):
        row, up = r[network], trees.parent[network]
        extent, intensity = trees.extent[network], trees.intensity[network]
        for start in range(0, n_edges, STRIDE):
            here = row[start : start + STRIDE]
            any_above = False
            for value in here:
                any_above |= abs(value) > least
            if not any_above:
                continue
            for i, value in enumerate(here):
                if abs(value) <= least:
                    continue
                a, b = ends[0, start + i], ends[1, start + i]
                while up[a] != a:
                    up[a] = up[up[a]]
                    a = up[a]
                while up[b] != b:
                    up[b] = up[up[b]]
                    b = up[b]
                if a != b:
                    up[b] = a
                    extent[a] += extent[b]
                    intensity[a] += intensity[b]
                extent[a] += 1
                rest = max(1 - value**2, 1e-16)  # of a perfect correlation, rounding is left
                intensity[a] += np.sqrt(df * value**2 / rest) - threshold_t
