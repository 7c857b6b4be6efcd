"""Our simulator beside its peers, on the same work, in turns.

python benchmarks/simulation.py --quick            one line of JSON, within five minutes
python benchmarks/simulation.py [--pairs 5]        every engine on every case: a table, and the line
    [--peer-python NAME=PATH ...]                  a peer that is installed for another interpreter
"""

import argparse
import contextlib
import itertools
import json
import math
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import turns
from turns import OURS, Case, Engine, EngineError, Turn, Worker

from defaultmode.core.connectome import Connectome
from defaultmode.simulation.parameter_sets import parameter_set
from defaultmode.sources.connectomes import embedded_connectome

US = Engine(OURS, version(OURS))
PRODUCTS = 12  # of matrices; the fastest of them is the peak
QUICK_S = 285  # five minutes, less what it takes to stop
CASES = {"single_100": Case(100, 1), "batch_100": Case(100, 64), "batch_400": Case(400, 64)}
# a batch of 64 at 400 regions takes a peer 20 s a run; its rate at 16 is the same
QUICK_PEER = {"single_100": Case(100, 1), "batch_100": Case(100, 64), "batch_400": Case(400, 16)}
# Floating-point operations of simulation/kernel.py that this model needs, per region and step; a
# fused multiply–add counts two; integers of the random streams, conversions, and what serves
# adaptation, shared noise and feed-forward inhibition count none.
OPERATIONS = {
    "drives of both rates (step)": 10.0,
    "both rates (scaled_rate)": 42.0,
    "two normals (two_normals, natural_log)": 53.0,
    "both states and their limits (step)": 14.0,
    "blood flow and sums, once in ten steps (millisecond)": 4.9,
}


def operations(n_regions: int) -> float:
    """Floating-point operations per region-step: multiply and add every connection, and a step."""
    return 2.0 * n_regions + sum(OPERATIONS.values())


def lay_out(folder: Path) -> None:
    """The work at both sizes: the embedded connectome, and a made one."""
    for connectome in (embedded_connectome(), made_connectome(400)):
        brain = parameter_set("deco2014", connectome)
        coupling, inhibition = brain.value("coupling"), brain.full("inhibition")
        np.savez(
            folder / f"{len(connectome)}.npz",
            weights=brain.routes["long_range"],
            inhibition=inhibition[:, 0],
            coupling=coupling[0, 0],
        )


