"""One stream of normal numbers per person and region, and one more that all regions share.

A stream depends on its person's seed and on the region's place only: never on who else is in the
batch, nor on threads. Integers are xoshiro128++ (Blackman & Vigna 2021, doi 10.1145/3460772),
seeded by splitmix64 (Steele 2014, doi 10.1145/2714064.2660195); two of them become two normals
(Box & Muller 1958). The compiled kernel draws the same integers.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Words = NDArray[np.uint32]

SHARED = 1 << 40  # place of the shared stream, far behind every region
GOLDEN = 0x9E3779B97F4A7C15
MIX_1, MIX_2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
WORDS = 4


def seeded(seeds: Sequence[int], places: Sequence[int]) -> Words:
    """The first state of each stream, (4, n_places, n_people)."""
    people = _mixed(np.array([seed % 2**64 for seed in seeds], dtype=np.uint64))
    place = np.array(places, dtype=np.uint64)[:, None]
    word = np.arange(WORDS, dtype=np.uint64)[:, None, None]
    counter = place * np.uint64(WORDS) + word + np.uint64(1)
    mixed = _mixed(people + counter * np.uint64(GOLDEN))
    return (mixed >> np.uint64(32)).astype(np.uint32)


def _mixed(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(MIX_1)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(MIX_2)
    return z ^ (z >> np.uint64(31))


def next_words(state: Words) -> Words:
    """The next 32 bits of each stream, (n_places, n_people); `state` moves on in place."""
    a, b, c, d = state
    word: Words = _rotated(a + d, 7) + a
    shifted = b << np.uint32(9)
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d[...] = _rotated(d, 11)
    return word


def _rotated(word: Words, bits: int) -> Words:
    turned: Words = np.bitwise_or(word << np.uint32(bits), word >> np.uint32(32 - bits))
    return turned


def normal_pair(first: Words, second: Words) -> tuple[Array, Array]:
    """Two independent standard normals from two words; none lies beyond 5.89.

    The words become fractions in single precision, as the kernel has them; the rest is exact.
    """
    uniform = (first >> np.uint32(8)).astype(np.float32) + np.float32(0.5)
    radius = np.sqrt(-2.0 * np.log(uniform.astype(np.float64) / 2**24))
    angle = np.pi * second.view(np.int32).astype(np.float32).astype(np.float64) / 2**31
    return radius * np.sin(angle), radius * np.cos(angle)


class NormalStreams:
    """Draws, step after step, what the compiled kernel draws.

    n_noisy : number of states, counted from the first, that receive private noise
    """

    def __init__(self, seeds: Sequence[int], n_regions: int, *, n_noisy: int = 2) -> None:
        self._private = seeded(seeds, range(n_regions))
        self._shared = seeded(seeds, [SHARED])
        self._n_noisy = n_noisy

    def __call__(self) -> tuple[Array, Array]:
        """Private (n_noisy, n_regions, n_people) and shared (1, n_people) normals of one step."""
        private = np.empty((self._n_noisy, *self._private.shape[1:]))
        for k in range(0, self._n_noisy, 2):
            pair = normal_pair(next_words(self._private), next_words(self._private))
            private[k : k + 2] = pair[: self._n_noisy - k]
        shared, _ = normal_pair(next_words(self._shared), next_words(self._shared))
        return private, shared
