"""The flow of participants: boxes from the people found down to those with numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from defaultmode.figures.style import INK, SOFT, WIDTH_IN, new_figure, styled

BOX = 0.5  # height of a box, where the next one begins 1 below
WIDE = 0.66  # share of the width that the columns of boxes have; exits have the rest
MOST_NAMED = 3  # columns whose boxes have room for the name of their stage
MOST_LINES, LETTERS = 4, 38  # of what stands beside an exit


@dataclass(frozen=True, slots=True)
class FlowStep:
    """One row: the name of the stage, a count for each column, and who left before it, in words."""

    name: str
    counts: tuple[int, ...]
    left: tuple[str, ...] = ()


@styled
def participant_flow(steps: Sequence[FlowStep], columns: Sequence[str]) -> Figure:
    """Stages from top to bottom, groups side by side, exits at the right (after CONSORT)."""
    figure = new_figure(WIDTH_IN, 0.35 + 0.72 * len(steps))
    axes = figure.add_subplot()
    axes.set(xlim=(0, 1), ylim=(0.5 - len(steps) + BOX / 2 - 0.4, 0.75))
    axes.axis("off")
    width = WIDE / len(columns)
    centres = [width * (i + 0.5) for i in range(len(columns))]
    if len(columns) > 1:
        for x, name in zip(centres, columns, strict=True):
            axes.text(x, 0.5, _short(name), ha="center", va="center", fontweight="bold", fontsize=9)
    for i, step in enumerate(steps):
        _stage(axes, -float(i), step, centres=centres, named=len(columns) <= MOST_NAMED)
        if i:
            _exits(axes, 0.5 - i, step.left, start=centres[-1])
    return figure


def _short(name: str) -> str:
    return name if len(name) <= 18 else f"{name[:17]}…"


def _stage(axes: Axes, y: float, step: FlowStep, *, centres: Sequence[float], named: bool) -> None:
    half = min(WIDE / len(centres), 0.4) / 2 - 0.012
    for x, count in zip(centres, step.counts, strict=True):
        box = FancyBboxPatch(
            (x - half, y - BOX / 2), 2 * half, BOX, boxstyle="round,pad=0,rounding_size=0.012",
            facecolor="white", edgecolor=SOFT, linewidth=0.9, mutation_aspect=8,
        )  # fmt: skip
        axes.add_patch(box)
        text = f"{step.name}\nn = {count}" if named else f"n = {count}"
        axes.text(x, y, text, ha="center", va="center", fontsize=8.5, linespacing=1.3)
        if y:
            tip = y + BOX / 2
            axes.plot([x, x], [y + 1 - BOX / 2, tip], color=INK, linewidth=0.9)
            axes.plot([x], [tip + 0.05], marker="v", color=INK, markersize=4)
    if not named:
        axes.text(WIDE + 0.02, y, step.name, va="center", fontsize=8.5)


def _exits(axes: Axes, y: float, left: Sequence[str], *, start: float) -> None:
    lines = [line for words in left for line in wrap(words, LETTERS)]
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], "… (all in the table)"]
    colour = INK if lines else SOFT
    if lines:
        axes.plot([start, WIDE], [y, y], color=SOFT, linewidth=0.7, linestyle=(0, (3, 2)), zorder=0)
    text = "\n".join(lines) or "nobody left"
    axes.text(WIDE + 0.02, y, text, va="center", fontsize=7.5, color=colour, linespacing=1.2)
