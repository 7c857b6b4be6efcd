"""Edges of a connectivity matrix by the networks that they join."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class NetworkPairs:
    """Which pair of networks each edge joins.

    names : the pairs that have edges, each in the order of the networks; of_edge : (n_edges,)
    """

    names: tuple[tuple[str, str], ...]
    of_edge: Codes

    def means(self, values: Array) -> Array:
        """Mean over the known edges of each pair, NaN where none is, (n, n_pairs).

        values : (n, n_edges), NaN where missing
        """
        return np.column_stack(
            [_mean(values[:, self.of_edge == pair]) for pair in range(len(self.names))]
        )

    def counts(self, among: Flags) -> Codes:
        """How many of some edges each pair has, (n_edges,) → (n_pairs,)."""
        return np.bincount(self.of_edge[among], minlength=len(self.names))


def network_pairs(networks: Sequence[str]) -> NetworkPairs:
    """The pairs of networks of the upper triangle's edges, row by row.

    networks : of each region, (n_regions,), in the order of the atlas
    """
    order = list(dict.fromkeys(networks))
    code = np.array([order.index(name) for name in networks], dtype=np.intp)
    a, b = (code[ends] for ends in np.triu_indices(len(code), 1))
    both = np.minimum(a, b) * len(order) + np.maximum(a, b)
    there, of_edge = np.unique(both, return_inverse=True)
    names = tuple((order[i // len(order)], order[i % len(order)]) for i in there)
    return NetworkPairs(names, of_edge.ravel())


def within(members: Flags) -> Flags:
    """Edges that join two of some regions, (n_regions,) → (n_edges,)."""
    a, b = np.triu_indices(len(members), 1)
    return np.asarray(members[a] & members[b])


def between(one: Flags, other: Flags) -> Flags:
    """Edges that join one of some regions with one of others, (n_regions,) both → (n_edges,)."""
    a, b = np.triu_indices(len(one), 1)
    return np.asarray((one[a] & other[b]) | (one[b] & other[a]))


def _mean(values: Array) -> Array:
    known = np.isfinite(values)
    count = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
