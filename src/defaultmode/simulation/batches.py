"""Runs of many people laid side by side, so that one pass of the engine carries them all."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from defaultmode.simulation.brain import Brain
from defaultmode.simulation.people import People
from defaultmode.simulation.protocol import Scan
from defaultmode.simulation.timeline import Timeline

Array = NDArray[np.float64]
LANES = 64  # simulations that one thread of the batch kernel carries at once


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One scan of the people of a timeline."""

    timeline: Timeline
    scan: Scan

    @property
    def people(self) -> People:
        """Who is scanned, in order."""
        return self.timeline.people

    @property
    def shape(self) -> tuple[float, float]:
        """What runs must share to be simulated together: length and repetition time, in s."""
        return self.scan.duration_s, self.scan.tr_s

    @property
    def seeds(self) -> tuple[int, ...]:
        """One seed for each person, of this scan."""
        return self.people.seeds(self.scan.key)


def batches(jobs: Iterable[Job], lanes: int = LANES) -> tuple[tuple[Job, ...], ...]:
    """Jobs of one shape gathered until the lanes are full, in their order."""
    full: list[tuple[Job, ...]] = []
    open_: dict[tuple[float, float], list[Job]] = {}
    for job in jobs:
        waiting = open_.setdefault(job.shape, [])
        if waiting and sum(len(j.people) for j in waiting) + len(job.people) > lanes:
            full.append(tuple(waiting))
            waiting.clear()
        waiting.append(job)
    return (*full, *(tuple(waiting) for waiting in open_.values() if waiting))


def brain_of(batch: Sequence[Job], settle_s: float) -> Callable[[float], Brain]:
    """The brains of all people of a batch at a time of their scans, in s from the first frame.

    While no part changes the very same brain is returned, by which the engine knows.
    """
    parts = [job.timeline.brain_at(job.scan, settle_s=settle_s) for job in batch]
    sizes = [len(job.people) for job in batch]
    last: tuple[tuple[Brain, ...], Brain] | None = None

    def brain(t_s: float) -> Brain:
        nonlocal last
        now, before = tuple(part(t_s) for part in parts), last
        if before is None or any(a is not b for a, b in zip(now, before[0], strict=True)):
            last = before = (now, side_by_side(now, sizes))
        return before[1]

    return brain


def side_by_side(brains: Sequence[Brain], sizes: Sequence[int]) -> Brain:
    """Several groups of people as one, (n_regions or 1, sum of sizes); their routes are the same.

    A parameter that all groups have alike stays as it is.
    """
    first, *others = brains
    if not others:
        return first
    values = {name: _joined([b.value(name) for b in brains], sizes) for name in first.values}
    return replace(first, values=values)


def _joined(values: Sequence[Array], sizes: Sequence[int]) -> Array:
    first = values[0]
    if first.shape[1] == 1 and all(np.array_equal(v, first) for v in values[1:]):
        return first
    n_rows = max(v.shape[0] for v in values)
    wide = [np.broadcast_to(v, (n_rows, n)) for v, n in zip(values, sizes, strict=True)]
    return np.concatenate(wide, axis=1)
