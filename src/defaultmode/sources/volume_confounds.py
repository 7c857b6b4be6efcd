"""The confounds table of a run, as numbers on the run's own clock."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Motion
from defaultmode.sources.text_tables import numbers, read_text_table

DISPLACEMENT, DVARS = "framewise_displacement", "std_dvars"


def confounds_of(path: Path | None, n_time: int) -> tuple[dict[str, Array], Motion | None]:
    """Columns and head motion of a confounds table, empty and None without one; raises as below."""
    if path is None:
        return {}, None
    confounds = read_confounds(path, n_time)
    return confounds, head_motion(confounds, path)


def read_confounds(path: Path, n_time: int) -> dict[str, Array]:
    """Every column as float64 of shape (n_time,), NaN where the table says `n/a`.

    Raises E204 (not one row for each volume), E134 (a cell is not a finite number) and what
    `read_text_table` raises.
    """
    table = read_text_table(path)
    if len(table) != n_time:
        raise DefaultModeError("E204", f"{path} has {len(table)} rows; the run {n_time} volumes.")
    values = numbers(table, path)
    endless = np.argwhere(np.isinf(values))
    if len(endless):
        row, column = endless[0]
        msg = f"{path}, line {row + 2}, column {table.columns[column]!r} is infinite."
        raise DefaultModeError("E134", msg)
    return {str(name): values[:, i].copy() for i, name in enumerate(table.columns)}


def head_motion(confounds: Mapping[str, Array], path: Path) -> Motion | None:
    """Framewise displacement (mm) and standardised DVARS, 0 in the first volume where it is `n/a`.

    None where the table has no framewise displacement. Raises E134 where a later volume has none:
    a volume of unknown motion can be neither kept nor censored.
    """
    if DISPLACEMENT not in confounds:
        return None
    displacement_mm = _from_second(confounds[DISPLACEMENT], DISPLACEMENT, path)
    dvars = _from_second(confounds[DVARS], DVARS, path) if DVARS in confounds else None
    return Motion(displacement_mm, dvars)


def _from_second(values: Array, name: str, path: Path) -> Array:
    known = values.copy()
    if np.isnan(known[0]):
        known[0] = 0.0
    unknown = np.flatnonzero(np.isnan(known))
    if len(unknown):
        msg = f"{path}, line {unknown[0] + 2}: {name} is n/a; only the first volume's may be."
        raise DefaultModeError("E134", msg)
    return known
