"""Permutation tests and the network-based statistic against SciPy, statsmodels, nilearn and bctpy."""

import numpy as np
import pytest
from scipy import stats

from defaultmode.statistics.exchange import Exchange, Shuffles
from defaultmode.statistics.network_based import (
    _connections,
    largest_components,
    network_based,
    upper_edges,
)
from defaultmode.statistics.permutation import design_of, permutation_p

THRESHOLD = 2.5


def rng(seed=0):
    return np.random.default_rng(seed)


def _size_of_welch(a, b, axis):
    return np.abs(stats.ttest_ind(a, b, equal_var=False, axis=axis).statistic)


def test_two_groups_are_scipys_exact_test():
    y = rng(1).exponential(size=(11, 3))
    x = np.repeat([1, 0], [4, 7])
    found = permutation_p(y, x, rng=rng())
    for j in range(3):
        a, b = y[:4, j], y[4:, j]
        expected = stats.permutation_test(
            (a, b), _size_of_welch, vectorized=True, n_resamples=np.inf, alternative="greater"
        )
        assert found.p[j] == expected.pvalue
        assert found.t[j] == pytest.approx(expected.statistic * np.sign(found.slope[j]), rel=1e-10)


def test_flips_are_scipys_exact_test():
    y = rng(2).normal(0.4, 1, size=10)
    found = permutation_p(y, np.ones(10), exchange=Exchange(flips=True), rng=rng())
    expected = stats.permutation_test(
        (y,),
        lambda a, axis: np.abs(stats.ttest_1samp(a, 0, axis=axis).statistic),
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf,
        alternative="greater",
    )
    assert found.p[0] == expected.pvalue
    assert found.t[0] == pytest.approx(stats.ttest_1samp(y, 0).statistic, rel=1e-10)


def test_a_correlation_of_six_is_scipys_exact_test_of_the_same_statistic():
    x, y = rng(3).normal(size=(2, 6))

    def size(x_):
        return abs(permutation_p(y, x_, n_permutations=2, rng=rng()).t[0])

    expected = stats.permutation_test(
        (x,), size, permutation_type="pairings", n_resamples=np.inf, alternative="greater"
    )
    assert permutation_p(y, x, rng=rng()).p[0] == pytest.approx(expected.pvalue, rel=1e-12)


def test_t_is_that_of_statsmodels_with_hc2():
    from statsmodels.api import OLS

    z = rng(4).normal(size=(40, 2))
    x = (z[:, 0] + rng(5).normal(size=40) > 0).astype(float)
    y = rng(6).normal(size=(40, 2)) * (1 + 3 * x[:, None])
    found = permutation_p(y, x, covariates=z, n_permutations=9, rng=rng())
    for j in range(2):
        fit = OLS(y[:, j], np.column_stack([x, z, np.ones(40)])).fit(cov_type="HC2")
        assert found.t[j] == pytest.approx(fit.tvalues[0], rel=1e-9)
        assert found.slope[j] == pytest.approx(fit.params[0], rel=1e-9)


def test_freedman_lane_is_nilearns_in_all_but_the_draws():
    """The t of nilearn is pooled: with variances alike p differs by the draws and little more."""
    from nilearn.mass_univariate import permuted_ols

    m, n = 2000, 200
    z, x = rng(7).normal(size=(n, 2)), rng(8).normal(size=n)
    for effect in (0.0, 0.08, 0.15):
        y = rng(9).normal(size=(n, 1)) + effect * x[:, None] + z[:, :1]
        theirs = permuted_ols(
            x[:, None], y, confounding_vars=z, n_perm=m, random_state=1, output_type="dict"
        )
        found = permutation_p(y, x, covariates=z, n_permutations=m, rng=rng())
        p = 10 ** -theirs["logp_max_t"][0, 0]
        assert found.p[0] == pytest.approx(p, abs=0.01 + 4 * np.sqrt(p * (1 - p) * 2 / m))
        assert found.t[0] == pytest.approx(theirs["t"][0, 0], rel=0.1)


def _populations(n_regions=14, people=9):
    noise = rng(10).normal(size=(2 * people, n_regions, n_regions))
    matrices = noise + noise.swapaxes(1, 2)
    matrices[people:, :5, :5] += 2.5
    return matrices[:people], matrices[people:]


def test_two_samples_are_bctpys_given_its_permutations():
    import bct

    a, b = _populations()
    p, adjacency, null = bct.nbs_bct(a.T, b.T, THRESHOLD, k=60, tail="both", seed=5)
    edges, x = upper_edges(np.concatenate([a, b])), np.repeat([1.0, 0.0], 9)
    found = network_based(edges, x, threshold_t=THRESHOLD, n_permutations=9, rng=rng())
    _same_components(found, adjacency, a.shape[1])
    draws = np.random.RandomState(5)  # bctpy's generator, replayed
    order = np.array([np.argsort(draws.permutation(18)) for _ in range(60)])
    shuffled = Shuffles(order, None, complete=False)
    design = design_of(np.column_stack([x, np.ones(18)]))
    extents, _ = largest_components(_connections(edges, design), design, shuffled, THRESHOLD)
    assert extents.tolist() == np.asarray(null).ravel().astype(int).tolist()
    b_exceeding = (extents[:, None] >= np.sort(found.extent)[::-1]).mean(axis=0)
    assert sorted(b_exceeding) == pytest.approx(sorted(np.ravel(p)))


def test_paired_samples_are_bctpys_given_its_flips():
    import bct

    a, b = _populations()
    _, adjacency, null = bct.nbs_bct(a.T, b.T, THRESHOLD, k=60, tail="both", paired=True, seed=6)
    edges = upper_edges(a) - upper_edges(b)
    found = network_based(
        edges, np.ones(9), threshold_t=THRESHOLD, exchange=Exchange(flips=True), rng=rng()
    )
    _same_components(found, adjacency, a.shape[1])
    draws = np.random.RandomState(6)
    sign = np.array([np.sign(0.5 - draws.rand(1, 9))[0] for _ in range(60)]).astype(np.int8)
    order = np.tile(np.arange(9), (60, 1))
    design = design_of(np.ones((9, 1)))
    extents, _ = largest_components(
        _connections(edges, design), design, Shuffles(order, sign, complete=False), THRESHOLD
    )
    assert extents.tolist() == np.asarray(null).ravel().astype(int).tolist()


def _same_components(found, adjacency, n_regions):
    """The same connections together, whatever their numbers."""
    theirs = np.squeeze(adjacency)[np.triu_indices(n_regions, 1)].astype(int)
    assert ((theirs > 0) == (found.component > 0)).all()
    pairs = set(zip(theirs[theirs > 0], found.component[theirs > 0], strict=True))
    assert len(pairs) == len(found.extent) == theirs.max()
