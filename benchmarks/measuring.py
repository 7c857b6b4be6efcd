"""Measuring, part by part, beside what a user would pick instead; the last line is JSON.

python benchmarks/measuring.py [--quick] [--pairs 5] [--volumes 300] [--folder KEEP]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import made_run
import numpy as np
from machine import machine

HERE = Path(__file__).parent
PACKAGES = ("numpy", "scipy", "numba", "nibabel", "nilearn", "isal")
QUICK_S = 280.0  # `--quick` promises five minutes
FLOAT32_COSTS = 2.2  # as much as int16, to be made and for one round: its bytes hardly compress
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
OURS, NILEARN, WITHOUT_REPORT, INFLATE = "ours", "nilearn", "nilearn without report", "inflate"
WHOLE = "defaultmode measure"
TOOLS = {"int16": (OURS, NILEARN, WITHOUT_REPORT, INFLATE), "float32": (OURS, NILEARN, INFLATE)}
Runs = dict[str, list[dict[str, float]]]


def job(name: str, *words: object, one_core: bool = True) -> dict:
    """What a job of the folder `jobs` answered, run in a fresh process."""
    command = [sys.executable, "-m", f"jobs.{name}", *(str(word) for word in words)]
    done = subprocess.run(
        command,
        cwd=HERE,
        env=os.environ | (ONE_THREAD if one_core else {}),
        preexec_fn=_to_one_core if one_core else None,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def _to_one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])


def in_turns(kind: str, tools: Sequence[str], folder: Path, rounds: int, until: float) -> Runs:
    """Every tool once a round, the order turned by one every round.

    until : monotonic time; no round is begun that would probably end after it, but one always is
    """
    runs: Runs = {tool: [] for tool in tools}
    made_run.bold(folder, kind).read_bytes()  # into the page cache, for all alike
    for k in range(rounds):
        started = time.monotonic()
        for i in range(len(tools)):
            tool = tools[(i + k) % len(tools)]
            begun = time.perf_counter()
            found = job("extraction", tool, kind, folder, one_core=False)
            runs[tool].append(found | {"process_s": time.perf_counter() - begun})
        if 2 * time.monotonic() - started > until:
            break
    return runs


def extraction(kind: str, runs: Runs, folder: Path) -> dict[str, float]:
    """Print the table of one data type; ratios are medians over rounds."""
    print(f"\nExtraction and denoising, {kind}, {len(runs[OURS])} rounds")
    print("| tool | work s (all runs) | median | ratio | CPU s | with imports s | peak MB |")
    print("|---|---|---|---|---|---|---|")
    for tool, found in runs.items():
        each = " ".join(f"{run['work_s']:.2f}" for run in found)
        work_s, cpu_s, process_s, peak_mb = (
            statistics.median(run[key] for run in found)
            for key in ("work_s", "cpu_s", "process_s", "peak_mb")
        )
        print(
            f"| {tool} | {each} | {work_s:.2f} | {_ratio(runs, tool):.2f} | {cpu_s:.2f} "
            f"| {process_s:.2f} | {peak_mb:.0f} |"
        )
    wall, cpu = (_ratio(runs, INFLATE, key) for key in ("work_s", "cpu_s"))
    print(f"physical limit: inflating and checking alone take {wall:.0%} of our time,")
    print(f"{cpu:.0%} of our processor time")
    difference = _difference(kind, folder)
    print(f"largest difference from nilearn, in standard deviations: {difference:.1e}")
    extra = {}
    if WITHOUT_REPORT in runs:
        extra["extract_ratio_without_report"] = _ratio(runs, WITHOUT_REPORT)
    return extra | {
        "extract_ratio": _ratio(runs, NILEARN),
        "extract_cpu_ratio": _ratio(runs, NILEARN, "cpu_s"),
        "extract_process_ratio": _ratio(runs, NILEARN, "process_s"),
        "extract_memory_ratio": _ratio(runs, NILEARN, "peak_mb"),
        "inflate_ratio": 1 / wall,
        "inflate_cpu_ratio": 1 / cpu,
        "extract_difference": difference,
        "extract_pairs": len(runs[OURS]),
    }


def _ratio(runs: Runs, tool: str, key: str = "work_s") -> float:
    """Median over rounds of a tool's figure over ours."""
    pairs = zip(runs[tool], runs[OURS], strict=True)
    return statistics.median(theirs[key] / ours[key] for theirs, ours in pairs)


