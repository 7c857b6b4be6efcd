"""The voxels or vertices of which a recording's regions are averages."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
BLOCK = 4096  # places that are cleaned together: 10 MB at 300 frames


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Signal of places finer than regions, frozen; cleaned block by block when it is asked for.

    signal : (n_places, n_time) float32 as it was read, possibly mapped from a file
    region : (n_places,) column of the place in the atlas, −1 outside every region
    neighbours : (n_places, k) indices of the places around each, −1 for none
    kind : "voxels" or "vertices"
    index : (n_places,) position of each place in the image that `form` describes
    form : what is needed to write a map back: shape, affine, space, structures
    mirror : (n_places,) index of the place opposite in the other hemisphere, −1 for none
    cleaning : (n_time, n) as read → (n_time, n) denoised; None where denoising did nothing
    """

    signal: NDArray[np.float32]
    region: NDArray[np.intp]
    neighbours: NDArray[np.intp]
    kind: Literal["voxels", "vertices"]
    index: NDArray[np.intp]
    form: Mapping[str, object] = field(default_factory=dict)
    mirror: NDArray[np.intp] | None = None
    cleaning: Callable[[Array], Array] | None = None

    def __len__(self) -> int:
        return len(self.signal)

    def blocks(self) -> Iterator[tuple[slice, Array]]:
        """Which places, and their denoised signal (n_time, n), a few thousand places at a time."""
        for start in range(0, len(self), BLOCK):
            where = slice(start, min(start + BLOCK, len(self)))
            raw = np.asarray(self.signal[where], dtype=np.float64).T
            yield where, raw if self.cleaning is None else self.cleaning(raw)
