"""Whether a twin shows its person: unseen data against what needs no twin."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from defaultmode.figures.panel_grid import Scaled, draw_panel
from defaultmode.figures.style import (
    LEVEL_COLOURS,
    LEVEL_MARKERS,
    MOST_TITLE,
    SOFT,
    WIDTH_IN,
    abridged,
    new_figure,
    styled,
)

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Twins of one status, (k,): correlations of each and of the others' average with new data."""

    status: str
    twin_r: Array
    others_r: Array


@styled
def twin_belief(standings: Sequence[Standing], rivals: Scaled, *, title: str = "") -> Figure:
    """Every twin against the others' average on the left; beside its rivals on the right.

    rivals : a column for each way to know a person's second half
    """
    figure = new_figure(WIDTH_IN, 3.9)
    figure.suptitle(abridged(title, MOST_TITLE), x=0.01, ha="left", fontsize=10, fontweight="bold")
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.35])
    known = [s for s in standings if len(s.twin_r)]
    for i, one in enumerate(known):
        left.scatter(
            one.others_r,
            one.twin_r,
            s=16,
            marker=LEVEL_MARKERS[i],
            color=LEVEL_COLOURS[i],
            alpha=0.7,
            linewidths=0,
            label=f"{one.status} ({len(one.twin_r)})",
        )
    ends = [
        min(left.get_xlim()[0], left.get_ylim()[0]),
        max(left.get_xlim()[1], left.get_ylim()[1]),
    ]
    left.plot(ends, ends, color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    left.set(xlabel="r of the others' average", ylabel="r of the twin, unseen half")
    if known:
        left.legend(fontsize=7.5, loc="lower right")
    draw_panel(right, rivals)
    return figure
