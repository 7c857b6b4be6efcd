"""The valleys between which the activity of whole networks moves, and the passes between them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from defaultmode.figures.style import (
    INK,
    MOST_TITLE,
    ROLE_COLOURS,
    SOFT,
    WIDTH_IN,
    abridged,
    new_figure,
    size_text,
    styled,
)

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Relief:
    """One landscape of m minima, from the lowest up, and n networks.

    saddles : (m, m), highest energy on the lowest path, nats; its diagonal holds the minima's own
    up : (m, n), networks above their mean; basins : (m,), share of the time
    default : (m,), which minima are the default mode's; people : participant of each run
    """

    title: str
    people: tuple[str, ...]
    networks: tuple[str, ...]
    saddles: Array
    up: NDArray[np.bool_]
    basins: Array
    default: NDArray[np.bool_]


@styled
def energy_landscape(reliefs: Sequence[Relief], *, title: str = "") -> Figure:
    """A disconnectivity graph of each landscape (Becker 1997) above what its minima are."""
    n = len(reliefs[0].networks)
    figure = new_figure(min(WIDTH_IN, 2.0 + 2.2 * len(reliefs)), 3.1 + 0.2 * n)
    figure.suptitle(abridged(title, MOST_TITLE), x=0.01, ha="left", fontsize=10, fontweight="bold")
    trees, grids = figure.subplots(
        2, len(reliefs), squeeze=False, height_ratios=[2.4, 0.2 * n], sharey="row"
    )
    for tree, grid, relief in zip(trees, grids, reliefs, strict=True):
        order = _tree(tree, relief)
        tree.set_title(
            f"{relief.title}\n{size_text(relief.people)}",
            fontsize=8.5,
            fontweight="normal",
            color=SOFT,
        )
        _grid(grid, relief, order)
    trees[0].set_ylabel("energy (nats)\nlower: more often")
    grids[0].set_yticks(range(n), [abridged(name) for name in reliefs[0].networks], fontsize=7.5)
    return figure


def _tree(axes: Axes, relief: Relief) -> list[int]:
    """Draw the passes; the minima from left to right, so that no lines cross."""
    order, joins = _joined(relief.saddles)
    place = {i: float(order.index(i)) for i in order}
    foot = {i: float(relief.saddles[i, i]) for i in order}
    for one, other, height in joins:
        for branch in (one, other):
            axes.plot([place[branch]] * 2, [foot[branch], height], color=INK, linewidth=1.2)
        axes.plot([place[one], place[other]], [height] * 2, color=INK, linewidth=1.2)
        place[one], foot[one] = (place[one] + place[other]) / 2, height
    for x, i in enumerate(order):
        shade = ROLE_COLOURS["default" if relief.default[i] else "other"]
        marker = "D" if relief.default[i] else "o"
        energy = relief.saddles[i, i]
        axes.plot([x], [energy], marker=marker, color=shade, markersize=6, markeredgecolor="white")
    axes.set_xlim(-0.6, len(order) - 0.4)
    axes.set_xticks([])
    axes.margins(y=0.12)
    return order


def _joined(saddles: Array) -> tuple[list[int], list[tuple[int, int, float]]]:
    """Minima in the order in which their valleys flow together, and each joining with its height.

    A joining names its two sides by the first minimum of either.
    """
    sides = [[i] for i in range(len(saddles))]
    joins = []
    while len(sides) > 1:
        height, a, b = min(
            (float(saddles[np.ix_(sides[a], sides[b])].min()), a, b)
            for a in range(len(sides))
            for b in range(a + 1, len(sides))
        )
        joins.append((sides[a][0], sides[b][0], height))
        sides[a] = sides[a] + sides.pop(b)
    return sides[0], joins


def _grid(axes: Axes, relief: Relief, order: Sequence[int]) -> None:
    up = relief.up[list(order)]
    own = np.zeros_like(up)
    own[:, 0] = True
    for chosen, fill in (
        (~up, "none"),
        (up & own, ROLE_COLOURS["default"]),
        (up & ~own, INK),
    ):
        x, y = np.nonzero(chosen)
        axes.scatter(x, y, s=42, marker="s", facecolor=fill, edgecolor=SOFT, linewidth=0.8)
    axes.set_xlim(-0.6, len(order) - 0.4)
    axes.set_ylim(len(relief.networks) - 0.4, -0.6)
    axes.set_xticks(range(len(order)), [f"{100 * relief.basins[i]:.0f}" for i in order], fontsize=7)
    axes.set_xlabel("% of the time", fontsize=8)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
