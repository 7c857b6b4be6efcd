"""Every way of testing a claim, sorted by what it gave, above the choices that made it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from defaultmode.core.missing import Missing
from defaultmode.figures.evidence_forest import BAND
from defaultmode.figures.style import (
    INK,
    MOST_TITLE,
    SOFT,
    VERDICT_COLOURS,
    VERDICT_MARKERS,
    abridged,
    new_figure,
    styled,
)

MOST_LEVEL = 60  # letters of a choice with its level
WIDEST_TITLE, MOST_TICKS = 16, 5  # letters of a line, numbers on an axis
ROW_IN, GAP = 0.155, 0.6  # height of a row of dots, and room above each choice in rows


@dataclass(frozen=True, slots=True)
class Choice:
    """One specification: its effect with 95 % interval, its verdict and what was chosen.

    made : choice → level, such as preset → scrubbing-24P; instead : whether another treatment
    stands in for the claim's own
    """

    value: float
    interval: tuple[float, float] | Missing
    verdict: str
    made: Mapping[str, str]
    instead: bool = False


@dataclass(frozen=True, slots=True)
class Curve:
    """All specifications of one test; smallest : smallest effect of interest; null : no effect."""

    title: str
    statistic: str
    choices: tuple[Choice, ...]
    smallest: float
    direction: Literal["increase", "decrease", "change"]
    null: float = 0.0

    @property
    def sorted(self) -> list[Choice]:
        """From the lowest effect to the highest."""
        return sorted(self.choices, key=lambda c: c.value)


Level = tuple[str, str]


def _levels(curves: Sequence[Curve]) -> dict[Level, float]:
    """Choice and level → height in the matrix, with room between the choices."""
    names = list(dict.fromkeys(n for c in curves for one in c.choices for n in one.made))
    heights: dict[Level, float] = {}
    y = 0.0
    for name in names:
        found = (one.made[name] for c in curves for one in c.choices if name in one.made)
        for level in dict.fromkeys(found):
            heights[name, level] = y
            y += 1.0
        y += GAP
    return heights


def _marks(axes: Axes, places: Sequence[tuple[float, float, Choice]], *, size: float) -> None:
    """Marks at (x, y) in the colour and shape of their verdict, those that look alike at once."""
    looks = dict.fromkeys((c.verdict, c.instead) for _, _, c in places)
    for verdict, instead in looks:
        alike = [(x, y) for x, y, c in places if (c.verdict, c.instead) == (verdict, instead)]
        colour = VERDICT_COLOURS.get(verdict, SOFT)
        axes.plot(
            *zip(*alike, strict=True), linestyle="", markersize=size, markeredgecolor=colour,
            marker=VERDICT_MARKERS.get(verdict, "."),
            markerfacecolor="white" if instead else colour,
        )  # fmt: skip


def _intervals(axes: Axes, choices: Sequence[Choice]) -> None:
    """Upright lines, those of one verdict at once."""
    for verdict in dict.fromkeys(c.verdict for c in choices):
        xs: list[float] = []
        ys: list[float] = []
        for x, choice in enumerate(choices):
            if choice.verdict == verdict and not isinstance(choice.interval, Missing):
                xs += [x, x, np.nan]
                ys += [*choice.interval, np.nan]
        axes.plot(xs, ys, color=VERDICT_COLOURS.get(verdict, SOFT), linewidth=1.2)


def _effects(axes: Axes, curve: Curve, *, named: bool) -> None:
    low, high = curve.null - curve.smallest, curve.null + curve.smallest
    axes.axhspan(low, high, color=BAND, alpha=0.28, linewidth=0, zorder=0)
    axes.axhline(curve.null, color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    _intervals(axes, curve.sorted)
    _marks(axes, [(x, c.value, c) for x, c in enumerate(curve.sorted)], size=5.5)
    arrow = {"increase": "↑", "decrease": "↓", "change": "↕"}[curve.direction]
    title = "\n".join([*wrap(curve.title, WIDEST_TITLE)[-2:], f"{arrow} claimed"])
    axes.set_title(title, fontsize=7.5)
    axes.set_ylabel(curve.statistic if named else "", fontsize=8)
    axes.set(xlim=(-0.7, len(curve.choices) - 0.3), xticks=[])
    axes.tick_params(axis="y", labelsize=7, labelleft=named)
    axes.yaxis.set_major_locator(MaxNLocator(MOST_TICKS))
    axes.spines["bottom"].set_visible(False)


def _dots(axes: Axes, curve: Curve, heights: Mapping[Level, float], *, named: bool) -> None:
    dots = [(x, heights[lv], c) for x, c in enumerate(curve.sorted) for lv in c.made.items()]
    _marks(axes, dots, size=3.6)
    labels = [abridged(f"{name}: {level}", MOST_LEVEL) for name, level in heights] if named else []
    axes.set_yticks(list(heights.values()), labels or [""] * len(heights), fontsize=7)
    axes.set(xlim=(-0.7, len(curve.choices) - 0.3), xticks=[])
    axes.set_ylim(max(heights.values(), default=0.0) + 0.7, -0.7)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", color="#E6E8EB", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def _key(curves: Sequence[Curve]) -> list[Line2D]:
    """What the marks mean."""
    found = [one for curve in curves for one in curve.choices]
    words = [w for w in VERDICT_COLOURS if w in {one.verdict for one in found}]
    key = [
        Line2D([], [], linestyle="", color=VERDICT_COLOURS[w], marker=VERDICT_MARKERS[w], label=w)
        for w in words
    ]
    if any(one.instead for one in found):
        hollow = Line2D([], [], linestyle="", marker="o", color=INK, markerfacecolor="white")
        hollow.set_label("hollow: another treatment, not the claim")
        key.append(hollow)
    return key


@styled
def specification_curve(curves: Sequence[Curve], *, title: str = "") -> Figure:
    """One column for each test: effects from low to high above the choices behind each.

    Tests in the same statistic share their axis.
    """
    heights = _levels(curves)
    matrix_in = ROW_IN * (max(heights.values(), default=0.0) + 1.4)
    figure = new_figure(7.2, 2.9 + matrix_in)
    grid = figure.add_gridspec(
        2, len(curves), height_ratios=(1.9, matrix_in),
        width_ratios=[max(3, len(c.choices)) for c in curves],
    )  # fmt: skip
    same = len({c.statistic for c in curves}) == 1
    first: Axes | None = None
    for i, curve in enumerate(curves):
        axes = figure.add_subplot(grid[0, i], sharey=first if same else None)
        first = first or axes
        _effects(axes, curve, named=not same or i == 0)
        _dots(figure.add_subplot(grid[1, i]), curve, heights, named=i == 0)
    figure.legend(handles=_key(curves), loc="outside lower center", ncols=4, fontsize=7.5)
    figure.suptitle(
        abridged(title, MOST_TITLE), x=0.01, ha="left", fontsize=10, fontweight="bold", color=INK
    )
    return figure
