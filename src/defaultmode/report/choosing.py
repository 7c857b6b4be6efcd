"""Which measures, presets, factors and recordings a page draws; what it lists is never cut."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from defaultmode.core.study import KEYS, Column, Study
from defaultmode.report.nouns import Page

WITHIN = "within_default_mode"
BETWEEN = "default_mode_task_positive"
SHARE = "default_mode_membership"
ALSO_DRAWN = ("boundary_contrast", "segregation_default_mode")
MOVEMENT = "framewise_displacement_mean"
GSR = "+GSR"
MOST_MEASURES, MOST_PRESETS, MOST_LEVELS, MOST_ATLASES = 4, 6, 8, 3
ABSENT = ("", "n/a")
# Which column names the groups: what a study was made for comes before who its people are.
ABOVE = ("group", "arm", "treatment", "diagnosis", "condition")
BELOW = ("gender", "sex", "scanner", "site")


def measured(study: Study) -> dict[str, dict[str, Column]]:
    """Measure → preset → column, in table order."""
    found: dict[str, dict[str, Column]] = {}
    for column in study.columns.values():
        if column.measure and column.kind == "number":
            found.setdefault(column.measure, {})[column.denoise] = column
    return found


def displacement(study: Study) -> pd.Series:
    """Mean framewise displacement in mm of each run that has it under any preset, by its keys."""
    columns = [c.name for c in measured(study).get(MOVEMENT, {}).values()]
    if not columns:
        return pd.Series(dtype=np.float64)
    values = study.table.set_index(list(KEYS))[columns].bfill(axis=1).iloc[:, 0]
    return values.dropna()


def drawn_measures(study: Study) -> list[str]:
    """The few measures that are drawn: the network itself, its rival, their boundary."""
    known = [name for name in (WITHIN, BETWEEN, *ALSO_DRAWN) if name in measured(study)]
    others = [c.measure for c in study.named(role="measure", kind="number") if c.measure]
    return list(dict.fromkeys([*known, *([] if known else others)]))[:MOST_MEASURES]


def preset_pairs(presets: Mapping[str, Column]) -> list[tuple[str, str]]:
    """Presets that differ in nothing but global signal regression, the one that keeps it first."""
    return [
        (name, name + GSR)
        for name, column in presets.items()
        if name + GSR in presets
        and not column.global_signal_removed
        and presets[name + GSR].global_signal_removed
    ]


def leading_presets(presets: Mapping[str, Column]) -> list[str]:
    """The presets of a narrow table: the first, and the same with global signal regression."""
    pairs = preset_pairs(presets)
    return list(pairs[0]) if pairs else list(presets)[:1]


def preset_labels(study: Study) -> dict[str, str]:
    """Preset → its name, with a word on global signal regression where the name says none."""
    removed = {c.denoise for c in study.columns.values() if c.measure and c.global_signal_removed}
    known = dict.fromkeys(c.denoise for c in study.columns.values() if c.measure)
    return {d: f"{d} (with GSR)" if d in removed and not d.endswith(GSR) else d for d in known}


def atlases(study: Study) -> list[str]:
    """Atlases of the recordings in order of appearance; one empty name where none is stated."""
    if "atlas" not in study.table:
        return [""]
    return [a for a in pd.unique(study.table["atlas"]) if a not in ABSENT] or [""]


def of_atlas(study: Study, atlas: str) -> pd.DataFrame:
    """Rows of one atlas; every row where the name is empty."""
    return study.table[study.table["atlas"] == atlas] if atlas else study.table


def recorded(study: Study) -> NDArray[np.bool_]:
    """Rows that hold at least one measured number, shape (n_rows,)."""
    names = [c.name for c in study.columns.values() if c.measure]
    if not names:
        return np.zeros(len(study.table), dtype=bool)
    return np.asarray(study.table[names].notna().any(axis=1), dtype=np.bool_)


def n_recordings(table: pd.DataFrame) -> int:
    """Number of recordings: one measured in two atlases is two rows and still one recording."""
    return len(table.drop_duplicates([k for k in KEYS if k != "atlas" and k in table]))


def _levels(table: pd.DataFrame, name: str) -> list[str]:
    if name not in table:
        return []
    return [str(v) for v in pd.unique(table[name].dropna()) if v not in ABSENT]


def _candidates(page: Page) -> list[str]:
    compared: list[str] = []
    for result in page.results:
        if {"factor", "kind"} <= set(result.table.columns):
            rows = result.table[result.table["kind"].isin(["group", "paired", "interaction"])]
            for text in pd.unique(rows["factor"].astype(str)):
                compared += [part.strip() for part in text.replace(":", "×").split("×")]
    stated = [c.name for c in page.study.named(role="design", kind="text")]
    return list(dict.fromkeys([*compared, "session_id", *stated]))


@dataclass(frozen=True, slots=True)
class Factors:
    """The columns that part the recordings: between people and within them."""

    between: tuple[str, ...]
    within: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Both, those between people first."""
        return self.between + self.within


def factors(page: Page) -> Factors:
    """Columns with two to eight levels that were compared, or that say session or condition."""
    table = page.study.table[recorded(page.study)]
    between: list[str] = []
    within: list[str] = []
    for name in _candidates(page):
        column = page.study.columns.get(name)
        if column is None or column.kind != "text":
            continue
        if not 2 <= len(_levels(table, name)) <= MOST_LEVELS:
            continue
        varies = table.groupby("participant_id")[name].nunique().max() > 1
        (within if varies else between).append(name)
    return Factors(tuple(sorted(between, key=_rank)[:1]), tuple(within[:2]))


def _rank(name: str) -> int:
    """Negative for a column that names groups, positive for one that describes people."""
    known = name.casefold()
    if known in ABOVE:
        return ABOVE.index(known) - len(ABOVE)
    return BELOW.index(known) + 1 if known in BELOW else 0


def categories(table: pd.DataFrame, names: Iterable[str]) -> pd.Series:
    """Name of each row's column of points, missing where a factor is; levels joined by " · "."""
    chosen = list(names)
    if not chosen:
        return pd.Series("all recordings", index=table.index)
    parts = table[chosen].astype(str)
    known = ~parts.isin(ABSENT).any(axis=1) & table[chosen].notna().all(axis=1)
    joined = parts.apply(lambda row: " · ".join(v.removeprefix("ses-") for v in row), axis=1)
    return joined.where(known)
