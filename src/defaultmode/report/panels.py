"""The rows of a study by group and session, ready for a figure or a table."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from defaultmode.core.missing import Missing
from defaultmode.figures import Category, Panel
from defaultmode.report.choosing import categories, factors, of_atlas
from defaultmode.report.nouns import Page
from defaultmode.report.summaries import person_summary
from defaultmode.report.writing import MINUS, NOT_THERE, Cell, Table, figure, word

CATEGORY, SHADE = "category", "shade"


def categorised(page: Page, atlas: str) -> pd.DataFrame:
    """Rows of an atlas with the column of points they belong to, and the colour of its group."""
    chosen = factors(page)
    table = of_atlas(page.study, atlas)
    if chosen.between:
        table = table.sort_values(list(chosen.between), kind="stable")
    table = table.assign(category=categories(table, chosen.names))
    first = chosen.names[0] if chosen.names else ""
    levels = pd.factorize(table[first])[0] if first else np.zeros(len(table), dtype=np.intp)
    return table.assign(shade=levels)[table[CATEGORY].notna()]


def category_panel(table: pd.DataFrame, column: str, title: str) -> Panel:
    """One column of points for each category that has values; table : as from `categorised`."""
    rows = table[table[column].notna()]
    made = []
    for label in pd.unique(rows[CATEGORY]):
        part = rows[rows[CATEGORY] == label]
        mean, interval = person_summary(part["participant_id"], part[column])
        people = tuple(part["participant_id"].astype(str))
        values = part[column].to_numpy(np.float64)
        made.append(Category(label, people, values, mean, interval, int(part[SHADE].iloc[0])))
    return Panel(title, tuple(made))


def brief(value: float) -> str:
    """A number with three digits that count."""
    text = f"{value:#.3g}".rstrip(".") if abs(value) < 1000 else f"{value:.0f}"
    return text.replace("-", MINUS)


def panel_words(panel: Panel, unit: str = "") -> str:
    """Mean and interval of every category, with how many people each rests on."""
    return "; ".join(f"{c.label} {mean_words(c, unit)}" for c in panel.categories) + "."


def mean_words(category: Category, unit: str = "") -> str:
    """Mean over people, its 95 % interval where there is one, and how many people."""
    return f"{interval_words(category, unit)}, n = {len(set(category.people))}"


def interval_words(category: Category, unit: str = "") -> str:
    """Mean over people with its 95 % interval where there is one."""
    mean, ends = category.mean, category.interval
    if isinstance(mean, Missing):
        return NOT_THERE
    said = f"{brief(mean)} {unit}".strip()
    return said if isinstance(ends, Missing) else f"{said} ({brief(ends[0])} to {brief(ends[1])})"


def panel_table(name: str, caption: str, panels: Mapping[str, tuple[Panel, str]]) -> Table:
    """One row for each category: its mean and interval in every panel, and of how many people.

    panels : heading → a panel and its unit
    """
    found = {
        heading: {c.label: c for c in panel.categories} for heading, (panel, _) in panels.items()
    }
    rows = []
    for label in dict.fromkeys(label for known in found.values() for label in known):
        sizes = [len(set(known[label].people)) for known in found.values() if label in known]
        cells = [_mean_cell(known.get(label), usual=sizes[0]) for known in found.values()]
        rows.append((word(label), figure(sizes[0], str(sizes[0])), *cells))
    heads = (f"{heading} ({unit})" if unit else heading for heading, (_, unit) in panels.items())
    return Table(name, caption, ("Whose", "People", *heads), tuple(rows))


def _mean_cell(category: Category | None, *, usual: int) -> Cell:
    if category is None or isinstance(category.mean, Missing):
        return Cell(NOT_THERE, number=True)
    n = len(set(category.people))
    of = "" if n == usual else f", n = {n}"
    return figure(category.mean, f"{interval_words(category)}{of}")
