"""The network-based statistic of 400 regions, beside bctpy's, on the same permutations.

python -m jobs.network_statistic ROUNDS (in the folder benchmarks)
"""

import contextlib
import io
import sys

import numpy as np
from jobs.answering import alternating, answer, cpu_s

from defaultmode.statistics.exchange import Shuffles
from defaultmode.statistics.network_based import (
    _connections,
    largest_components,
    network_based,
    upper_edges,
)
from defaultmode.statistics.permutation import design_of

N_REGIONS, N_PEOPLE, N_PERMUTATIONS = 400, 40, 5000
THEIR_PERMUTATIONS = 2  # seconds each; the time of all is extrapolated from them
THRESHOLD_T = 3.5
SEED = 5
ROWS, COLUMNS = 128, 4096  # of a block of products


def populations() -> np.ndarray:
    """Symmetric matrices (N_PEOPLE, N_REGIONS, N_REGIONS); thirty regions differ in one half."""
    rng = np.random.default_rng(SEED)
    noise = rng.normal(size=(N_PEOPLE, N_REGIONS, N_REGIONS))
    matrices = (noise + noise.swapaxes(1, 2)) / np.sqrt(2)
    matrices[N_PEOPLE // 2 :, :30, :30] += 1.0
    return matrices


def theirs(matrices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Adjacency of the components, and their null."""
    import bct

    half = N_PEOPLE // 2
    with contextlib.redirect_stdout(io.StringIO()):
        _, adjacency, null = bct.nbs_bct(
            matrices[:half].T, matrices[half:].T, THRESHOLD_T, k=THEIR_PERMUTATIONS, tail="both",
            seed=SEED,
        )  # fmt: skip
    return adjacency, np.ravel(null)


def replayed(edges: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Largest extents of our components in bctpy's own permutations."""
    draws = np.random.RandomState(SEED)  # its generator
    order = np.array([np.argsort(draws.permutation(len(x))) for _ in range(THEIR_PERMUTATIONS)])
    design = design_of(np.column_stack([x, np.ones(len(x))]))
    shuffled = Shuffles(order, None, complete=False)
    return largest_components(_connections(edges, design), design, shuffled, THRESHOLD_T)[0]


def products(edges: np.ndarray) -> None:
    """The products of all arrangements and connections alone, in blocks that stay in the cache."""
    columns = np.ones((ROWS, N_PEOPLE))
    block = np.ascontiguousarray(edges[:, :COLUMNS])
    found = np.empty((ROWS, COLUMNS))
    for _ in range(round(N_PERMUTATIONS * edges.shape[1] / found.size)):
        np.matmul(columns, block, out=found)


def main(rounds: int) -> None:
    """Compare components and null, then time both."""
    matrices = populations()
    edges, x = upper_edges(matrices), np.repeat([1.0, 0.0], N_PEOPLE // 2)

    def ours():
        return network_based(
            edges, x, threshold_t=THRESHOLD_T, n_permutations=N_PERMUTATIONS,
            rng=np.random.default_rng(SEED),
        )  # fmt: skip

    found = ours()
    results: list[tuple[np.ndarray, np.ndarray]] = []
    their_s = cpu_s(lambda: results.append(theirs(matrices)))
    adjacency, null = results[0]
    above = upper_edges(adjacency[None])[0] > 0
    taken, _ = alternating({"ours": ours, "products": lambda: products(edges)}, rounds)
    # The observed arrangement costs them as much as a permutation does.
    each = their_s / (THEIR_PERMUTATIONS + 1)
    answer(
        ours_s=taken["ours"],
        theirs_s=each * (N_PERMUTATIONS + 1),
        their_permutation_s=each,
        ratio=each * (N_PERMUTATIONS + 1) / taken["ours"],
        edges=edges.shape[1],
        people=N_PEOPLE,
        components=int(found.component.max()),
        same_edges=bool(np.array_equal(above, found.component > 0)),
        same_null=bool(np.array_equal(null, replayed(edges, x))),
        products_s=taken["products"],
        share=taken["products"] / taken["ours"],
        gflop=2e-9 * N_PERMUTATIONS * N_PEOPLE * edges.shape[1],
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