def _difference(kind: str, folder: Path) -> float:
    """Largest difference of the cleaned series, each scaled to mean 0 and standard deviation 1."""
    series = (np.load(folder / f"{tool}-{kind}.npy").astype(float) for tool in (OURS, NILEARN))
    ours, theirs = ((x - x.mean(axis=0)) / x.std(axis=0, ddof=1) for x in series)
    return float(np.abs(ours - theirs).max())


def small_parts(rounds: int) -> dict[str, object]:
    """Everything but extraction, each part in a process of its own on one core."""
    found: dict[str, object] = {}
    for key, name, floor in (
        ("leida", "leading_eigenvectors", "cosine and sine of the phases"),
        ("dcm", "regression_dcm", "one eigendecomposition"),
        ("presets", "presets", ""),
    ):
        part = job(name, rounds)
        found |= {f"{key}_ratio": part["ratio"]}
        print(f"\n{name}: {part['theirs_s']:.4g} s against {part['ours_s']:.4g} s (processor time)")
        print({k: v for k, v in part.items() if k not in {"ours_s", "theirs_s"}})
        if floor:
            print(f"physical limit: {floor} alone take {part['share']:.0%} of our time")
            found[f"{key}_share"] = part["share"]
    index = job("indexing")
    print(f"\nindexing {index['runs']} runs, {index['files']} files: {index['ours_s']:.2f} s wall,")
    print(f"{index['cpu_s']:.2f} s CPU; listing and reading alone are {index['share']:.0%} of it")
    found |= {"index_10000_s": index["ours_s"], "index_10000_cpu_s": index["cpu_s"]}
    return found | panel()


def panel() -> dict[str, float]:
    """Print what the slowest measures take and which are Missing."""
    found = job("panel")
    print(f"\nPanel: {found['measures']} measures of 1200 frames × 400 regions, 39 surrogates,")
    print(f"one core: {found['panel_s']:.2f} s wall, {found['cpu_s']:.2f} s CPU; before it")
    print(f"{found['learning_s']:.2f} s to learn the states and {found['ready_s']:.2f} s to import")
    print("and compile. Fourier transforms of the surrogates alone are")
    print(f"{found['share']:.0%} of it.")
    print("| measure (the first of a family pays for what it shares) | wall s |\n|---|---|")
    for name, taken_s in found["slowest"].items():
        print(f"| {name} | {taken_s:.2f} |")
    reasons: dict[str, list[str]] = {}
    for name, why in found["missing"].items():
        reasons.setdefault(why, []).append(name)
    for why, names in reasons.items():
        print(f"Missing: {', '.join(names)}: {why}")
    return {
        "panel_s": found["panel_s"],
        "panel_cpu_s": found["cpu_s"],
        "panel_share": found["share"],
        "panel_measures": found["measures"],
        "panel_missing": len(found["missing"]),
    }


def extractions(options: argparse.Namespace, folder: Path, until: float) -> dict[str, object]:
    """Both data types; the second only where it will probably end in time."""
    whole = () if options.quick else (WHOLE,)
    found: dict[str, object] = {}
    spent_s = 0.0
    for kind, ending in (("int16", ""), ("float32", "_float32")):
        started = time.monotonic()
        if started + FLOAT32_COSTS * spent_s > until:
            return found | {f"extract_ratio{ending}": None, "why": f"no time left for {kind}"}
        if not made_run.bold(folder, kind).exists():
            made_run.make(folder, kind, options.volumes)
        made_s = time.monotonic() - started
        # Half of what is left, so that the other data type has its turn.
        limit = (time.monotonic() + until) / 2 if kind == "int16" else until
        runs = in_turns(kind, (*TOOLS[kind], *whole), folder, options.pairs, limit)
        spent_s = made_s + (time.monotonic() - started - made_s) / len(runs[OURS])
        found |= {key + ending: value for key, value in extraction(kind, runs, folder).items()}
    return found


def main() -> None:
    """Measure in turns, print, and end with one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--volumes", type=int, default=300)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    until = time.monotonic() + (QUICK_S if options.quick else float("inf"))
    load = os.getloadavg()[0]
    print(f"{machine(*PACKAGES)}; load before the first run {load:.1f}")
    found = small_parts(2 if options.quick else options.pairs)
    with tempfile.TemporaryDirectory() as temporary:
        found |= extractions(options, (options.folder or Path(temporary)).resolve(), until)
    found |= {"load": load, "load_after": os.getloadavg()[0]}
    print(
        json.dumps({k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in found.items()})
    )


if __name__ == "__main__":
    main()
