"""Head motion against connectivity: does the result follow the movement."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
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
    new_figure,
    styled,
    zero_line,
)

Floats = NDArray[np.float64]
Cloud = tuple[str, Floats, Floats]


@styled
def motion(clouds: Sequence[Cloud], *, x_label: str, y_label: str, title: str = "") -> Figure:
    """One panel per preset; each point is one person.

    clouds : for each panel its title, framewise displacement (n,) in mm and connectivity (n,) in
    Fisher z, both finite and one value for each person.
    """
    columns = min(max(len(clouds), 1), 3)
    rows = max(1, -(-len(clouds) // columns))
    figure = new_figure(min(WIDTH_IN, 1.0 + 2.4 * columns), 2.9 * rows + 0.3)
    figure.suptitle(abridged(title, MOST_TITLE), x=0.01, ha="left", fontsize=10, fontweight="bold")
    axes_of = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for axes in axes_of.flat[len(clouds) :]:
        axes.axis("off")
    for i, (axes, (name, moved, connected)) in enumerate(zip(axes_of.flat, clouds, strict=False)):
        zero_line(axes)
        axes.scatter(
            moved,
            connected,
            s=22,
            color=LEVEL_COLOURS[i % len(LEVEL_COLOURS)],
            marker=LEVEL_MARKERS[i % len(LEVEL_MARKERS)],
            alpha=0.75,
            edgecolors="white",
            linewidths=0.4,
            rasterized=len(moved) > MOST_VECTOR_POINTS,
        )
        axes.set_title(
            f"{abridged(name)} (n = {len(moved)})", fontsize=9, fontweight="normal", color=SOFT
        )
    for axes in axes_of.flat[max(len(clouds) - columns, 0) : len(clouds)]:
        axes.set_xlabel(abridged(x_label, MOST_HEADING))
        axes.tick_params(labelbottom=True)
    for row in axes_of:
        row[0].set_ylabel(abridged(y_label, MOST_HEADING))
    return figure
