"""Numbers as the strokes of a small inline picture: the `d` of an SVG path."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_POINTS = 360  # more than a page's column has pixels for


def line(values: Floats, *, low: float, high: float, height: int) -> str:
    """A line through the values, one unit wide each; a gap where a value is missing."""
    span = (high - low) or 1.0
    heights = height * (1 - (np.clip(values, low, high) - low) / span)
    parts, begun = [], False
    for x, y in enumerate(heights):
        if not np.isfinite(y):
            begun = False
            continue
        parts.append(f"{'' if begun else 'M'}{x} {y:.0f}")
        begun = True
    return " ".join(parts)


def bars(marked: NDArray[np.bool_], *, height: int) -> str:
    """A bar over each stretch of marked places, one unit wide each."""
    edges = np.flatnonzero(np.diff(np.r_[0, marked.astype(np.int8), 0]))
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return "".join(f"M{a} 0h{b - a}v{height}h{a - b}z" for a, b in pairs)


def ticks(places: Floats, *, height: int) -> str:
    """An upright stroke at each place."""
    return "".join(f"M{place:.0f} 0v{height}" for place in places)


def at_most(values: Floats, *, highest: bool = False) -> Floats:
    """No more than MOST_POINTS values: means of neighbours, or their highest; NaN left out."""
    if len(values) <= MOST_POINTS:
        return values
    parts = np.array_split(values, MOST_POINTS)
    found = [part[np.isfinite(part)] for part in parts]
    pick = np.max if highest else np.mean
    return np.array([pick(part) if part.size else np.nan for part in found])
