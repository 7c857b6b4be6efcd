"""How much the signal of a region varies, and from one frame to the next."""

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.measures._regions import carrying, regions, spread
from defaultmode.measures._registry import measure
from defaultmode.measures._unfiltered import unfiltered

UNCHANGED = ("offset", "region order", "time reversal")
LEAST_PAIRS = 50  # our choice: of neighbouring frames


def _deviation(recording: Recording) -> Array:
    columns = carrying(recording)
    return spread(recording, columns, recording.kept[:, columns].std(axis=0, ddof=1))


def _successive_difference(recording: Recording) -> Array:
    both = recording.usable[1:] & recording.usable[:-1]
    if both.sum() < LEAST_PAIRS:
        msg = f"{both.sum()} pairs of neighbouring frames are usable; {LEAST_PAIRS} are needed."
        raise DefaultModeError("E301", msg)
    steps = np.diff(unfiltered(recording), axis=0)[both]
    return np.asarray(np.sqrt((steps**2).mean(axis=0)))


@measure(unit="%", cites=("Garrett2010",), unchanged_by=UNCHANGED, premises=("percent scale",))
def variability_default(recording: Recording) -> float:
    """Mean standard deviation over time of default-mode regions.

    % (percent signal change), of the denoised signal over the usable frames (Garrett 2010). It
    depends on the band that denoising keeps: compare runs of one preset.
    """
    return float(_deviation(recording)[regions(recording, "default", at_least=1)].mean())


@measure(
    unit="%",
    cites=("Garrett2010",),
    unchanged_by=UNCHANGED,
    premises=("percent scale",),
    kind="regions",
)
def variability_by_region(recording: Recording) -> Array:
    """Standard deviation over time of each region.

    %, shape (n_regions,), NaN where a region has no signal; as `variability_default`.
    """
    return _deviation(recording)


@measure(
    unit="%",
    cites=("VonNeumann1941",),
    unchanged_by=UNCHANGED,
    premises=("percent scale", "not low-passed"),
)
def successive_difference_default(recording: Recording) -> float:
    """Mean size of the change of default-mode regions from one frame to the next.

    % (percent signal change): the root of the mean squared successive difference (MSSD, von Neumann
    1941), over neighbouring frames that are both usable, of the signal without denoising's
    filter and linear trend. It depends on the repetition time, and is √2 standard deviations in
    white noise: much of it is the noise of the scanner, and motion raises it.
    """
    columns = regions(recording, "default", at_least=1)
    return float(_successive_difference(recording)[columns].mean())


@measure(
    unit="%",
    cites=("VonNeumann1941",),
    unchanged_by=UNCHANGED,
    premises=("percent scale", "not low-passed"),
    kind="regions",
)
def successive_difference_by_region(recording: Recording) -> Array:
    """Size of the change of each region from one frame to the next.

    %, shape (n_regions,), NaN where a region has no signal; as `successive_difference_default`.
    """
    return _successive_difference(recording)
