"""Where regions and people lie in the lanes of the kernel's vectors."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from defaultmode.simulation import random_streams
from defaultmode.simulation.coupling import BATCH, packed, transposed
from defaultmode.simulation.kernel import FAST, LANES, SLOW, Tile

Array = NDArray[np.float64]
Singles = NDArray[np.float32]
PEOPLE = 32  # people side by side: two groups of lanes, and whole blocks of every processor


class Layout:
    """Region by region all people of a batch; or, alone, all regions of one person.

    Lanes that are left over repeat their neighbour, and nobody reads them.
    """

    def __init__(self, n_regions: int, n_people: int, *, alone: bool) -> None:
        self.n_regions, self.n_people, self.alone = n_regions, n_people, alone
        self.width = -(-n_regions // LANES) * LANES if alone else PEOPLE
        self.n_lanes = self.width if alone else n_regions * self.width
        self.n_groups = self.n_lanes // LANES

    def tile(self, seeds: Sequence[int]) -> Tile:
        """Memory for this batch with its random streams at their beginning, no connections yet."""
        reserved = (
            self.n_lanes
            if self.alone
            else -(-self.n_regions // BATCH.rows) * BATCH.rows * self.width
        )
        places = range(self.n_regions)
        random = self.spread(random_streams.seeded(seeds, places))
        shared = random_streams.seeded(seeds, [random_streams.SHARED])[:, 0]
        width = LANES if self.alone else self.width
        shared = np.pad(shared, ((0, 0), (0, width - len(seeds))), mode="edge")
        return Tile(
            sent=np.zeros(self.n_lanes, np.float32),
            received=np.zeros(reserved, np.float32),
            fed=np.zeros(reserved, np.float32),
            fast=np.zeros(self.n_groups * FAST, np.float32),
            slow=np.zeros(self.n_groups * SLOW, np.float32),
            random=random.transpose(1, 0, 2).ravel(),
            shared_random=shared.reshape(len(shared), -1, LANES).transpose(1, 0, 2).ravel(),
            shared=np.zeros((width // LANES, LANES), np.float32),
            weights=np.zeros(0, np.float32),
            feed=np.zeros(0, np.float32),
        )

    def spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values (…, n_regions or 1, n_people or 1) in lanes, (…, n_groups, LANES)."""
        lead = values.shape[:-2]
        full = np.broadcast_to(values, (*lead, self.n_regions, self.n_people))
        if self.alone:
            full = full.swapaxes(-1, -2)
        more = self.width - full.shape[-1]
        padded = np.pad(full, [*[(0, 0)] * (full.ndim - 1), (0, more)], mode="edge")
        return padded.reshape(*lead, self.n_groups, LANES)

    def gathered(self, lanes: Singles) -> Array:
        """The reverse: lanes (…, n_lanes) as (…, n_regions, n_people)."""
        rows = lanes.reshape(*lanes.shape[:-1], self.n_lanes // self.width, self.width)
        if self.alone:
            rows = rows[..., : self.n_regions].swapaxes(-1, -2)
        return np.array(rows[..., : self.n_people], dtype=np.float64)

    def connected(self, tile: Tile, matrices: Sequence[Array | None]) -> Tile:
        """The tile with the long-range and the feed-forward matrix (or None) in its two routes."""
        laid = []
        for inputs, matrix in zip((tile.received, tile.fed), matrices, strict=True):
            inputs[:] = 0.0
            if matrix is None or not matrix.any():
                laid.append(np.zeros(0, np.float32))
            else:
                laid.append(transposed(matrix, self.width) if self.alone else packed(matrix))
        return tile._replace(weights=laid[0], feed=laid[1])
