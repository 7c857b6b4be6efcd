"""The figures of the section on quality."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array
from defaultmode.core.study import KEYS, Column
from defaultmode.figures import Category, Panel, points
from defaultmode.figures.qc_fc import QcFcPanel, qc_fc_figure
from defaultmode.report.choosing import (
    MOST_ATLASES,
    MOST_PRESETS,
    MOVEMENT,
    atlases,
    categories,
    factors,
    measured,
    of_atlas,
    preset_labels,
)
from defaultmode.report.drawings import Drawing, drawing, motions
from defaultmode.report.nouns import Page
from defaultmode.report.quality_nouns import MotionDependence
from defaultmode.report.summaries import person_summary
from defaultmode.report.writing import plain, shown
from defaultmode.statistics.qc_fc import QcFc

BINS = np.linspace(-1, 1, 41)
LENGTHS = 10  # groups of connections of like length
CENSORED = "censored_share"


def moved_drawings(page: Page) -> list[Drawing]:
    """Motion of each run by group and session, and against connectivity; none without motion."""
    found = [
        drawn
        for atlas in atlases(page.study)[:1]  # the same runs moved as much in every atlas
        for measure in (MOVEMENT, CENSORED)
        if (drawn := _moved(page, atlas, measure))
    ]
    return [*found, *motions(page)]


def _moved(page: Page, atlas: str, measure: str) -> Drawing | None:
    chosen, labels = factors(page), preset_labels(page.study)
    columns = list(measured(page.study).get(measure, {}).values())
    columns = columns[:1] if measure == MOVEMENT else columns[:2]
    table = of_atlas(page.study, atlas)
    table = table.assign(category=categories(table, chosen.names))
    columns = [c for c in columns if table[c.name].nunique() > 1]  # all alike: nothing to see
    panels = [p for c in columns if (p := _panel(table, c, labels, alone=measure == MOVEMENT))]
    if not panels:
        return None
    title = plain(measure)
    said = "; ".join(
        f"{panel.title}, {c.label}: {shown(c.mean)}" for panel in panels for c in panel.categories
    )
    kept = [*(k for k in KEYS if k in table), "category", *(c.name for c in columns)]
    drawn = drawing(
        f"quality-{measure}",
        points(panels, unit=columns[0].unit, title=title),
        table[kept],
        alt=f"Points: {title} of each recording. Means: {said}.",
        caption=f"{columns[0].sentence} Each point is one recording.",
    )
    widest = max(len(p.categories) for p in panels)
    return replace(drawn, narrow=len(panels) <= 2 and widest <= 2)


def _panel(
    table: pd.DataFrame, column: Column, labels: Mapping[str, str], *, alone: bool
) -> Panel | None:
    made = []
    known = table[table[column.name].notna() & table["category"].notna()]
    shades: dict[str, int] = {}  # one for each level of the first factor
    for label, part in known.groupby("category", sort=False):
        mean, interval = person_summary(part["participant_id"], part[column.name])
        people = tuple(part["participant_id"].astype(str))
        values = part[column.name].to_numpy(np.float64)
        shade = shades.setdefault(str(label).split(" · ")[0], len(shades))
        made.append(Category(str(label), people, values, mean, interval, shade))
    title = "every preset" if alone else labels[column.denoise]
    return Panel(title, tuple(made)) if made else None


def dependence_drawings(
    found: Sequence[MotionDependence], labels: Mapping[str, str]
) -> list[Drawing]:
    """QC–FC of each atlas: one row for each preset."""
    drawn = []
    for atlas in list(dict.fromkeys(d.atlas for d in found))[:MOST_ATLASES]:
        known = [
            (labels.get(d.denoise, d.denoise), d.found, d.distance_mm)
            for d in found
            if d.atlas == atlas and not isinstance(d.found, Missing)
        ][:MOST_PRESETS]
        if known:
            panels = [_qc_fc_panel(*one) for one in known]
            drawn.append(_dependence(atlas, panels, known[0][1].n))
    return drawn


def _dependence(atlas: str, panels: Sequence[QcFcPanel], n: int) -> Drawing:
    frame = pd.concat(
        [
            pd.DataFrame(
                {"denoise": p.title, "r_from": p.edges[:-1], "share": p.share, "chance": p.chance}
            )
            for p in panels
        ],
        ignore_index=True,
    )
    return drawing(
        f"qc-fc-{atlas}",
        qc_fc_figure(panels),
        frame,
        alt=f"Distribution over connections of their correlation with head motion, {atlas}.",
        caption=(
            f"{atlas}, n = {n} people: correlation over people of each connection with mean "
            "framewise displacement. Dashed: what unrelated numbers would give. A slope against "
            "distance is the signature of motion: it strengthens short connections most."
        ),
    )


def _qc_fc_panel(title: str, found: QcFc, distance_mm: Array) -> QcFcPanel:
    r = found.r[np.isfinite(found.r)]
    share = np.histogram(r, BINS)[0] / len(r)
    return QcFcPanel(title, BINS, share, _chance(found.n), *_by_length(found.r, distance_mm))


def _chance(n: int) -> Array:
    """Share of each bin of r among n pairs of unrelated normal numbers."""
    from scipy.stats import t

    inside = np.clip(BINS, -1 + 1e-12, 1 - 1e-12)
    cumulated: Array = t.cdf(inside * np.sqrt((n - 2) / (1 - inside**2)), n - 2)
    return np.diff(cumulated)


def _by_length(r: Array, distance_mm: Array) -> tuple[Array, Array, Array, Array]:
    """Mean length, median and quartiles of r of connections in tenths by length."""
    known = np.isfinite(r) & np.isfinite(distance_mm)
    if known.sum() < LENGTHS:
        none = np.zeros(0)
        return none, none, none, none
    order = np.argsort(distance_mm[known], kind="stable")
    parts = np.array_split(np.column_stack([distance_mm, r])[known][order], LENGTHS)
    lengths = np.array([part[:, 0].mean() for part in parts])
    low, middle, high = np.array([np.quantile(p[:, 1], [0.25, 0.5, 0.75]) for p in parts]).T
    return lengths, middle, low, high
