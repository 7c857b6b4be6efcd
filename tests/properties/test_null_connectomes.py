"""What connectomes left to chance keep, whatever they are made from."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from defaultmode.core.connectome import Connectome
from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.null_connectomes import N_LENGTHS, rewired, scattered, strongest

N = 24


def made(seed: int, density: float = 0.4) -> tuple[Connectome, np.ndarray]:
    """Regions at random places, near ones connected more often and more strongly."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, 100, (N, 3))
    distances = np.linalg.norm(places[:, None] - places[None], axis=-1)
    weights = np.triu(rng.lognormal(size=(N, N)) * np.exp(-distances / 40), 1)
    weights[weights < np.quantile(weights[np.triu_indices(N, 1)], 1 - density)] = 0.0
    path = _path(rng.permutation(N))  # weakly through everybody: nobody stands apart
    weights += np.triu(path * (weights == 0) * 0.01, 1)
    return Connectome("made", tuple(f"r{i}" for i in range(N)), weights + weights.T), distances


def _path(order: np.ndarray) -> np.ndarray:
    there = np.zeros((N, N))
    there[order[:-1], order[1:]] = there[order[1:], order[:-1]] = 1.0
    return there


def of_class(distances: np.ndarray, exists: np.ndarray) -> np.ndarray:
    """Connections in every tenth of lengths."""
    pairs = np.triu_indices(N, 1)
    edges = np.quantile(distances[pairs], np.linspace(0, 1, N_LENGTHS + 1)[1:-1])
    return np.bincount(np.searchsorted(edges, distances[pairs]), exists[pairs], N_LENGTHS)


def check(null: Connectome, source: Connectome) -> None:
    """What every one of them keeps."""
    assert null.regions == source.regions
    assert null.lengths_mm is None
    assert np.array_equal(null.weights, null.weights.T)
    assert not np.diagonal(null.weights).any()
    kept = [np.sort(c.weights[np.triu_indices(N, 1)]) for c in (null, source)]
    np.testing.assert_array_equal(*kept)
    assert nx.is_connected(nx.from_numpy_array(null.weights))


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), by_length=st.booleans())
def test_rewired_keeps_every_degree(seed: int, by_length: bool) -> None:
    source, distances = made(seed % 1000)
    rng = np.random.default_rng(seed)
    null = rewired(source, rng, distances_mm=distances if by_length else None)
    check(null, source)
    np.testing.assert_array_equal((null.weights > 0).sum(0), (source.weights > 0).sum(0))
    if by_length:
        for threshold in (0.0, np.median(source.weights[source.weights > 0])):
            counts = [of_class(distances, c.weights > threshold) for c in (null, source)]
            np.testing.assert_array_equal(*counts)


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), by_length=st.booleans())
def test_scattered_keeps_number_and_weights(seed: int, by_length: bool) -> None:
    source, distances = made(seed % 1000)
    rng = np.random.default_rng(seed)
    null = scattered(source, rng, distances_mm=distances if by_length else None)
    check(null, source)
    if by_length:
        for threshold in (0.0, np.median(source.weights[source.weights > 0])):
            counts = [of_class(distances, c.weights > threshold) for c in (null, source)]
            np.testing.assert_array_equal(*counts)


@given(seed=st.integers(0, 999), density=st.floats(0.4, 0.6))
def test_strongest_leaves_out_nothing_stronger(seed: int, density: float) -> None:
    source, _ = made(seed, 0.6)
    kept = strongest(source, density)
    pairs = np.triu_indices(N, 1)
    was, now = source.weights[pairs], kept.weights[pairs]
    assert (now > 0).sum() == round(density * len(was))
    assert now[now > 0].min() >= was[now == 0].max()
    np.testing.assert_array_equal(now[now > 0], was[now > 0])


@pytest.mark.parametrize("null", [rewired, scattered])
def test_same_seed_same_connectome_and_other_seed_another(null) -> None:
    source, _ = made(3)
    one, same, other = (null(source, np.random.default_rng(s)).weights for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one > 0, other > 0)


def test_rewired_forgets_who_was_connected() -> None:
    """With 35 % of pairs connected, chance shares some 35 to 50 % of them, by degrees."""
    source, _ = made(4, density=0.3)
    null = rewired(source, np.random.default_rng(0))
    shared = ((null.weights > 0) & (source.weights > 0)).sum() / (source.weights > 0).sum()
    assert shared < 0.6


@pytest.mark.parametrize("null", [rewired, scattered])
def test_one_way_connectome_is_refused(null) -> None:
    source, _ = made(5)
    lopsided = source.weights.copy()
    lopsided[0, 1] += 1.0
    with pytest.raises(DefaultModeError, match="not symmetric") as caught:
        null(Connectome("lopsided", source.regions, lopsided), np.random.default_rng(0))
    assert caught.value.code == "E501"


@pytest.mark.parametrize("null", [rewired, scattered])
def test_distances_of_other_regions_are_refused(null) -> None:
    source, distances = made(6)
    with pytest.raises(DefaultModeError, match="expected finite numbers") as caught:
        null(source, np.random.default_rng(0), distances_mm=distances[1:, 1:])
    assert caught.value.code == "E501"


@pytest.mark.parametrize("density", [0.0, -0.1, 0.9])
def test_impossible_density_is_refused(density: float) -> None:
    with pytest.raises(DefaultModeError, match="density") as caught:
        strongest(made(7)[0], density)
    assert caught.value.code == "E506"


def test_what_falls_apart_is_refused() -> None:
    """Two triangles on a bridge: without the bridge, their weakest part, they fall apart."""
    weights = np.zeros((6, 6))
    for a, b in ((0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5)):
        weights[a, b] = weights[b, a] = 1.0
    weights[2, 3] = weights[3, 2] = 0.1
    with pytest.raises(DefaultModeError, match="apart") as caught:
        strongest(Connectome("bridge", tuple("abcdef"), weights), 6 / 15)
    assert caught.value.code == "E503"
