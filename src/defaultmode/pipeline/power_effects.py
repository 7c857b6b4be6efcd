"""Effects from the scale on which somebody thinks of them to the one on which they are observed."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline.power_settings import EffectIn
from defaultmode.statistics.attenuation import (
    attenuated_correlation,
    attenuated_difference,
    paired_difference,
)
from defaultmode.statistics.comparisons import Comparison

Array = NDArray[np.float64]


def observed(
    effect: float, comparison: Comparison, *, given_in: EffectIn, icc: float, partner_icc: float
) -> float:
    """The effect in the statistic of the comparison, as unreliable measures show it.

    given_in : "observed", where nothing is done; "sd", standard deviations of one session;
    "true", those without measurement error, or the correlation or area of error-free measures.
    Raises E432 for a correlation or an area in standard deviations.
    """
    if given_in == "observed":
        return effect
    if comparison.statistic in ("Pearson r", "AUC"):
        if given_in == "sd":
            msg = f"an effect in standard deviations is no {comparison.statistic}; use true."
            raise DefaultModeError("E432", msg)
        if comparison.statistic == "AUC":
            return _area(effect, np.sqrt(icc))
        return attenuated_correlation(effect, icc, partner_icc)
    d = attenuated_difference(effect, icc) if given_in == "true" else effect
    return paired_difference(d, icc) if comparison.statistic == "d_z" else d


def error_free(effect: float, comparison: Comparison, *, icc: float, partner_icc: float) -> float:
    """What an observed effect would be without measurement error, in error-free SDs, r or area."""
    if comparison.statistic == "AUC":
        return _area(effect, 1 / np.sqrt(icc))
    if comparison.statistic == "Pearson r":
        return effect / attenuated_correlation(1.0, icc, partner_icc)
    share = attenuated_difference(1.0, icc)
    if comparison.statistic == "d_z":
        return effect / paired_difference(share, icc) if icc < 1 else float("nan")
    return effect / share


def expected_beyond_unblinding(
    effect: ArrayLike, comparison: Comparison, unblinding: float
) -> Array:
    """Effects without the share that is expectation, which is subtracted; shape of `effect`."""
    values = np.asarray(effect, dtype=np.float64)
    return comparison.none + (1 - unblinding) * (values - comparison.none)


def _area(area: float, factor: float) -> float:
    """The area whose normal deviate is this many times that of another (Hanley & McNeil 1982)."""
    from scipy.special import ndtr, ndtri

    return float(ndtr(factor * ndtri(area)))
