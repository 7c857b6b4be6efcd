"""The energy landscape of binary states: its minima, their basins and the passes between them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.recording import Array

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Landscape:
    """Where a ball on the landscape comes to rest, and how high it must climb to leave.

    Neighbours are states that differ in one node; node i is bit i of the number of a state.
    energies : (2**n,) nats; minima : (m,) states, from the lowest up
    basins : (2**n,) index in `minima` of the minimum that steepest descent leads to
    saddles : (m, m) highest energy on the lowest path between two minima, nats; the diagonal holds
        the energies of the minima. It is the disconnectivity graph (Becker 1997).
    """

    energies: Array
    minima: Indices
    basins: Indices
    saddles: Array

    def barrier(self, minimum: int) -> float:
        """Lowest climb (nats) from a minimum, by its index, to any other; infinite without one."""
        others = np.delete(self.saddles[minimum], minimum)
        return float(others.min(initial=np.inf) - self.saddles[minimum, minimum])


def landscape_of(energies: Array) -> Landscape:
    """Minima, basins and saddles of the energies (2**n,) of every state of n binary nodes, nats.

    Of two states with the same energy, that of the lower number counts as the lower.
    """
    n = len(energies).bit_length() - 1
    order = np.argsort(energies, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    neighbours = np.arange(len(order))[:, None] ^ (1 << np.arange(n))
    bottom = order[np.minimum(rank, rank[neighbours].min(axis=1))]
    while (bottom != bottom[bottom]).any():
        bottom = bottom[bottom]
    minima = order[bottom[order] == order]
    basins = np.argmax(bottom[:, None] == minima, axis=1)
    return Landscape(energies, minima, basins, _saddles(energies, order, neighbours, minima))


def _saddles(energies: Array, order: Indices, neighbours: Indices, minima: Indices) -> Array:
    """Flood the landscape from below: where two lakes meet is the pass between their minima."""
    saddles = np.full((len(minima), len(minima)), np.nan)
    np.fill_diagonal(saddles, energies[minima])
    lake_of_minimum = np.arange(len(minima))  # minima of one lake carry the same number
    shore = np.full(len(order), -1)  # of a flooded state, any minimum of its lake
    for state in order:
        if not np.isnan(saddles).any():
            break
        flooded = shore[neighbours[state]]
        lakes = np.unique(lake_of_minimum[flooded[flooded >= 0]])
        if not len(lakes):
            shore[state] = np.flatnonzero(minima == state)[0]
            continue
        shore[state] = lakes[0]
        if len(lakes) > 1:
            _join(saddles, lake_of_minimum, lakes, float(energies[state]))
    return saddles


def _join(saddles: Array, lake_of_minimum: Indices, lakes: Indices, height: float) -> None:
    shores = [np.flatnonzero(lake_of_minimum == lake) for lake in lakes]
    met = np.concatenate(shores)
    apart = np.isnan(saddles[np.ix_(met, met)])
    saddles[np.ix_(met, met)] = np.where(apart, height, saddles[np.ix_(met, met)])
    lake_of_minimum[met] = lakes[0]
