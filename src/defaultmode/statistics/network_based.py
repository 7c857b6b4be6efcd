"""The network-based statistic: components of connections that go with a variable (Zalesky 2010).

t has the pooled standard error of that method. p holds for a component as a whole, not for any of
its connections, and depends on the threshold, which must be chosen beforehand. Covariates are dealt
with as Freedman & Lane (1983) do. Per arrangement the work is one product of matrices, 2 n n_edges
operations, and one look at each edge; single precision would halve the first and changes which
connections pass the threshold.
"""

from dataclasses import dataclass
from math import isqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.statistics._components import forest, join
from defaultmode.statistics.exchange import FREE, Exchange, Shuffles, shuffles
from defaultmode.statistics.permutation import N_PERMUTATIONS, Design, design_columns, design_of

Array = NDArray[np.float64]
Places = NDArray[np.intp]
Numbers = NDArray[np.float64] | NDArray[np.intp]
_SHUFFLES_AT_ONCE, _EDGES_AT_ONCE = 128, 4096  # 4 MB of correlations: they stay in the cache
_ROUNDING = 1e-12  # spread below this share of the values is arithmetic, not variation
_TIED = 1e-9  # a difference by less is rounding
_LEAST_REST = 1e-16  # of the variance, where a correlation is perfect: what rounding leaves


@dataclass(frozen=True, slots=True, eq=False)
class NetworkTest:
    """Components of connections above a threshold, and what chance makes of the largest one.

    t : (n_edges,), NaN where a connection is missing in any row or does not vary
    component : (n_edges,), number of the component, the first the one of most edges, 0 for none
    extent, intensity : (n_components,), edges, and the sum of their |t| above the threshold
    p_extent, p_intensity : (n_components,), that chance makes any component as large
    null_extent, null_intensity : (n_shuffles,), of the largest component in each arrangement
    complete : whether these are all the arrangements there are
    """

    t: Array
    component: Places
    extent: Places
    intensity: Array
    p_extent: Array
    p_intensity: Array
    null_extent: Places
    null_intensity: Array
    complete: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Connections:
    """Connections of n rows that can be tested.

    unit : (n, n_used), residuals on the covariates, whose squares sum to one
    used : (n_used,), their positions among all; ends : (2, n_used), the regions they join
    """

    unit: Array
    used: Places
    ends: Places
    n_regions: int


def network_based(
    edges: ArrayLike,
    x: ArrayLike,
    *,
    threshold_t: float,
    exchange: Exchange = FREE,
    n_permutations: int = N_PERMUTATIONS,
    rng: np.random.Generator,
) -> NetworkTest:
    """Test whether connected sets of connections go with x, by their size.

    edges : (n, n_edges), the upper triangle of each row's matrix, row by row (`upper_edges`)
    x : (n,) or (n, 1 + n_covariates), what is tested, then covariates: 0 and 1 for two samples, 1
        for one sample or for paired differences, then with `exchange.flips`
    threshold_t : |t| above which a connection counts; of both signs together
    exchange, n_permutations : as for `permutation_p`

    Raises E131 where the connections are no triangle, E422 as `permutation_p` does.
    """
    values = np.asarray(edges, dtype=np.float64)
    given = np.asarray(x, dtype=np.float64).reshape(len(values), -1)
    columns = design_columns(given[:, 0], given[:, 1:], len(values))
    design = design_of(columns)
    network = _connections(values, design)
    shuffled = shuffles(columns, exchange, n_permutations=n_permutations, rng=rng)
    null_extent, null_intensity = largest_components(network, design, shuffled, threshold_t)
    r = design.tested @ network.unit / np.linalg.norm(design.tested)
    t = np.full(values.shape[1], np.nan)
    t[network.used] = r * np.sqrt(design.df / np.maximum(1 - r**2, _LEAST_REST))
    component = np.zeros(values.shape[1], dtype=np.intp)
    component[network.used] = _components(t[network.used], network, threshold_t)
    excess = np.where(component > 0, np.abs(t) - threshold_t, 0)
    extent = np.asarray(np.bincount(component)[1:], dtype=np.intp)
    intensity = np.asarray(np.bincount(component, excess)[1:], dtype=np.float64)
    p = _p(extent, null_extent, shuffled), _p(intensity, null_intensity, shuffled)
    nulls = (null_extent, null_intensity)
    return NetworkTest(t, component, extent, intensity, *p, *nulls, shuffled.complete)


