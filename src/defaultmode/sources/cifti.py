"""CIFTI parcel series as recordings."""

from pathlib import Path
from typing import Any

import numpy as np

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import LONGEST_TR_S, SHORTEST_TR_S, Array, Recording
from defaultmode.sources.atlases import match_columns
from defaultmode.sources.bids import RunFiles
from defaultmode.sources.sidecars import LARGEST_TR_DIFFERENCE_S, repetition_time
from defaultmode.sources.surface_files import surface_image
from defaultmode.sources.tables import assemble


def read_cifti(files: RunFiles, atlas: Atlas | None = None) -> Recording:
    """Read a `.ptseries.nii`, its parcels put into atlas order by name.

    The repetition time is the sidecar's, with which the file's own series axis must agree; without
    a statement in the sidecar the series axis is the statement. Absent regions, usable frames and
    motion are those of `read_table`.

    Raises E101 (no file), E119 (not a series of parcels), E202 and E203 (repetition time) and what
    `read_table` raises.
    """
    signal, names, step_s = _series(files.signal)
    chosen, order = match_columns(names, files.atlas_hint, atlas)
    return assemble(files, chosen, signal[:, order], agreed_repetition_time(files, step_s))


def _series(path: Path) -> tuple[Array, list[str], float]:
    """Signal (n_time, n_parcels), parcel names, and the step of the series in seconds."""
    image, parcels, step_s = series_image(path, places="ParcelsAxis")
    names = [str(name) for name in parcels.name]
    if len(set(names)) != len(names):
        raise DefaultModeError("E132", f"{path} has two parcels of one name.")
    return np.asarray(image.get_fdata(), dtype=np.float64), names, step_s


def series_image(path: Path, *, places: str) -> tuple[Any, Any, float]:
    """A CIFTI image of a time series, its axis of places, and the step of the series in seconds.

    places : the kind of that axis. Raises E101, and E119 for other axes or a series not in time.
    """
    image = surface_image(path, kind="Cifti2Image")
    axes = [image.header.get_axis(i) for i in range(image.ndim)]
    kinds = [type(axis).__name__ for axis in axes]
    if kinds != ["SeriesAxis", places]:
        msg = f"{path} has the axes {', '.join(kinds)}; expected SeriesAxis, {places}."
        raise DefaultModeError("E119", msg)
    series, axis = axes
    if str(series.unit).upper() != "SECOND":
        raise DefaultModeError("E119", f"{path}: the series is in {series.unit}, not in seconds.")
    return image, axis, float(series.step)


def agreed_repetition_time(files: RunFiles, step_s: float) -> float:
    """Repetition time (s) of the sidecar, with which the series axis must agree, or of the axis.

    Raises E202 (over 1 ms apart), E203 (impossible) and E208 as `repetition_time` does.
    """
    try:
        tr_s = repetition_time(files.sidecar, files.signal)
    except DefaultModeError as unstated:
        if unstated.code != "E201":
            raise
        tr_s = step_s
    if not SHORTEST_TR_S <= tr_s <= LONGEST_TR_S:
        raise DefaultModeError("E203", f"{files.signal}: the series axis steps by {step_s:g} s.")
    if abs(tr_s - step_s) > LARGEST_TR_DIFFERENCE_S:
        msg = f"{files.signal}: its series axis steps by {step_s:g} s, its sidecar says {tr_s:g} s."
        raise DefaultModeError("E202", msg)
    return tr_s
