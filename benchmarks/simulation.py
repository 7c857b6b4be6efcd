"""Our simulator beside its peers, on the same work, in turns.

python benchmarks/simulation.py --quick            one line of JSON, within five minutes
python benchmarks/simulation.py [--pairs 5]        every engine on every case: a table, and the line
    [--peer-python NAME=PATH ...]                  a peer that is installed for another interpreter
"""

import argparse
import json
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
from turns import OURS, Case, Engine, EngineFailed, Turn, Worker

sys.path.append(str(turns.ENGINES))
import work  # noqa: E402

from defaultmode.core.connectome import Connectome  # noqa: E402
from defaultmode.simulation.parameter_sets import parameter_set  # noqa: E402
from defaultmode.sources.connectomes import embedded_connectome  # noqa: E402

US = Engine(OURS, version(OURS))
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
        path = folder / f"{len(connectome)}.npz"
        work.save(path, brain.routes["long_range"], inhibition[:, 0], float(coupling[0, 0]))


def made_connectome(n_regions: int, seed: int = 0) -> Connectome:
    """Points on two hemispheres: log-normal strength falling with distance, 60 % of pairs joined."""
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
        except EngineFailed as error:
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
                product_s = min(sgemm.once().cpu_s for _ in range(12))
                peaks.append(SGEMM_OPERATIONS / product_s)
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
