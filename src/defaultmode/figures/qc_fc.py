"""QC–FC: how the connections go with head motion over people, and with their length."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from defaultmode.core.recording import Array
from defaultmode.figures.style import INK, LEVEL_COLOURS, SOFT, new_figure, styled, zero_line


@dataclass(frozen=True, slots=True, eq=False)
class QcFcPanel:
    """One preset.

    edges : (n_bins + 1,), of the bins of r
    share, chance : (n_bins,), of the connections, and of unrelated numbers
    distance_mm, middle, low, high : (n_distances,), of the connections of like length: their mean
    length, the median of r and its quartiles; empty where no region has a centre
    """

    title: str
    edges: Array
    share: Array
    chance: Array
    distance_mm: Array
    middle: Array
    low: Array
    high: Array


@styled
def qc_fc_figure(panels: Sequence[QcFcPanel]) -> Figure:
    """One row per preset: the distribution of r left, r against the length of connections right."""
    figure = new_figure(7.2, 0.6 + 1.9 * max(len(panels), 1))
    grid = figure.subplots(len(panels), 2, squeeze=False, sharex="col", sharey="col")
    for i, (row, panel) in enumerate(zip(grid, panels, strict=True)):
        colour = LEVEL_COLOURS[i % len(LEVEL_COLOURS)]
        _distribution(row[0], panel, colour)
        _by_length(row[1], panel, colour)
    grid[-1][0].set_xlabel("r with mean framewise displacement")
    grid[-1][1].set_xlabel("distance between regions (mm)")
    return figure


def _distribution(axes: Axes, panel: QcFcPanel, colour: str) -> None:
    axes.stairs(100 * panel.share, panel.edges, fill=True, color=colour, alpha=0.45)
    centres = (panel.edges[1:] + panel.edges[:-1]) / 2
    axes.plot(centres, 100 * panel.chance, color=INK, linewidth=1.0, linestyle=(0, (4, 2)))
    zero_line(axes, vertical=True)
    axes.set_title(panel.title, fontsize=9)
    axes.set_ylabel("% of connections")


def _by_length(axes: Axes, panel: QcFcPanel, colour: str) -> None:
    zero_line(axes)
    if not len(panel.distance_mm):
        words = "no centres of regions are known"
        axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", color=SOFT)
        return
    axes.fill_between(
        panel.distance_mm, panel.low, panel.high, color=colour, alpha=0.25, linewidth=0
    )
    axes.plot(panel.distance_mm, panel.middle, color=colour, marker="o", markersize=3)
    axes.set_ylabel("r, median and quartiles")
