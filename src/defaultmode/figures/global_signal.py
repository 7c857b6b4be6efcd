"""How the default mode stands to the task-positive network with and without the global signal."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from defaultmode.figures.style import (
    LEVEL_COLOURS,
    LEVEL_MARKERS,
    MOST_TITLE,
    SOFT,
    WIDTH_IN,
    abridged,
    new_figure,
    size_text,
    styled,
    zero_line,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two presets that differ in global signal regression, and the values under each.

    before, after : name of the preset without and of the one with it
    people : participant of each recording; kept, removed : (n,) before and after, finite
    """

    before: str
    after: str
    people: tuple[str, ...]
    kept: Floats
    removed: Floats


@styled
def global_signal(pairs: Sequence[Pair], *, unit: str, title: str = "") -> Figure:
    """One panel per pair of presets; each line is one recording."""
    columns = max(len(pairs), 1)
    figure = new_figure(min(WIDTH_IN, 1.2 + 2.6 * columns), 3.5)
    figure.suptitle(abridged(title, MOST_TITLE), x=0.01, ha="left", fontsize=10, fontweight="bold")
    axes_of = figure.subplots(1, columns, sharey=True, squeeze=False)[0]
    for axes, pair in zip(axes_of, pairs, strict=False):
        zero_line(axes)
        axes.plot([0, 1], np.stack([pair.kept, pair.removed]), color=SOFT, linewidth=0.7, alpha=0.6)
        for x, values in enumerate((pair.kept, pair.removed)):
            axes.plot(
                np.full(len(values), x),
                values,
                linestyle="",
                marker=LEVEL_MARKERS[x],
                color=LEVEL_COLOURS[x],
                markersize=5,
                markeredgecolor="white",
                markeredgewidth=0.4,
            )
        axes.set_xticks([0, 1], [abridged(pair.before), abridged(pair.after)], fontsize=8)
        axes.set_xlim(-0.4, 1.4)
        axes.set_title(size_text(pair.people), fontsize=9, fontweight="normal", color=SOFT)
    axes_of[0].set_ylabel(abridged(unit))
    return figure