def upper_edges(matrices: ArrayLike) -> Array:
    """Upper triangles of symmetric matrices (n, n_regions, n_regions), row by row, (n, n_edges)."""
    array = np.asarray(matrices, dtype=np.float64)
    return np.asarray(array[(slice(None), *np.triu_indices(array.shape[-1], 1))])


def largest_components(
    network: _Connections, design: Design, shuffled: Shuffles, threshold_t: float
) -> tuple[Places, Array]:
    """Extent and intensity of the largest component in each arrangement, (n_shuffles,) each.

    The largest by extent and by intensity need not be the same.
    """
    tested = design.tested / np.linalg.norm(design.tested)
    # The covariates explain nothing of residuals in any arrangement if they are constant, unsigned.
    flipped = shuffled.sign is not None
    moving = [c for c in design.nuisance.T if flipped or np.ptp(c) > _ROUNDING]
    extents, intensities = [], []
    for part in shuffled.parts(_SHUFFLES_AT_ONCE):
        arranged = [part.of(c) for c in (tested, *moving)]
        trees = forest(len(part), network.n_regions)
        for start in range(0, len(network.used), _EDGES_AT_ONCE):
            here = slice(start, start + _EDGES_AT_ONCE)
            r = _partial_r(network.unit[:, here], arranged)
            join(trees, network.ends[:, here], r, threshold_t, design.df)
        extents.append(trees.extent.max(axis=1))
        intensities.append(trees.intensity.max(axis=1))
    return np.concatenate(extents), np.concatenate(intensities)


def _partial_r(unit: Array, arranged: list[Array]) -> Array:
    """Correlation of what is tested with each connection, beside the covariates of the refit."""
    r = np.asarray(arranged[0] @ unit)
    if len(arranged) > 1:
        explained = sum((c @ unit) ** 2 for c in arranged[1:])
        r /= np.sqrt(np.maximum(1 - explained, _LEAST_REST))
    return r


def _connections(edges: Array, design: Design) -> _Connections:
    """Those that have a value in every row and vary beyond the covariates; raises E131."""
    n_edges = edges.shape[1]
    n_regions = (1 + isqrt(1 + 8 * n_edges)) // 2
    if n_regions * (n_regions - 1) // 2 != n_edges:
        msg = f"{n_edges} connections are not those of all pairs of so many regions."
        raise DefaultModeError("E131", msg)
    there = np.isfinite(edges).all(axis=0)
    residuals = design.residuals(np.where(there, edges, 0))
    size = np.linalg.norm(residuals, axis=0)
    used = np.flatnonzero(size > _ROUNDING * np.abs(edges).max(axis=0, initial=0, where=there))
    ends = np.array(np.triu_indices(n_regions, 1))[:, used]
    return _Connections(residuals[:, used] / size[used], used, ends, n_regions)


def _components(t: Array, network: _Connections, threshold_t: float) -> Places:
    """Component of each connection, 1 for the one of most connections, 0 below the threshold."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    above = np.flatnonzero(np.abs(t) > threshold_t)
    a, b = network.ends[:, above]
    graph = coo_array((np.ones(len(above)), (a, b)), shape=(network.n_regions,) * 2)
    of_region = connected_components(graph, directed=False)[1]
    sizes = np.bincount(of_region[a], minlength=network.n_regions)
    rank = np.empty(len(sizes), dtype=np.intp)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(1, len(sizes) + 1)
    found = np.zeros(len(t), dtype=np.intp)
    found[above] = rank[of_region[a]]
    return found


def _p(observed: Numbers, null: Numbers, shuffled: Shuffles) -> Array:
    """Probability that chance makes a component as large as each observed one."""
    return shuffled.p((null[:, None] >= observed * (1 - _TIED)).sum(axis=0))
