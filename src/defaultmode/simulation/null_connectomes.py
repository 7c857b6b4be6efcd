"""Connectomes that keep some of a measured one and leave the rest to chance."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from defaultmode.core.connectome import Connectome
from defaultmode.core.errors import DefaultModeError

Array = NDArray[np.float64]
Pairs = NDArray[np.intp]
SWAPS = 20  # tried per connection
ATTEMPTS = 200  # until a connectome hangs together
N_LENGTHS = 10  # classes of length, of as many pairs each


def strongest(connectome: Connectome, density: float) -> Connectome:
    """The strongest connections alone, as many as the share `density` of all pairs, above 0 to 1.

    Ties at the threshold are broken by the order of regions. Raises E501 for a connectome that is
    not symmetric, E506 for an impossible density, E503 where regions would fall apart.
    """
    _check_symmetric(connectome)
    n = len(connectome)
    wanted = round(density * n * (n - 1) / 2)
    rows, columns = _connections(connectome.weights)
    if not 0 < wanted <= len(rows):
        has = 2 * len(rows) / n / (n - 1)
        msg = f"density {density:g} of connectome {connectome.name!r}, which has {has:.3f}."
        raise DefaultModeError("E506", msg)
    weights = connectome.weights[rows, columns]
    kept = np.argsort(-weights, kind="stable")[:wanted]
    return _connected_by(connectome, np.stack((rows, columns))[:, kept], weights[kept])


def rewired(
    connectome: Connectome, rng: np.random.Generator, *, distances_mm: Array | None = None
) -> Connectome:
    """The same number of connections at every region, their other ends left to chance.

    Two connections exchange ends, over and over (Maslov & Sneppen 2002, doi
    10.1126/science.1065103); weights travel with them. distances_mm : (n, n) between regions; given
    them, each of ten classes of length keeps its number of connections and their weights too
    (Betzel & Bassett 2018, doi 10.1073/pnas.1720186115), which leaves little to chance where most
    short connections exist. Raises E501 for a connectome that is not symmetric or distances of
    another shape, E503 where regions keep falling apart.
    """
    _check_symmetric(connectome)
    n = len(connectome)
    lengths = _classes(distances_mm, n)
    pairs = np.stack(_connections(connectome.weights))
    weights = connectome.weights[tuple(pairs)]
    for _ in range(ATTEMPTS):
        pairs = _exchanged(pairs, lengths, rng)
        if _together(n, pairs):
            break
    return _connected_by(connectome, pairs, weights)


def scattered(
    connectome: Connectome, rng: np.random.Generator, *, distances_mm: Array | None = None
) -> Connectome:
    """As many connections, of the same weights, between pairs of regions drawn by chance.

    Erdős & Rényi 1959 with a fixed number of connections, redrawn until it hangs together.
    distances_mm : (n, n) between regions; given them, each of ten classes of length keeps its
    number of connections and their weights. Raises E501 for a connectome that is not symmetric or
    distances of another shape, E503 where regions keep falling apart.
    """
    _check_symmetric(connectome)
    n = len(connectome)
    lengths = _classes(distances_mm, n)
    pairs = np.stack(_connections(connectome.weights))
    order = np.argsort(lengths[tuple(pairs)], kind="stable")
    weights = connectome.weights[tuple(pairs[:, order])]
    counts = np.bincount(lengths[tuple(pairs)])
    everywhere = np.stack(np.triu_indices(n, 1))
    of_class = [np.flatnonzero(lengths[tuple(everywhere)] == k) for k in range(len(counts))]
    for _ in range(ATTEMPTS):
        drawn = [rng.permutation(of)[:count] for of, count in zip(of_class, counts, strict=True)]
        pairs = everywhere[:, np.concatenate(drawn)]
        if _together(n, pairs):
            break
    return _connected_by(connectome, pairs, weights)


def _exchanged(pairs: Pairs, lengths: Pairs, rng: np.random.Generator) -> Pairs:
    """Connections (2, n_connections) after many exchanges of ends, each in its class of length."""
    first, second = pairs.copy()
    exists = np.zeros(lengths.shape, np.bool_)
    exists[first, second] = exists[second, first] = True
    count = len(first)
    for i, j in rng.integers(count, size=(SWAPS * count, 2)):
        a, b = first[i], second[i]
        c, d = (first[j], second[j]) if rng.random() < 0.5 else (second[j], first[j])
        if len({int(a), int(b), int(c), int(d)}) < 4 or exists[a, d] or exists[c, b]:
            continue
        before, after = (lengths[a, b], lengths[c, d]), (lengths[a, d], lengths[c, b])
        if after not in {before, before[::-1]}:
            continue
        exists[a, b] = exists[b, a] = exists[c, d] = exists[d, c] = False
        exists[a, d] = exists[d, a] = exists[c, b] = exists[b, c] = True
        one, other = (i, j) if after == before else (j, i)  # a weight stays with its length
        first[one], second[one], first[other], second[other] = a, d, c, b
    return np.stack((first, second))


def _classes(distances_mm: Array | None, n: int) -> Pairs:
    """Class of length of every pair, as many pairs in each, (n, n); one class without distances."""
    if distances_mm is None:
        return np.zeros((n, n), np.intp)
    distances = np.asarray(distances_mm, np.float64)
    if distances.shape != (n, n) or not np.isfinite(distances).all():
        msg = f"distances of shape {distances.shape}; expected finite numbers, ({n}, {n})."
        raise DefaultModeError("E501", msg)
    edges = np.quantile(distances[np.triu_indices(n, 1)], np.linspace(0, 1, N_LENGTHS + 1)[1:-1])
    return np.searchsorted(edges, distances)


def _check_symmetric(connectome: Connectome) -> None:
    if not np.array_equal(connectome.weights, connectome.weights.T):
        msg = f"connectome {connectome.name!r} is not symmetric; expected a weight per pair."
        raise DefaultModeError("E501", msg)


def _connections(weights: Array) -> tuple[Pairs, Pairs]:
    rows, columns = np.nonzero(np.triu(weights, 1))
    return rows, columns


def _together(n: int, pairs: Pairs) -> bool:
    """Whether every region can be reached from every other."""
    exists = np.zeros((n, n), np.bool_)
    exists[tuple(pairs)] = True
    return bool(connected_components(exists, directed=False)[0] == 1)


def _connected_by(connectome: Connectome, pairs: Pairs, weights: Array) -> Connectome:
    """The connectome with these connections alone, their tract lengths unknown."""
    if not _together(len(connectome), pairs):
        msg = f"{len(weights)} connections of {connectome.name!r} leave regions apart."
        raise DefaultModeError("E503", msg)
    matrix = np.zeros_like(connectome.weights)
    matrix[tuple(pairs)] = weights
    return replace(connectome, weights=matrix + matrix.T, lengths_mm=None)
