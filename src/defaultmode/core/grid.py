"""The voxels or vertices of which a recording's regions are averages."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError

Array = NDArray[np.float64]
BLOCK = 4096  # places that are cleaned together: 10 MB at 300 frames
LEFT, MIDLINE, RIGHT = -1, 0, 1


def alive(signal: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which places (n_places, n_time) vary over time and are finite throughout, (n_places,)."""
    kept = np.empty(len(signal), dtype=bool)
    for where in parts(len(signal)):
        values = signal[where]
        kept[where] = np.isfinite(values).all(axis=1) & (values != values[:, :1]).any(axis=1)
    return kept


def parts(n_places: int) -> Iterator[slice]:
    """A few thousand places at a time."""
    return (slice(at, min(at + BLOCK, n_places)) for at in range(0, n_places, BLOCK))


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Signal of places finer than regions, frozen; cleaned block by block when it is asked for.

    signal : (n_places, n_time) float32 as it was read
    region : (n_places,) column of the place in the atlas, −1 outside every region
    side : (n_places,) LEFT, MIDLINE or RIGHT
    neighbours : (n_places, k) indices of the places around each, −1 for none; k is 0 where it is
        not known which places touch
    kind : "voxels" or "vertices"
    index : (n_places,) position of each place in the image that `form` describes
    form : what is needed to write a map back: "space", and what the kind of file asks for
    cleaning : (n_time, n) as read → (n_time, n) denoised, linear in what it is given; None where
        nothing was done
    """

    signal: NDArray[np.float32]
    region: NDArray[np.intp]
    side: NDArray[np.int8]
    neighbours: NDArray[np.int32]
    kind: Literal["voxels", "vertices"]
    index: NDArray[np.intp]
    form: Mapping[str, object] = field(default_factory=dict)
    cleaning: Callable[[Array], Array] | None = None

    def __post_init__(self) -> None:
        n = len(self.signal)
        for name in ("region", "side", "neighbours", "index"):
            if len(getattr(self, name)) != n:
                msg = f"{name} of a grid has {len(getattr(self, name))} rows; it has {n} places."
                raise DefaultModeError("E131", msg)
        for name in ("signal", "region", "side", "neighbours", "index"):
            seen = getattr(self, name).view()  # not a copy: the signal is hundreds of megabytes
            seen.flags.writeable = False
            object.__setattr__(self, name, seen)

    def __len__(self) -> int:
        return len(self.signal)

    def cleaned(self, series: Array) -> Array:
        """Series (n_time, n) of this run, denoised as its places are."""
        return series if self.cleaning is None else self.cleaning(series)

    def blocks(self, frames: NDArray[np.bool_] | None = None) -> Iterator[tuple[slice, Array]]:
        """Which places, and their denoised signal (n_frames, n), a few thousand places at a time.

        frames : (n_time,) the frames that are wanted, all of them if None
        """
        n_time = self.signal.shape[1]
        wanted = np.ones(n_time, dtype=bool) if frames is None else frames
        # Cleaning is linear: cleaned impulses are its matrix, ten times faster than its filter.
        matrix = None if self.cleaning is None else self.cleaned(np.eye(n_time))[wanted]
        for where in parts(len(self)):
            raw = self.signal[where].astype(np.float64).T
            yield where, raw[wanted] if matrix is None else matrix @ raw
