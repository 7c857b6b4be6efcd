"""Every test of the ledger on data whose truth is known, many times over; writes a table.

python benchmarks/ledger_calibration.py [--simulations 20000] [--only WORD ...] [--out FILE]
    [--keep FILE.json]      counts are kept there; worlds left out by --only are taken from it
"""

import argparse
import json
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from zlib import crc32

ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
os.environ.update(ONE_THREAD)  # before numpy is imported: processes share the cores, not threads

import numpy as np  # noqa: E402
from nulls.all_worlds import all_worlds  # noqa: E402
from nulls.report import report  # noqa: E402
from nulls.world import Tally, World, tallied  # noqa: E402

CHUNK = 1000  # simulations of one job, so that both cores end together
SEED = 20261122
CORES = 2


def simulate(key: str, n: int, seed: Sequence[int]) -> tuple[str, Tally]:
    """One job: some simulations of one world, with a stream of their own."""
    began = time.process_time()
    tally = tallied(all_worlds()[key].simulate(n, np.random.default_rng(list(seed))))
    tally.seconds = time.process_time() - began
    return key, tally


def jobs(worlds: dict[str, World], simulations: int) -> Iterator[tuple[str, int, Sequence[int]]]:
    """Long worlds first; the seed of a chunk depends on nothing but its world and its number."""
    for key, world in sorted(worlds.items(), key=lambda one: -one[1].cost * one[1].share):
        wanted = max(1, round(simulations * world.share))
        size = max(1, min(CHUNK, wanted // (2 * CORES)))
        for chunk, start in enumerate(range(0, wanted, size)):
            yield key, min(size, wanted - start), (SEED, crc32(key.encode()), chunk)


def calibrate(worlds: dict[str, World], simulations: int) -> dict[str, Tally]:
    """All simulations of these worlds, on both cores."""
    found = {key: Tally() for key in worlds}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(CORES, mp_context=context) as pool:
        waiting = [pool.submit(simulate, *job) for job in jobs(worlds, simulations)]
        for done, future in enumerate(as_completed(waiting), start=1):
            key, tally = future.result()
            found[key] += tally
            if done % 50 == 0:
                print(f"{done} of {len(waiting)} jobs", flush=True)
    return found


def kept(path: Path | None) -> dict[str, Tally]:
    """Counts of an earlier run, of worlds that are still there."""
    if path is None or not path.exists():
        return {}
    counts = json.loads(path.read_text("utf-8"))
    return {key: Tally(**one) for key, one in counts.items() if key in all_worlds()}


def main() -> None:
    """Simulate, print the report, write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=20_000)
    parser.add_argument("--only", nargs="*", default=[], help="words in the names of families")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    worlds = {
        key: world
        for key, world in all_worlds().items()
        if not options.only or any(word in key for word in options.only)
    }
    found = kept(options.keep) | calibrate(worlds, options.simulations)
    if options.keep:
        options.keep.write_text(json.dumps({key: asdict(t) for key, t in found.items()}), "utf-8")
    shown = {key: world for key, world in all_worlds().items() if key in found}
    text = report(shown, found, seed=SEED)
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
