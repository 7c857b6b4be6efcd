"""The wiring between regions: how strongly and over what distance they are connected."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.notebook import Shown

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Connectome(Shown):
    """Connection strengths between named regions, frozen and read-only.

    regions : names in row and column order
    weights : (n_regions, n_regions), ≥ 0, zero diagonal; a row receives from its columns
    lengths_mm : (n_regions, n_regions) tract lengths, None where they are not known
    """

    name: str
    regions: tuple[str, ...]
    weights: Array
    lengths_mm: Array | None = None
    sentence: str = ""
    cites: tuple[str, ...] = ()
    licence: str = ""

    def __post_init__(self) -> None:
        for field in ("weights", "lengths_mm"):
            matrix = getattr(self, field)
            if matrix is not None:
                array = np.array(matrix, dtype=np.float64, order="C")
                self._check_matrix(field, array)
                array.flags.writeable = False
                object.__setattr__(self, field, array)
        self._check_weights()

    def _check_matrix(self, field: str, matrix: Array) -> None:
        n = len(self.regions)
        if n < 2 or matrix.shape != (n, n):
            whose = f"{field} of connectome {self.name!r}"
            msg = f"{whose} has shape {matrix.shape}; expected ({n}, {n})."
            raise DefaultModeError("E501", msg)
        if not np.isfinite(matrix).all():
            row, column = np.argwhere(~np.isfinite(matrix))[0]
            pair = f"{self.regions[row]!r} ← {self.regions[column]!r}"
            msg = f"{field} of connectome {self.name!r} is not a finite number at {pair}."
            raise DefaultModeError("E501", msg)
        if (matrix < 0).any():
            row, column = np.argwhere(matrix < 0)[0]
            pair = f"{self.regions[row]!r} ← {self.regions[column]!r}"
            msg = f"{field} of connectome {self.name!r} is {matrix[row, column]:g} at {pair}."
            raise DefaultModeError("E502", msg)

    def _check_weights(self) -> None:
        if np.diagonal(self.weights).any():
            name = self.regions[int(np.flatnonzero(np.diagonal(self.weights))[0])]
            msg = f"connectome {self.name!r} connects region {name!r} to itself; expected 0 there."
            raise DefaultModeError("E501", msg)
        alone = ~(self.weights.any(axis=0) & self.weights.any(axis=1))
        if alone.any():
            names = ", ".join(repr(self.regions[i]) for i in np.flatnonzero(alone)[:5])
            msg = f"{int(alone.sum())} regions of connectome {self.name!r} are isolated: {names}."
            raise DefaultModeError("E503", msg)

    def __len__(self) -> int:
        return len(self.regions)

    def about(self) -> dict[str, object]:
        """What a notebook shows of it."""
        n = len(self)
        return {
            "name": self.name,
            "sentence": self.sentence,
            "regions": n,
            "share of pairs connected": float((self.weights > 0).sum() / (n * (n - 1))),
            "tract lengths": "not known" if self.lengths_mm is None else "known, in mm",
            "licence": self.licence,
        }
