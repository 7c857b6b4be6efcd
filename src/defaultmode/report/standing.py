"""Where one person lies among the people of the study: a number, a percentile and a strip."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from defaultmode.core.recording import Array
from defaultmode.core.study import KEYS, Column, Study
from defaultmode.report.choosing import (
    MOVEMENT,
    atlases,
    drawn_measures,
    leading_presets,
    measured,
    of_atlas,
    preset_labels,
)
from defaultmode.report.strokes import ticks
from defaultmode.report.writing import NOT_THERE, plain, shown

WIDTH, HEIGHT = 240, 10  # units of a strip
MOST_TICKS = 31
QUALITY = (MOVEMENT, "censored_share", "usable_s")


@dataclass(frozen=True, slots=True)
class Standing:
    """One measure of one person.

    values : of each run, as text; mean : over the runs; percentile : of that mean among n people,
    empty where all are alike
    others, own : strokes of the strip, the people of the study and the runs of this person;
    low, high : the values at its ends; leading : drawn first
    """

    measure: str
    preset: str
    unit: str
    values: tuple[str, ...]
    mean: str
    percentile: str
    n: int
    others: str
    own: str
    low: str
    high: str
    leading: bool


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """How one measure spreads over the people of one atlas.

    means, percentiles : participant → mean over their runs, and where it lies; low, high : of all
    runs; others : strokes of the means, or of MOST_TICKS quantiles of them
    """

    column: Column
    preset: str
    means: Mapping[str, float]
    percentiles: Mapping[str, float]
    low: float
    high: float
    others: str
    leading: bool


def spreads(study: Study) -> dict[str, list[Spread]]:
    """Atlas → how each measure spreads over people, the few that are drawn first."""
    chosen = list(_chosen(study))
    labels = preset_labels(study)
    return {
        atlas: [
            spread
            for column, leading in chosen
            if (spread := _spread(of_atlas(study, atlas), column, labels, leading=leading))
        ]
        for atlas in atlases(study)
    }


def _chosen(study: Study) -> Iterator[tuple[Column, bool]]:
    """The drawn measures and those of quality under both leading presets; the others under one."""
    known = measured(study)
    first = [*drawn_measures(study), *(name for name in QUALITY if name in known)]
    for name in first:
        presets = leading_presets(known[name])
        for preset in presets[:1] if name in QUALITY else presets:
            yield known[name][preset], True
    for name, columns in known.items():
        if name not in first:
            yield columns[leading_presets(columns)[0]], False


def _spread(
    table: pd.DataFrame, column: Column, labels: Mapping[str, str], *, leading: bool
) -> Spread | None:
    values = table[column.name].dropna()
    if values.empty:
        return None
    means = values.groupby(table.loc[values.index, "participant_id"]).mean()
    percentiles = 100 * (means.rank() - 0.5) / len(means)
    low, high = float(values.min()), float(values.max())
    quantiles = np.quantile(means, np.linspace(0, 1, min(len(means), MOST_TICKS)))
    return Spread(
        column=column,
        preset=labels[column.denoise],
        means={str(person): float(v) for person, v in means.items()},
        percentiles={str(person): float(v) for person, v in percentiles.items()},
        low=low,
        high=high,
        others=_strokes(quantiles, low, high),
        leading=leading,
    )


def _strokes(values: Array, low: float, high: float) -> str:
    """Values as strokes of a strip."""
    known = values[np.isfinite(values)]
    return ticks((known - low) / ((high - low) or 1.0) * WIDTH, height=HEIGHT)


def standings(found: Sequence[Spread], rows: pd.DataFrame) -> list[Standing]:
    """Each measure of one person; rows : of that person, in one atlas."""
    person = str(rows["participant_id"].iloc[0])
    columns = rows[[spread.column.name for spread in found]].to_numpy(np.float64).T
    made = []
    for spread, values in zip(found, columns, strict=True):
        if person in spread.means:
            made.append(
                Standing(
                    measure=plain(spread.column.measure),
                    preset=spread.preset,
                    unit=spread.column.unit,
                    values=tuple(map(shown, values)),
                    mean=shown(spread.means[person]),
                    percentile=f"{spread.percentiles[person]:.0f}"
                    if spread.high > spread.low
                    else "",
                    n=len(spread.means),
                    others=spread.others,
                    own=_strokes(values, spread.low, spread.high),
                    low=shown(spread.low),
                    high=shown(spread.high),
                    leading=spread.leading,
                )
            )
    return made


def numbers_of(study: Study, person: str) -> pd.DataFrame:
    """Every number of one person, one row for each measure and preset, a column for each run."""
    rows = study.table[study.table["participant_id"] == person]
    columns = [c for c in study.columns.values() if c.measure]
    values = rows[[c.name for c in columns]].to_numpy(np.float64).T
    known = np.isfinite(values).any(axis=1)
    kept = [c for c, there in zip(columns, known, strict=True) if there]
    head = {
        "measure": [c.measure for c in kept],
        "denoise": [c.denoise for c in kept],
        "unit": [c.unit for c in kept],
    }
    names = [" ".join(v for v in map(str, r) if v != NOT_THERE) for r in _runs(rows)]
    return pd.concat([pd.DataFrame(head), pd.DataFrame(values[known], columns=names)], axis=1)


def _runs(rows: pd.DataFrame) -> list[tuple[object, ...]]:
    return list(map(tuple, rows[[k for k in KEYS if k != "participant_id"]].to_numpy()))
