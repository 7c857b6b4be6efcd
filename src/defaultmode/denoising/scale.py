"""From scanner units to percent signal change, region by region."""

from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.missing import Missing
from defaultmode.core.recording import LOWEST_MEAN_IN_SD, Array, Recording, Unit
from defaultmode.denoising.regression import remove_trend

# Our own limit; decision 0004 has what real recordings show.
LARGEST_SD_OF_TYPICAL = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Scaled:
    """A signal (n_time, n_regions) in its unit, and the regions that have none and why."""

    signal: Array
    unit: Unit
    absent: MappingProxyType[str, Missing] = field(default_factory=lambda: MappingProxyType({}))


def to_percent(recording: Recording, usable: NDArray[np.bool_]) -> Scaled:
    """Percent signal change about each region's mean over the usable frames.

    100 · (y − mean) / mean. A recording in percent or arbitrary units keeps its unit, and one that
    was demeaned or whose median region fluctuates by over a tenth of its mean becomes "arbitrary".
    A region that does not vary is absent (E118); where there is a percent scale, so is one whose
    mean is not above 0, or whose percent change has over five times the standard deviation of the
    median region's (E120): noise over a small denominator would rule every mean over regions. The
    line that denoising takes off is not counted as fluctuation.
    """
    kept = recording.signal[usable]
    absent = dict(recording.absent)
    still = np.ptp(kept, axis=0) == 0
    _mark(absent, recording, still, Missing("the signal does not vary in usable frames", "E118"))
    mean = kept.mean(axis=0)
    if recording.unit != "scanner":
        return Scaled(recording.signal, recording.unit, MappingProxyType(absent))
    present = np.array([name not in absent for name in recording.atlas.names])
    sd = np.full(len(mean), np.nan)
    sd[present] = remove_trend(recording.signal[:, present], usable)[usable].std(axis=0)
    if recording.processing.demeaned or not _has_mean(mean[present], sd[present]):
        return Scaled(recording.signal, "arbitrary", MappingProxyType(absent))
    _mark(absent, recording, present & ~(mean > 0), Missing("its mean is not above 0", "E120"))
    _mark_unsteady(absent, recording, mean, sd)
    gone = [name in absent for name in recording.atlas.names]
    scale = np.where(gone, np.nan, mean)
    percent = 100 * (recording.signal - scale) / scale
    return Scaled(percent, "percent", MappingProxyType(absent))


def _has_mean(mean: Array, sd: Array) -> bool:
    # Compared, not divided: a region that is nothing but a line has a standard deviation of 0.
    return bool(np.median(mean - LOWEST_MEAN_IN_SD * sd) >= 0) if len(mean) else False


def _mark_unsteady(
    absent: dict[str, Missing], recording: Recording, mean: Array, sd: Array
) -> None:
    left = np.flatnonzero([name not in absent for name in recording.atlas.names])
    with np.errstate(over="ignore"):  # a mean of next to nothing: infinitely unsteady
        percent = 100 * sd[left] / mean[left]
    typical = float(np.median(percent))
    for i in np.flatnonzero(percent > LARGEST_SD_OF_TYPICAL * typical):
        why = (
            f"it changes by {percent[i]:.3g} % of its mean, over {LARGEST_SD_OF_TYPICAL:g} times "
            f"the {typical:.3g} % of the median region"
        )
        absent[recording.atlas.names[left[i]]] = Missing(why, "E120")


def _mark(
    absent: dict[str, Missing], recording: Recording, which: NDArray[np.bool_], why: Missing
) -> None:
    for index in np.flatnonzero(which):
        absent.setdefault(recording.atlas.names[index], why)
