"""Small panels, each on its own scale: every value, and the mean of each category."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from defaultmode.core.missing import Missing
from defaultmode.figures.points import Category, Panel
from defaultmode.figures.style import (
    INK,
    LEVEL_COLOURS,
    LEVEL_MARKERS,
    MOST_HEADING,
    MOST_TITLE,
    MOST_VECTOR_POINTS,
    SOFT,
    WIDTH_IN,
    abridged,
    new_figure,
    styled,
)

GOLDEN = 0.6180339887498949  # its multiples modulo 1 fill an interval evenly, without chance
SPREAD = 0.22
MOST_UPRIGHT = 30  # characters that fit below a panel


@dataclass(frozen=True, slots=True, eq=False)
class Scaled:
    """A panel with its own scale: its unit, and the value at which there is nothing to see."""

    panel: Panel
    unit: str
    nothing_at: float | None = None


@styled
def panel_grid(grid: Sequence[Sequence[Scaled]], *, title: str = "") -> Figure:
    """Rows of panels; each point is one recording, the bar the mean with its 95 % interval."""
    columns = max(len(row) for row in grid)
    figure = new_figure(min(WIDTH_IN, 2.5 * columns + 0.4), 2.5 * len(grid) + 0.5)
    figure.suptitle(abridged(title, MOST_TITLE), x=0.01, ha="left", fontsize=10, fontweight="bold")
    places = figure.subplots(len(grid), columns, squeeze=False)
    for axes_of, row in zip(places, grid, strict=True):
        for axes, one in zip(axes_of, row, strict=False):
            draw_panel(axes, one)
        for axes in axes_of[len(row) :]:
            axes.axis("off")
    return figure


def draw_panel(axes: Axes, one: Scaled) -> None:
    """Draw one panel into its place."""
    if one.nothing_at is not None:
        axes.axhline(one.nothing_at, color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    for x, category in enumerate(one.panel.categories):
        _column(axes, x, category)
    _named(axes, [abridged(c.label) for c in one.panel.categories])
    axes.set_xlim(-0.6, len(one.panel.categories) - 0.4)
    axes.tick_params(axis="x", length=0)
    axes.set_title(
        abridged(one.panel.title, MOST_HEADING), fontsize=9, fontweight="normal", color=SOFT
    )
    axes.set_ylabel(abridged(one.unit))


def _named(axes: Axes, labels: Sequence[str]) -> None:
    """Categories below their columns: upright where they fit, else aslant."""
    upright = [label.replace(" · ", "\n") for label in labels]
    longest = max((len(line) for label in upright for line in label.split("\n")), default=0)
    if longest * len(labels) <= MOST_UPRIGHT:
        axes.set_xticks(range(len(labels)), upright, fontsize=7.5)
    else:
        axes.set_xticks(range(len(labels)), labels, fontsize=7.5, rotation=35, ha="right")


def _column(axes: Axes, x: int, category: Category) -> None:
    shade = category.shade % len(LEVEL_COLOURS)
    n = len(category.values)
    axes.scatter(
        x + SPREAD * (2 * ((np.arange(n) * GOLDEN) % 1.0) - 1),
        category.values,
        s=9,
        marker=LEVEL_MARKERS[shade],
        color=LEVEL_COLOURS[shade],
        alpha=0.5,
        linewidths=0,
        rasterized=n > MOST_VECTOR_POINTS,
        zorder=1,
    )
    if not isinstance(category.interval, Missing):
        axes.plot([x, x], category.interval, color=INK, linewidth=1.6, zorder=3)
    if not isinstance(category.mean, Missing):
        axes.plot([x - 0.3, x + 0.3], [category.mean] * 2, color=INK, linewidth=2.0, zorder=4)
