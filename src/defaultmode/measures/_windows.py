"""Short windows of a run, and the connectivity within each."""

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array
from defaultmode.measures._regions import FLAT

# Leonardi 2015 asks for windows as long as the slowest period left in the signal, 100 s at 0.01 Hz.
# Ours, long enough for several in a short run, break that rule: they vary by themselves with what
# is slower than 1/60 Hz. So do those of the surrogates, which have the same spectrum, and only the
# comparison with them says anything of a change.
WINDOW_S = 60.0
STEP_S = 30.0  # our choice: half a window, so that windows next but one share no frame
LEAST_USABLE = 2 / 3  # our choice: of the frames of a window
LEAST_WINDOWS = 7  # those of 240 s
LEAST_FRAMES = 15  # our choice: in a window, so that ten of them at least are usable
Windows = list[NDArray[np.intp]]


def windows_of(usable: NDArray[np.bool_], tr_s: float) -> Windows:
    """The usable frames of each window of 60 s; one begins every 30 s.

    That is less than the 100 s that Leonardi 2015 asks for at 0.01 Hz: no number from such windows
    stands without its surrogates.

    A window with under two thirds of its frames usable is dropped. Raises E306 where the repetition
    time is too long for windows, and E301 where fewer than seven are left.
    """
    length = round(WINDOW_S / tr_s)
    if length < LEAST_FRAMES:
        msg = (
            f"At a repetition time of {tr_s} s a window of {WINDOW_S:.0f} s has {length} frames; "
            f"at least {LEAST_FRAMES} are needed."
        )
        raise DefaultModeError("E306", msg)
    starts = np.arange(0, len(usable) - length + 1, STEP_S / tr_s).astype(np.intp)
    parts = [start + np.flatnonzero(usable[start : start + length]) for start in starts]
    windows = [frames for frames in parts if len(frames) >= LEAST_USABLE * length]
    if len(windows) < LEAST_WINDOWS:
        msg = (
            f"{len(windows)} windows of {WINDOW_S:.0f} s have two thirds of their frames usable; "
            f"at least {LEAST_WINDOWS} are needed."
        )
        raise DefaultModeError("E301", msg)
    return windows


def window_correlations(signal: Array, windows: Windows) -> Array:
    """Correlations between the columns of a signal (n_time, k) in each window, (n_windows, k, k).

    Raises E306 where a region does not vary within a window.
    """
    r = np.empty((len(windows), signal.shape[1], signal.shape[1]))
    for frames, found in zip(windows, r, strict=True):
        inside = signal[frames]
        centred = inside - inside.mean(axis=0)
        norm = np.linalg.norm(centred, axis=0)
        if (norm <= FLAT * np.abs(inside).max(axis=0)).any():
            raise DefaultModeError("E306", "A region does not vary within a window.")
        unit = centred / norm
        np.matmul(unit.T, unit, out=found)
    return r
