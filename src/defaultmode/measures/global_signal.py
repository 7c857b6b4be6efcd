"""How large the signal is that all regions share."""

import numpy as np

from defaultmode.core.recording import Array, Recording
from defaultmode.measures._regions import regions
from defaultmode.measures._registry import measure

UNCHANGED = ("offset", "region order", "time reversal")
PREMISES = ("percent scale", "global signal kept")


def _mean_signal(recording: Recording) -> Array:
    """Mean over the regions of the atlas, each counted once whatever its size, (n_usable,)."""
    return np.asarray(recording.kept[:, regions(recording)].mean(axis=1))


@measure(unit="%²", cites=("Power2017", "Yang2014"), unchanged_by=UNCHANGED, premises=PREMISES)
def global_signal_variance(recording: Recording) -> float:
    """Variance over time of the mean signal of all regions.

    %² (squared percent signal change), divisor n − 1, before any z-scoring (M5). Regions count
    equally, whatever their size. Missing after global signal regression and without percent scale.
    """
    return float(_mean_signal(recording).var(ddof=1))


@measure(unit="%", cites=("Wong2013",), unchanged_by=UNCHANGED, premises=PREMISES)
def global_signal_amplitude(recording: Recording) -> float:
    """Standard deviation over time of the mean signal of all regions.

    % (percent signal change), divisor n − 1 (Wong 2013); the root of `global_signal_variance`.
    """
    return float(_mean_signal(recording).std(ddof=1))


@measure(unit="share", cites=("Power2017",), unchanged_by=("scale", *UNCHANGED), premises=PREMISES)
def global_signal_fraction(recording: Recording) -> float:
    """Variance of the mean signal as a share of the mean variance of the regions.

    Share from 0 to 1: 1 where all regions move as one, 1/n_regions where they are independent and
    equally strong (M5).
    """
    own = recording.kept[:, regions(recording)].var(axis=0, ddof=1).mean()
    return float(_mean_signal(recording).var(ddof=1) / own)
