"""The section on the global signal: how large it is, what removing it does, its tie to motion."""

from dataclasses import replace

import numpy as np
import pandas as pd

from defaultmode.core.study import KEYS, Column
from defaultmode.figures import Scaled, motion, panel_grid
from defaultmode.report.choosing import (
    MOST_ATLASES,
    MOST_PRESETS,
    MOVEMENT,
    atlases,
    measured,
    of_atlas,
    preset_labels,
)
from defaultmode.report.chosen_effects import chosen_effects
from defaultmode.report.drawings import Drawing, drawing, global_signals
from defaultmode.report.nouns import Page
from defaultmode.report.panels import (
    CATEGORY,
    categorised,
    category_panel,
    panel_table,
    panel_words,
)
from defaultmode.report.section import Filled
from defaultmode.report.summaries import correlation
from defaultmode.report.writing import Table, counted

VARIANCE = "global_signal_variance"
MEASURES = (VARIANCE, "global_signal_amplitude", "global_signal_fraction")
IN_A_ROW = 3


def fill_global_signal(page: Page) -> Filled | None:
    """How large the global signal is and what its removal does; None where it was not measured."""
    columns = _kept(page)
    regressed = global_signals(page)
    if not measured(page.study).get(VARIANCE) and not regressed:
        return None
    found = atlases(page.study)[:MOST_ATLASES]
    return {
        "variances": [made for a in found if (made := _variance(page, columns, a))],
        "missing": _why_none(page),
        "regressed": regressed,
        "motions": [tied for a in found if (tied := _motion(page, columns, a))],
        "why_no_motion": _why_no_motion(page),
        "effects": chosen_effects(
            page, MEASURES, name="global-signal-effects", caption="Comparisons of the global signal"
        ),
        "cites": ["Power2017", "Yang2014", "Murphy2009"],
    }


def _kept(page: Page) -> list[Column]:
    """The variance under every preset that keeps the global signal."""
    known = measured(page.study).get(VARIANCE, {}).values()
    return [c for c in known if not c.global_signal_removed][:MOST_PRESETS]


def _variance(page: Page, columns: list[Column], atlas: str) -> tuple[Drawing, Table] | None:
    """Variance of the global signal by group and session, a panel for each preset."""
    table, labels = categorised(page, atlas), preset_labels(page.study)
    there = [c for c in columns if table[c.name].notna().any()]
    if not there:
        return None
    panels = [
        Scaled(category_panel(table, c.name, labels.get(c.denoise, c.denoise)), c.unit)
        for c in there
    ]
    rows = [panels[i : i + IN_A_ROW] for i in range(0, len(panels), IN_A_ROW)]
    words = " ".join(panel_words(one.panel, one.unit) for one in panels)
    picture = panel_grid(rows, title=f"Variance of the global signal, {atlas}".rstrip(", "))
    caption = (
        "Each point is one recording, the bar the mean over people with its 95 % interval. "
        "Before any z-scoring, in squared percent signal change."
    )
    kept = [*(k for k in KEYS if k in table), CATEGORY, *(c.name for c in there)]
    alt = f"Variance of the global signal by group and session. {words}"
    made = drawing(_name("variance", atlas), picture, table[kept], alt=alt, caption=caption)
    means = {one.panel.title: (one.panel, one.unit) for one in panels}
    caption = f"Variance of the global signal, {atlas}: means and 95 % intervals over people"
    return (
        replace(made, narrow=len(panels) == 1),
        panel_table(f"{made.name}-means", caption, means),
    )


def _name(what: str, atlas: str) -> str:
    return f"global-signal-{what}-{atlas}".rstrip("-")


def _why_none(page: Page) -> list[str]:
    """Why values of the variance are missing, each reason once, with how many it holds for."""
    rows = page.study.missing
    rows = rows[rows["what"].astype(str).str.split(", ").map(lambda names: VARIANCE in names)]
    if rows.empty:
        return []
    counts = rows.groupby(["denoise", "reason"], sort=False).size().reset_index()
    return [
        f"{denoise}: {reason} ({counted(n, 'recording')})"
        for denoise, reason, n in counts.itertuples(index=False, name=None)
    ]


def _motion(page: Page, columns: list[Column], atlas: str) -> Drawing | None:
    """Head motion against the size of the global signal, over people."""
    table, known = of_atlas(page.study, atlas), measured(page.study).get(MOVEMENT, {})
    labels = preset_labels(page.study)
    drawn, words, frames = [], [], []
    for column in columns:
        movement = known.get(column.denoise) or next(iter(known.values()), None)
        if movement is None:
            return None
        pair = [movement.name, column.name]
        rows = table[table[pair].notna().all(axis=1)]
        if rows.empty:
            continue
        x, y = rows.groupby("participant_id")[pair].mean().to_numpy(np.float64).T
        drawn.append((labels.get(column.denoise, column.denoise), x, y))
        words.append(f"{drawn[-1][0]}: {correlation(x, y)}")
        frames.append(rows[[*(k for k in KEYS if k in rows), *pair]])
    if not drawn:
        return None
    picture = motion(
        drawn,
        x_label="mean framewise displacement (mm)",
        y_label="variance of the global signal (%²)",
        title=f"Head motion and the global signal, {atlas}".rstrip(", "),
    )
    caption = (
        "Each point is one person, the mean over their recordings. Movement and breathing make "
        f"the global signal large, as the brain can. {' '.join(words)}"
    )
    frame = pd.concat(frames, ignore_index=True)
    alt = f"Framewise displacement against the variance of the global signal. {' '.join(words)}"
    return drawing(_name("motion", atlas), picture, frame, alt=alt, caption=caption)


def _why_no_motion(page: Page) -> str:
    """The sentence that stands where the tie to motion would."""
    rows = page.study.missing
    lost = rows[rows["what"].astype(str).str.contains("framewise_displacement")]
    why = str(lost["reason"].iloc[0]) if len(lost) else "No recording came with its head motion."
    return f"Its tie to head motion cannot be shown. {why}"
