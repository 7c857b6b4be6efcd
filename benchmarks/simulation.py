"""Our simulator beside its peers, on the same work, in turns.

python benchmarks/simulation.py --quick            one line of JSON, within five minutes
python benchmarks/simulation.py [--pairs 5]        every engine on every case: a table, and the line
    [--peer-python NAME=PATH ...]                  a peer that is installed for another interpreter
"""

import argparse
import contextlib
import functools
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
PRODUCTS = 6  # of matrices; the fastest of them is the peak
HOPELESS = 0.5  # a peer below this share of the fastest at 100 regions is not tried at 400
QUICK_S = 285  # five minutes, less what it takes to stop
CASES = {"single_100": Case(100, 1), "batch_100": Case(100, 64), "batch_400": Case(400, 64)}
# 64 people at 400 regions take the fastest peer half a minute; it does 16 at a time anyway
PEER_CASES = {"single_100": Case(100, 1), "batch_100": Case(100, 64), "batch_400": Case(400, 16)}
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
    """The peers, the folder that holds the work, and what is measured with them."""

    def __init__(self, folder: Path, others: dict[str, str], *, pairs: int, until: float) -> None:
        self.folder, self.pairs, self.until = folder, pairs, until
        self.peers, self.absent = turns.installed(others)
        self.not_measured: dict[str, str] = {}
        self._rates: dict[int, dict[Engine, float]] = {}
        lay_out(folder)

    def worker(self, engine: Engine, case: Case) -> Worker:
        """An engine ready for a case."""
        return Worker(engine, case, self.folder, until=self.until)

    def rates(self, n_regions: int, until: float) -> dict[Engine, float]:
        """What each peer does in one run of one simulation; those that fail are kept to be told."""
        if n_regions not in self._rates:
            promising = self._promising()
            rates = self._rates[n_regions] = {}
            for peer in promising:
                if rates and time.monotonic() > until:
                    self.not_measured[f"{peer.name} at {n_regions} regions"] = "not tried: no time"
                    continue
                try:
                    with self.worker(peer, Case(n_regions, 1)) as worker:
                        rates[peer] = worker.once().rate
                except EngineError as error:
                    self.not_measured[f"{peer.name} at {n_regions} regions"] = str(error)
                else:
                    say(f"  {n_regions} regions, {peer}: {rates[peer] / 1e6:.2f}")
        return self._rates[n_regions]

    def _promising(self) -> list[Engine]:
        """All peers, or the fastest first where rates are known of another size."""
        known = next((rates for rates in self._rates.values() if rates), None)
        if known is None:
            return self.peers
        least = HOPELESS * max(known.values())
        return sorted((p for p in known if known[p] >= least), key=known.__getitem__, reverse=True)

    def compare(self, name: str, until: float) -> dict[str, Any]:
        """Ours and the fastest peer in pairs; ratios of rates per CPU-second."""
        now = time.monotonic()
        rates = self.rates(CASES[name].n_regions, now + (until - now) / 4)
        if not rates:
            reason = "no peer ran" if self.peers else "no peer is installed"
            return {f"{name}_ratio": None, f"{name}_ratio_reason": reason}
        peer = max(rates, key=rates.__getitem__)
        with (
            self.worker(US, CASES[name]) as ours,
            self.worker(peer, PEER_CASES[name]) as theirs,
        ):
            both = turns.alternate([ours, theirs], self.pairs, until=until)
        ratios = [a.rate / b.rate for a, b in zip(*both, strict=True)]
        ours_m, theirs_m = (statistics.median(t.rate for t in each) / 1e6 for each in both)
        return {
            f"{name}_ratio": round(statistics.median(ratios), 2),
            f"{name}_peer": str(peer),
            f"{name}_m_per_cpu_s": [round(ours_m, 1), round(theirs_m, 2)],
            f"{name}_pairs": len(ratios),
        }

    def peak_share(self, until: float) -> dict[str, Any]:
        """Operations per second of ours against those of a large matrix product, in pairs."""
        case = CASES["batch_100"]
        count = operations(case.n_regions)
        shares, peaks = [], []
        with self.worker(Engine("sgemm", ""), case) as sgemm, self.worker(US, case) as ours:
            while len(shares) < self.pairs and (not shares or time.monotonic() < until):
                peaks.append(max(sgemm.once().rate for _ in range(PRODUCTS)))
                shares.append(ours.once().rate * count / peaks[-1])
        return {
            "peak_share": round(statistics.median(shares), 3),
            "peak_share_pairs": len(shares),
            "peak_gflop_per_s": round(statistics.median(peaks) / 1e9, 1),
            "operations_per_region_step": count,
        }

    def threads_2_speedup(self, until: float) -> dict[str, Any]:
        """Wall time of a batch on one thread over that on two, in pairs."""
        one, two = CASES["batch_100"], Case(100, 64, 2)
        with self.worker(US, one) as first, self.worker(US, two) as second:
            both = turns.alternate([first, second], self.pairs, until=until)
        ratios = [b.wall_rate / a.wall_rate for a, b in zip(*both, strict=True)]
        return {
            "threads_2_speedup": round(statistics.median(ratios), 2),
            "threads_2_pairs": len(ratios),
        }

    def rss_mb(self, until: float) -> dict[str, Any]:  # noqa: ARG002
        """Highest resident memory of a batch, and what twenty more simulated seconds add."""
        small, large = (
            turns.script("memory.py", [self.folder / f"{n}.npz", *seconds], self.until)
            for n, seconds in ((100, (5, 25)), (400, (1, 2)))
        )
        return {
            "rss_mb": round(max(small["peak_mb"], large["peak_mb"])),
            "rss_grown_mb_in_20_s": round(small["grown_mb"], 1),
        }

    def cached_start_s(self, until: float) -> dict[str, Any]:  # noqa: ARG002
        """First call in a fresh process, without and with numba's cache."""
        with tempfile.TemporaryDirectory() as cache:
            first, *again = (
                turns.script(
                    "start.py", [self.folder / "100.npz"], self.until, NUMBA_CACHE_DIR=cache
                )
                for _ in range(4)
            )
        return {
            "compile_s": round(first["first_s"], 2),
            "cached_start_s": round(statistics.median(x["first_s"] for x in again), 2),
            "import_s": round(statistics.median(x["import_s"] for x in again), 2),
        }


