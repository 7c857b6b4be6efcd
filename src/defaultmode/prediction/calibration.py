"""Whether probabilities mean what they say: slope, intercept, curve and their distance."""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from defaultmode.core.result import Estimate
from defaultmode.prediction.cohort import Array
from defaultmode.prediction.discrimination import CONFIDENCE, training_factor
from defaultmode.prediction.nested import OutOfFold

FEWEST_IN_A_BIN = 10
MOST_BINS = 10
_SMOOTHING = 0.75  # share of the points in each local fit; our choice, the default of R's loess
_LARGEST_LOGIT = 20.0


@dataclass(frozen=True, slots=True)
class Bin:
    """Participants with like probabilities: how many, what was predicted and what came."""

    n: int
    predicted: float
    observed: float
    ci_low: float
    ci_high: float


def calibration(seen: OutOfFold) -> tuple[Estimate, Estimate]:
    """Calibration slope (1 is right) and calibration in the large (0 is right), 95 % intervals.

    Logistic regression of what came on the log odds over all repeats, standard errors clustered by
    participant and widened as those of the AUC. Cox (1958); Van Calster et al. (2019).
    """
    from statsmodels.api import GLM
    from statsmodels.genmod.families import Binomial

    logit, outcome, person = _stacked(seen)
    n = len(seen.outcome)
    one = np.ones((len(logit), 1))
    if np.std(seen.score, axis=1).max() < 1e-8:
        slope = Estimate("calibration slope", n=n, reason="every probability is the same")
    else:
        slope_model = GLM(outcome, np.column_stack([one, logit]), Binomial())
        slope = _fitted("calibration slope", slope_model, person, seen)
    large_model = GLM(outcome, one, Binomial(), offset=logit)
    return slope, _fitted("calibration in the large", large_model, person, seen)


def calibration_error(seen: OutOfFold) -> Estimate:
    """Integrated calibration index: mean distance of the probability from its smoothed outcome.

    Austin & Steyerberg (2019), with a locally weighted regression over all repeats.
    """
    from statsmodels.nonparametric.smoothers_lowess import lowess

    logit, outcome, _ = _stacked(seen)
    probability = expit(logit)
    n = len(seen.outcome)
    if np.ptp(probability) < 1e-8:
        distance = abs(float(outcome.mean() - probability.mean()))
    else:
        near = 0.01 * float(np.ptp(probability))
        smooth = lowess(
            outcome, probability, frac=_SMOOTHING, it=0, delta=near, return_sorted=False
        )
        distance = float(np.mean(np.abs(np.clip(smooth, 0, 1) - probability)))
    return Estimate("integrated calibration index", distance, n=n)


def calibration_bins(seen: OutOfFold) -> list[Bin]:
    """Groups of participants by their mean probability, each of ten or more, smallest first.

    Groups and never persons: nobody's probability can be read from it. Wilson (1927) intervals.
    """
    from scipy.stats import binomtest

    probability = expit(seen.score).mean(axis=0)
    n_bins = max(1, min(MOST_BINS, len(probability) // FEWEST_IN_A_BIN))
    bins = []
    for members in np.array_split(np.argsort(probability, kind="stable"), n_bins):
        came = int(seen.outcome[members].sum())
        limits = binomtest(came, len(members)).proportion_ci(CONFIDENCE, method="wilson")
        share = came / len(members)
        predicted = float(probability[members].mean())
        bins.append(Bin(len(members), predicted, share, float(limits.low), float(limits.high)))
    return bins


def _stacked(seen: OutOfFold) -> tuple[Array, Array, Array]:
    """Log odds, outcome and participant of every repeat, one below the other."""
    n_repeats, n = seen.score.shape
    logit = np.clip(seen.score.ravel(), -_LARGEST_LOGIT, _LARGEST_LOGIT)
    return logit, np.tile(seen.outcome, n_repeats), np.tile(np.arange(n), n_repeats)


def _fitted(statistic: str, model: object, person: Array, seen: OutOfFold) -> Estimate:
    """The last coefficient of a model with its interval, or why it has none."""
    from scipy.stats import norm
    from statsmodels.tools.sm_exceptions import PerfectSeparationError, PerfectSeparationWarning

    n = len(seen.outcome)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", PerfectSeparationWarning)
            done = model.fit(cov_type="cluster", cov_kwds={"groups": person})  # type: ignore[attr-defined]  # untyped library
    except (PerfectSeparationError, PerfectSeparationWarning):
        return Estimate(statistic, n=n, reason="the classes are told apart without an error")
    value, se = float(done.params[-1]), float(done.bse[-1]) * training_factor(seen)
    reach = float(norm.ppf((1 + CONFIDENCE) / 2)) * se
    return Estimate(statistic, value, value - reach, value + reach, se=se, n=n)
