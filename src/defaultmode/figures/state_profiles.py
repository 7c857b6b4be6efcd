"""What each brain state is made of, and which state follows it."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from defaultmode.figures.style import (
    DIVERGING,
    INK,
    MOST_TITLE,
    WIDTH_IN,
    abridged,
    new_figure,
    styled,
)

Array = NDArray[np.float64]


@styled
def state_profiles(
    profiles: Array,
    next_state: Array,
    *,
    states: Sequence[str],
    networks: Sequence[str],
    title: str = "",
) -> Figure:
    """Networks of each state on the left, probabilities of the next state on the right.

    profiles : (n_states, n_networks); next_state : (n_states, n_states), by row, NaN where unknown
    """
    figure = new_figure(WIDTH_IN, 1.7 + 0.28 * len(states))
    figure.suptitle(abridged(title, MOST_TITLE), x=0.01, ha="left", fontsize=10, fontweight="bold")
    left, right = figure.subplots(1, 2, width_ratios=[len(networks), len(states)], sharey=True)
    reach = max(float(np.nanmax(np.abs(profiles))), 1e-9)
    left.imshow(profiles, cmap=DIVERGING, vmin=-reach, vmax=reach, aspect="auto")
    right.imshow(next_state, cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
    _written(left, profiles, reach, digits=1 if reach >= 1 else 2)
    _written(right, next_state, 1.0, digits=2)
    left.set_yticks(range(len(states)), [abridged(s) for s in states], fontsize=8)
    for axes, names, heading in (
        (left, networks, "mean of each network"),
        (right, states, "state one volume later"),
    ):
        axes.set_xticks(
            range(len(names)), [abridged(n) for n in names], rotation=40, ha="right", fontsize=7
        )
        axes.set_title(heading, fontsize=9, fontweight="normal")
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
    return figure


def _written(axes: Axes, values: Array, reach: float, *, digits: int) -> None:
    """The number in each cell, so that nothing rests on colour."""
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            ink = "white" if abs(value) > 0.65 * reach else INK
            text = f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")  # never −0
            axes.text(column, row, text, color=ink, fontsize=6.5, ha="center", va="center")
