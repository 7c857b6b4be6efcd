"""Who are patients and who are controls: from the plan, a column, or scores before treatment."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.plan import Plan, unknown_column
from defaultmode.core.scales import all_scales
from defaultmode.core.study import Study
from defaultmode.statistics.design import text

Codes = NDArray[np.intp]
Texts = NDArray[np.object_]

PATIENTS, CONTROLS = "patients", "controls"
PLAN = "the plan"
PATIENT_WORDS = frozenset(
    [
        "mdd",
        "depr",
        "depressed",
        "depression",
        "depressive",
        "patient",
        "patients",
        "trd",
        "pat",
        "mdds",
    ]
)
CONTROL_WORDS = frozenset(
    [
        "hc",
        "nc",
        "hv",
        "control",
        "controls",
        "ctrl",
        "healthy",
        "con",
        "cn",
        "volunteer",
        "volunteers",
    ]
)
GROUP_WORDS = frozenset({"group", "diagnosis", "dx", "cohort", "population", "status"})


def groups_named(study: Study, plan: Plan, rows: Codes, notes: list[str]) -> Texts:
    """Patients and controls, from the plan, a column that names both, or one that is so called."""
    if plan.group and plan.group not in study.columns:
        raise unknown_column(plan.group, f"{PLAN}, group")
    texts = [c for c in study.named(kind="text") if c.level == "participant" and c.role != "key"]
    called = [c for c in texts if words_of(c.name) & GROUP_WORDS]
    for column in [study.columns[plan.group]] if plan.group else [*texts, *called]:
        values = text(study, column.name)
        levels = sorted({str(v) for v in values} - {""})
        found = {v: _side(v, column.levels.get(v, ""), plan) for v in levels}
        sides = set(found.values()) - {""}
        if len(sides) == 2 or plan.group or (sides and column in called):
            _check_levels(plan, levels)
            notes.append(f"{column.name} names the groups: {listed(found)}.")
            return np.array([found.get(str(v), "") for v in values], dtype=object)
    _check_levels(plan, [])
    if called:
        return np.full(len(study.table), "", dtype=object)
    return _by_severity(study, rows, notes)


def _check_levels(plan: Plan, levels: Sequence[str]) -> None:
    """Raises E436 for a level of the plan that the column of groups does not have."""
    for level in (*plan.patients, *plan.controls):
        if level not in levels:
            raise unknown_column(level, f"{PLAN}, patients and controls,")


def _by_severity(study: Study, rows: Codes, notes: list[str]) -> Texts:
    """Where no column names groups, people with a depression score above remission at first.

    rows : positions in the table of what was recorded before any treatment
    """
    found = np.full(len(study.table), "", dtype=object)
    who = text(study, "participant_id").astype(str)
    for column in study.named(kind="number"):
        scale = all_scales().get(column.scale)
        if column.construct != "depression" or scale is None or np.isnan(scale.remission):
            continue
        before = study.table.iloc[rows]
        highest = before.groupby(who[rows])[column.name].max()
        ill = set(highest.index[highest > scale.remission])
        if ill:
            notes.append(
                f"No column names groups: {len(ill)} people whose {column.name} was above "
                f"{scale.remission:g} (remission) before treatment are taken as patients."
            )
            return np.where(np.isin(who, sorted(ill)), PATIENTS, found)
    return found


def _side(level: str, described: str, plan: Plan) -> str:
    """Whether a level means people with depression or controls."""
    if plan.patients or plan.controls:
        return PATIENTS if level in plan.patients else CONTROLS if level in plan.controls else ""
    words = words_of(level) or words_of(described)
    for source in (words, words_of(described)):
        if source & PATIENT_WORDS:
            return PATIENTS
        if source & CONTROL_WORDS:
            return CONTROLS
    return ""


def words_of(name: str) -> set[str]:
    """The words of a name, in lower case."""
    return set(re.split(r"[\W_]+", name.lower())) - {""}


def listed(levels: Mapping[str, str]) -> str:
    """Levels with what they mean, in words."""
    return ", ".join(f"{level} = {meaning or 'neither'}" for level, meaning in levels.items())
