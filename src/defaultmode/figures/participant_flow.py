"""The flow of participants: boxes from the people found down to those with numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from defaultmode.figures.style import INK, SOFT, WIDTH_IN, new_figure, styled

ROW, BOX = 1.0, 0.52  # from one box to the next, and the height of a box
WIDE = 0.62  # share of the width that the columns of boxes have
MOST_LINES, LETTERS = 4, 40  # of what stands beside an exit


@dataclass(frozen=True, slots=True)
class FlowStep:
    """One row: the name of the stage, a count for each column, and who left before it, in words."""

    name: str
    counts: tuple[int, ...]
    left: tuple[str, ...] = ()


@styled
def participant_flow(steps: Sequence[FlowStep], columns: Sequence[str]) -> Figure:
    """Stages from top to bottom, groups side by side, exits at the right (after CONSORT)."""
    n = len(columns)
    figure = new_figure(WIDTH_IN, 0.55 + 0.85 * len(steps))
    axes = figure.add_subplot()
    axes.set(xlim=(0, 1), ylim=(-ROW * (len(steps) - 1) - BOX, 0.75))
    axes.axis("off")
    width = WIDE / max(n, 1)
    centres = [width * (i + 0.5) for i in range(n)]
    if n > 1:
        for x, name in zip(centres, columns, strict=True):
            shown = name if len(name) <= 18 else f"{name[:17]}…"
            axes.text(x, 0.55, shown, ha="center", va="center", fontweight="bold", fontsize=9)
    for i, step in enumerate(steps):
        y = -ROW * i
        for x, count in zip(centres, step.counts, strict=True):
            _box(axes, (x, y), width, f"{step.name}\nn = {count}" if n < 4 else f"n = {count}")
            if i:
                _arrow(axes, x, y)
        if n >= 4:
            axes.text(WIDE + 0.02, y, step.name, va="center", fontsize=8.5)
        if step.left:
            _exit(axes, y + ROW / 2, step.left)
    return figure


def _box(axes: Axes, centre: tuple[float, float], width: float, text: str) -> None:
    x, y = centre
    half = min(width, 0.34) / 2 - 0.01
    axes.add_patch(
        FancyBboxPatch(
            (x - half, y - BOX / 2), 2 * half, BOX, boxstyle="round,pad=0,rounding_size=0.012",
            facecolor="white", edgecolor=SOFT, linewidth=0.9, mutation_aspect=8,
        )
    )  # fmt: skip
    name, _, count = text.rpartition("\n")
    lines = [*wrap(name, 24), count] if name else [count]
    size = 8.5 if len(lines) < 3 else 7.5
    axes.text(x, y, "\n".join(lines), ha="center", va="center", fontsize=size, linespacing=1.25)


def _arrow(axes: Axes, x: float, y: float) -> None:
    top, tip = y + ROW - BOX / 2, y + BOX / 2
    axes.plot([x, x], [top, tip], color=INK, linewidth=0.9)
    axes.plot([x], [tip + 0.04], marker="v", color=INK, markersize=4)


def _exit(axes: Axes, y: float, left: Sequence[str]) -> None:
    lines = [line for words in left for line in wrap(words, LETTERS)]
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], "… (all in the table)"]
    axes.plot([WIDE / 2, WIDE + 0.01], [y, y], color=SOFT, linewidth=0.7, linestyle=(0, (3, 2)), zorder=0)
    axes.text(
        WIDE + 0.02, y, "\n".join(lines), va="center", fontsize=7.5, color=INK, linespacing=1.2
    )
