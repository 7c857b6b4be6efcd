"""How active the default mode network is where something absolute was measured: flow or uptake."""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from defaultmode.core.recording import Array
from defaultmode.sources.activity_files import ActivityTable, find_activity, read_activity_file
from defaultmode.sources.clinical_files import ClinicalTable, notice
from defaultmode.sources.text_tables import MISSING

__all__ = ["ActivityTable", "find_activity", "network_columns", "read_activity_file"]
NETWORKS = {"default_mode": "default", "task_positive": "task-positive"}  # column → role
SUBGENUAL = ("subgenual", "sgacc")
UNSTATED_UNIT = "not stated"
LEAST_REGIONS = 2
LEAST_SHARE = 0.5  # under half of a network, its mean is of something else


def network_columns(activity: ActivityTable) -> ClinicalTable:
    """The means over networks of a table of regional activity, as columns that join a study.

    QUANTITY_default_mode and QUANTITY_task_positive in the unit of the table,
    QUANTITY_default_relative (default mode over the mean of all regions, unit "ratio"), and
    QUANTITY_subgenual where the atlas has such a region. All regions weigh the same. A mean is n/a
    with fewer than two or half of its regions (E302). Notices also say where the unit is not stated
    (E413) and where an activity is negative (E414), which is kept as it is.
    """
    atlas = activity.atlas
    members = {name: atlas.members(role) for name, role in NETWORKS.items()}
    means = {name: _means(activity.values, where) for name, where in members.items() if len(where)}
    whole = _means(activity.values, np.arange(len(atlas)))
    units = dict.fromkeys(means, activity.unit or UNSTATED_UNIT)
    if "default_mode" in means:
        above = np.where(whole > 0, whole, np.nan)
        means["default_relative"] = means["default_mode"] / above
        units["default_relative"] = "ratio"
    subgenual = _subgenual(activity)
    if len(subgenual):
        means["subgenual"] = _means(activity.values, subgenual, least=1)
        units["subgenual"] = activity.unit or UNSTATED_UNIT
    cells = {f"{activity.quantity}_{name}": _cells(values) for name, values in means.items()}
    rows = pd.concat(
        [activity.keys.reset_index(drop=True), pd.DataFrame(cells, dtype=object)], axis=1
    )
    described = {
        f"{activity.quantity}_{name}": {"LongName": _sentence(activity, name), "Units": unit}
        for name, unit in units.items()
    }
    notices = (*activity.notices, *_notices(activity, means))
    return ClinicalTable(
        activity.quantity, activity.source, activity.level, rows, described, notices
    )


def _means(values: Array, members: NDArray[np.intp], *, least: int = LEAST_REGIONS) -> Array:
    """Mean over regions in each row, (n_rows,), NaN where too few of them have a value."""
    ours = values[:, members]
    known = np.isfinite(ours)
    enough = known.sum(axis=1) >= max(least, math.ceil(LEAST_SHARE * len(members)))
    total = np.where(known, ours, 0.0).sum(axis=1)
    mean: Array = np.divide(total, known.sum(axis=1), out=np.full(len(ours), np.nan), where=enough)
    return mean


def _subgenual(activity: ActivityTable) -> NDArray[np.intp]:
    names = (" ".join((r.name, *r.aliases)).lower() for r in activity.atlas.regions)
    return np.flatnonzero([any(word in name for word in SUBGENUAL) for name in names])


def _cells(values: Array) -> list[str]:
    return [repr(float(v)) if np.isfinite(v) else MISSING for v in values]


def _sentence(activity: ActivityTable, name: str) -> str:
    of = f"{activity.quantity}, atlas {activity.atlas.name}"
    about = f" {activity.about}" if activity.about else ""
    sentences = {
        "default_mode": f"Mean over default-mode regions of {of}.",
        "task_positive": f"Mean over task-positive regions of {of}.",
        "default_relative": f"Mean over default-mode regions as a share of all regions of {of}.",
        "subgenual": f"Mean over subgenual regions of {of}.",
    }
    return sentences[name] + about


def _notices(activity: ActivityTable, means: dict[str, Array]) -> list[str]:
    found = []
    if not activity.unit:
        msg = f"{activity.source} states no Units, so that of its columns is {UNSTATED_UNIT!r}."
        found.append(notice("E413", msg))
    negative = activity.values < 0
    if negative.any():
        row, region = np.argwhere(negative)[0]
        who = " ".join(k for k in activity.keys.iloc[row] if k not in {"", MISSING})
        msg = (
            f"{activity.source}: {negative.sum()} values are below 0, such as "
            f"{activity.values[row, region]:g} in {activity.atlas.names[region]} of {who}; kept."
        )
        found.append(notice("E414", msg))
    for name, values in means.items():
        lost = int((~np.isfinite(values)).sum())
        if lost:
            msg = f"{activity.source}: {lost} rows have too few regions for {name}."
            found.append(notice("E302", msg))
    return found
