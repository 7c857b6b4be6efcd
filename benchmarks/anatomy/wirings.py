"""The masks that a fit may use: the measured connectome, its strongest part, and chance."""

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from defaultmode.core.atlas import Atlas
from defaultmode.core.connectome import Connectome
from defaultmode.simulation.null_connectomes import rewired, scattered, strongest

MEASURED, REWIRED, RANDOM, AS_LONG = "measured", "rewired", "random", "random, as long"
CHANCE = (REWIRED, RANDOM, AS_LONG)


@dataclass(frozen=True, slots=True)
class Wiring:
    """Which connections may carry routes.

    kind : "measured" or one of `CHANCE`; density : share of all pairs, 0 for every connection;
    seed : of the chance
    """

    kind: str
    density: float
    seed: int = 0

    def __str__(self) -> str:
        return f"{self.kind} {self.density:g} {self.seed}"

    def of(self, connectome: Connectome, atlas: Atlas) -> Connectome:
        """The connectome with these connections alone."""
        kept = strongest(connectome, self.density) if self.density else connectome
        rng = np.random.default_rng([self.seed, crc32(str(self).encode())])
        if self.kind == REWIRED:
            return rewired(kept, rng)
        if self.kind == RANDOM:
            return scattered(kept, rng)
        if self.kind == AS_LONG:
            return scattered(kept, rng, distances_mm=distances_mm(atlas))
        return kept


def distances_mm(atlas: Atlas) -> np.ndarray:
    """Straight distances between the centres of regions, (n, n)."""
    xyz = np.array([region.xyz_mm for region in atlas.regions])
    return np.linalg.norm(xyz[:, None] - xyz[None], axis=-1)


def wirings(densities: tuple[float, ...], seeds: int) -> list[Wiring]:
    """Everything to be fitted, the first seed of all before the second of any."""
    measured = [Wiring(MEASURED, density) for density in densities]
    return measured + [
        Wiring(kind, density, seed)
        for seed in range(seeds)
        for density in densities
        for kind in CHANCE
        if density or kind == RANDOM  # where nearly all pairs are joined, nothing can be exchanged
    ]
