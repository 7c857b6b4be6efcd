"""A number beside what the same computation gives on surrogates of the same recording."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

LEAST_P = 0.05  # above it the value is called not distinguishable from its surrogates
TIED = 1e-9  # a difference by less is rounding, which another processor does otherwise


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """A value and its surrogates; `null` says what the surrogates keep and what they destroy.

    surrogates : (n_surrogates,) in the unit of the value, finite ones only
    compared : what is held against the surrogates where it is not the value itself, such as the
        same number by states that were learnt from other people
    untested : why there is no test, empty where there is one
    """

    __test__: ClassVar[bool] = False  # pytest takes a class of this name for a group of tests
    value: float
    surrogates: NDArray[np.float64]
    null: str
    compared: float | None = None
    untested: str = ""

    @property
    def expected(self) -> float:
        """Mean of the surrogates, NaN where there is none."""
        return float(np.mean(self.surrogates)) if len(self.surrogates) else float("nan")

    @property
    def excess(self) -> float:
        """How far what is compared lies above the mean of the surrogates, NaN without any."""
        return self._compared - self.expected

    @property
    def p(self) -> float:
        """Two-sided rank among the surrogates, itself counted (Phipson 2010).

        NaN where there is nothing to compare, or too few surrogates for a p of 0.05.
        """
        n, own = len(self.surrogates), self._compared
        if 2 / (n + 1) > LEAST_P + TIED or not np.isfinite(own):
            return float("nan")
        slack = TIED * np.maximum(np.abs(self.surrogates), abs(own))
        above = 1 + int((self.surrogates >= own - slack).sum())
        below = 1 + int((self.surrogates <= own + slack).sum())
        return min(1.0, 2 * min(above, below) / (n + 1))

    @property
    def note(self) -> str:
        """A sentence where the value does not leave its surrogates, or was not held against any."""
        n = len(self.surrogates)
        if np.isnan(self.p):
            return f"not tested: {self.untested or f'only {n} surrogates have a value'}"
        if self.p <= LEAST_P:
            return ""
        return f"not distinguishable from {n} surrogates that {self.null}"

    @property
    def _compared(self) -> float:
        return self.value if self.compared is None else self.compared
