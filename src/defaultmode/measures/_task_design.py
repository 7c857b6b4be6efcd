"""What a region's signal would look like if it followed the task of a run, and nothing else."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording, TaskEvent
from defaultmode.measures._premises import corners_hz

RESPONSE = "spm"  # the canonical haemodynamic response: a difference of two gamma functions
# Trial types in which nothing is asked of the participant; every other one is a task.
REST = frozenset({"rest", "resting", "restblock", "fixation", "fix", "baseline", "blank", "null"})
LEAST_REST = 0.1  # our own: in less time than that, no level of rest can be told
STICK_S = 1.0  # an event of no duration is modelled as a stick of unit area, one second long
EARLIEST_S = 24.0  # nilearn's own start of the clock before the first frame
ORDER = 2  # of the Butterworth filter that fMRI signals usually pass


@dataclass(frozen=True, slots=True, eq=False)
class TaskDesign:
    """Regressors of the trial types, (n_time, n_types), and the contrast task − rest (n_types,)."""

    types: tuple[str, ...]
    regressors: Array
    contrast: Array

    @property
    def each(self) -> dict[str, Array]:
        """Trial type that is a task → its own contrast with rest, (n_types,)."""
        rest = np.minimum(self.contrast, 0.0)
        own = zip(self.types, np.eye(len(self.types)), strict=True)
        return {name: one + rest for name, one in own if not is_rest(name)}


def is_rest(trial_type: str) -> bool:
    """Whether nothing is asked of the participant in events of this type, by their name."""
    return re.sub(r"[^a-z]", "", trial_type.lower()) in REST


def task_design(recording: Recording) -> TaskDesign:
    """The expected responses to the trial types of a run, and the contrast of task and rest.

    A regressor is the events of one type convolved with the canonical haemodynamic response
    (Friston 1998); it tends to 1 in an event that lasts. Task is the mean over the trial types that
    last and are no rest, each weighted by its time; rest is the trial types called so, else the
    time without events. Types without any duration, such as the press of a button, are in the model
    and not in the contrast; events without a type are left out.

    Raises E306 where no event is a task that lasts, or next to no frame is without one.
    """
    events = [e for e in recording.events if e.trial_type]
    types = sorted({e.trial_type for e in events})
    task_s = np.array([0.0 if is_rest(t) else _time_s(events, t) for t in types])
    rest_s = np.array([_time_s(events, t) if is_rest(t) else 0.0 for t in types])
    if not task_s.any():
        there = ", ".join(types) or "none"
        msg = f"No trial type is a task that lasts; those of the run: {there}."
        raise DefaultModeError("E306", msg)
    contrast = task_s / task_s.sum()
    if rest_s.any():
        contrast = contrast - rest_s / rest_s.sum()
    frames_s = np.asarray(np.flatnonzero(recording.usable) * recording.tr_s, dtype=np.float64)
    _check_rest(events, frames_s)
    regressors = _regressors(tuple(events), recording.n_time, recording.tr_s)
    return TaskDesign(tuple(types), regressors, contrast)


def filtered_alike(design: Array, recording: Recording) -> Array:
    """Regressors through the filter that the signal came with, as far as its corners tell.

    A Butterworth filter of second order, forwards and backwards: the usual one, so exact for most
    suppliers and near for the others. (n_time, n_types) → the same.
    """
    from scipy.signal import butter, sosfiltfilt  # half a second that only task runs need

    low_hz, high_hz = corners_hz(recording)
    corners: tuple[tuple[float, Literal["highpass", "lowpass"]], ...]
    corners = ((low_hz, "highpass"), (high_hz, "lowpass"))
    for corner_hz, kind in corners:
        if 0 < corner_hz < 0.5 / recording.tr_s:
            sos = butter(ORDER, corner_hz, kind, fs=1 / recording.tr_s, output="sos")
            design = np.asarray(sosfiltfilt(sos, design, axis=0))
    return design


def _time_s(events: list[TaskEvent], trial_type: str) -> float:
    return sum(e.duration_s for e in events if e.trial_type == trial_type)


def _check_rest(events: list[TaskEvent], frames_s: Array) -> None:
    busy = np.zeros(len(frames_s), dtype=bool)
    for e in events:
        if not is_rest(e.trial_type):
            busy |= (frames_s >= e.onset_s) & (frames_s < e.onset_s + e.duration_s)
    if 1 - busy.mean() < LEAST_REST:
        msg = (
            f"The task fills {100 * busy.mean():.0f} % of the usable frames; rest is needed in "
            f"{100 * LEAST_REST:g} % to compare it to."
        )
        raise DefaultModeError("E306", msg)


@lru_cache(maxsize=2)  # every denoising preset of a run has the same
def _regressors(events: tuple[TaskEvent, ...], n_time: int, tr_s: float) -> Array:
    """Expected responses to the trial types in their alphabetical order, (n_time, n_types)."""
    from nilearn.glm.first_level import compute_regressor

    frames_s = np.arange(n_time, dtype=np.float64) * tr_s
    columns = []
    for trial_type in sorted({e.trial_type for e in events}):
        ours = [e for e in events if e.trial_type == trial_type]
        onsets_s = [e.onset_s for e in ours]
        blocks = (onsets_s, [e.duration_s or STICK_S for e in ours], np.ones(len(ours)))
        start_s = min(-EARLIEST_S, *onsets_s)
        columns.append(compute_regressor(blocks, RESPONSE, frames_s, min_onset=start_s)[0][:, 0])
    found = np.column_stack(columns)
    found.flags.writeable = False
    return found
