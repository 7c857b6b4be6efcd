"""Numbers as the page prints them."""

from collections.abc import Iterable

import numpy as np

Kept = dict[str, dict]


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def spread(values: Iterable[float], *, sign: bool = False) -> str:
    """The mean, and the range where there are several."""
    found = np.array(list(values))
    shape = "{:+.3f}" if sign else "{:.3f}"
    mean = shape.format(found.mean())
    if len(found) == 1:
        return mean
    return f"{mean} ({shape.format(found.min())} to {shape.format(found.max())})"