def line(bench: Benchmark) -> dict[str, Any]:
    """Everything that the line of JSON holds; each part in its share of the time that is left."""
    parts: list[tuple[str, float, Callable[[float], dict[str, Any]]]] = [
        ("peak_share", 1.0, bench.peak_share),
        ("rss_mb", 0.7, bench.rss_mb),
        ("cached_start_s", 0.7, bench.cached_start_s),
        ("threads_2_speedup", 0.7, bench.threads_2_speedup),
        ("single_100_ratio", 2.0, functools.partial(bench.compare, "single_100")),
        ("batch_100_ratio", 2.0, functools.partial(bench.compare, "batch_100")),
        ("batch_400_ratio", 4.0, functools.partial(bench.compare, "batch_400")),
    ]
    found: dict[str, Any] = {}
    for i, (name, share, measured) in enumerate(parts):
        now = time.monotonic()
        left = sum(other for _, other, _ in parts[i:])
        try:
            part = measured(now + (bench.until - now) * share / left)
        except EngineError as error:
            part = {name: None, f"{name}_reason": str(error)}
        say(f"  {part}")
        found |= part
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
                bench.not_measured[f"{engine.name} {case}"] = str(error)
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
        bench = Benchmark(Path(folder), others, pairs=options.pairs, until=until)
        say(f"{about}\npeers: {', '.join(str(p) for p in bench.peers) or 'none'}")
        say(f"absent: {', '.join(bench.absent) or 'none'}")
        if not options.quick:
            table(bench)
        found = line(bench)
    found |= {
        "peers": [str(peer) for peer in bench.peers],
        "absent": bench.absent,
        "not_measured": bench.not_measured,
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
