"""Effects with their intervals, one row per measure and denoising preset."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from defaultmode.core.missing import Missing
from defaultmode.figures.style import (
    INK,
    LEVEL_COLOURS,
    LEVEL_MARKERS,
    MOST_HEADING,
    MOST_TITLE,
    SOFT,
    abridged,
    new_figure,
    styled,
    zero_line,
)


@dataclass(frozen=True, slots=True)
class Effect:
    """One row: a measure under one preset, its effect and 95 % interval, and its size in words."""

    measure: str
    preset: str
    value: float | Missing
    interval: tuple[float, float] | Missing
    n: str = ""


def _draw(axes: Axes, effect: Effect, y: float, shade: int) -> None:
    colour, marker = LEVEL_COLOURS[shade], LEVEL_MARKERS[shade]
    if isinstance(effect.value, Missing):
        axes.annotate("missing", (0.0, y), color=SOFT, fontsize=7.5, va="center", ha="center")
        return
    if not isinstance(effect.interval, Missing):
        axes.plot(effect.interval, [y, y], color=colour, linewidth=1.6)
    axes.plot([effect.value], [y], color=colour, marker=marker, markersize=6.5)


def _rows(axes: Axes, effects: Sequence[Effect]) -> float:
    """Draw row below row and label them; gives the height that was used."""
    presets = list(dict.fromkeys(e.preset for e in effects))
    y = 0.0
    ticks: list[float] = []
    labels: list[str] = []
    headings: list[int] = []
    for name, members in groupby(effects, key=lambda e: e.measure):
        headings.append(len(ticks))
        ticks.append(y)
        labels.append(abridged(name, MOST_HEADING))
        for effect in members:
            y += 1.0
            _draw(axes, effect, y, presets.index(effect.preset) % len(LEVEL_COLOURS))
            ticks.append(y)
            labels.append(f"{abridged(effect.preset)}   {effect.n}")
        y += 1.4
    axes.set_yticks(ticks, labels, fontsize=8)
    for i in headings:
        axes.get_yticklabels()[i].set_fontweight("bold")
    return y


@styled
def forest(effects: Sequence[Effect], *, statistic: str, title: str = "") -> Figure:
    """Forest plot: rows by measure, colour and shape by preset, a dashed line at no effect."""
    headings = len(list(groupby(effects, key=lambda e: e.measure)))
    figure = new_figure(7.2, 1.1 + 0.22 * (len(effects) + 1.4 * headings))
    axes = figure.add_subplot()
    bottom = _rows(axes, effects)
    zero_line(axes, vertical=True)
    axes.set(ylim=(max(bottom, 1.0) - 0.7, -0.7), xlabel=f"{statistic} with 95 % interval")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.08)
    figure.suptitle(
        abridged(title, MOST_TITLE), x=0.01, ha="left", fontsize=10, fontweight="bold", color=INK
    )
    return figure
