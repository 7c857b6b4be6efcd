"""Whether an effect is shown to be smaller than what would matter: two one-sided tests."""

import math
from dataclasses import dataclass

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.result import Estimate
from defaultmode.statistics.sampling import CORRELATIONS, Sampling, sampling

ALPHA = 0.05
LAWS = {
    "noncentral t": "exact test of a standardised effect by the noncentral t",
    "t": "t test against both bounds",
    "normal": "normal test against both bounds",
}


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Two one-sided tests against null − smallest and null + smallest.

    p_lower, p_upper : against an effect at or below the lower, at or above the upper bound
    ci_low, ci_high : interval of confidence 1 − 2α, 90 % by default, in the estimate's statistic
    inside : whether that interval lies between the bounds, which is p < α
    how : the test in words
    """

    p_lower: float
    p_upper: float
    ci_low: float
    ci_high: float
    inside: bool
    how: str

    @property
    def p(self) -> float:
        """The larger of the two: p of the claim that the effect is negligible."""
        return max(self.p_lower, self.p_upper)


def equivalence(
    estimate: Estimate, smallest: float, *, null: float = 0.0, alpha: float = ALPHA
) -> Equivalence | Missing:
    """Whether the effect lies within `smallest` of the null, by two one-sided tests of size α.

    smallest : smallest effect of interest, above 0, in the estimate's statistic
    Standardised effects are tested by the noncentral t, for bounds on the population's effect;
    Lakens takes such bounds to raw units as if the deviation were known, which is `two_one_sided`
    with a t law. Correlations are tested in Fisher's z. An effect at a bound is called negligible
    with probability α in large samples, and less in small ones, down to never: it is conservative.
    Raises E411 where `smallest` cannot bound the statistic.
    Schuirmann (1987); Lakens (2017); Goertzen & Cribbie (2010) for correlations.
    """
    if not math.isfinite(estimate.value):
        return Missing(estimate.reason or "there is no estimate", estimate.code)
    limit = 1 - abs(null) if estimate.statistic in CORRELATIONS else math.inf
    if not 0 < smallest < limit:
        expected = f"above 0 and below {limit:g}" if limit < math.inf else "above 0"
        raise DefaultModeError(
            "E411", f"smallest effect of interest {smallest}; expected {expected}"
        )
    return two_one_sided(sampling(estimate), (null - smallest, null + smallest), alpha=alpha)


def two_one_sided(
    law: Sampling, bounds: tuple[float, float], *, alpha: float = ALPHA
) -> Equivalence:
    """Both one-sided tests of an estimate whose law is given; bounds in its own statistic.

    Schuirmann (1987).
    """
    low, high = law.interval(1 - 2 * alpha)
    p_lower, p_upper = law.at_least(bounds[0]), 1 - law.at_least(bounds[1])
    return Equivalence(
        p_lower=p_lower,
        p_upper=p_upper,
        ci_low=low,
        ci_high=high,
        inside=max(p_lower, p_upper) < alpha,
        how=LAWS[law.law],
    )