def made_connectome(n_regions: int, seed: int = 0) -> Connectome:
    """Points on two hemispheres; log-normal strength falls with distance; 60 % of pairs joined."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n_regions, 3))
    points *= 60.0 / np.linalg.norm(points, axis=1)[:, None]
    half = n_regions // 2
    side = np.r_[-np.ones(half), np.ones(n_regions - half)]
    points[:, 0] = side * (np.abs(points[:, 0]) + 3.0)
    distance_mm = np.linalg.norm(points[:, None] - points, axis=2)
    strength = np.exp(-distance_mm / 18.0 + rng.normal(size=distance_mm.shape))
    strength[np.arange(half), half + np.arange(half)] += 0.3  # opposite regions
    strength = np.triu(strength, 1)
    strength += strength.T
    strength[strength < np.quantile(strength, 0.4)] = 0.0
    return Connectome("made", tuple(f"region {i}" for i in range(n_regions)), strength)


class Benchmark:
    """The peers, the folder that holds the work, and what came out so far."""

    def __init__(self, folder: Path, others: dict[str, str], pairs: int) -> None:
        self.folder, self.pairs = folder, pairs
        self.peers, self.absent = turns.installed(others)
        self.failed: dict[str, str] = {}
        lay_out(folder)

    def worker(self, engine: Engine, case: Case) -> Worker:
        """An engine ready for a case."""
        return Worker(engine, case, self.folder)

    def attempt(self, engine: Engine, case: Case, do: Callable[[Worker], Any]) -> Any:
        """What `do` makes of a peer, or None where the peer fails, which is kept to be told."""
        try:
            with self.worker(engine, case) as worker:
                return do(worker)
        except EngineError as error:
            self.failed[f"{engine.name} {case.n_regions}x{case.n_people}"] = str(error)
            return None

    def fastest(self, case: Case) -> Engine | None:
        """The peer with the highest rate in one run of a few people."""
        few = Case(case.n_regions, min(case.n_people, 4), case.threads)
        rates: dict[Engine, float] = {}
        for peer in self.peers:
            turn = self.attempt(peer, few, lambda worker: worker.once())
            if turn is not None:
                rates[peer] = turn.rate
                say(f"  {few}: {peer} {turn.rate / 1e6:.2f} M region-steps per CPU-second")
        return max(rates, key=rates.__getitem__, default=None)

    def compare(self, name: str, until: float) -> dict[str, Any]:
        """Ours and the fastest peer in pairs; ratios of rates per CPU-second."""
        peer = self.fastest(CASES[name])
        if peer is None:
            reason = "no peer is installed" if not self.peers else "no peer ran"
            return {f"{name}_ratio": None, f"{name}_reason": reason}

        def in_turns(theirs: Worker) -> list[list[Turn]]:
            with self.worker(US, CASES[name]) as ours:
                return paired(ours, theirs, self.pairs, until)

        both = self.attempt(peer, QUICK_PEER[name], in_turns)
        if both is None:
            return {f"{name}_ratio": None, f"{name}_reason": f"{peer} failed"}
        ratios = [a.rate / b.rate for a, b in zip(*both, strict=True)]
        ours_m, theirs_m = (statistics.median(t.rate for t in each) / 1e6 for each in both)
        return {
            f"{name}_ratio": round(statistics.median(ratios), 2),
            f"{name}_peer": str(peer),
            f"{name}_m_per_cpu_s": [round(ours_m, 1), round(theirs_m, 2)],
            f"{name}_pairs": len(ratios),
        }

    def peak_share(self, name: str = "batch_100") -> dict[str, Any]:
        """Operations per second of ours against those of a large matrix product, in pairs."""
        case = CASES[name]
        count = operations(case.n_regions)
        shares, peaks = [], []
        with self.worker(Engine("sgemm", ""), case) as sgemm, self.worker(US, case) as ours:
            for _ in range(self.pairs):
                peaks.append(max(sgemm.once().rate for _ in range(PRODUCTS)))
                shares.append(ours.once().rate * count / peaks[-1])
        return {
            "peak_share": round(statistics.median(shares), 3),
            "peak_gflop_per_s": round(statistics.median(peaks) / 1e9, 1),
            "operations_per_region_step": count,
        }

    def two_threads(self) -> dict[str, Any]:
        """Wall time of a batch on one thread over that on two, in pairs."""
        one, two = CASES["batch_100"], Case(100, 64, 2)
        with self.worker(US, one) as first, self.worker(US, two) as second:
            both = turns.alternate([first, second], self.pairs)
        ratios = [b.wall_rate / a.wall_rate for a, b in zip(*both, strict=True)]
        return {"threads_2_speedup": round(statistics.median(ratios), 2)}

    def memory(self) -> dict[str, Any]:
        """Highest resident memory of a batch, and what fifty more simulated seconds add."""
        small, large = (
            turns.script("memory.py", self.folder / f"{n}.npz", *seconds)
            for n, seconds in ((100, (10, 60)), (400, (1, 2)))
        )
        return {
            "rss_mb": round(max(small["peak_mb"], large["peak_mb"])),
            "rss_grown_mb_in_50_s": round(small["grown_mb"], 1),
        }

    def start(self) -> dict[str, Any]:
        """First call in a fresh process, without and with numba's cache."""
        with tempfile.TemporaryDirectory() as cache:
            path = self.folder / "100.npz"
            place = {"NUMBA_CACHE_DIR": cache}
            first, *again = (turns.script("start.py", path, environment=place) for _ in range(4))
        return {
            "compile_s": round(first["first_s"], 2),
            "cached_start_s": round(statistics.median(x["first_s"] for x in again), 2),
            "import_s": round(statistics.median(x["import_s"] for x in again), 2),
        }


def paired(ours: Worker, theirs: Worker, pairs: int, until: float) -> list[list[Turn]]:
    """Both in turns, the order turned every time, while there is time for another pair."""
    kept: list[list[Turn]] = [[], []]
    for k in range(pairs):
        started = time.monotonic()
        both = [ours, theirs][:: 1 if k % 2 == 0 else -1]
        found = [worker.once() for worker in both][:: 1 if k % 2 == 0 else -1]
        for turns_of_one, turn in zip(kept, found, strict=True):
            turns_of_one.append(turn)
        if 2 * time.monotonic() - started > until:
            break
    return kept


