"""The network-based statistic: planted components, closed forms, chance."""

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from defaultmode.core.errors import DefaultModeError
from defaultmode.statistics._components import forest, join
from defaultmode.statistics.exchange import Exchange
from defaultmode.statistics.network_based import network_based, upper_edges
from defaultmode.statistics.permutation import permutation_p

N_REGIONS = 12
A, B = np.triu_indices(N_REGIONS, 1)
RING = (A < 4) & (B < 4)  # six connections of four regions
PAIR = (A == 8) & (B == 9)
GROUPS = np.repeat([0, 1], 12)


def rng(seed=0):
    return np.random.default_rng(seed)


def planted(seed=0, effect=3.0):
    """Two groups of 12 people; the second is higher in a ring and lower in one lone connection."""
    edges = rng(seed).normal(size=(24, len(A)))
    edges[12:, RING] += effect
    edges[12:, PAIR] -= effect
    return edges


def test_planted_components_are_found():
    found = network_based(planted(), GROUPS, threshold_t=4.0, n_permutations=499, rng=rng())
    assert (found.component[RING] == 1).all()
    assert (found.component[PAIR] == 2).all()
    assert found.extent.tolist() == [6, 1]
    assert found.p_extent[0] == found.p_intensity[0] == 1 / 500
    assert found.p_extent[0] < found.p_extent[1]
    assert found.t[PAIR] < -4
    excess = np.abs(found.t) - 4.0
    assert found.intensity == pytest.approx([excess[RING].sum(), excess[PAIR].sum()])


def test_upper_edges_are_the_pairs_row_by_row():
    matrix = np.arange(9.0).reshape(1, 3, 3)
    assert upper_edges(matrix).tolist() == [[1, 2, 5]]


def test_t_is_that_of_the_regression():
    edges, z = planted(1), rng(2).normal(size=24)
    found = network_based(
        edges, np.column_stack([GROUPS, z]), threshold_t=3.0, n_permutations=9, rng=rng()
    )
    design = np.column_stack([GROUPS, z, np.ones(24)])
    beta, rest, *_ = np.linalg.lstsq(design, edges)
    se = np.sqrt(rest / 21 * np.linalg.inv(design.T @ design)[0, 0])
    assert found.t == pytest.approx(beta[0] / se, rel=1e-9)


def _largest_by_the_book(edges, design, threshold):
    """Largest component of one arrangement, refitted with least squares and joined by SciPy."""
    beta, rest, *_ = np.linalg.lstsq(design, edges)
    df = len(design) - design.shape[1]
    t = beta[0] / np.sqrt(rest / df * np.linalg.inv(design.T @ design)[0, 0])
    above = np.abs(t) > threshold
    graph = coo_array((np.ones(above.sum()), (A[above], B[above])), shape=(N_REGIONS,) * 2)
    component = connected_components(graph, directed=False)[1][A[above]]
    intensity = np.bincount(component, np.abs(t[above]) - threshold)
    return np.bincount(component).max(initial=0), intensity.max(initial=0)


def test_every_arrangement_is_freedman_and_lanes():
    """Residuals on the covariates, permuted and refitted to the whole design, one by one."""
    edges, z = planted(3, effect=1.0)[6:18], rng(4).normal(size=(12, 1))
    design = np.column_stack([GROUPS[6:18], z, np.ones(12)])
    found = network_based(edges, design[:, :2], threshold_t=1.5, n_permutations=40, rng=rng(5))
    residuals = edges - design[:, 1:] @ np.linalg.lstsq(design[:, 1:], edges)[0]
    order = rng(5).permuted(np.tile(np.arange(12), (40, 1)), axis=1)
    expected = np.array([_largest_by_the_book(residuals, design[o], 1.5) for o in order])
    assert found.null_extent.tolist() == expected[:, 0].tolist()
    assert found.null_intensity == pytest.approx(expected[:, 1], rel=1e-9)


