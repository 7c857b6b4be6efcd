"""Every person as a drop beside the shape of their group: points, box and half a violin."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from defaultmode.figures.style import (
    LEVEL_COLOURS,
    LEVEL_MARKERS,
    MOST_HEADING,
    MOST_TITLE,
    MOST_VECTOR_POINTS,
    SOFT,
    WIDTH_IN,
    abridged,
    even_offsets,
    new_figure,
    styled,
)

Floats = NDArray[np.float64]
RAIN, CLOUD, BOX = -0.20, 0.10, 0.035  # places and half a width, in columns
SPREAD, RISE = 0.13, 0.34  # how far the drops lie apart, and how far the cloud reaches
HEIGHT_IN, MOST_TICKS = 2.5, 4


@dataclass(frozen=True, slots=True, eq=False)
class Rain:
    """One group.

    values : (n,), finite; level, density : of its outline, (n_steps,) each, density 1 at its peak;
    box : lower quartile, median and upper quartile, None of too few people
    """

    label: str
    values: Floats
    level: Floats
    density: Floats
    box: tuple[float, float, float] | None
    shade: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class RainPanel:
    """One denoising preset: its groups from left to right."""

    title: str
    groups: tuple[Rain, ...]


@styled
def raincloud(panels: Sequence[RainPanel], *, unit: str, title: str = "") -> Figure:
    """One panel per preset on one scale; the same values always fall on the same places."""
    figure = new_figure(WIDTH_IN, HEIGHT_IN)
    axes_of = figure.subplots(1, max(1, len(panels)), sharey=True, squeeze=False)[0]
    many = sum(len(g.values) for p in panels for g in p.groups) > MOST_VECTOR_POINTS
    for axes, panel in zip(axes_of, panels, strict=False):
        for x, group in enumerate(panel.groups):
            _cloud(axes, x, group)
            _rain(axes, x, group, rasterized=many)
        labels = [f"{abridged(g.label)}\nn = {len(g.values)}" for g in panel.groups]
        axes.set_xticks(range(len(labels)), labels, fontsize=7.5)
        axes.set_xlim(-0.5, len(labels) - 0.5)
        axes.tick_params(axis="x", length=0)
        axes.tick_params(axis="y", labelsize=7.5)
        axes.yaxis.set_major_locator(MaxNLocator(MOST_TICKS))
        axes.set_title(abridged(panel.title), fontsize=8, fontweight="normal", color=SOFT)
    axes_of[0].set_ylabel(abridged(unit, MOST_HEADING), fontsize=8)
    figure.suptitle(abridged(title, MOST_TITLE), x=0.01, ha="left", fontsize=9, fontweight="bold")
    return figure


def _cloud(axes: Axes, x: int, group: Rain) -> None:
    colour = LEVEL_COLOURS[group.shade % len(LEVEL_COLOURS)]
    if len(group.level):
        edge = x + CLOUD + RISE * np.array([0.0, *group.density, 0.0])
        level = np.array([group.level[0], *group.level, group.level[-1]])
        axes.fill(edge, level, color=colour, alpha=0.3, linewidth=0)
    if group.box is not None:
        low, middle, high = group.box
        axes.plot([x, x], [low, high], color=colour, linewidth=4, solid_capstyle="butt")
        axes.plot([x - BOX, x + BOX], [middle, middle], color="white", linewidth=1.6, zorder=4)


def _rain(axes: Axes, x: int, group: Rain, *, rasterized: bool) -> None:
    shade = group.shade
    axes.plot(
        x + RAIN + SPREAD * even_offsets(len(group.values)), group.values, linestyle="",
        marker=LEVEL_MARKERS[shade % len(LEVEL_MARKERS)], markersize=3.2, markeredgewidth=0,
        color=LEVEL_COLOURS[shade % len(LEVEL_COLOURS)], alpha=0.65, rasterized=rasterized,
    )  # fmt: skip
