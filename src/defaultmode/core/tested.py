"""A number beside what the same computation gives on surrogates of the same recording."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

LEAST_P = 0.05  # above it the value is called no different from its surrogates
TIED = 1e-9  # a difference by less is rounding, which another processor does otherwise


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """A value and its surrogates; `null` says what the surrogates keep and what they destroy.

    surrogates : (n_surrogates,) in the unit of the value, finite ones only
    """

    __test__: ClassVar[bool] = False  # pytest takes a class of this name for a group of tests
    value: float
    surrogates: NDArray[np.float64]
    null: str

    @property
    def expected(self) -> float:
        """Mean of the surrogates, NaN where there is none."""
        return float(np.mean(self.surrogates)) if len(self.surrogates) else float("nan")

    @property
    def excess(self) -> float:
        """The value less the mean of its surrogates."""
        return self.value - self.expected

    @property
    def p(self) -> float:
        """Two-sided rank of the value among its surrogates, itself counted (Phipson 2010)."""
        n = len(self.surrogates)
        slack = TIED * np.maximum(np.abs(self.surrogates), abs(self.value))
        above = 1 + int((self.surrogates >= self.value - slack).sum())
        below = 1 + int((self.surrogates <= self.value + slack).sum())
        return min(1.0, 2 * min(above, below) / (n + 1))

    @property
    def note(self) -> str:
        """A sentence where the value is no different from its surrogates, empty where it is."""
        if self.p <= LEAST_P:
            return ""
        return f"no different from {len(self.surrogates)} surrogates that {self.null}"
