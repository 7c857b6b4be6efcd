"""What every job has in common: how it measures, and how it answers."""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path


def answer(**found: object) -> None:
    """Print the last line of a job."""
    print(json.dumps(found | {"peak_mb": peak_mb()}))


def peak_mb() -> float:
    """Highest resident memory of this process; getrusage would count its parent's too."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return float("nan")


def cpu_s(work: Callable[[], object]) -> float:
    """Processor seconds of one call: what else runs on the machine counts little."""
    started = time.process_time()
    work()
    return time.process_time() - started


def alternating(
    works: dict[str, Callable[[], object]], rounds: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Medians of the processor seconds of each, and of their ratios to the first in each round.

    All are called once a round, the order turned by one every round.
    """
    names = list(works)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for k in range(rounds):
        for i in range(len(names)):
            name = names[(i + k) % len(names)]
            taken[name].append(cpu_s(works[name]))
    first = taken[names[0]]
    ratios = {
        name: statistics.median(a / b for a, b in zip(spent, first, strict=True))
        for name, spent in taken.items()
    }
    return {name: statistics.median(spent) for name, spent in taken.items()}, ratios
