"""Paths as short SVG: whole units, every step counted from where the pen is."""

from collections.abc import Iterator

import numpy as np
from matplotlib.path import Path
from numpy.typing import NDArray

Points = NDArray[np.float64]
Units = NDArray[np.int64]
UNITS = 2  # in a pixel, so that no coordinate needs a decimal point: an eye sees no less
ROUND = 2e-3  # how far from one radius the points of a mark may lie, as a share of it
STEPS = {int(Path.LINETO): "l", int(Path.CURVE3): "q", int(Path.CURVE4): "c"}


def whole(pixels: float) -> str:
    """A length in units of the view box."""
    return str(round(pixels * UNITS))


def fine(pixels: float) -> str:
    """A width in units of the view box, to a tenth."""
    return f"{round(pixels * UNITS, 1):g}"


def line_of(path: Path) -> str:
    """The `d` of a path, its vertices in pixels, y downwards."""
    return "".join(f"M{_joined(start)}{steps}" for start, steps in _parts(path))


def dots(places: Points) -> str:
    """Closed lines without a length at these places, (n, 2): the pen leaves the shape of its end.

    What follows a closed line is counted from where it began.
    """
    units = _units(places)
    steps = np.diff(units, axis=0)
    return f"M{_joined(units[0])}z" + "".join(f"m{_joined(step)}z" for step in steps)


def repeated(mark: Path, places: Points) -> str:
    """A small path around each of these places, (n, 2) in pixels."""
    parts = list(_parts(mark))
    return "".join(
        f"M{_joined(place + start)}{steps}" for place in _units(places) for start, steps in parts
    )


def pen_of(path: Path) -> tuple[str, float]:
    """The end of a pen that draws this mark as a dot, and half its width in pixels.

    "round" for a circle around zero, "square" for an upright square, "" where no pen does.
    """
    ends = np.array([part[0][-2:] for part in path.iter_segments() if part[1] != Path.CLOSEPOLY])
    round_ones = path.codes is not None and bool(np.isin(Path.CURVE4, path.codes))
    distances = np.hypot(*ends.T) if round_ones else np.abs(ends).ravel()
    radius = float(distances.mean()) if distances.size else 0.0
    alike = distances.size > 1 and np.ptp(distances) <= ROUND * radius
    corners = {tuple(corner) for corner in np.sign(ends).tolist()}
    if not alike or not (round_ones or len(corners) == 4):  # a square has four
        return "", 0.0
    return "round" if round_ones else "square", radius


def _parts(path: Path) -> Iterator[tuple[Units, str]]:
    """Where each stroke of the pen begins, and its steps from there."""
    start = pen = np.zeros(2, np.int64)
    steps = ""
    for vertices, code in path.iter_segments(simplify=False):
        if code == Path.CLOSEPOLY:
            steps, pen = steps + "z", start
            continue
        ends = _units(np.reshape(vertices, (-1, 2)))
        if code == Path.MOVETO:
            if steps:
                yield start, steps
            start, steps = ends[0], ""
        else:
            steps += _step(STEPS[int(code)], ends - pen)
        pen = ends[-1]
    if steps:
        yield start, steps


def _step(letter: str, ends: Units) -> str:
    """One step of the pen; a level or upright line has its own letter, and none stays away."""
    if letter == "l":
        along, down = ends[0]
        if not along and not down:
            return ""
        if not along or not down:
            return f"v{down}" if down else f"h{along}"
    return letter + _joined(ends.ravel())


def _joined(numbers: Units) -> str:
    """Numbers with no more between them than is needed to tell them apart."""
    return " ".join(map(str, numbers)).replace(" -", "-")


def _units(places: Points) -> Units:
    return np.round(np.asarray(places, np.float64) * UNITS).astype(np.int64)
