"""Time-series tables that were parcellated elsewhere, as recordings."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.recording import (
    LOWEST_MEAN_IN_SD,
    Array,
    Motion,
    Processing,
    Recording,
)
from defaultmode.sources.atlases import match_columns
from defaultmode.sources.bids import RunFiles, beside
from defaultmode.sources.sidecars import processing_from_sidecar, repetition_time
from defaultmode.sources.text_tables import numbers, read_text_table
from defaultmode.sources.volume_confounds import head_motion, read_confounds

__all__ = [
    "assemble",
    "match_columns",
    "numbers",
    "processing_from_sidecar",
    "read_table",
    "read_text_table",
    "repetition_time",
]


def read_table(files: RunFiles, atlas: Atlas | None = None) -> Recording:
    """Read a time-series table, its columns put into atlas order by name.

    A column that is "n/a" throughout, does not vary, or holds values that are not finite is an
    absent region. An `_outliers.tsv` of the run (XCP-D) gives the usable frames, and frames that it
    says were left out of the series are put back, unusable, so that time is never shifted. A
    `_motion.tsv` or a confounds table gives head motion.

    Raises E131 and E133 (columns), E134 (a cell is no number), E201–E203 and E208 (sidecar), E204
    (tables of other lengths) and E302 (no default-mode region is left).
    """
    table = read_text_table(files.signal)
    chosen, order = match_columns(list(table.columns), files.atlas_hint, atlas)
    signal = numbers(table, files.signal)[:, order]
    return assemble(files, chosen, signal, repetition_time(files.sidecar, files.signal))


def assemble(files: RunFiles, atlas: Atlas, signal: Array, tr_s: float) -> Recording:
    """Put a parcellated signal, shape (n_time, n_regions), together with what is known of its run.

    Raises E204, E208 and E302 as `read_table` does.
    """
    absent = _absent(signal, atlas)
    usable = _usable(files, len(signal))
    censored = usable is not None and len(usable) != len(signal)
    signal = signal.copy()
    signal[:, [name in absent for name in atlas.names]] = np.nan
    if usable is not None and censored:
        signal = _put_back(signal, usable)
    processing, notes = _processing(files, signal)
    if censored:
        notes = (*notes, "censored frames were left out of the input; they are put back, unusable")
    return Recording(
        signal=signal,
        tr_s=tr_s,
        atlas=atlas,
        entities=files.entities,
        unit="arbitrary" if processing.demeaned else "scanner",
        processing=processing,
        usable=np.ones(len(signal), dtype=bool) if usable is None else usable,
        absent=absent,
        motion=_motion(files, len(signal)),
        provenance={
            "source": files.signal.name,
            "kind": files.kind,
            "key": files.key,
            "censored_input": censored,
            "notes": notes,
        },
    )


def _absent(signal: Array, atlas: Atlas) -> dict[str, Missing]:
    absent: dict[str, Missing] = {}
    finite = np.isfinite(signal)
    for name, values, good in zip(atlas.names, signal.T, finite.T, strict=True):
        if not good.any():
            absent[name] = Missing("no coverage: every value of the region is n/a", "E121")
        elif not good.all():
            reason = f"{int((~good).sum())} of {len(good)} values of the region are not finite"
            absent[name] = Missing(reason, "E117")
        elif np.ptp(values) == 0:
            absent[name] = Missing(f"the signal of the region is {values[0]:g} throughout", "E118")
    default = [atlas.names[i] for i in atlas.members("default")]
    for regions, which in ((default, "default-mode regions"), (list(atlas.names), "regions")):
        if regions and all(name in absent for name in regions):
            msg = f"all {len(regions)} {which} are absent: {absent[regions[0]].reason}."
            raise DefaultModeError("E302", msg)
    return absent


def _usable(files: RunFiles, n_time: int) -> NDArray[np.bool_] | None:
    """Usable frames at full length, None where nobody marked any."""
    path = beside(files.signal, "outliers")
    if path is None:
        return None
    marks = numbers(read_text_table(path), path)
    if not np.isin(marks, (0, 1)).all():
        raise DefaultModeError("E134", f"{path} holds other values than 0 and 1.")
    usable: NDArray[np.bool_] = np.logical_not((marks == 1).any(axis=1))
    if n_time not in {len(usable), int(usable.sum())}:
        msg = (
            f"{path} has {len(usable)} rows, {int(usable.sum())} of them not outliers; "
            f"the series has {n_time} frames."
        )
        raise DefaultModeError("E204", msg)
    return usable


def _put_back(kept: Array, usable: NDArray[np.bool_]) -> Array:
    """The series at full length; a frame that was left out takes its neighbours' interpolation."""
    time = np.arange(len(usable))
    return np.column_stack([np.interp(time, time[usable], column) for column in kept.T])


def _processing(files: RunFiles, signal: Array) -> tuple[Processing, tuple[str, ...]]:
    processing = processing_from_sidecar(files.sidecar)
    present = signal[:, np.isfinite(signal).all(axis=0)]
    mean, sd = np.abs(present.mean(axis=0)), _sd_about_line(present)
    if processing.demeaned or np.median(mean - LOWEST_MEAN_IN_SD * sd) >= 0:
        return processing, ()
    note = (
        f"the mean of the median region is below {LOWEST_MEAN_IN_SD:g} of its standard deviations: "
        "the signal is taken as demeaned although the sidecar does not say so, and has no percent "
        "scale"
    )
    return replace(processing, demeaned=True), (note,)


def _sd_about_line(signal: Array) -> Array:
    # Scanner drift is no sign of a small mean.
    time = np.linspace(-1.0, 1.0, len(signal))
    level = signal - signal.mean(axis=0)
    left = level - np.outer(time, time @ level / (time @ time))
    return np.asarray(left.std(axis=0))


def _motion(files: RunFiles, n_time: int) -> Motion | None:
    path = beside(files.signal, "motion") or files.confounds
    return head_motion(read_confounds(path, n_time), path) if path else None