def test_flips_of_paired_differences_are_all_there_are():
    change = rng(6).normal(size=(7, len(A)))
    change[:, RING] += 4
    found = network_based(
        change, np.ones(7), threshold_t=3.0, exchange=Exchange(flips=True), rng=rng()
    )
    assert found.complete
    assert len(found.null_extent) == 2**7
    assert (found.component[RING] == 1).all()
    assert found.t == pytest.approx(
        change.mean(axis=0) / change.std(axis=0, ddof=1) * np.sqrt(7), rel=1e-9
    )
    assert found.p_extent[0] == 2 / 2**7


def test_blocks_are_kept():
    """What differs between sites only is no effect within them."""
    site = np.tile([0, 1], 12)
    edges = rng(7).normal(size=(24, len(A))) + 5 * site[:, None]
    both = np.column_stack([rng(8).normal(size=24) + 3 * site, site])
    found = network_based(
        edges, both, threshold_t=2.5, exchange=Exchange(within=site), n_permutations=199, rng=rng()
    )
    assert (found.p_extent > 0.05).all()
    without = network_based(edges, both[:, 0], threshold_t=2.5, n_permutations=199, rng=rng())
    assert without.p_extent[0] <= 2 / 200


def test_connections_that_miss_or_do_not_vary_are_left_out():
    edges = planted()
    edges[0, 0], edges[:, 1] = np.nan, 0.3
    found = network_based(edges, GROUPS, threshold_t=4.0, n_permutations=19, rng=rng())
    assert np.isnan(found.t[:2]).all()
    assert np.isfinite(found.t[2:]).all()
    assert found.component[:2].tolist() == [0, 0]
    assert found.extent[0] == 6 - 2


def test_nothing_above_the_threshold_is_no_component():
    found = network_based(planted(), GROUPS, threshold_t=50.0, n_permutations=19, rng=rng())
    assert len(found.extent) == len(found.p_extent) == 0
    assert not found.null_extent.any()


def test_connections_that_are_no_triangle_are_refused():
    with pytest.raises(DefaultModeError, match="E131: 5 connections"):
        network_based(np.ones((6, 5)), np.arange(6), threshold_t=3.0, rng=rng())


def test_joined_edges_are_the_components_of_scipy():
    """Random networks from sparse to whole, where components join other components."""
    n = 40
    ends = np.array(np.triu_indices(n, 1))
    r = rng(9).uniform(-1, 1, size=(30, ends.shape[1]))
    for row, share in zip(r, np.linspace(0, 0.1, 30), strict=True):
        row[rng(10).uniform(size=len(row)) > share] = 0
    trees = forest(30, n)
    join(trees, ends, r, 1e-9, 10)
    for row, extent in zip(r, trees.extent, strict=True):
        there = row != 0
        graph = coo_array((np.ones(there.sum()), ends[:, there]), shape=(n, n))
        of_region = connected_components(graph, directed=False)[1]
        assert extent.max() == np.bincount(of_region[ends[0, there]], minlength=1).max()


def test_chance_gives_what_it_should():
    """Some component at p ≤ .05 in about 5 % of 300 null studies; extents tie, so in no more."""
    p = []
    for seed in range(300):
        edges = rng(seed).normal(size=(16, len(A))) + rng(seed + 1000).normal(size=(16, 1))
        found = network_based(
            edges, np.tile([0, 1], 8), threshold_t=2.0, n_permutations=99, rng=rng(seed)
        )
        p.append(found.p_intensity.min(initial=1.0))
    share = np.mean(np.array(p) <= 0.05)
    assert 0.01 < share < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


def test_one_connection_is_a_permutation_test():
    """Two regions: p by intensity is p of the largest |t|, here of equal groups, where both agree."""
    edges = rng(11).normal(size=(8, 1))
    edges[4:] += 1
    x = np.repeat([0, 1], 4)
    found = network_based(edges, x, threshold_t=1e-6, rng=rng())
    assert found.p_intensity[0] == permutation_p(edges, x, rng=rng()).p[0]
