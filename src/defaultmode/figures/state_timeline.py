"""Which brain state a person is in, from moment to moment."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from defaultmode.figures.style import (
    MOST_TITLE,
    ROLE_COLOURS,
    SOFT,
    WIDTH_IN,
    abridged,
    new_figure,
    styled,
)

OTHER_COLOURS = ("#0072B2", "#8FC7E8", "#009E73", "#B9A44C", "#AA4499", "#4D4D4D", "#B9C0C7")
STRIPES = 12  # rows of pixels of a run and the gap below it
TALL, LOW = (0, 10), (2, 8)  # those of the default-mode state, which its height tells too; others
MOST_COLUMNS = 1200  # of pixels: a moment of half a second in a run of ten minutes


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One run: its name, its repetition time, and its states (n_time,), −1 where unknown."""

    label: str
    tr_s: float
    labels: NDArray[np.intp]


@styled
def state_timeline(
    tracks: Sequence[Track], names: Sequence[str], *, default: int, title: str = ""
) -> Figure:
    """One row per run, coloured by state; the default-mode state is the tallest.

    names : of the states; default : index of the state most like the default mode network
    """
    figure = new_figure(WIDTH_IN, 1.35 + 0.3 * len(tracks))
    figure.suptitle(abridged(title, MOST_TITLE), x=0.01, ha="left", fontsize=10, fontweight="bold")
    axes = figure.subplots()
    shades = state_colours(len(names), default)
    minutes = max(len(t.labels) * t.tr_s for t in tracks) / 60
    picture = _picture(tracks, shades, default, minutes)
    axes.imshow(
        picture, extent=(0, minutes, len(tracks) - 0.42, -0.42), aspect="auto", interpolation="none"
    )
    axes.set_yticks(range(len(tracks)), [abridged(t.label) for t in tracks], fontsize=7.5)
    axes.set_ylim(len(tracks) - 0.4, -0.6)
    axes.set_xlabel("minutes after the start of the run")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    order = [default, *(i for i in range(len(names)) if i != default)]
    handles = [Patch(color=shades[i], label=names[i]) for i in order]
    figure.legend(handles=handles, loc="outside lower left", ncols=4, fontsize=8, labelcolor=SOFT)
    return figure


def state_colours(n: int, default: int) -> list[str]:
    """A colour for each state, that of the default mode network for its own."""
    others = iter(OTHER_COLOURS * (n // len(OTHER_COLOURS) + 1))
    return [ROLE_COLOURS["default"] if i == default else next(others) for i in range(n)]


def _picture(
    tracks: Sequence[Track], shades: Sequence[str], default: int, minutes: float
) -> NDArray[np.float64]:
    """Stripes of all runs, one below the other, on one axis of time."""
    inks = np.array([to_rgb(shade) for shade in shades])
    columns = min(MOST_COLUMNS, max(len(t.labels) for t in tracks) * 4)
    picture = np.ones((len(tracks) * STRIPES, columns, 3))
    times_s = (np.arange(columns) + 0.5) / columns * minutes * 60
    for y, track in enumerate(tracks):
        frames = np.floor(times_s / track.tr_s).astype(np.intp)
        there = frames < len(track.labels)
        seen = np.where(there, track.labels[np.minimum(frames, len(track.labels) - 1)], -1)
        for (first, last), chosen in ((LOW, seen >= 0), (TALL, seen == default)):
            rows = slice(y * STRIPES + first, y * STRIPES + last)
            picture[rows, chosen] = inks[seen[chosen]]
    return picture
