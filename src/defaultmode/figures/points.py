"""Every recording as a point, by session and by group, with the mean and its interval."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from defaultmode.core.missing import Missing
from defaultmode.figures.style import (
    INK,
    LEVEL_COLOURS,
    LEVEL_MARKERS,
    MOST_TITLE,
    MOST_VECTOR_POINTS,
    SOFT,
    WIDTH_IN,
    abridged,
    even_offsets,
    new_figure,
    size_text,
    styled,
    zero_line,
)

JITTER = 0.16
MOST_JOINED_PEOPLE = 150


@dataclass(frozen=True, slots=True, eq=False)
class Category:
    """One column of points: the values of one group, session or condition.

    people : participant of each value; values : (n,), finite; mean : over people, with its 95 %
    interval, each Missing where too few people are left; shade : which colour and shape, from 0.
    """

    label: str
    people: tuple[str, ...]
    values: NDArray[np.float64]
    mean: float | Missing
    interval: tuple[float, float] | Missing
    shade: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One denoising preset: its columns of points from left to right."""

    title: str
    categories: tuple[Category, ...]


def _offsets(people: Collection[str]) -> dict[str, float]:
    """Sideways shift of each person, the same in every column, so that lines do not cross."""
    shifts = JITTER * even_offsets(len(people))
    return dict(zip(sorted(people), shifts.tolist(), strict=True))


def _join(axes: Axes, categories: Sequence[Category], shift: dict[str, float]) -> None:
    """A line for each person through the columns of their own shade, drawn as one."""
    for shade in sorted({c.shade for c in categories}):
        xs: list[float] = []
        ys: list[float] = []
        columns = [(x, _means(c)) for x, c in enumerate(categories) if c.shade == shade]
        for person, offset in shift.items():
            own = [(x + offset, means[person]) for x, means in columns if person in means]
            if len(own) > 1:
                xs += [*(x for x, _ in own), np.nan]
                ys += [*(y for _, y in own), np.nan]
        if xs:
            axes.plot(xs, ys, color=SOFT, linewidth=0.6, alpha=0.5, zorder=1)


def _means(category: Category) -> dict[str, float]:
    """Person → mean of their values in a column."""
    found: dict[str, list[float]] = {}
    for person, value in zip(category.people, category.values.tolist(), strict=True):
        found.setdefault(person, []).append(value)
    return {person: sum(values) / len(values) for person, values in found.items()}


def _column(axes: Axes, x: int, category: Category, shift: dict[str, float]) -> None:
    shade = category.shade % len(LEVEL_COLOURS)
    axes.scatter(
        [x + shift[p] for p in category.people],
        category.values,
        s=17,
        marker=LEVEL_MARKERS[shade],
        color=LEVEL_COLOURS[shade],
        alpha=0.75,
        linewidths=0,
        zorder=2,
        rasterized=len(category.values) > MOST_VECTOR_POINTS,
    )
    if not isinstance(category.mean, Missing):
        axes.plot([x - 0.3, x + 0.3], [category.mean] * 2, color=INK, linewidth=2.0, zorder=4)
    if not isinstance(category.interval, Missing):
        axes.plot([x + 0.34] * 2, category.interval, color=INK, linewidth=1.4, zorder=4)
        for end in category.interval:
            axes.plot([x + 0.30, x + 0.38], [end] * 2, color=INK, linewidth=1.4, zorder=4)


def _label(text: str) -> str:
    """A long level on two lines, broken where it is joined."""
    return abridged(text.replace(" · ", "\n") if len(text) > 9 else text)


@styled
def points(panels: Sequence[Panel], *, unit: str, title: str = "") -> Figure:
    """One panel per preset on one scale; each point is a recording, each thin line one person."""
    rows = 1 + (len(panels) - 1) // 2 if len(panels) > 2 else 1
    columns = min(len(panels), 2) if rows > 1 else max(len(panels), 1)
    widest = max((len(p.categories) for p in panels), default=1)
    width = min(WIDTH_IN, 1.3 + columns * max(0.95 * widest, 1.9))
    figure = new_figure(width, 3.3 * rows + 0.3)
    figure.suptitle(abridged(title, MOST_TITLE), x=0.01, ha="left", fontsize=10, fontweight="bold")
    axes_of = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for axes in axes_of.flat[len(panels) :]:
        axes.axis("off")
    for axes, panel in zip(axes_of.flat, panels, strict=False):
        shift = _offsets({p for c in panel.categories for p in c.people})
        zero_line(axes)
        if len(shift) <= MOST_JOINED_PEOPLE:
            _join(axes, panel.categories, shift)
        for x, category in enumerate(panel.categories):
            _column(axes, x, category, shift)
        labels = [f"{_label(c.label)}\n{size_text(c.people)}" for c in panel.categories]
        axes.set_xticks(range(len(labels)), labels, fontsize=8)
        axes.set_xlim(-0.6, len(labels) - 0.4)
        axes.tick_params(axis="x", length=0)
        axes.set_title(abridged(panel.title), fontsize=9, fontweight="normal", color=SOFT)
    for row in axes_of:
        row[0].set_ylabel(abridged(unit))
    return figure
