"""How many participants a prediction model needs before it is worth developing."""

import math
from dataclasses import dataclass

SHRINKAGE = 0.9  # stricter than a difference of .05 in Nagelkerke's R², at the R² expected here
INTERCEPT_MARGIN = 0.05
EXPECTED_R2 = 0.15  # of its maximum; Riley et al. (2020) where nothing better is known
RESIDUAL_N = 234  # and one per parameter: residual SD within 10 %, Riley et al. 2019; not verified
_REACH = 1.959963984540054


@dataclass(frozen=True, slots=True)
class SampleSize:
    """Participants needed for n_parameters, by criterion, and how many there are."""

    n_parameters: int
    r_squared: float
    for_shrinkage: int
    for_intercept: int
    n: int

    @property
    def needed(self) -> int:
        """The larger of the two."""
        return max(self.for_shrinkage, self.for_intercept)

    @property
    def sentence(self) -> str:
        """What it says, in words."""
        return (
            f"{self.n} participants for {self.n_parameters} candidate predictors; at least "
            f"{self.needed} are needed for a shrinkage of {SHRINKAGE} and a sound intercept, if "
            f"they explain R² = {self.r_squared:.3f}."
        )


def largest_r_squared(prevalence: float) -> float:
    """The largest Cox–Snell R² of an outcome of this prevalence; Riley et al. (2020)."""
    a, b = prevalence, 1 - prevalence
    return 1.0 - math.exp(2 * (a * math.log(a) + b * math.log(b)))


def size_for_shrinkage(n_parameters: int, r_squared: float, shrinkage: float = SHRINKAGE) -> int:
    """Participants at which the expected uniform shrinkage is `shrinkage`; Riley et al. (2020)."""
    return math.ceil(n_parameters / ((shrinkage - 1) * math.log(1 - r_squared / shrinkage)))


def size_for_intercept(prevalence: float, margin: float = INTERCEPT_MARGIN) -> int:
    """Participants at which the overall risk is known within ± margin; Riley et al. (2020)."""
    return math.ceil((_REACH / margin) ** 2 * prevalence * (1 - prevalence))


def sample_size(n: int, n_parameters: int, *, prevalence: float | None) -> SampleSize:
    """What n participants are against what n_parameters need; prevalence None if continuous."""
    p = max(n_parameters, 1)
    if prevalence is None:
        r_squared = EXPECTED_R2
        return SampleSize(p, r_squared, size_for_shrinkage(p, r_squared), RESIDUAL_N + p, n)
    r_squared = EXPECTED_R2 * largest_r_squared(prevalence)
    return SampleSize(
        p, r_squared, size_for_shrinkage(p, r_squared), size_for_intercept(prevalence), n
    )
