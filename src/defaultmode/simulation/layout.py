"""Where regions and people lie in the lanes of the kernel's vectors."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from defaultmode.simulation import random_streams
from defaultmode.simulation.coupling import BATCH, FEW_WIDTH, packed, transposed
from defaultmode.simulation.kernel import FAST, LANES, SLOW, Tile

Array = NDArray[np.float64]
Singles = NDArray[np.float32]
LINE_BYTES = 64  # of a cache line, and of the widest vector
PEOPLE = 32  # side by side in a batch: half a group of lanes


class Layout:
    """Region by region all people of a batch; or, alone, all regions of one person.

    Lanes that are left over repeat their neighbour, and nobody reads them.
    """

    def __init__(self, n_regions: int, n_people: int, *, alone: bool) -> None:
        self.n_regions, self.n_people, self.alone = n_regions, n_people, alone
        self.width = -(-n_regions // FEW_WIDTH) * FEW_WIDTH if alone else PEOPLE
        self._used = self.width if alone else n_regions * self.width
        self.n_groups = -(-self._used // LANES)
        self.n_lanes = self.n_groups * LANES

    def tile(self, seeds: Sequence[int]) -> Tile:
        """Memory for this batch with its random streams at their beginning, no connections yet."""
        received = self.n_lanes + BATCH.rows * self.width  # the last block of rows may be partial
        streams = random_streams.seeded(seeds, range(self.n_regions))
        shared = random_streams.seeded(seeds, [random_streams.SHARED])[:, 0]
        row = _filled(shared, PEOPLE)
        return Tile(
            sent=_aligned(np.zeros(self.n_lanes, np.float32)),
            received=_aligned(np.zeros(received, np.float32)),
            fed=_aligned(np.zeros(received, np.float32)),
            fast=_aligned(np.zeros(self.n_groups * FAST, np.float32)),
            slow=_aligned(np.zeros(self.n_groups * SLOW, np.float32)),
            random=_aligned(self.spread(streams).transpose(1, 0, 2).ravel()),
            shared_random=_aligned(np.tile(row, LANES // PEOPLE).ravel()),
            shared=_aligned(np.zeros(LANES, np.float32)),
            weights=np.zeros(0, np.float32),
            feed=np.zeros(0, np.float32),
        )

    def spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values (…, n_regions or 1, n_people or 1) in lanes, (…, n_groups, LANES)."""
        lead = values.shape[:-2]
        full = np.broadcast_to(values, (*lead, self.n_regions, self.n_people))
        if self.alone:
            full = full.swapaxes(-1, -2)
        rows = _filled(full, self.width)
        return _filled(rows.reshape(*lead, -1), self.n_lanes).reshape(*lead, self.n_groups, LANES)

    def gathered(self, lanes: Singles) -> Array:
        """The reverse: lanes (…, n_lanes) as (…, n_regions, n_people)."""
        n_rows = self._used // self.width
        rows = lanes[..., : self._used].reshape(*lanes.shape[:-1], n_rows, self.width)
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
                whole = transposed(matrix, self.width) if self.alone else packed(matrix)
                laid.append(_aligned(whole))
        return tile._replace(weights=laid[0], feed=laid[1])


def _filled(values: NDArray[Any], length: int) -> NDArray[Any]:
    """The last axis drawn out to a length by repeating its last value."""
    more = length - values.shape[-1]
    return np.pad(values, [*[(0, 0)] * (values.ndim - 1), (0, more)], mode="edge")


def _aligned(values: NDArray[Any]) -> NDArray[Any]:
    """A copy that begins where a cache line does, so that no vector straddles two."""
    room = np.empty(values.nbytes + LINE_BYTES, np.uint8)
    start = -room.ctypes.data % LINE_BYTES
    copy = room[start : start + values.nbytes].view(values.dtype)
    copy[:] = values
    return copy
