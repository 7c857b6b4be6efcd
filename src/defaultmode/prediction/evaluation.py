"""Every figure of one model, and what it adds to another on the same participants."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from defaultmode.core.result import Estimate
from defaultmode.prediction.calibration import calibration, calibration_error
from defaultmode.prediction.discrimination import (
    Score,
    auc,
    brier,
    brier_skill,
    difference,
    estimate,
    mean_absolute_error,
    r_squared,
)
from defaultmode.prediction.nested import OutOfFold
from defaultmode.prediction.usefulness import classification

BASE_RATES = (0.40, 0.64)  # shares of responders in trials; an assumption, not a published value
CITES = (
    "DeLong1988", "LeDell2015", "NadeauBengio2003", "Brier1950", "Cox1958", "VanCalster2019",
    "Austin2019", "Clopper1934", "Wilson1927", "Vickers2006", "Varoquaux2018", "Poldrack2020",
)  # fmt: skip


def leading_score(seen: OutOfFold) -> Score:
    """The figure that models are compared by: AUC within sites, or out-of-sample R²."""
    return auc(seen) if seen.kind == "binary" else r_squared(seen)


def evaluate(seen: OutOfFold, base_rates: Sequence[float] = BASE_RATES) -> list[Estimate]:
    """Discrimination, calibration and accuracy of one model over participants not seen."""
    n = len(seen.outcome)
    if seen.kind == "continuous":
        return [estimate(s, n) for s in (r_squared(seen), mean_absolute_error(seen))]
    found = [estimate(auc(seen), n)]
    if seen.block.max() > 0 and not np.array_equal(seen.fold[0], seen.block):
        found.append(
            estimate(replace(auc(seen, within_sites=False), statistic="AUC across sites"), n)
        )
    found += [estimate(brier(seen), n), estimate(brier_skill(seen), n)]
    return [*found, *calibration(seen), calibration_error(seen), *classification(seen, base_rates)]


def added(seen: OutOfFold, other: OutOfFold) -> list[Estimate]:
    """What a model has more than another in the same folds, with paired intervals."""
    n = len(seen.outcome)
    pairs = [(leading_score(seen), leading_score(other))]
    if seen.kind == "binary":
        pairs.append((brier(seen), brier(other)))
    return [difference(a, b, n) for a, b in pairs]
