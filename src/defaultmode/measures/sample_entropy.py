"""How seldom what was alike for two frames is alike in the third."""

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.measures._regions import regions
from defaultmode.measures._registry import measure
from defaultmode.measures._unfiltered import unfiltered

FRAMES = 2  # m of Richman 2000
TOLERANCE = 0.2  # r of Richman 2000, in standard deviations
LEAST_STRETCHES = 100  # the fewest of 10 ** m to 20 ** m that are advised for m = 2


def sample_entropy(signal: Array, usable: NDArray[np.bool_]) -> Array:
    """Sample entropy of each region with m = 2 and r = 0.2 standard deviations, (k,).

    signal : (n_time, k), of mean zero over the usable frames. Only stretches of three frames that
    are all usable are compared, each with all others (Richman 2000). Raises E301 where fewer than
    100 are, and where a region has no two alike.
    """
    whole = usable[2:] & usable[1:-1] & usable[:-2]
    if whole.sum() < LEAST_STRETCHES:
        msg = (
            f"{whole.sum()} stretches of {FRAMES + 1} frames are usable; at least "
            f"{LEAST_STRETCHES} are needed."
        )
        raise DefaultModeError("E301", msg)
    courses = np.ascontiguousarray(signal.T)
    tolerance = TOLERANCE * courses[:, usable].std(axis=1, keepdims=True)
    two, three = np.zeros((2, len(courses)), dtype=np.int64)
    for lag in range(1, len(whole)):
        near = np.abs(courses[:, lag:] - courses[:, :-lag]) <= tolerance
        alike = near[:, :-2] & near[:, 1:-1] & (whole[lag:] & whole[:-lag])
        two += np.count_nonzero(alike, axis=1)
        three += np.count_nonzero(alike & near[:, 2:], axis=1)
    if not three.all():
        msg = f"A region has no two stretches of {FRAMES + 1} frames alike; the run is too short."
        raise DefaultModeError("E301", msg)
    return np.asarray(np.log(two / three))


@measure(
    unit="nats",
    cites=("Richman2000",),
    unchanged_by=("scale", "offset", "region order"),
    premises=("not low-passed",),
)
def sample_entropy_default(recording: Recording) -> float:
    """Mean sample entropy of default-mode regions: how seldom a course, come again, goes on alike.

    Nats, 2.19 for white noise, lower for what is regular: minus the logarithm of the probability
    that stretches of two frames, alike within 0.2 standard deviations, are so in the third
    (Richman 2000), of the signal without denoising's filter and linear trend. It depends
    on the repetition time, and in runs of a few hundred frames on the length: compare runs alike
    in both. No stretch crosses a gap of censored frames.
    """
    columns = regions(recording, "default", at_least=1)
    return float(sample_entropy(unfiltered(recording)[:, columns], recording.usable).mean())
