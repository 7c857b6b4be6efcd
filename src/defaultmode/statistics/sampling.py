"""How an estimate varies around the true effect, read from the estimate itself."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.result import Estimate
from defaultmode.statistics.effects import noncentrality_interval, small_sample_correction

Array = NDArray[np.float64]
Law = Literal["noncentral t", "t", "normal"]
STANDARDISED = ("Hedges g", "d_z", "d")
CORRELATIONS = ("Pearson r", "partial r", "semi-partial r", "within-person r")


@dataclass(frozen=True, slots=True)
class Sampling:
    """The law of an estimate given the true effect.

    law : "noncentral t" of a standardised effect, "t" with a known number of degrees of freedom, or
        "normal"
    observed : the estimate on the scale on which that law holds: Fisher z of a correlation, else
        its own
    unit : standard error of that, for the noncentral t the one that it has where the effect is zero
    df : degrees of freedom, infinite for the normal
    fisher : whether the scale is Fisher z
    """

    law: Law
    observed: float
    unit: float
    df: float
    fisher: bool = False

    def scaled(self, effect: float) -> float:
        """An effect, in the estimate's own statistic, on the scale on which the law holds."""
        return math.atanh(effect) if self.fisher else effect

    def unscaled(self, effect: float) -> float:
        """The way back."""
        return math.tanh(effect) if self.fisher else effect

    def at_least(self, true: float) -> float:
        """Probability of an estimate as large as the observed one, or larger, given the truth."""
        from scipy.stats import nct, t

        if self.law == "noncentral t":
            return float(nct.sf(self.observed / self.unit, self.df, self.scaled(true) / self.unit))
        return float(t.sf((self.observed - self.scaled(true)) / self.unit, self.df))

    def interval(self, confidence: float) -> tuple[float, float]:
        """Central confidence interval in the estimate's own statistic."""
        from scipy.stats import t

        if self.law == "noncentral t":
            limits = noncentrality_interval(
                self.observed / self.unit, self.df, confidence=confidence
            )
            return float(limits[0]) * self.unit, float(limits[1]) * self.unit
        reach = float(t.isf((1 - confidence) / 2, self.df)) * self.unit
        return self.unscaled(self.observed - reach), self.unscaled(self.observed + reach)


def sampling(estimate: Estimate) -> Sampling:
    """The law behind an estimate of Hedges g, d, d_z, a correlation or anything with an error.

    For standardised effects se² is 1/ñ + value²/(2 df), as `linear.coefficient` states it, and ñ is
    the number of people (of half the harmonic mean of two groups) that covariates leave; where no
    degrees of freedom are stated, se is taken as normal, and where se² is smaller than that as the
    error of a t. Correlations are normal in Fisher's z.
    Hedges (1981); Fisher (1921).
    """
    if estimate.statistic in CORRELATIONS:
        value = float(np.clip(estimate.value, -1 + 1e-15, 1 - 1e-15))
        return Sampling("normal", math.atanh(value), estimate.se, math.inf, fisher=True)
    if not math.isfinite(estimate.df):
        return Sampling("normal", estimate.value, estimate.se, math.inf)
    if estimate.statistic not in STANDARDISED:
        return Sampling("t", estimate.value, estimate.se, estimate.df)
    square = estimate.se**2 - estimate.value**2 / (2 * estimate.df)
    if square <= 0:
        return Sampling("t", estimate.value, estimate.se, estimate.df)
    unit = math.sqrt(square)
    corrected = estimate.statistic == "Hedges g" and estimate.df > 1
    shrink = float(small_sample_correction(estimate.df)) if corrected else 1.0
    return Sampling("noncentral t", estimate.value / shrink, unit, estimate.df)
