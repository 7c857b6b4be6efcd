"""The signal before the filter of denoising, for whatever that filter would set by itself."""

import numpy as np

from defaultmode.core.recording import Array, Recording
from defaultmode.measures._regions import carrying, once_per_recording


def _level(signal: Array, time_s: Array) -> Array:
    """The signal less its mean and linear trend over the frames that are there (Zang 2007)."""
    slope_free = signal - signal.mean(axis=0)
    clock = time_s - time_s.mean()
    return np.asarray(slope_free - np.outer(clock, clock @ slope_free / (clock @ clock)))


@once_per_recording
def unfiltered(recording: Recording) -> Array:
    """Signal without our filter, mean and linear trend, (n_time, n_regions), read-only.

    Censored frames are 0; the columns of regions without a signal are NaN. Raises E301 as
    `carrying` does.
    """
    columns = carrying(recording)
    whole = recording.signal if recording.unfiltered is None else recording.unfiltered
    time_s = np.flatnonzero(recording.usable).astype(np.float64) * recording.tr_s
    found = np.full(whole.shape, np.nan)
    found[:, columns] = 0.0
    kept = np.ix_(recording.usable, columns)
    found[kept] = _level(whole[kept], time_s)
    found.flags.writeable = False
    return found
