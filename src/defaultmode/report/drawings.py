"""The figures of the page, each with its words and its numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.figure import Figure

from defaultmode.core.missing import Missing
from defaultmode.core.study import KEYS, Column
from defaultmode.figures import (
    Category,
    Effect,
    Pair,
    Panel,
    forest,
    global_signal,
    lean_svg,
    motion,
    points,
)
from defaultmode.report.choosing import (
    BETWEEN,
    MOST_ATLASES,
    MOST_PRESETS,
    MOVEMENT,
    WITHIN,
    atlases,
    categories,
    drawn_measures,
    factors,
    leading_presets,
    measured,
    of_atlas,
    preset_labels,
    preset_pairs,
)
from defaultmode.report.nouns import Page
from defaultmode.report.summaries import FEWEST_FOR_INTERVAL, correlation, person_summary
from defaultmode.report.tables import comparison_of, effects_of, size_of
from defaultmode.report.writing import NO_MARKS, Marks, plain, shown

MOST_FORESTS = 6
KIND_ORDER = ("interaction", "paired", "group", "correlation")


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """A figure ready for the page, its alt text inside the picture; two narrow ones share a line.

    frame : its numbers, None where only tables and files hold them; file : of the output folder
    marks : what of the study it shows, by which the page's filters know it
    """

    name: str
    picture: Markup
    caption: str
    frame: pd.DataFrame | None
    narrow: bool = False
    file: str = ""
    marks: Marks = NO_MARKS


def drawing(
    name: str, figure: Figure, frame: pd.DataFrame | None, *, alt: str, caption: str
) -> Drawing:
    """A figure with its words and numbers."""
    return Drawing(name, Markup(lean_svg(figure, label=alt)), caption, frame)


def _panel(table: pd.DataFrame, column: Column, label: str, shades: dict[str, int]) -> Panel | None:
    rows = table[table[column.name].notna() & table["category"].notna()]
    if rows.empty:
        return None
    made = []
    for category in pd.unique(table["category"].dropna()):
        part = rows[rows["category"] == category]
        if len(part):
            mean, interval = person_summary(part["participant_id"], part[column.name])
            people = tuple(part["participant_id"].astype(str))
            values = part[column.name].to_numpy(np.float64)
            made.append(Category(category, people, values, mean, interval, shades[category]))
    return Panel(label, tuple(made))


def _shades(table: pd.DataFrame, first: str) -> dict[str, int]:
    """Colour and shape of each category: one for each level of its first factor."""
    known = table[table["category"].notna()]
    pairs = known[["category", first]].drop_duplicates() if first else known[["category"]]
    levels = list(pd.unique(pairs[first])) if first else []
    return {
        str(row["category"]): levels.index(row[first]) if first else 0
        for row in pairs.to_dict("records")
    }


def _in_words(panel: Panel) -> str:
    said = [
        f"{c.label} {shown(c.mean)}"
        + ("" if isinstance(c.interval, Missing) else f" ({' to '.join(map(shown, c.interval))})")
        for c in panel.categories
    ]
    return f"{panel.title}: {', '.join(said)}."


def clouds(page: Page) -> list[Drawing]:
    """Every recording as a point, by session and by group, for the measures that are drawn."""
    chosen, labels = factors(page), preset_labels(page.study)
    drawn = []
    for atlas in atlases(page.study)[:MOST_ATLASES]:
        table = of_atlas(page.study, atlas)
        table = table.assign(category=categories(table, chosen.names))
        table = table.sort_values(list(chosen.between), kind="stable") if chosen.between else table
        shades = _shades(table, chosen.names[0] if chosen.names else "")
        for measure in drawn_measures(page.study):
            columns = _two_presets(measured(page.study)[measure])
            made = (_panel(table, c, labels[c.denoise], shades) for c in columns)
            panels = [p for p in made if p]
            if panels:
                drawn.append(_cloud(table, columns, panels, chosen.names))
    return drawn


def _two_presets(presets: Mapping[str, Column]) -> list[Column]:
    """The first preset, and the same with global signal regression or the next one."""
    first = list(dict.fromkeys([*leading_presets(presets), *presets]))[:2]
    return [presets[name] for name in first]


def _cloud(
    table: pd.DataFrame, columns: list[Column], panels: list[Panel], names: tuple[str, ...]
) -> Drawing:
    first = columns[0]
    atlas = str(table["atlas"].iloc[0]) if "atlas" in table else ""
    shown_points = sum(len(c.values) for p in panels for c in p.categories)
    possible = len(table) * len(panels)
    caption = (
        f"{first.sentence} Each point is one recording, each thin line one person; the bar is the "
        f"mean over people with its 95 % interval (from {FEWEST_FOR_INTERVAL} people on). Two "
        "presets at most are drawn; study.tsv holds every one."
    )
    if shown_points < possible:
        caption += f" {possible - shown_points} of {possible} values are missing (see below)."
    title = plain(first.measure) + (f", {atlas}" if atlas else "")
    figure = points(panels, unit=first.unit, title=title)
    kept = list(dict.fromkeys([*_keys(table), *names, "category", *(c.name for c in columns)]))
    alt = f"Points: {title}, mean and 95 % interval. {' '.join(_in_words(p) for p in panels)}"
    name = f"points-{first.measure}-{atlas}".strip("-")
    drawn = drawing(name, figure, table[kept], alt=alt, caption=caption)
    widest = max(len(p.categories) for p in panels)
    return replace(drawn, narrow=len(panels) <= 2 and widest <= 2)


def _effect(row: dict[str, object], labels: Mapping[str, str]) -> Effect:
    value, low, high = (float(row[k]) for k in ("value", "ci_low", "ci_high"))  # type: ignore[arg-type]
    reason = str(row.get("reason") or "no value")
    return Effect(
        plain(str(row["measure"] or row["outcome"])),
        labels.get(str(row["denoise"]), str(row["denoise"])),
        value if np.isfinite(value) else Missing(reason),
        (low, high) if np.isfinite([low, high]).all() else Missing(reason),
        f"n = {size_of(row)}",
    )


def forests(page: Page) -> tuple[list[Drawing], int]:
    """Effects of the drawn measures under every preset, and how many comparisons are not drawn."""
    frame = effects_of(page)
    if frame.empty:
        return [], 0
    measures, labels = drawn_measures(page.study), preset_labels(page.study)
    wanted = frame[frame["measure"].isin(measures)]
    keys = ["kind", "factor", "contrast", "atlas", "statistic"]
    groups = [(key, part) for key, part in wanted.groupby(keys, sort=False, dropna=False)]
    groups = [(key, part) for key, part in groups if part["value"].notna().any()]
    groups.sort(key=lambda g: KIND_ORDER.index(g[0][0]) if g[0][0] in KIND_ORDER else 9)
    drawn = []
    for i, ((_, _, _, atlas, statistic), part) in enumerate(groups[:MOST_FORESTS]):
        order = part["measure"].map(measures.index)
        rows = part.assign(order=order).sort_values("order", kind="stable").drop(columns="order")
        records = [{str(k): v for k, v in r.items()} for r in rows.to_dict("records")]
        effects = [_effect(r, labels) for r in records]
        title = comparison_of(records[0]) + (f", {atlas}" if str(atlas) else "")
        figure = forest(effects, statistic=str(statistic), title=title)
        said = "; ".join(f"{e.measure}, {e.preset}: {shown(e.value)}" for e in effects)
        alt = f"Forest plot of {title}, {statistic}. {said}."
        caption = (
            "Each row is a denoising preset; an interval that meets the dashed line includes 0."
        )
        drawn.append(drawing(f"forest-{i + 1}", figure, rows, alt=alt, caption=caption))
    return drawn, max(0, len(groups) - MOST_FORESTS)


def motions(page: Page) -> list[Drawing]:
    """Framewise displacement against connectivity, one for each atlas; none without motion."""
    found = (_motion(page, atlas) for atlas in atlases(page.study)[:MOST_ATLASES])
    return [drawn for drawn in found if drawn]


def _motion(page: Page, atlas: str) -> Drawing | None:
    known, labels = measured(page.study), preset_labels(page.study)
    moved = known.get(MOVEMENT, {})
    table = of_atlas(page.study, atlas)
    drawn, frames, words = [], [], []
    for preset, column in list(known.get(WITHIN, {}).items())[:MOST_PRESETS]:
        movement = moved.get(preset) or next(iter(moved.values()), None)
        if movement is None:
            return None
        pair = [movement.name, column.name]
        rows = table[table[pair].notna().all(axis=1)]
        if rows.empty:
            continue
        x, y = rows.groupby("participant_id")[pair].mean().to_numpy(np.float64).T
        drawn.append((labels[preset], x, y))
        words.append(f"{labels[preset]}: {correlation(x, y)}")
        named = rows[pair].set_axis(["framewise_displacement_mm", "connectivity"], axis=1)
        frames.append(rows[_keys(rows)].assign(denoise=preset).join(named))
    if not drawn:
        return None
    figure = motion(
        drawn,
        x_label="mean framewise displacement (mm)",
        y_label="within-DMN Fisher z",
        title="Head motion and connectivity" + (f", {atlas}" if atlas else ""),
    )
    caption = (
        "Each point is one person, the mean over their recordings. A slope here means that "
        "movement, not the brain, may drive a difference. " + " ".join(words)
    )
    alt = f"Framewise displacement against within-DMN connectivity. {' '.join(words)}"
    frame = pd.concat(frames, ignore_index=True)
    return drawing(f"motion-{atlas}".strip("-"), figure, frame, alt=alt, caption=caption)


def global_signals(page: Page) -> list[Drawing]:
    """Default mode against task-positive with and without global signal regression, by atlas."""
    found = (_global_signal(page, atlas) for atlas in atlases(page.study)[:MOST_ATLASES])
    return [drawn for drawn in found if drawn]


def _global_signal(page: Page, atlas: str) -> Drawing | None:
    columns = measured(page.study).get(BETWEEN, {})
    table = of_atlas(page.study, atlas)
    pairs, frames, words = [], [], []
    for before, after in preset_pairs(columns)[:3]:
        names = [columns[before].name, columns[after].name]
        rows = table[table[names].notna().all(axis=1)]
        if rows.empty:
            continue
        people = tuple(rows["participant_id"].astype(str))
        kept, removed = (rows[n].to_numpy(np.float64) for n in names)
        pairs.append(Pair(before, after, people, kept, removed))
        means = rows.groupby("participant_id")[names].mean()
        words += [_sign_words(p, means[n]) for p, n in zip((before, after), names, strict=True)]
        frames.append(rows[_keys(rows) + names])
    if not pairs:
        return None
    title = "DMN to task-positive" + (f", {atlas}" if atlas else "")
    figure = global_signal(pairs, unit="Fisher z", title=title)
    caption = (
        "Each line is one recording; the counts are of people, each with the mean over their "
        "recordings. Removing the global signal forces the correlations of a region to sum to "
        "about zero or less: a negative value after it is no evidence of opposition. "
    )
    alt = f"Fisher z, {title}, with and without global signal regression. {' '.join(words)}"
    frame = pd.concat(frames, ignore_index=True)
    name = f"global-signal-{atlas}".strip("-")
    drawn = drawing(name, figure, frame, alt=alt, caption=caption + " ".join(words))
    return replace(drawn, narrow=len(pairs) == 1)


def _sign_words(preset: str, means: pd.Series) -> str:
    """Mean over people, and how many of them are negative."""
    negative = int((means < 0).sum())
    mean = shown(float(means.mean()))
    return f"{preset}: mean {mean}, negative in {negative} of {len(means)} people."


def _keys(table: pd.DataFrame) -> list[str]:
    return [k for k in KEYS if k in table]
