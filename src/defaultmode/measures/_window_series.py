"""A few quantities in windows along a run, aligned to when a drug was given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.measures._premises import PREMISES
from defaultmode.measures._regions import FLAT, regions
from defaultmode.measures._windows import LEAST_FRAMES, LEAST_USABLE

BLOCKS = 6  # our own: of a window, each left out in turn for the standard error
BEFORE, DURING, AFTER, ACROSS = "before", "during", "after", "across"
ROUNDING_S = 1e-6
Frames = NDArray[np.intp]
Quantity = Callable[[Array], Array]  # (n_copies, n_frames, k) → (n_copies,)


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """How a run is cut into windows.

    length_s, step_s : of the windows; across : let windows reach over the start of the first dose
    Raises E447 for a length or step that is no time.
    """

    length_s: float = 60.0
    step_s: float = 20.0
    across: bool = False

    def __post_init__(self) -> None:
        if not (0 < self.step_s < np.inf and 0 < self.length_s < np.inf):
            msg = f"windows of {self.length_s:g} s every {self.step_s:g} s; expected times above 0."
            raise DefaultModeError("E447", msg)


@dataclass(frozen=True, slots=True, eq=False)
class WindowSeries:
    """Quantities in windows, all (n_windows,), in the order of time.

    start_s, end_s : after the first volume; usable_s : uncensored seconds in it
    phase : "before" the first dose, "during" a dose, "after", or "across" where one begins in it
        or the last one ends; empty where no dose is known
    values, errors : quantity → its value and standard error, NaN where the window has too few
        usable frames or the recording not what the quantity takes for granted
    """

    start_s: Array
    end_s: Array
    usable_s: Array
    phase: tuple[str, ...]
    values: Mapping[str, Array]
    errors: Mapping[str, Array]

    @property
    def middle_s(self) -> Array:
        """The middle of each window, in s after the first volume, (n_windows,)."""
        return (self.start_s + self.end_s) / 2


WINDOW_UNITS = {
    "within_default_mode": "Fisher z",
    "default_mode_task_positive": "Fisher z",
    "global_signal_variance": "%²",
    "default_mode_signal": "%",
}


def window_series(recording: Recording, plan: WindowPlan) -> WindowSeries:
    """Connectivity, global signal and level of the default mode network along a run.

    The 240 s that a resting estimate needs do not apply (SCIENCE.md §12.7): each window states its
    usable seconds and the standard error that leaving out each sixth of it gives (delete-a-group
    jackknife; Efron & Stein 1981). Windows begin with the first dose within the run and count from
    it both ways, so that none reaches over it unless `plan.across`.
    Raises E447 where a window has under 15 frames or is longer than the run, E302 where a network
    is not there.
    """
    starts = _starts(recording, plan)
    length = round(plan.length_s / recording.tr_s)
    start_s = starts.astype(np.float64) * recording.tr_s
    frames = [s + np.flatnonzero(recording.usable[s : s + length]) for s in starts]
    quantities = _quantities(recording)
    found = {name: np.full((2, len(starts)), np.nan) for name in WINDOW_UNITS}
    for k, (first, inside) in enumerate(zip(starts, frames, strict=True)):
        if len(inside) < LEAST_USABLE * length:
            continue
        block = (inside - first) * BLOCKS // length
        for name, (signal, quantity) in quantities.items():
            found[name][:, k] = _with_error(signal[inside], block, quantity)
    end_s = start_s + length * recording.tr_s
    return WindowSeries(
        start_s,
        end_s,
        np.array([len(f) for f in frames]) * recording.tr_s,
        tuple(_phase(recording, a, b) for a, b in zip(start_s, end_s, strict=True)),
        {name: values for name, (values, _) in found.items()},
        {name: errors for name, (_, errors) in found.items()},
    )


def _starts(recording: Recording, plan: WindowPlan) -> Frames:
    """First frame of each window."""
    tr_s, n_time = recording.tr_s, recording.n_time
    length = round(plan.length_s / tr_s)
    if not LEAST_FRAMES <= length <= n_time:
        msg = (
            f"a window of {plan.length_s:g} s has {length} of the run's {n_time} frames of {tr_s:g}"
            f" s; expected {LEAST_FRAMES} or more, and no more than the run has."
        )
        raise DefaultModeError("E447", msg)
    last_s = (n_time - length) * tr_s
    dose_s = next((s for s, _ in _given(recording) if 0 < s < n_time * tr_s), 0.0)
    after = np.arange(dose_s, last_s + ROUNDING_S, plan.step_s)
    nearest = plan.step_s if plan.across else length * tr_s
    before = np.arange(dose_s - nearest, -ROUNDING_S, -plan.step_s)[::-1]
    # a volume that begins within the last before the dose is left to the windows after it
    found = np.r_[np.floor(before / tr_s + ROUNDING_S), np.ceil(after / tr_s - ROUNDING_S)].astype(
        np.intp
    )
    return np.unique(found[(found >= 0) & (found <= n_time - length)])


def _given(recording: Recording) -> tuple[tuple[float, float], ...]:
    return () if recording.exposure is None else recording.exposure.given_s


def _phase(recording: Recording, start_s: float, end_s: float) -> str:
    given = _given(recording)
    if not given:
        return ""
    slack = recording.tr_s / 2
    last_s = max(end for _, end in given)
    edges = [start for start, _ in given] + [last_s]
    if any(start_s + slack < edge < end_s - slack for edge in edges):
        return ACROSS
    middle_s = (start_s + end_s) / 2
    if middle_s < given[0][0]:
        return BEFORE
    return DURING if any(a <= middle_s < b for a, b in given) else AFTER


def _quantities(recording: Recording) -> dict[str, tuple[Array, Quantity]]:
    """What can be had of this recording: name → the signal it is of, and how."""
    ours, theirs = (regions(recording, role) for role in ("default", "task-positive"))
    n = len(ours)
    within, between = np.triu_indices(n, k=1), np.ix_(np.arange(n), n + np.arange(len(theirs)))
    both = recording.signal[:, np.r_[ours, theirs]]
    found: dict[str, tuple[Array, Quantity]] = {
        "within_default_mode": (both[:, :n], lambda x: _fisher_z(x)[:, *within].mean(axis=1)),
        "default_mode_task_positive": (
            both,
            lambda x: _fisher_z(x)[:, between[0], between[1]].mean(axis=(1, 2)),
        ),
    }
    if not PREMISES["percent scale"].holds(recording):
        return found
    if PREMISES["global signal kept"].holds(recording):
        mean = recording.signal[:, regions(recording)].mean(axis=1, keepdims=True)
        found["global_signal_variance"] = (mean, lambda x: x[..., 0].var(axis=1, ddof=1))
    if PREMISES["slow changes kept"].holds(recording):
        wide = recording.signal if recording.unfiltered is None else recording.unfiltered
        level = wide[:, ours].mean(axis=1, keepdims=True)
        found["default_mode_signal"] = (level, lambda x: x[..., 0].mean(axis=1))
    return found


def _fisher_z(copies: Array) -> Array:
    """Fisher z of (n_copies, n_frames, k), (n_copies, k, k); NaN where a region does not vary."""
    centred = copies - copies.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(centred, axis=1, keepdims=True)
    flat = norm <= FLAT * np.abs(copies).max(axis=1, keepdims=True)
    unit = centred / np.where(flat, np.nan, norm)
    r = np.swapaxes(unit, 1, 2) @ unit
    r[:, np.arange(r.shape[1]), np.arange(r.shape[1])] = 0.0
    return np.asarray(np.arctanh(np.clip(r, -1 + FLAT, 1 - FLAT)))


def _with_error(signal: Array, block: Frames, quantity: Quantity) -> tuple[float, float]:
    """A quantity of (n_frames, k) and its standard error, by leaving out each block in turn."""
    value = float(quantity(signal[None])[0])
    left = np.unique(block)
    if len(left) < 2:
        return value, np.nan
    without = np.array([quantity(signal[block != b][None])[0] for b in left])
    spread = np.sum((without - without.mean()) ** 2) * (len(left) - 1) / len(left)
    return value, float(np.sqrt(spread))
