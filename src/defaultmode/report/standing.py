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
from defaultmode.statistics import design_of

WIDTH, HEIGHT = 240, 10  # units of a strip
MOST_TICKS = 31
FEWEST_PEOPLE = 10  # our own: with fewer, one person more moves a percentile by 10 points
QUALITY = (MOVEMENT, "censored_share", "usable_s")


@dataclass(frozen=True, slots=True)
class Standing:
    """One measure of one person.

    values : of each run, as text; mean : over the runs that are compared; percentile : of that mean
    among n people, or why there is none
    others, own : strokes of the strip, the people of the study and the runs of this person, those
    that are compared; low, high : the values at its ends; leading : drawn first
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

    at : column → level of the runs that are compared; means, percentiles : participant → mean over
    these runs, and where it lies; low, high : of these runs; others : strokes of the means, or of
    MOST_TICKS quantiles of them
    """

    column: Column
    preset: str
    at: Mapping[str, str]
    means: Mapping[str, float]
    percentiles: Mapping[str, float]
    low: float
    high: float
    others: str
    leading: bool


def spreads(study: Study, *, reference: Mapping[str, str] | None = None) -> dict[str, list[Spread]]:
    """Atlas → how each measure spreads over people, the few that are drawn first.

    Where people have several sessions or conditions, those of reference are compared.
    reference : column → level, where the design would take another
    """
    chosen = list(_chosen(study))
    at = {f.name: f.reference for f in design_of(study, reference=reference).baseline}
    labels = preset_labels(study)
    return {
        atlas: [
            spread
            for column, leading in chosen
            if (spread := _spread(alike, column, labels, at=at, leading=leading))
        ]
        for atlas in atlases(study)
        for alike in [_alike(of_atlas(study, atlas), at)]
    }


def _alike(table: pd.DataFrame, at: Mapping[str, str]) -> pd.DataFrame:
    """Rows of the sessions and conditions that are compared."""
    for name, level in at.items():
        table = table[table[name].astype(str) == level]
    return table


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
    table: pd.DataFrame,
    column: Column,
    labels: Mapping[str, str],
    *,
    at: Mapping[str, str],
    leading: bool,
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
        at=at,
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
    return [_standing(spread, rows) for spread in found if rows[spread.column.name].notna().any()]


def _standing(spread: Spread, rows: pd.DataFrame) -> Standing:
    person, name = str(rows["participant_id"].iloc[0]), spread.column.name
    own = _alike(rows, spread.at)[name].to_numpy(np.float64)
    return Standing(
        measure=plain(spread.column.measure),
        preset=spread.preset,
        unit=spread.column.unit,
        values=tuple(map(shown, rows[name])),
        mean=shown(spread.means.get(person)),
        percentile=_percentile(spread, person),
        n=len(spread.means),
        others=spread.others,
        own=_strokes(own, spread.low, spread.high),
        low=shown(spread.low),
        high=shown(spread.high),
        leading=spread.leading,
    )


def _percentile(spread: Spread, person: str) -> str:
    """Where the mean of a person lies, or why that is not said."""
    if person not in spread.means:
        return "no such run"
    if spread.low == spread.high:
        return "all alike"
    if len(spread.means) < FEWEST_PEOPLE:
        return "too few"
    return f"{spread.percentiles[person]:.0f}"


def compared_words(found: Mapping[str, Sequence[Spread]]) -> str:
    """Which runs are compared, such as "session ses-before"; empty where all are."""
    at = next((spread.at for measures in found.values() for spread in measures), {})
    return ", ".join(f"{name.removesuffix('_id')} {level}" for name, level in at.items())


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
