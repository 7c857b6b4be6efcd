"""Each person as a line from moment to moment, coloured by group, with the mean of each group."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from defaultmode.figures.style import (
    LEVEL_COLOURS,
    LEVEL_MARKERS,
    MOST_HEADING,
    MOST_TITLE,
    SOFT,
    WIDTH_IN,
    abridged,
    new_figure,
    styled,
)

Floats = NDArray[np.float64]
HEIGHT_IN, MOST_TICKS = 2.7, 4


@dataclass(frozen=True, slots=True, eq=False)
class Strand:
    """One group: values (n_moments, n_people) and means (n_moments,), NaN where missing.

    values : of those who are drawn; means : of everybody
    """

    label: str
    values: Floats
    means: Floats
    shade: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class StrandPanel:
    """One denoising preset: its moments from left to right, and its groups."""

    title: str
    moments: tuple[str, ...]
    strands: tuple[Strand, ...]


@styled
def spaghetti(panels: Sequence[StrandPanel], *, unit: str, title: str = "") -> Figure:
    """One panel per preset on one scale: a thin line per person, a thick one per group."""
    figure = new_figure(WIDTH_IN, HEIGHT_IN)
    axes_of = figure.subplots(1, max(1, len(panels)), sharey=True, squeeze=False)[0]
    for axes, panel in zip(axes_of, panels, strict=False):
        for strand in panel.strands:
            _people(axes, strand)
        for strand in panel.strands:
            _means(axes, strand)
        places = range(len(panel.moments))
        axes.set_xticks(places, [abridged(m) for m in panel.moments], fontsize=7.5)
        axes.set_xlim(-0.3, len(panel.moments) - 0.7)
        axes.tick_params(axis="x", length=0)
        axes.tick_params(axis="y", labelsize=7.5)
        axes.yaxis.set_major_locator(MaxNLocator(MOST_TICKS))
        axes.set_title(abridged(panel.title), fontsize=8, fontweight="normal", color=SOFT)
    axes_of[0].set_ylabel(abridged(unit, MOST_HEADING), fontsize=8)
    figure.suptitle(abridged(title, MOST_TITLE), x=0.01, ha="left", fontsize=9, fontweight="bold")
    key = _key(panels)
    if len(key) > 1:
        figure.legend(handles=key, loc="outside lower center", ncols=len(key), fontsize=7.5)
    return figure


def _people(axes: Axes, strand: Strand) -> None:
    """All thin lines as one, broken between people."""
    n_moments, n_people = strand.values.shape
    gaps = np.full((1, n_people), np.nan)
    xs = np.vstack([np.tile(np.arange(n_moments)[:, None], (1, n_people)), gaps])
    ys = np.vstack([strand.values, gaps])
    colour = LEVEL_COLOURS[strand.shade % len(LEVEL_COLOURS)]
    axes.plot(xs.T.ravel(), ys.T.ravel(), color=colour, linewidth=0.6, alpha=0.4)


def _means(axes: Axes, strand: Strand) -> None:
    shade = strand.shade
    axes.plot(
        np.arange(len(strand.means)), strand.means, linewidth=2.4, zorder=4, markersize=6,
        color=LEVEL_COLOURS[shade % len(LEVEL_COLOURS)],
        marker=LEVEL_MARKERS[shade % len(LEVEL_MARKERS)], markeredgecolor="white",
    )  # fmt: skip


def _key(panels: Sequence[StrandPanel]) -> list[Line2D]:
    """What the colours mean; a group has one colour in all panels."""
    shades = {s.label: s.shade for p in panels for s in p.strands}
    return [
        Line2D(
            [], [], label=abridged(label), linewidth=2.4,
            color=LEVEL_COLOURS[shade % len(LEVEL_COLOURS)],
            marker=LEVEL_MARKERS[shade % len(LEVEL_MARKERS)],
        )
        for label, shade in shades.items()
    ]  # fmt: skip
