"""Mean connectivity of every group in every session, for the report's brain and matrices."""

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from defaultmode.core.atlas import Atlas
from defaultmode.core.study import KEYS
from defaultmode.denoising import all_presets
from defaultmode.outputs import FinishedRun, mean_fisher_z
from defaultmode.pipeline.run_traces import keys_of
from defaultmode.report import Page
from defaultmode.report.choosing import ABSENT, factors
from defaultmode.report.nouns import SessionConnectivity
from defaultmode.statistics import Design

Keys = tuple[str, ...]
Cell = tuple[str, str]  # group and session, empty where there are none to compare
Paths = dict[str, list[Path]]  # participant → correlation matrices


def sessions_connectivity(
    runs: Sequence[FinishedRun], page: Page, design: Design
) -> tuple[SessionConnectivity, ...]:
    """Mean Fisher z over people of each atlas, preset, group and session.

    page : its figures say which columns tell groups and sessions apart; design : the order of their
    levels, the reference first. A run whose group or session is unknown counts in none.
    """
    cells, order = _cells(page, design), list(all_presets())
    found: dict[tuple[str, int, Cell], Paths] = {}
    atlases: dict[str, Atlas] = {}
    for run in runs:
        cell = cells.get(tuple(keys_of(run).values()))
        if cell is None:
            continue
        atlas = str(run.description["atlas"])
        atlases.setdefault(atlas, run.atlas)
        for denoise, path in run.matrices.items():
            people = found.setdefault((atlas, order.index(denoise), cell), {})
            people.setdefault(run.participant, []).append(path)
    place = {cell: i for i, cell in enumerate(dict.fromkeys(cells.values()))}
    return tuple(
        SessionConnectivity(
            atlases[atlas], order[preset], *cell, len(people), mean_fisher_z(people)
        )
        for (atlas, preset, cell), people in sorted(
            found.items(), key=lambda item: (*item[0][:2], place[item[0][2]])
        )
    )


def _cells(page: Page, design: Design) -> dict[Keys, Cell]:
    """Keys of a run → its group and session, in the order of the levels of both."""
    table, chosen = page.study.table, factors(page)
    names = list(chosen.names)
    planned = {f.name: f.levels for f in (*design.between, *design.within)}
    columns = list(dict.fromkeys([*KEYS, *names]))
    known = table.loc[table[names].notna().all(axis=1), columns].astype(str)
    known = known[~known[names].isin(ABSENT).any(axis=1)]
    for name in names:
        levels = dict.fromkeys([*planned.get(name, ()), *known[name]])
        known[name] = pd.Categorical(known[name], list(levels))
    ordered = known.sort_values(names, kind="stable") if names else known
    return {
        tuple(row[key] for key in KEYS): (_said(row, chosen.between), _said(row, chosen.within))
        for row in ordered.to_dict("records")
    }


def _said(row: Mapping[Hashable, str], names: Sequence[str]) -> str:
    return " · ".join(row[name].removeprefix("ses-") for name in names)
