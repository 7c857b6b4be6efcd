"""Where the regions lie, what they are to the default mode network, and its strongest edges."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from defaultmode.core.atlas import ROLES, Atlas
from defaultmode.core.recording import Array
from defaultmode.figures.style import (
    INK,
    MOST_TITLE,
    ROLE_COLOURS,
    ROLE_MARKERS,
    SOFT,
    abridged,
    new_figure,
    styled,
)

# direction of nilearn's drawing, title, horizontal and vertical MNI axis, hemisphere shown
VIEWS = (
    ("l", "Left", 1, 2, -1),
    ("z", "Top", 0, 1, 0),
    ("r", "Right", 1, 2, 1),
)
SIZES = {"default": 34.0, "task-positive": 26.0, "salience": 28.0, "other": 22.0}

Edge = tuple[int, int]


def placed(atlas: Atlas) -> NDArray[np.intp]:
    """Column indices of the regions whose centre is known, shape (k,): those that are drawn."""
    return np.flatnonzero(np.isfinite(atlas.centres_mm).all(axis=1))


def strongest_edges(z: Array, atlas: Atlas, *, most: int) -> list[Edge]:
    """Pairs of default-mode regions with the largest |z|, strongest first, both centres known."""
    members = [int(i) for i in atlas.members("default") if i in set(placed(atlas))]
    pairs = [(i, j) for i in members for j in members if i < j and np.isfinite(z[i, j])]
    return sorted(pairs, key=lambda pair: (-abs(float(z[pair])), pair))[:most]


def _draw_edges(axes: Axes, z: Array, flat: Array, edges: Sequence[Edge]) -> None:
    largest = max((abs(float(z[edge])) for edge in edges), default=1.0) or 1.0
    for i, j in reversed(edges):
        value = float(z[i, j])
        axes.plot(
            flat[[i, j], 0],
            flat[[i, j], 1],
            color=ROLE_COLOURS["default"] if value >= 0 else ROLE_COLOURS["task-positive"],
            linewidth=0.3 + 1.9 * abs(value) / largest,
            alpha=0.55,
            linestyle="-" if value >= 0 else (0, (3, 2)),
            zorder=2,
        )


def _draw_regions(axes: Axes, atlas: Atlas, flat: Array, shown: NDArray[np.intp]) -> None:
    for role in reversed(ROLES):
        members = [i for i in shown if atlas.regions[i].role == role]
        axes.scatter(
            flat[members, 0],
            flat[members, 1],
            s=SIZES[role],
            marker=ROLE_MARKERS[role],
            color=ROLE_COLOURS[role],
            edgecolors="white" if role != "other" else "none",
            linewidths=0.5,
            zorder=4 if role == "default" else 3,
        )


def _legend(figure: Figure, atlas: Atlas, *, negative: bool, any_edge: bool) -> None:
    present = [role for role in ROLES if any(r.role == role for r in atlas.regions)]
    handles = [
        Line2D([], [], color=ROLE_COLOURS[r], marker=ROLE_MARKERS[r], linestyle="", label=r)
        for r in present
    ]
    if any_edge:
        handles.append(Line2D([], [], color=ROLE_COLOURS["default"], label="positive edge"))
    if negative:
        blue = ROLE_COLOURS["task-positive"]
        handles.append(Line2D([], [], color=blue, linestyle="--", label="negative edge"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))


@styled
def brain(z: Array, atlas: Atlas, *, title: str = "", most_edges: int = 60) -> Figure:
    """Glass brain from the left, from above and from the right (outline: nilearn).

    z : (n_regions, n_regions), Fisher z, NaN where missing; most_edges : how many of the strongest
    default-mode edges are drawn. Regions without a known centre are left out (see `placed`).
    """
    from nilearn.plotting.glass_brain import plot_brain_schematics

    shown = placed(atlas)
    edges = strongest_edges(z, atlas, most=most_edges)
    centres = atlas.centres_mm
    figure = new_figure(7.2, 3.1)
    figure.suptitle(
        abridged(title, MOST_TITLE), x=0.01, ha="left", fontsize=10, fontweight="bold", color=INK
    )
    grid = figure.add_gridspec(1, 3, width_ratios=(1.3, 1.0, 1.3))
    for column, (direction, name, across, up, side) in enumerate(VIEWS):
        axes = figure.add_subplot(grid[0, column])
        left, right, bottom, top = plot_brain_schematics(
            axes, direction, edgecolor="#9AA3AD", linewidth=0.5
        )
        axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
        if direction == "l":
            axes.invert_xaxis()
        axes.axis("off")
        axes.set_title(name, loc="center", fontsize=9, fontweight="normal", color=SOFT)
        here = np.array([i for i in shown if side == 0 or centres[i, 0] * side >= 0], dtype=np.intp)
        flat = centres[:, [across, up]]
        _draw_edges(axes, z, flat, [e for e in edges if set(e) <= set(here.tolist())])
        _draw_regions(axes, atlas, flat, here)
    _legend(figure, atlas, negative=any(z[e] < 0 for e in edges), any_edge=bool(edges))
    return figure
