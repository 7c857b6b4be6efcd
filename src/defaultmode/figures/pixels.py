"""Grids of numbers as the smallest picture that shows them: one pixel for each cell."""

import struct
import zlib

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from defaultmode.core.recording import Array
from defaultmode.figures.style import ABSENT, DIVERGING, INK

SHADES = 15  # an eye tells no more apart; fewer are fewer bytes
MISSING_SHADE, LINE_SHADE = SHADES, SHADES + 1
Indices = NDArray[np.uint8]


def coarse(values: Array, most_rows: int, most_columns: int) -> Array:
    """Means over blocks, so that no more rows and columns are left; NaN where a block has none."""
    for axis, most in enumerate((most_rows, most_columns)):
        size = values.shape[axis]
        if size > most:
            edges = np.arange(0, size, -(-size // most))  # equal blocks: others beat with a pattern
            known = np.isfinite(values)
            total = np.add.reduceat(np.where(known, values, 0.0), edges, axis=axis)
            count = np.add.reduceat(known.astype(np.float64), edges, axis=axis)
            values = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return values


def grey_picture(values: Array, *, limit: float) -> bytes:
    """PNG of a grid (n_rows, n_columns) from black at −limit to white at +limit."""
    return _png(_shades(values, limit), "gray")


def diverging_picture(values: Array, *, limit: float, outlined: int = 0) -> bytes:
    """PNG of a square grid (n, n) from blue at −limit to red at +limit; missing cells are grey.

    outlined : how many of the first rows and columns a dark line parts from the others
    """
    indices = _shades(values, limit)
    if 0 < outlined < len(indices):
        for axis in (0, 1):
            indices = np.insert(indices, outlined, LINE_SHADE, axis=axis)
    return _png(indices, DIVERGING)


def _shades(values: Array, limit: float) -> Indices:
    share = (np.clip(values, -limit, limit) / limit + 1) / 2
    known = np.isfinite(share)
    shades = np.round(np.where(known, share, 0.0) * (SHADES - 1))
    return np.where(known, shades, MISSING_SHADE).astype(np.uint8)


def _png(indices: Indices, colours: str) -> bytes:
    """An indexed PNG (W3C, Portable Network Graphics, third edition), one byte for each pixel."""
    height, width = indices.shape
    scale = colormaps[colours](np.linspace(0, 1, SHADES))[:, :3]
    palette = np.vstack([scale, to_rgb(ABSENT), to_rgb(INK)])
    rows = np.insert(indices, 0, 0, axis=1)  # each row begins with its filter: none
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, content)
        for kind, content in (
            (b"IHDR", header),
            (b"PLTE", (palette * 255).round().astype(np.uint8).tobytes()),
            (b"IDAT", zlib.compress(rows.tobytes(), 9)),
            (b"IEND", b""),
        )
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))
