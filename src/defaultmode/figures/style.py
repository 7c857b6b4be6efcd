"""Palette, sizes and the one way a figure is made and written."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from io import BytesIO
from typing import Any, Literal, ParamSpec

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

P = ParamSpec("P")
Layout = Literal["constrained", "compressed"]

# Okabe and Ito (2008): told apart with every common colour vision.
ROLE_COLOURS = {
    "default": "#D55E00",
    "task-positive": "#0072B2",
    "salience": "#009E73",
    "other": "#8A8A8A",
}
ROLE_MARKERS = {"default": "o", "task-positive": "s", "salience": "^", "other": "."}
LEVEL_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#AA4499", "#7A6A00", "#4D4D4D")
LEVEL_MARKERS = ("o", "s", "^", "D", "v", "P")
VERDICT_COLOURS = {
    "supported": "#0072B2",
    "contradicted": "#D55E00",
    "negligible": "#AA4499",
    "inconclusive": "#4D4D4D",
}
VERDICT_MARKERS = {"supported": "o", "contradicted": "X", "negligible": "D", "inconclusive": "s"}
STANCE_COLOURS = {"for": "#0072B2", "against": "#D55E00", "null": "#AA4499", "mixed": "#7A6A00"}
STANCE_MARKERS = {"for": "o", "against": "X", "null": "D", "mixed": "v"}
INK, SOFT, ABSENT = "#1B1F24", "#5C6570", "#B9C0C7"
DIVERGING = "RdBu_r"  # blue to red keeps its order under red-green and blue-yellow deficiency
GOLDEN = 0.6180339887498949  # its multiples modulo 1 fill an interval evenly, without chance
WIDTH_IN = 7.2  # a page's text column at 100 px per inch
MOST_VECTOR_POINTS = 3000  # beyond this the marks become one picture inside the SVG
MOST_LETTERS, MOST_HEADING, MOST_TITLE = 28, 40, 96  # longer ones would leave axes no room

_SETTINGS: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],  # ships with matplotlib, so every machine draws the same
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.facecolor": "none",
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "text.hinting": "none",  # a browser's letters are not fitted to pixels either
    "figure.constrained_layout.w_pad": 0.09,  # inches, for letters wider than those measured
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": "none",  # the page's card is white
    "figure.dpi": 100.0,
    "savefig.dpi": 150.0,
    "svg.fonttype": "path",
    "svg.hashsalt": "defaultmode",
    "path.simplify": False,
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
}


@contextmanager
def settings() -> Iterator[None]:
    """The package's drawing settings, whatever the user's own are; theirs come back afterwards."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw under the package's settings."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with settings():
            return draw(*args, **kwargs)

    return drawn


def new_figure(
    width_in: float = WIDTH_IN, height_in: float = 4.0, *, layout: Layout = "constrained"
) -> Figure:
    """An empty figure, in inches, with no tie to pyplot."""
    return Figure(figsize=(width_in, height_in), layout=layout)


def abridged(text: str, most: int = MOST_LETTERS) -> str:
    """A name in at most so many letters, "…" where its middle was; each line by itself."""
    return "\n".join(_abridged(line, most) for line in text.split("\n"))


def _abridged(line: str, most: int) -> str:
    if len(line) <= most:
        return line
    last = most // 3
    return f"{line[: most - last - 1].rstrip()}…{line[-last:].lstrip()}"


def zero_line(axes: Axes, *, vertical: bool = False) -> None:
    """A thin line at zero, where there is neither correlation nor effect."""
    line = axes.axvline if vertical else axes.axhline
    line(0.0, color=SOFT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)


def even_offsets(n: int) -> NDArray[np.float64]:
    """Sideways shifts between −1 and 1 that fill it evenly, (n,); the same for the same n."""
    return np.asarray(2 * ((np.arange(n) * GOLDEN) % 1.0) - 1, np.float64)


def size_text(people: Sequence[str]) -> str:
    """How many people these recordings come from, and how many recordings where that differs."""
    n, runs = len(set(people)), len(people)
    return f"n = {n}" if n == runs else f"n = {n}\n({runs} runs)"


def _written(figure: Figure, kind: str, metadata: dict[str, str | None]) -> bytes:
    buffer = BytesIO()
    with settings(), warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes; the page's text has it in full.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(buffer, format=kind, metadata=metadata, facecolor="white")
    return buffer.getvalue()


def svg_of(figure: Figure) -> bytes:
    """The figure as SVG; the same figure always gives the same bytes."""
    return _written(figure, "svg", {"Date": None, "Creator": None})


def png_of(figure: Figure) -> bytes:
    """The figure as PNG at 150 dots per inch."""
    return _written(figure, "png", {"Software": None})
