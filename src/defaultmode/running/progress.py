"""A progress bar on the standard error stream, for anything that takes over two seconds."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
PATIENCE_S = 2.0
WIDTH = 30


def progress(
    items: Iterable[Item], total: int, label: str, *, quiet: bool = False
) -> Iterator[Item]:
    """Yield the items, showing how many are done once two seconds have passed."""
    with progress_bar(label, quiet=quiet) as show:
        for done, item in enumerate(items, start=1):
            yield item
            show(done / total, f"{done}/{total}")


@contextmanager
def progress_bar(label: str, *, quiet: bool = False) -> Iterator[Callable[[float, str], None]]:
    """A function that shows the share done, 0 to 1, and a word on it, once two seconds passed."""
    started = time.monotonic()
    shown = False

    def show(share: float, word: str = "") -> None:
        nonlocal shown
        elapsed = time.monotonic() - started
        if quiet or not sys.stderr.isatty() or elapsed < PATIENCE_S or share <= 0:
            return
        shown = True
        filled = round(WIDTH * share)
        left_s = elapsed / share * (1 - share)
        bar = "█" * filled + "·" * (WIDTH - filled)
        sys.stderr.write(f"\r{label} {bar} {word}, {left_s:.0f} s left ")
        sys.stderr.flush()

    yield show
    if shown:
        sys.stderr.write("\r" + " " * (len(label) + WIDTH + 40) + "\r")
