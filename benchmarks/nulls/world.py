"""A world whose truth is known, what simulations of it gave, and how they are counted."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import nan, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.result import Estimate

Array = NDArray[np.float64]
ALPHA = 0.05
Nature = Literal["exact", "approximate", "conservative", "bound"]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What n simulations gave; NaN where the procedure gave no answer.

    p : (n,), counted where it is ALPHA or less; covered : (n,), 1 where the 95 % interval holds the
    truth, else 0; value : (n,), estimates; words : name → how often, of verdicts
    """

    p: Array
    covered: Array
    value: Array
    words: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class World:
    """One way in which data may arise, and a procedure that is tried on them.

    simulate : number of simulations, random numbers → what they gave
    truth : of what is estimated; NaN where nothing is
    nature : what the procedure promises: exact tests, approximate ones that must not be liberal,
        those that are conservative by nature, and bounds that a rate must not exceed
    limit : the rate that is promised; share : of the simulations asked for, where one takes long
    cost : seconds that a simulation takes, as far as it is known
    """

    family: str
    name: str
    simulate: Callable[[int, np.random.Generator], Found]
    truth: float = 0.0
    nature: Nature = "exact"
    limit: float = ALPHA
    share: float = 1.0
    cost: float = 0.001

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return f"{self.family}: {self.name}"


@dataclass(slots=True)
class Tally:
    """Counts over simulations, which add up.

    rejected of `tested`, covered of `spanned`; total and squares of `valued` estimates
    """

    asked: int = 0
    tested: int = 0
    rejected: int = 0
    spanned: int = 0
    covered: int = 0
    valued: int = 0
    total: float = 0.0
    squares: float = 0.0
    seconds: float = 0.0
    words: dict[str, int] = field(default_factory=dict)

    def __iadd__(self, other: "Tally") -> "Tally":
        for name in self.__slots__:
            if name != "words":
                setattr(self, name, getattr(self, name) + getattr(other, name))
        for word, count in other.words.items():
            self.words[word] = self.words.get(word, 0) + count
        return self

    @property
    def rate(self) -> float:
        """Share of the tests that rejected."""
        return self.rejected / self.tested if self.tested else nan

    @property
    def coverage(self) -> float:
        """Share of the intervals that held the truth."""
        return self.covered / self.spanned if self.spanned else nan

    @property
    def mean(self) -> float:
        """Mean estimate."""
        return self.total / self.valued if self.valued else nan

    @property
    def mean_error(self) -> float:
        """Its Monte Carlo standard error."""
        if self.valued < 2:
            return nan
        return sqrt(max(0.0, self.squares / self.valued - self.mean**2) / self.valued)


def tallied(found: Found) -> Tally:
    """The counts of some simulations."""
    p, covered, value = (np.asarray(a, np.float64) for a in (found.p, found.covered, found.value))
    known = value[np.isfinite(value)]
    return Tally(
        asked=len(p),
        tested=int(np.isfinite(p).sum()),
        rejected=int((p <= ALPHA + 1e-12).sum()),
        spanned=int(np.isfinite(covered).sum()),
        covered=int(np.nansum(covered)),
        valued=len(known),
        total=float(known.sum()),
        squares=float((known**2).sum()),
        words=dict(found.words),
    )


def monte_carlo_error(rate: float, n: int) -> float:
    """Standard error of a share of n simulations whose true value is `rate`."""
    return sqrt(rate * (1 - rate) / n) if n else nan


def of_estimates(estimates: Iterable[Estimate], truth: float) -> Found:
    """p, coverage and value of estimates, one for each simulation."""
    rows = [(e.p, e.ci_low, e.ci_high, e.value) for e in estimates]
    p, low, high, value = np.array(rows, dtype=np.float64).reshape(-1, 4).T
    return Found(p, holds(low, high, truth), value)


def holds(low: Array, high: Array, truth: float | Array) -> Array:
    """1 where an interval holds the truth, 0 where not, NaN where there is none."""
    inside = ((low <= truth) & (truth <= high)).astype(np.float64)
    return np.where(np.isfinite(low) & np.isfinite(high) & np.isfinite(truth), inside, np.nan)


def only_p(p: Array) -> Found:
    """P values of tests that estimate nothing."""
    nothing = np.full(len(p), np.nan)
    return Found(np.asarray(p, dtype=np.float64), nothing, nothing)