def line(bench: Benchmark, until: float) -> dict[str, Any]:
    """Everything that the line of JSON holds; the longest comparison last, in the time left."""
    found: dict[str, Any] = {}
    for part in (bench.start, bench.two_threads, bench.memory, bench.peak_share):
        found |= tell(part())
    for name in CASES:
        found |= tell(bench.compare(name, until))
    return found


def tell(found: dict[str, Any]) -> dict[str, Any]:
    """Passes on what was found, and says it."""
    say(f"  {found}")
    return found


def table(bench: Benchmark) -> None:
    """Every engine on every case, by turns, as a Markdown table."""
    print(
        "| regions | simulations | threads | engine | M region-steps per CPU s (all runs) "
        "| median | ours over it, median of pairs | per s | ready after s | peak MB |\n"
        "|---|---|---|---|---|---|---|---|---|---|"
    )
    for n_regions, n_people, threads in itertools.product((100, 400), (1, 64), (1, 2)):
        for found in rows(bench, Case(n_regions, n_people, threads)):
            print(found, flush=True)


def rows(bench: Benchmark, case: Case) -> list[str]:
    """One row per engine that can be used so; those that cannot say so by their absence."""
    with contextlib.ExitStack() as stack:
        workers = []
        for engine in (US, *bench.peers):
            try:
                workers.append(stack.enter_context(bench.worker(engine, case)))
            except EngineError as error:
                bench.failed[f"{engine.name} {case}"] = str(error)
        workers = [w for w in workers if w.ready["threads"] == case.threads]
        all_turns = turns.alternate(workers, bench.pairs)
    return [
        row(case, worker, found, all_turns[0])
        for worker, found in zip(workers, all_turns, strict=True)
    ]


def row(case: Case, worker: Worker, found: list[Turn], ours: list[Turn]) -> str:
    """Rates in millions of region-steps."""
    ratio = statistics.median(a.rate / b.rate for a, b in zip(ours, found, strict=True))
    each = " ".join(f"{turn.rate / 1e6:.1f}" for turn in found)
    people = case.n_people if worker.ready["n_people"] == case.n_people else "1 by 1"
    cells = (
        case.n_regions,
        people,
        case.threads,
        worker.engine,
        each,
        f"{statistics.median(t.rate for t in found) / 1e6:.1f}",
        f"{ratio:.1f}",
        f"{statistics.median(t.wall_rate for t in found) / 1e6:.1f}",
        f"{worker.ready['setup_s']:.1f}",
        f"{max(t.peak_mb for t in found):.0f}",
    )
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def machine() -> str:
    """What the numbers are measured on."""
    from llvmlite import binding

    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text("utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    features = binding.get_host_cpu_features()
    vectors = [flag for flag in ("fma", "avx2", "avx512f") if features.get(flag)]
    packages = ", ".join(f"{p} {version(p)}" for p in (OURS, "numpy", "numba", "llvmlite"))
    return (
        f"{os.cpu_count()} cores, {names[0] if names else platform.processor()} "
        f"({binding.get_host_cpu_name()}: {' '.join(vectors)}), {platform.system()}, Python "
        f"{platform.python_version()}, {packages}; load {os.getloadavg()[0]:.1f}"
    )


def main() -> None:
    """Lay out the work, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--peer-python", action="append", default=[], metavar="NAME=PATH")
    options = parser.parse_args()
    others = dict(word.split("=", 1) for word in options.peer_python)
    if set(others) - set(turns.PEERS):
        parser.error(f"--peer-python knows {', '.join(turns.PEERS)}")
    started = time.monotonic()
    until = started + QUICK_S if options.quick else math.inf
    about = machine()
    with tempfile.TemporaryDirectory() as folder:
        bench = Benchmark(Path(folder), others, options.pairs)
        say(f"{about}\npeers: {', '.join(str(p) for p in bench.peers) or 'none'}")
        say(f"absent: {', '.join(bench.absent) or 'none'}")
        if not options.quick:
            table(bench)
        found = line(bench, until)
    found |= {
        "peers": [str(peer) for peer in bench.peers],
        "absent": bench.absent,
        "failed": bench.failed,
        "machine": about,
        "load_at_end": round(os.getloadavg()[0], 1),
        "took_s": round(time.monotonic() - started),
    }
    print(json.dumps(found))


def say(words: str) -> None:
    """Progress, beside the answer."""
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
