"""Numbers and tables as the text of BIDS: tab-separated, `n/a` where missing, fixed precision."""

import json
import math
from collections.abc import Iterable, Sequence

import numpy as np

from defaultmode.core.recording import Array

MISSING = "n/a"
DIGITS = 9  # significant digits; single precision has 7, so no published number is rounded visibly


def number(value: float) -> str:
    """One number at fixed precision, `n/a` where it is not finite."""
    return f"{value:.{DIGITS}g}" if math.isfinite(value) else MISSING


def cell(value: object) -> str:
    """One cell of a table: numbers at fixed precision, text without tabs or line breaks."""
    if value is None:
        return MISSING
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        return number(float(value))
    return " ".join(str(value).split()) or MISSING


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A tab-separated table with its header."""
    lines = ["\t".join(cell(h) for h in header)]
    lines += ["\t".join(cell(c) for c in row) for row in rows]
    return "\n".join(lines) + "\n"


def matrix(header: Sequence[str], values: Array, *, index: Sequence[str] = ()) -> str:
    """A tab-separated matrix, (n_rows, n_columns); with `index` its first column is `Node`."""
    pattern = f"%.{DIGITS}g"
    missing = ~np.isfinite(values)
    lines = ["\t".join((["Node"] if index else []) + list(header))]
    for i, row in enumerate(values.tolist()):
        cells = [pattern % v for v in row]
        for j in np.flatnonzero(missing[i]):
            cells[j] = MISSING
        lines.append("\t".join(([index[i]] if index else []) + cells))
    return "\n".join(lines) + "\n"


def as_json(content: object) -> str:
    """JSON text with sorted keys, the same for the same content."""
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, default=str) + "\n"
