"""What acting on a prediction would bring: right and wrong calls, and net benefit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from scipy.stats import beta

from defaultmode.core.result import Estimate
from defaultmode.prediction.discrimination import CONFIDENCE
from defaultmode.prediction.nested import OutOfFold

THRESHOLDS = np.arange(5, 100, 5) / 100
LABEL = "at the training prevalence"


@dataclass(frozen=True, slots=True)
class Benefit:
    """Net benefit per participant at one threshold probability, of the model and of two rules."""

    threshold: float
    model: float
    treat_all: float
    treat_none: float = 0.0


def exact_interval(hits: float, n: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Limits of a proportion, never too narrow; `hits` may be a mean count over repeats.

    Clopper & Pearson (1934).
    """
    tail = (1 - confidence) / 2
    low = float(beta.ppf(tail, hits, n - hits + 1)) if hits > 0 else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, n - hits)) if hits < n else 1.0
    return low, high


def classification(seen: OutOfFold, base_rates: Sequence[float]) -> list[Estimate]:
    """Sensitivity, specificity, and predictive values at each base rate.

    A participant is called where the probability exceeds the share of the training participants,
    which is fixed before anybody is seen. Counts are means over repeats; limits are exact.
    """
    hits = {c: _called_rightly(seen, c) for c in (1, 0)}
    sizes = {c: int((seen.outcome == c).sum()) for c in (1, 0)}
    found = [
        _proportion(name, hits[c], sizes[c]) for name, c in (("sensitivity", 1), ("specificity", 0))
    ]
    for rate in base_rates:
        found += predictive_values((hits[1], hits[0]), (sizes[1], sizes[0]), base_rate=rate)
    return found


def predictive_values(
    right: tuple[float, float], n: tuple[int, int], *, base_rate: float
) -> list[Estimate]:
    """Positive and negative predictive value where a share `base_rate` has the outcome.

    right, n : of those with and without the outcome, called rightly and altogether. Both limits of
    sensitivity and specificity are exact at 97.5 %, so that the pair covers at least 95 %.
    """
    joint = (1 + CONFIDENCE) / 2
    sensitivity, specificity = (
        (h / m, *exact_interval(h, m, joint)) for h, m in zip(right, n, strict=True)
    )
    pairs = list(zip(sensitivity, specificity, strict=True))
    positive = [_share(a * base_rate, (1 - b) * (1 - base_rate)) for a, b in pairs]
    negative = [_share(b * (1 - base_rate), (1 - a) * base_rate) for a, b in pairs]
    where = f"at a base rate of {100 * base_rate:g} %"
    return [
        _value(f"positive predictive value {where}", positive, sum(n)),
        _value(f"negative predictive value {where}", negative, sum(n)),
    ]


def decision_curve(seen: OutOfFold) -> list[Benefit]:
    """Net benefit over threshold probabilities from 5 to 95 %, averaged over repeats.

    True positives less false positives weighted by the odds of the threshold, per participant;
    Vickers & Elkin (2006), at the prevalence of the cohort.
    """
    probability, prevalence = expit(seen.score), float(seen.outcome.mean())
    found = []
    for threshold in THRESHOLDS:
        called = probability >= threshold
        odds = threshold / (1 - threshold)
        gain = np.where(seen.outcome == 1, 1.0, -odds)
        found.append(
            Benefit(
                float(threshold),
                float((called * gain).mean()),
                prevalence - (1 - prevalence) * float(odds),
            )
        )
    return found


def _called_rightly(seen: OutOfFold, outcome: int) -> float:
    members = seen.outcome == outcome
    called = expit(seen.score[:, members]) > seen.expected[:, members]
    return float((called == bool(outcome)).sum(axis=1).mean())


def _proportion(name: str, hits: float, n: int) -> Estimate:
    low, high = exact_interval(hits, n)
    return Estimate(f"{name} {LABEL}", hits / n, low, high, n=n)


def _value(statistic: str, limits: Sequence[float], n: int) -> Estimate:
    value, low, high = limits
    if not np.isfinite(value):
        return Estimate(statistic, n=n, reason="nobody is called so")
    return Estimate(statistic, value, low, high, n=n)


def _share(part: float, other: float) -> float:
    return part / (part + other) if part + other > 0 else float("nan")
