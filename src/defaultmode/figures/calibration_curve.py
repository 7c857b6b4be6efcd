"""Whether predicted probabilities come true: groups of people, what was predicted and what came."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
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
    styled,
)

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """Groups of people with like probabilities, by one model.

    n : (k,), people in each; predicted, observed : (k,), shares; low, high : (k,), 95 % interval
    """

    model: str
    n: NDArray[np.intp]
    predicted: Array
    observed: Array
    low: Array
    high: Array


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """Net benefit (k,) at each threshold (k,), of one model or of one rule for all."""

    model: str
    threshold: Array
    net_benefit: Array


@styled
def calibration_curve(
    bins: Sequence[Bins], decisions: Sequence[Decisions], *, title: str = ""
) -> Figure:
    """Calibration on the left, with the size of each group; the net benefit of acting on it right.

    decisions : the last two are those of treating everybody and nobody
    """
    figure = new_figure(WIDTH_IN, 3.6)
    figure.suptitle(abridged(title, MOST_TITLE), x=0.01, ha="left", fontsize=10, fontweight="bold")
    left, right = figure.subplots(1, 2)
    left.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)))
    for i, one in enumerate(bins):
        left.errorbar(
            one.predicted,
            one.observed,
            yerr=np.stack([one.observed - one.low, one.high - one.observed]),
            color=LEVEL_COLOURS[i % len(LEVEL_COLOURS)],
            marker=LEVEL_MARKERS[i % len(LEVEL_MARKERS)],
            markersize=5,
            linewidth=1.0,
            elinewidth=0.8,
            label=f"{one.model}, groups of {_sizes(one.n)}",
        )
    left.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    left.set(xlabel="predicted probability", ylabel="share in whom it came")
    _benefit(right, decisions)
    for axes in (left, right):
        axes.legend(fontsize=7.5, loc="best")
    return figure


def _sizes(n: NDArray[np.intp]) -> str:
    return str(n.min()) if n.min() == n.max() else f"{n.min()} to {n.max()}"


def _benefit(axes: Axes, decisions: Sequence[Decisions]) -> None:
    models = len(decisions) - 2
    for i, one in enumerate(decisions):
        plain = i >= models
        axes.plot(
            one.threshold,
            one.net_benefit,
            color=SOFT if plain else LEVEL_COLOURS[i % len(LEVEL_COLOURS)],
            linestyle=(0, (1, 1 + i - models)) if plain else "-",
            linewidth=1.4,
            label=one.model,
        )
    top = max(float(one.net_benefit.max()) for one in decisions)
    axes.set(xlim=(0, 1), ylim=(-0.1, top + 0.05))
    axes.set(xlabel="threshold for acting", ylabel="net benefit")
