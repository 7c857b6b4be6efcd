"""Permutation tests of all edges of a connectivity matrix, in bounded memory."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.statistics.exchange import FREE, Exchange, as_it_is, shuffles
from defaultmode.statistics.permutation import (
    N_PERMUTATIONS,
    Array,
    design_columns,
    design_of,
    robust_t,
)

EDGES_AT_ONCE, SHUFFLES_AT_ONCE = 512, 128  # half a MB of t values: they stay in the cache
TIED = 1e-9  # a difference by less is rounding


@dataclass(frozen=True, slots=True, eq=False)
class PermutedEdges:
    """A permutation test of each of k edges; arrays have shape (k,).

    slope : in the unit of the edges; t : it in its standard error HC2
    p : two-sided; p_familywise : that any edge would reach this |t| (Westfall & Young 1993)
    n_shuffles : arrangements behind p; complete : whether these are all there are
    """

    slope: Array
    t: Array
    p: Array
    p_familywise: Array
    n_shuffles: int
    complete: bool


def permuted_edges(
    edges: Array,
    x: NDArray[np.float64],
    *,
    covariates: Array | None = None,
    exchange: Exchange = FREE,
    n_permutations: int = N_PERMUTATIONS,
    rng: np.random.Generator,
) -> PermutedEdges:
    """The test of `permutation_p` for very many outcomes that everybody has.

    edges : (n, k), finite; the others as for `permutation_p`, whose numbers these are: memory does
    not grow with the permutations times the edges. Raises E422 as it does.
    """
    columns = design_columns(x, covariates, len(edges))
    design = design_of(columns)
    residuals = design.residuals(edges)
    slope, t = (found[0] for found in robust_t(residuals, design, as_it_is(len(edges))))
    shuffled = shuffles(columns, exchange, n_permutations=n_permutations, rng=rng)
    reached = np.abs(t) * (1 - TIED)
    # Blocks of like sizes: a few edges alone would be arranged otherwise than the rest.
    blocks = np.array_split(np.arange(len(t)), -(-len(t) // EDGES_AT_ONCE))
    exceeding, largest = np.zeros(len(t), dtype=np.intp), []
    for part in shuffled.parts(SHUFFLES_AT_ONCE):
        top = np.zeros(len(part))
        for here in blocks:
            size = np.abs(robust_t(residuals[:, here], design, part)[1])
            exceeding[here] += (size >= reached[here]).sum(axis=0)
            top = np.maximum(top, size.max(axis=1))
        largest.append(top)
    null = np.sort(np.concatenate(largest))
    familywise = shuffled.p(len(null) - np.searchsorted(null, reached))
    return PermutedEdges(
        slope, t, shuffled.p(exceeding), familywise, len(shuffled), shuffled.complete
    )
