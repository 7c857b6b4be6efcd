"""Which frames are not believed."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array, Recording
from defaultmode.denoising.choices import Choices
from defaultmode.denoising.confounds import complete
from defaultmode.denoising.presets import Censoring

Mask = NDArray[np.bool_]


def limits_of(censoring: Censoring, choices: Choices) -> Censoring:
    """The preset's limits, with whatever the user chose in their place."""
    chosen: dict[str, Any] = {
        "framewise_displacement_mm": choices.fd_threshold_mm,
        "std_dvars": choices.dvars_threshold,
        "contiguous_frames": choices.contiguous_frames,
    }
    return replace(censoring, **{name: x for name, x in chosen.items() if x is not None})


def usable_frames(recording: Recording, limits: Censoring) -> Mask | Missing:
    """Frames to believe, shape (n_time,): full length, nothing is dropped.

    Censored are the frames the source already marked, every non-steady-state outlier, each frame
    whose framewise displacement (mm) or standardised DVARS is above its limit (that frame alone:
    Power 2012, 2014), and then uncensored stretches shorter than `limits.contiguous_frames` (Power
    2014). Missing with code E205 when a limit is set and its series was not supplied; raises E134
    when the series has gaps.
    """
    usable = recording.usable & ~_not_steady(recording)
    for name, limit in (
        ("framewise_displacement", limits.framewise_displacement_mm),
        ("std_dvars", limits.std_dvars),
    ):
        if limit is None:
            continue
        series = _series(recording, name)
        if series is None:
            return Missing(
                f"censoring above {limit:g} needs {name}, which was not supplied", "E205"
            )
        usable = usable & ~(complete(name, series) > limit)
    return usable & ~_short_stretches(usable, limits.contiguous_frames)


def _series(recording: Recording, name: str) -> Array | None:
    if name in recording.confounds:
        return recording.confounds[name]
    motion = recording.motion
    if motion is None:
        return None
    return motion.std_dvars if name == "std_dvars" else motion.framewise_displacement_mm


def _not_steady(recording: Recording) -> Mask:
    marked = np.zeros(recording.n_time, dtype=bool)
    for name, column in recording.confounds.items():
        if name.startswith("non_steady_state_outlier"):
            marked |= complete(name, column) > 0
    return marked


def _short_stretches(usable: Mask, shortest: int) -> Mask:
    steps = np.diff(np.concatenate(([0], usable, [0])))
    short = np.zeros(len(usable), dtype=bool)
    starts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    for start, end in zip(starts, ends, strict=True):
        short[start:end] = end - start < shortest
    return short
