"""Every test of the ledger on data whose truth is known, many times over; writes a table.

python benchmarks/ledger_calibration.py [--simulations 20000] [--only WORD ...] [--out FILE]
    [--keep FILE.json]      counts are kept there; a run that was cut off goes on from it
    [--again]               forget what is kept of the worlds that are chosen
"""

import argparse
import json
import multiprocessing
import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from math import inf
from pathlib import Path
from zlib import crc32

ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
os.environ.update(ONE_THREAD)  # before numpy is imported: processes share the cores, not threads

import numpy as np  # noqa: E402
from nulls.all_worlds import all_worlds  # noqa: E402
from nulls.report import report  # noqa: E402
from nulls.world import Tally, World, tallied  # noqa: E402

PARTS = 20  # of a world, so that all worlds are simulated in turns
SEED = 20261122
CORES = 2
Job = tuple[str, int, int]  # world, part, simulations


@dataclass(slots=True)
class Counts:
    """What was simulated so far: the counts of each world, and which of its parts they hold."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    parts: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path | None) -> "Counts":
        """Those of an earlier run, none where there was none."""
        if path is None or not path.exists():
            return cls()
        kept = json.loads(path.read_text("utf-8"))
        return cls({key: Tally(**one) for key, one in kept["tallies"].items()}, kept["parts"])

    def add(self, key: str, part: int, tally: Tally) -> None:
        """One more part of a world."""
        self.tallies.setdefault(key, Tally()).__iadd__(tally)
        self.parts.setdefault(key, []).append(part)

    def without(self, worlds: Iterable[str]) -> "Counts":
        """What is left when some worlds are forgotten."""
        for key in worlds:
            self.tallies.pop(key, None)
            self.parts.pop(key, None)
        return self

    def write(self, path: Path | None) -> None:
        """Keep them."""
        if path:
            tallies = {key: asdict(tally) for key, tally in self.tallies.items()}
            path.write_text(json.dumps({"tallies": tallies, "parts": self.parts}), "utf-8")


def simulate(key: str, part: int, n: int) -> tuple[str, int, Tally]:
    """One job: some simulations of one world, with a stream of their own."""
    began, seed = time.process_time(), [SEED, crc32(key.encode()), part]
    tally = tallied(all_worlds()[key].simulate(n, np.random.default_rng(seed)))
    tally.seconds = time.process_time() - began
    return key, part, tally


def jobs(worlds: dict[str, World], simulations: int, done: Counts) -> Iterator[Job]:
    """What is left to do: the first part of every world, then the second, and so on.

    The seed of a part depends on nothing but its world and its number.
    """
    for part in range(PARTS):
        for key, world in worlds.items():
            wanted = max(1, round(simulations * world.share))
            size = (part + 1) * wanted // PARTS - part * wanted // PARTS
            if size and part not in done.parts.get(key, []):
                yield key, part, size


def calibrate(
    worlds: dict[str, World], simulations: int, keep: Path | None = None, *, until: float = inf
) -> dict[str, Tally]:
    """All simulations of these worlds, on both cores; what is kept in a file is not done again.

    until : monotonic time, after which no part is begun
    """
    counts = Counts.read(keep)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(CORES, mp_context=context) as pool:
        todo = list(jobs(worlds, simulations, counts))
        waiting = [pool.submit(simulate, *job) for job in todo]
        for n, future in enumerate(as_completed(waiting), start=1):
            counts.add(*future.result())
            if n % 20 == 0 or n == len(todo):
                counts.write(keep)
            if time.monotonic() > until:
                pool.shutdown(cancel_futures=True)
                break
    return {key: tally for key, tally in counts.tallies.items() if key in all_worlds()}


def main() -> None:
    """Simulate, print the report, write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=20_000)
    parser.add_argument("--only", nargs="*", default=[], help="words in the names of families")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--again", action="store_true")
    options = parser.parse_args()
    worlds = {
        key: world
        for key, world in all_worlds().items()
        if not options.only or any(word in key for word in options.only)
    }
    if options.again:
        Counts.read(options.keep).without(worlds).write(options.keep)
    found = calibrate(worlds, options.simulations, options.keep)
    shown = {key: world for key, world in all_worlds().items() if key in found}
    text = report(shown, found, seed=SEED)
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
