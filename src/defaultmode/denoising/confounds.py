"""Which columns of a confounds table a preset removes, and their values."""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array, Recording
from defaultmode.denoising.presets import Preset, Regressors

# The first frame has no predecessor, so whatever looks back has no value there.
LOOKS_BACK = ("*_derivative1", "*_derivative1_power2", "framewise_displacement", "*dvars", "rmsd")


def columns_of(recording: Recording, preset: Preset) -> tuple[str, ...] | Missing:
    """Names of the columns the preset removes, in its order, each once.

    Missing with code E205 when a column, or one of the components asked for, is not in the table:
    never fewer than the preset says.
    """
    chosen: dict[str, None] = {}
    for group in preset.regressors:
        found = _group_columns(recording, group)
        if isinstance(found, Missing):
            return found
        chosen.update(dict.fromkeys(found))
    return tuple(chosen)


def _group_columns(recording: Recording, group: Regressors) -> tuple[str, ...] | Missing:
    table = recording.confounds
    plain = [name for name in group.columns if not _is_pattern(name)]
    absent = [name for name in plain if name not in table]
    if absent:
        return _lacks(recording, ", ".join(absent))
    if len(plain) == len(group.columns):
        return tuple(plain)
    matching = _matching(list(table), group.columns)
    wanted = " or ".join(group.columns)
    if group.mask and not matching:
        matching = _components_of_mask(recording, group.mask)
        wanted += f" (or a_comp_cor_* drawn from the mask {group.mask} by the JSON sidecar)"
    if len(matching) < max(group.count, 1):
        return _lacks(recording, f"{wanted}: {max(group.count, 1)} needed, {len(matching)} found")
    return tuple(matching[: group.count or None])


def _is_pattern(name: str) -> bool:
    return any(sign in name for sign in "*?[")


def _lacks(recording: Recording, what: str) -> Missing:
    table = (
        "the confounds table lacks" if recording.confounds else "there is no confounds table with"
    )
    return Missing(f"{table} {what}", "E205")


def _matching(names: list[str], patterns: tuple[str, ...]) -> list[str]:
    found = [name for name in names if any(fnmatchcase(name, p) for p in patterns)]
    return sorted(found, key=_number)


def _number(name: str) -> tuple[str, int]:
    # a_comp_cor_100 comes after a_comp_cor_99: components are ranked by number, not by spelling
    digits = re.search(r"(\d+)$", name)
    return (name[: digits.start()], int(digits[1])) if digits else (name, -1)


def _components_of_mask(recording: Recording, mask: str) -> list[str]:
    sidecar = recording.provenance.get("confounds_sidecar", {})
    entries = sidecar if isinstance(sidecar, Mapping) else {}
    return [
        name
        for name in _matching(list(recording.confounds), ("a_comp_cor_*",))
        if isinstance(entry := entries.get(name), Mapping) and entry.get("Mask") == mask
    ]


def values_of(recording: Recording, names: tuple[str, ...]) -> Array:
    """Those columns as an array (n_time, n_columns), in the table's own units.

    A first frame that has no value because the column looks back is 0 (as XCP-D does); raises E134
    where any other value is missing or not finite.
    """
    columns = [complete(name, recording.confounds[name]) for name in names]
    return np.column_stack(columns) if columns else np.empty((recording.n_time, 0))


def complete(name: str, column: Array) -> Array:
    """One series without gaps, shape (n_time,); the rule and the error of `values_of`."""
    values = np.array(column, dtype=np.float64)
    if np.isnan(values[0]) and any(fnmatchcase(name, pattern) for pattern in LOOKS_BACK):
        values[0] = 0.0
    broken = np.flatnonzero(~np.isfinite(values))
    if len(broken):
        where = f"frame {broken[0] + 1} of {len(values)}"
        msg = f"confound {name!r} has no finite value in {where}; a number is needed."
        raise DefaultModeError("E134", msg)
    return values
