"""From scanner units to percent signal change, region by region."""

from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array, Recording, Unit

# Both limits are our own: raw BOLD moves by a few percent of its mean. A typical region that moves
# by half of its mean was demeaned or z-scored; one at a twentieth of the others' mean is dropout.
LARGEST_SD_OF_MEAN = 0.5
SMALLEST_MEAN_OF_TYPICAL = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Scaled:
    """A signal (n_time, n_regions) in its unit, and the regions that have none and why."""

    signal: Array
    unit: Unit
    absent: MappingProxyType[str, Missing] = field(default_factory=lambda: MappingProxyType({}))


def to_percent(recording: Recording, usable: NDArray[np.bool_]) -> Scaled:
    """Percent signal change about each region's mean over the usable frames.

    100 · (y − mean) / mean. A recording in percent or arbitrary units keeps its unit, and one that
    was demeaned or whose regions fluctuate by more than half of their mean becomes "arbitrary". A
    region that does not vary is absent (E118); where there is a percent scale, so is one whose mean
    is negative or below a twentieth of the median region's (E120): its percent change would be the
    noise of a small denominator, and would dominate every mean over regions.
    """
    kept = recording.signal[usable]
    absent = dict(recording.absent)
    still = np.ptp(kept, axis=0) == 0
    _mark(absent, recording, still, Missing("the signal does not vary in usable frames", "E118"))
    mean = kept.mean(axis=0)
    if recording.unit != "scanner":
        return Scaled(recording.signal, recording.unit, MappingProxyType(absent))
    present = np.array([name not in absent for name in recording.atlas.names])
    if recording.processing.demeaned or not _has_mean(kept[:, present]):
        return Scaled(recording.signal, "arbitrary", MappingProxyType(absent))
    smallest = SMALLEST_MEAN_OF_TYPICAL * float(np.median(mean[present]))
    why = f"its mean signal is below {smallest:.3g}, a twentieth of the median region's"
    weak = present & (mean < smallest)
    _mark(absent, recording, weak, Missing(why, "E120"))
    scale = np.where(present & ~weak, mean, np.nan)
    percent = 100 * (recording.signal - scale) / scale
    return Scaled(percent, "percent", MappingProxyType(absent))


def _has_mean(kept: Array) -> bool:
    if not kept.shape[1]:
        return False
    typical = float(np.median(kept.mean(axis=0)))
    return typical > 0 and float(np.median(kept.std(axis=0))) < LARGEST_SD_OF_MEAN * typical


def _mark(
    absent: dict[str, Missing], recording: Recording, which: NDArray[np.bool_], why: Missing
) -> None:
    for index in np.flatnonzero(which):
        absent.setdefault(recording.atlas.names[index], why)
