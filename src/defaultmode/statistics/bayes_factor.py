"""How much better an effect in the claimed direction predicts an estimate than none does."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.result import Estimate
from defaultmode.statistics.sampling import Sampling, sampling

Array = NDArray[np.float64]
Direction = Literal["increase", "decrease", "either"]
# Least factor, or its inverse, of each word: Lee & Wagenmakers (2013), table 7.1, after Jeffreys
STRENGTH = (
    (100, "extreme"),
    (30, "very strong"),
    (10, "strong"),
    (3, "moderate"),
    (1, "anecdotal"),
)
_NODES = 4001  # the integrand is smooth and falls to nothing at both ends: the trapezium is exact


@dataclass(frozen=True, slots=True)
class BayesFactor:
    """Marginal likelihood under the alternative over that under the point null.

    log10 : its decimal logarithm, as the factor itself may exceed every float
    prior : the prior of the alternative in words
    """

    log10: float
    prior: str

    @property
    def value(self) -> float:
        """The factor, below 1 where the null predicts better, infinite beyond 1e308."""
        return math.inf if self.log10 > 308 else 10**self.log10

    @property
    def strength(self) -> str:
        """Such as "moderate evidence for the null", in the words of Lee & Wagenmakers (2013)."""
        factor = 10 ** min(abs(self.log10), 10)
        word = next(word for least, word in STRENGTH if factor >= least)
        return f"{word} evidence for the {'effect' if self.log10 > 0 else 'null'}"


def bayes_factor(
    estimate: Estimate, prior_sd: float, *, direction: Direction = "either", null: float = 0.0
) -> BayesFactor | Missing:
    """Bayes factor of an estimate against a point null.

    prior_sd : scale of the prior around the null, above 0, in the estimate's statistic: half-normal
        in the claimed direction, or N(null, prior_sd) for "either"
    Standardised effects are weighed by the noncentral t of their t statistic, correlations as
    normal in Fisher's z (to which the prior's scale is taken), others by t or normal likelihood.
    Raises E411 where prior_sd is not a scale of the statistic.
    Dienes (2014); Gronau, Ly & Wagenmakers (2020) for the noncentral t.
    """
    if not math.isfinite(estimate.value):
        return Missing(estimate.reason or "there is no estimate", estimate.code)
    law = sampling(estimate)
    if not 0 < prior_sd < (1 - abs(null) if law.fisher else math.inf):
        raise DefaultModeError("E411", f"prior scale {prior_sd} of {estimate.statistic}")
    scale = law.scaled(null + prior_sd) - law.scaled(null)
    sign = {"increase": 1, "decrease": -1, "either": 0}[direction]
    side = {1: f"half-normal above {null:g}", -1: f"half-normal below {null:g}", 0: "normal"}[sign]
    prior = f"{side}, scale {prior_sd:g}"
    return BayesFactor(log_factor(law, scale, sign, null=law.scaled(null)) / math.log(10), prior)


def log_factor(law: Sampling, prior_sd: float, sign: int, *, null: float = 0.0) -> float:
    """Natural logarithm of the Bayes factor, on the scale on which the law holds.

    sign : 1 or −1 for a half-normal prior above or below the null, 0 for a normal around it
    A t is a normal whose variance is divided by w/df, w being χ²; given w the prior is integrated
    in closed form, over w by the trapezium rule in log w.
    """
    if math.isinf(law.df):
        shift = law.observed - null
        with_effect = _log_marginal(shift, law.unit, prior_sd, sign)
        return float(with_effect - _log_marginal(shift, law.unit, 0.0, 0))
    log_w = _log_chi_squared_nodes(law)
    root = np.exp((log_w - math.log(law.df)) / 2)  # √(w/df)
    log_density = law.df / 2 * log_w - np.exp(log_w) / 2  # of log w, up to a constant
    if law.law == "noncentral t":
        shifts, units = law.observed * root - null, np.full_like(root, law.unit)
        log_density = log_density + np.log(root)  # from the estimate to its share of w
    else:
        shifts, units = np.full_like(root, law.observed - null), law.unit / root
    both = [
        np.logaddexp.reduce(log_density + _log_marginal(shifts, units, scale, side))
        for scale, side in ((prior_sd, sign), (0.0, 0))
    ]
    return float(both[0] - both[1])


def _log_marginal(
    shift: float | Array, unit: float | Array, prior_sd: float, sign: int
) -> NDArray[np.float64]:
    from scipy.special import log_ndtr

    spread = np.hypot(unit, prior_sd)
    log_normal = -0.5 * (np.asarray(shift) / spread) ** 2 - np.log(spread)
    if sign == 0:
        return np.asarray(log_normal)
    return np.asarray(
        math.log(2) + log_normal + log_ndtr(sign * shift * prior_sd / (unit * spread))
    )


def _log_chi_squared_nodes(law: Sampling) -> Array:
    # Twelve deviations to each side of the bulk of χ², and down to where an extreme t moves it.
    t, width = law.observed / law.unit, 12 * math.sqrt(2 / law.df)
    low = math.log(law.df) - math.log1p(t**2 / law.df) - width - 90 / law.df
    return np.linspace(low, math.log(law.df) + width, _NODES)
