"""A progress bar on the standard error stream, for anything that takes over two seconds."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
PATIENCE_S = 2.0
WIDTH = 30


def progress(
    items: Iterable[Item], total: int, label: str, *, quiet: bool = False
) -> Iterator[Item]:
    """Yield the items, showing how many are done once two seconds have passed."""
    started = time.monotonic()
    shown = False
    for done, item in enumerate(items, start=1):
        yield item
        elapsed = time.monotonic() - started
        if quiet or not sys.stderr.isatty() or elapsed < PATIENCE_S:
            continue
        shown = True
        filled = round(WIDTH * done / total)
        left_s = elapsed / done * (total - done)
        bar = "█" * filled + "·" * (WIDTH - filled)
        sys.stderr.write(f"\r{label} {bar} {done}/{total}, {left_s:.0f} s left ")
        sys.stderr.flush()
    if shown:
        sys.stderr.write("\r" + " " * (len(label) + WIDTH + 40) + "\r")
