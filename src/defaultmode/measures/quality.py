"""How much the head moved and how much of the run is left: what connectivity is read against."""

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.measures._regions import carrying
from defaultmode.measures._registry import measure

STILL = ("scale", "offset", "region order")


def _displacement_mm(recording: Recording) -> Array:
    """Framewise displacement from the second frame on, (n_time − 1,): the first has none."""
    if recording.motion is None or recording.n_time < 2:
        raise DefaultModeError("E304", "Head motion is not known.")
    return recording.motion.framewise_displacement_mm[1:]


@measure(
    unit="mm", cites=("Power2012",), unchanged_by=STILL, premises=("motion known",), role="quality"
)
def framewise_displacement_mean(recording: Recording) -> float:
    """Mean framewise displacement of the head over the whole run, censored frames included.

    Millimetres; over all frames but the first, which has none (Power 2012).
    """
    return float(np.mean(_displacement_mm(recording)))


@measure(
    unit="mm", cites=("Power2012",), unchanged_by=STILL, premises=("motion known",), role="quality"
)
def framewise_displacement_max(recording: Recording) -> float:
    """Largest framewise displacement of the head in the whole run, censored frames included.

    Millimetres (Power 2012).
    """
    return float(np.max(_displacement_mm(recording)))


@measure(
    unit="share",
    cites=("Power2012",),
    unchanged_by=(*STILL, "time reversal"),
    premises=("frames judged",),
    role="quality",
)
def censored_share(recording: Recording) -> float:
    """Share of the frames of the run that are censored.

    Share from 0 to 1, frames that came marked unusable included. Missing where motion is not known
    and no frame is marked, for then nobody judged the frames.
    """
    return float(1 - recording.usable.mean())


@measure(unit="s", cites=("VanDijk2010",), unchanged_by=(*STILL, "time reversal"), role="quality")
def usable_s(recording: Recording) -> float:
    """Seconds of signal that are left after censoring.

    Seconds; usable frames times the repetition time.
    """
    return recording.usable_s


@measure(
    unit="regions",
    cites=("Buckner2008",),
    unchanged_by=(*STILL, "time reversal"),
    role="quality",
)
def default_mode_regions_present(recording: Recording) -> float:
    """Number of default-mode regions that have a signal, over which their means are taken.

    Count, up to the number of regions that the atlas assigns to the network (Buckner 2008). Compare
    it between sessions: a mean over other regions is another quantity.
    """
    present = np.intersect1d(recording.atlas.members("default"), carrying(recording))
    return float(len(present))
