"""Correlations between regions, ordered by network, the default mode first."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from defaultmode.core.atlas import ROLES, Atlas, Region
from defaultmode.core.recording import Array
from defaultmode.figures.style import (
    ABSENT,
    DIVERGING,
    INK,
    ROLE_COLOURS,
    new_figure,
    styled,
)

MOST_NAMED_REGIONS = 40
SMALLEST_LABEL_GAP = 0.038  # of the axis height: one line of small type


def network_order(atlas: Atlas) -> NDArray[np.intp]:
    """Column indices by role, then network, then hemisphere, shape (n_regions,)."""
    keys = [(ROLES.index(r.role), r.network, r.hemisphere, i) for i, r in enumerate(atlas.regions)]
    return np.array([key[-1] for key in sorted(keys)], dtype=np.intp)


def _blocks(labels: Sequence[str]) -> list[tuple[str, int, int]]:
    """Runs of equal labels: (label, first, one past the last)."""
    found, start = [], 0
    for label, members in groupby(labels):
        length = len(list(members))
        found.append((label, start, start + length))
        start += length
    return found


def _spread(centres: Sequence[float], gap: float, top: float) -> list[float]:
    """Label heights as near to their centres as a smallest gap allows, within 0 and `top`."""
    placed: list[float] = []
    for centre in centres:
        placed.append(max(centre, placed[-1] + gap) if placed else centre)
    limit = top
    for i in reversed(range(len(placed))):
        placed[i] = min(placed[i], limit)
        limit = placed[i] - gap
    return placed


def _label_networks(axes: Axes, blocks: Sequence[tuple[str, int, int]], n: int) -> None:
    centres = [(first + last) / 2 - 0.5 for _, first, last in blocks]
    heights = _spread(centres, SMALLEST_LABEL_GAP * n, n - 0.5)
    edge, elbow = -0.5 - 0.035 * n, -0.5 - 0.06 * n
    for (name, first, last), centre, height in zip(blocks, centres, heights, strict=True):
        axes.plot([edge, elbow], [centre, height], color=INK, linewidth=0.5, clip_on=False)
        text = f"{name} ({last - first})"
        axes.text(elbow - 0.008 * n, height, text, ha="right", va="center", fontsize=7.5)


def _label_regions(axes: Axes, names: Sequence[str]) -> None:
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=6)
    axes.tick_params(length=0, pad=1)


def _strip(axes: Axes, roles: Sequence[str]) -> None:
    """The role of each region as a coloured strip along two sides of the matrix."""
    n = len(roles)
    near, width = -0.5 - 0.012 * n, 0.022 * n
    for role, first, last in _blocks(roles):
        colour = ROLE_COLOURS[role]
        above = Rectangle((first - 0.5, near - width), last - first, width)
        beside = Rectangle((near - width, first - 0.5), width, last - first)
        for patch in (above, beside):
            patch.set(facecolor=colour, edgecolor="white", linewidth=0.5, clip_on=False)
            axes.add_patch(patch)


def _frame(axes: Axes, regions: Sequence[Region]) -> list[tuple[str, int, int]]:
    """Strips of roles, lines between networks, an outline of the default mode; the networks."""
    _strip(axes, [r.role for r in regions])
    blocks = _blocks([r.network for r in regions])
    for _, first, _ in blocks[1:]:
        axes.axhline(first - 0.5, color=INK, linewidth=0.4)
        axes.axvline(first - 0.5, color=INK, linewidth=0.4)
    default = sum(r.role == "default" for r in regions)
    axes.add_patch(
        Rectangle((-0.5, -0.5), default, default, fill=False, edgecolor=INK, linewidth=2.0)
    )
    return blocks


def _key(figure: Figure, axes: Axes, image: AxesImage, regions: Sequence[Region]) -> None:
    """The colour scale, and the colours of the roles."""
    bar = figure.colorbar(image, ax=axes, shrink=0.7, extend="both")
    bar.set_label("mean Fisher z")
    bar.outline.set_visible(False)
    present = [role for role in ROLES if any(r.role == role for r in regions)]
    handles = [Patch(color=ROLE_COLOURS[role], label=role) for role in present]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))


@styled
def network_matrix(
    z: Array,
    atlas: Atlas,
    *,
    below: Array | None = None,
    title: str = "",
    limit: float = 1.0,
    shades: int = 256,
) -> Figure:
    """Connectivity matrix with the default mode block outlined.

    z : (n_regions, n_regions), Fisher z in the atlas's column order, NaN where missing (hatched
    grey); below : what stands below the diagonal instead, such as an earlier session
    limit : the value, above 0, at which the symmetric colour scale ends; shades : how many colours
    it has: fewer make a smaller file.
    """
    order = network_order(atlas)
    regions = [atlas.regions[i] for i in order]
    square = np.ix_(order, order)
    shown = np.triu(z[square]) + np.tril((z if below is None else below)[square], k=-1)
    np.fill_diagonal(shown, np.nan)
    n = len(regions)
    figure = new_figure(5.3, 4.1, layout="compressed")
    axes = figure.add_subplot()
    axes.add_patch(
        Rectangle((-0.5, -0.5), n, n, facecolor="white", edgecolor=ABSENT, hatch="////", zorder=-1)
    )
    colours = colormaps[DIVERGING].resampled(shades).with_extremes(bad=(1.0, 1.0, 1.0, 0.0))
    image = axes.imshow(shown, cmap=colours, vmin=-limit, vmax=limit, interpolation="none")
    blocks = _frame(axes, regions)
    axes.set(xlim=(-0.5, n - 0.5), ylim=(n - 0.5, -0.5), xticks=[], yticks=[])
    axes.set_title(title, pad=16)
    for spine in axes.spines.values():
        spine.set_visible(False)
    _label_networks(axes, blocks, n)
    if n <= MOST_NAMED_REGIONS:
        _label_regions(axes, [r.name for r in regions])
    _key(figure, axes, image, regions)
    return figure
