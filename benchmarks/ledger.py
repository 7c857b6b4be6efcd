"""The claim ledger: how fast, beside what a user would pick instead, and how honest.

python benchmarks/ledger.py [--quick] [--rounds 3]      the last line is JSON
"""

import argparse
import json
import os
import subprocess
import sys
import time
from math import inf
from pathlib import Path

ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
os.environ.update(ONE_THREAD)  # before numpy is imported: processes share the cores, not threads

from ledger_calibration import calibrate  # noqa: E402
from machine import machine  # noqa: E402
from nulls.all_worlds import all_worlds  # noqa: E402
from nulls.judging import coverage_word, loud, rate_word  # noqa: E402
from nulls.report import without_effect  # noqa: E402
from nulls.world import Tally  # noqa: E402

HERE = Path(__file__).parent
PACKAGES = ("numpy", "scipy", "numba", "statsmodels", "bctpy")
QUICK_SIMULATIONS, SIMULATIONS = 400, 2000  # docs/calibration.md has 20,000
QUICK_S = 270.0  # `--quick` promises five minutes
SLOW_S = 0.004  # --quick leaves out worlds whose simulations take longer


def job(name: str, *words: object, cores: int = 1) -> dict[str, object]:
    """What a job of the folder `jobs` answered, run in a fresh process on so many cores."""
    allowed = sorted(os.sched_getaffinity(0))[:cores] if hasattr(os, "sched_getaffinity") else []
    threads = {key: str(cores) for key in ONE_THREAD}
    command = [sys.executable, "-m", f"jobs.{name}", *(str(word) for word in words)]
    done = subprocess.run(
        command,
        cwd=HERE,
        env=os.environ | threads,
        preexec_fn=(lambda: os.sched_setaffinity(0, allowed)) if allowed else None,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def whole_ledger() -> dict[str, object]:
    """Print what the ledger of a large study takes."""
    found = job("full_ledger", cores=2)
    print(
        f"\nLedger of {found['people']} people × 3 sessions × {found['measures']} measures × 2 "
        f"presets: {found['claims']} claims, {found['specifications']} specifications, "
        f"{found['permutations']} permutations each: {found['ledger_s']:.1f} s wall, "
        f"{found['cpu_s']:.1f} s CPU on two cores, peak {found['peak_mb']:.0f} MB"
    )
    print(f"verdicts: {found['verdicts']}")
    return {
        "ledger_s": found["ledger_s"], "ledger_cpu_s": found["cpu_s"],
        "ledger_peak_mb": found["peak_mb"], "claims": found["claims"],
    }  # fmt: skip


def networks(rounds: int) -> dict[str, object]:
    """Print the network-based statistic beside bctpy's."""
    found = job("network_statistic", rounds)
    print(
        f"\nNetwork-based statistic, {found['edges']} connections, {found['people']} people, 5,000 "
        f"permutations, one core: {found['ours_s']:.2f} s CPU, peak {found['peak_mb']:.0f} MB; "
        f"bctpy {found['theirs_s']:.0f} s, extrapolated from {found['their_permutation_s']:.2f} s "
        "a permutation"
    )
    print(
        f"same edges in components: {found['same_edges']}; same null on bctpy's own permutations: "
        f"{found['same_null']}"
    )
    print(
        f"physical limit: the products of arrangements and connections, {found['gflop']:.0f} "
        f"GFLOP, take {found['products_s']:.2f} s by the BLAS alone: share {found['share']:.0%}"
    )
    return {
        "nbs_ratio": found["ratio"], "nbs_s": found["ours_s"], "nbs_share": found["share"],
        "nbs_same": bool(found["same_edges"] and found["same_null"]),
        "nbs_peak_mb": found["peak_mb"],
    }  # fmt: skip


def edges(rounds: int) -> dict[str, object]:
    """Print the edge-wise mixed model beside statsmodels."""
    found = job("edgewise_mixed", rounds)
    print(
        f"\nMixed model at {found['edges']} edges, {found['rows']} rows, {found['columns']} "
        f"columns, one core: {found['ours_s']:.2f} s CPU, peak {found['peak_mb']:.0f} MB; "
        f"statsmodels {found['theirs_s']:.0f} s, extrapolated from {found['their_edge_s']:.3f} s "
        "an edge"
    )
    print(
        f"largest difference of t {found['largest_t_difference']:.1e} (from t by their variances "
        f"{found['largest_t_given_difference']:.1e}), of the coefficient "
        f"{found['largest_coefficient_difference']:.1e}, of the intraclass correlation "
        f"{found['largest_icc_difference']:.1e}"
    )
    print(f"physical limit: reading every edge once takes {found['reading_share']:.0%} of our time")
    return {
        "edgewise_ratio": found["ratio"], "edgewise_s": found["ours_s"],
        "edgewise_t_difference": found["largest_t_difference"],
        "edgewise_t_given_difference": found["largest_t_given_difference"],
        "edgewise_peak_mb": found["peak_mb"],
    }  # fmt: skip


def honesty(simulations: int, *, quick: bool, until: float) -> dict[str, object]:
    """Rates of false positives and coverage, by family; docs/calibration.md has many more runs."""
    worlds = {key: world for key, world in all_worlds().items() if world.cost < SLOW_S or not quick}
    found = calibrate(worlds, simulations, until=until)
    exact, spans, families, liberal = Tally(), Tally(), {}, []
    for key, world in worlds.items():
        tally = found.get(key, Tally())
        if without_effect(world) and tally.tested and world.nature != "bound":
            families.setdefault(world.family, Tally()).__iadd__(tally)
            if world.nature == "exact":
                exact += tally
            if loud(rate_word(world, tally)):
                liberal.append(key)
        if tally.spanned:
            spans += tally
            if loud(coverage_word(tally)) and key not in liberal:
                liberal.append(key)
    print(f"\n{sum(t.asked for t in found.values())} simulations in {len(found)} worlds")
    print("| family | p ≤ .05 without an effect | simulations |\n|---|---|---|")
    for family, tally in families.items():
        print(f"| {family} | {tally.rate:.2%} | {tally.tested} |")
    print(f"liberal, or too narrow: {'; '.join(liberal) or 'nothing'}")
    return {
        "false_positive_rate": exact.rate,
        "coverage": spans.coverage,
        "false_positives_by_family": {name: round(t.rate, 4) for name, t in families.items()},
        "liberal": liberal,
        "simulations": sum(t.asked for t in found.values()),
    }


def main() -> None:
    """Measure part by part, print, and end with one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    until = time.monotonic() + QUICK_S if options.quick else inf
    load = os.getloadavg()[0]
    print(f"{machine(*PACKAGES)}; load before the first run {load:.1f}")
    rounds = 1 if options.quick else options.rounds
    found = whole_ledger() | networks(rounds) | edges(rounds)
    simulations = QUICK_SIMULATIONS if options.quick else SIMULATIONS
    found |= honesty(simulations, quick=options.quick, until=until)
    found |= {"load": load, "load_after": os.getloadavg()[0]}
    print(
        json.dumps({k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in found.items()})
    )


if __name__ == "__main__":
    main()
