"""The streams of random numbers: published integers, moments, and the kernel's own arithmetic."""

import numpy as np
import pytest
from numba import njit

from defaultmode.simulation import kernel, random_streams
from defaultmode.simulation.models.mean_field import rate_of_drive
from defaultmode.simulation.random_streams import NormalStreams, next_words, normal_pair, seeded

N = 20_000


@njit
def compiled_words(random, n):
    words = np.empty((n, 2), np.uint32)
    for k in range(n):
        words[k] = kernel.two_words(random, 0)
    return words


@njit
def compiled_normals(words):
    normals = np.empty((len(words), 2), np.float32)
    for k in range(len(words)):
        normals[k] = kernel.two_normals(words[k, 0], words[k, 1])
    return normals


@njit
def compiled_rates(u):
    return np.array([kernel.scaled_rate(x) for x in u])


def test_integers_are_xoshiro128plusplus() -> None:
    """First words from the state 1, 2, 3, 4, as the authors' C code gives them."""
    state = np.arange(1, 5, dtype=np.uint32).reshape(4, 1, 1)
    words = [int(next_words(state)[0, 0]) for _ in range(5)]
    assert words == [641, 1573767, 3222811527, 3517856514, 836907274]


def test_seeding_is_splitmix64() -> None:
    """Its published first output for state 0 is the mixed golden ratio."""
    golden = np.array([random_streams.GOLDEN], dtype=np.uint64)
    assert random_streams._mixed(golden)[0] == 0xE220A8397B1DCDAF


def test_streams_depend_on_seed_and_place_only() -> None:
    many = seeded([3, 4, 2**64 + 3], range(50))
    assert np.array_equal(many[:, 7:9, 1:2], seeded([4], [7, 8]))
    assert np.array_equal(many[..., 0], many[..., 2]), "seeds count modulo 2⁶⁴"
    apart = np.concatenate([seeded(range(200), range(50)), seeded(range(200), [1 << 40])], axis=1)
    assert len(np.unique(apart.reshape(4, -1), axis=1).T) == 200 * 51
    assert len(np.unique(apart)) > apart.size * (1 - 1e-4), "streams share words of their states"


def test_the_kernel_draws_the_same_integers() -> None:
    state = seeded([11], [3])
    random = np.zeros(kernel.RANDOM, np.uint32)
    random[:: kernel.LANES] = state[:, 0, 0]
    expected = [[next_words(state)[0, 0], next_words(state)[0, 0]] for _ in range(500)]
    assert np.array_equal(compiled_words(random, 500), expected)


def test_the_kernel_makes_the_same_normals() -> None:
    words = np.random.default_rng(2).integers(0, 2**32, (200_000, 2), dtype=np.uint32)
    words[:4] = [[0, 0], [2**32 - 1, 2**31], [0, 2**31 - 1], [255, 2**32 - 1]]
    normals = compiled_normals(words)
    exact = np.stack(normal_pair(words[:, 0], words[:, 1]), axis=1)
    assert np.abs(normals - exact).max() < 4e-6
    assert np.abs(exact).max() < 5.89


def test_the_kernel_has_the_rate_function() -> None:
    """Below −16 the rate is under 2e-6 of 1/d anyhow; above 16 it is a straight line."""
    u = np.r_[np.linspace(-16, 16, 200_001), 40.0, 1e3].astype(np.float32)
    error = np.abs(compiled_rates(u) - rate_of_drive(u, 1.0)) / np.maximum(1.0, np.abs(u))
    assert error.max() < 1e-6
    assert abs(compiled_rates(np.array([-1e4], np.float32))[0]) < 3e-6


def test_normals_are_normal_and_strangers_to_one_another() -> None:
    """Bounds are five standard errors; streams: E and I of two regions of two people, shared."""
    streams = NormalStreams([1, 2], 2)
    drawn = [streams() for _ in range(N)]
    private = np.array([own.ravel() for own, _ in drawn])
    x = np.concatenate([private, np.array([shared.ravel() for _, shared in drawn])], axis=1)
    assert np.abs(x.mean(axis=0)).max() < 5 / np.sqrt(N)
    assert np.abs(x.var(axis=0) - 1).max() < 5 * np.sqrt(2 / N)
    assert np.abs((x**3).mean(axis=0)).max() < 5 * np.sqrt(15 / N)
    assert np.abs((x**4).mean(axis=0) - 3).max() < 5 * np.sqrt(96 / N)
    between = np.corrcoef(x, rowvar=False) - np.eye(x.shape[1])
    assert np.abs(between).max() < 5 / np.sqrt(N)
    later = [np.corrcoef(column[1:], column[:-1])[0, 1] for column in x.T]
    assert np.abs(later).max() < 5 / np.sqrt(N)


@pytest.mark.parametrize("n_noisy", [0, 1, 2, 3])
def test_one_normal_per_noisy_state(n_noisy) -> None:
    own, shared = NormalStreams([1, 2, 3], 4, n_noisy=n_noisy)()
    assert own.shape == (n_noisy, 4, 3)
    assert shared.shape == (1, 3)
