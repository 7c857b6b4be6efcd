"""How much of a twin is anatomy, and where its brain is held; writes docs/twin_anatomy.md.

python benchmarks/twin_anatomy.py [--quick] [--keep FOLDER] [--part PART ...] [--out FILE.md]
    --keep  every result is kept there; a run that was cut off goes on from it, and several may
            share it, each with parts of its own
The last line is JSON.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
os.environ.update(ONE_THREAD)  # before numpy is imported: seconds are those of one core

from anatomy import people, points  # noqa: E402
from anatomy.group import FREEDOMS, group_row  # noqa: E402
from anatomy.report import report, summary  # noqa: E402
from anatomy.wirings import MEASURED, Wiring, wirings  # noqa: E402
from machine import machine  # noqa: E402

PARTS = ("group", "people", "points")
Job = tuple[str, Callable[[], dict]]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is computed.

    densities : of masks, 0 for every connection; samples, scales : shrinkages that are tried
    """

    densities: tuple[float, ...] = (0.0, 0.4, 0.2, 0.1, 0.05)
    person_densities: tuple[float, ...] = (0.0, 0.1)
    seeds: int = 2
    samples: tuple[float, ...] = (1000.0, 10000.0)
    scales: tuple[float, ...] = (0.5, 1.0, 2.0)
    probes: int = 1
    atlases: tuple[str, ...] = people.ATLASES
    points: int = 48


QUICK = Plan(
    densities=(0.0, 0.1),
    person_densities=(0.1,),
    seeds=1,
    samples=(1000.0,),
    scales=(1.0,),
    atlases=("schaefer100",),
    points=6,
)


def jobs(plan: Plan, kept: dict[str, dict]) -> Iterator[Job]:
    """Everything to compute, in the order in which later jobs need earlier ones."""
    for freedom in reversed(FREEDOMS):
        if freedom != "routes":
            one = Wiring(MEASURED, 0.0)
            yield f"group {freedom}", partial(group_row, one, freedom, plan.samples, plan.probes)
    for wiring in wirings(plan.densities, plan.seeds):
        first = kept.get(f"group {Wiring(wiring.kind, wiring.density)}")
        tried = (first["samples"],) if first and wiring.seed else plan.samples
        probes = 0 if wiring.seed else plan.probes
        yield f"group {wiring}", partial(group_row, wiring, "routes", tried, probes)
    for name in plan.atlases:
        yield f"people {name} beside", partial(people.beside, name)
        for density in plan.person_densities:
            chosen = f"people {name} chosen {density:g}"
            yield chosen, partial(people.chosen_shrinkage, name, density, plan.scales)
    for name, wiring in (
        (n, w) for w in wirings(plan.person_densities, plan.seeds) for n in plan.atlases
    ):
        chosen = kept.get(f"people {name} chosen {wiring.density:g}", {"scale": 1.0})
        yield f"people {name} {wiring}", partial(people.person_row, name, wiring, chosen["scale"])
    for point in points.points()[: plan.points]:
        numbers = (point.local_excitation, point.slowest_per_s, point.shared_share)
        yield "points " + " ".join(f"{x:g}" for x in numbers), partial(points.point_row, point)


def computed(plan: Plan, folder: Path, parts: list[str]) -> dict[str, dict]:
    """What is kept in a folder, after the jobs of these parts that were lacking."""
    kept = {p.stem: json.loads(p.read_text("utf-8")) for p in sorted(folder.glob("*.json"))}
    for key, job in jobs(plan, kept):
        if key not in kept and key.split()[0] in parts:
            began = time.process_time()
            kept[key] = job()
            took = time.process_time() - began
            print(f"{key}: {took:.1f} s", file=sys.stderr, flush=True)
            (folder / f"{key}.json").write_text(json.dumps(kept[key]), "utf-8")
    return kept


def main() -> None:
    """Compute, write, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--part", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    plan = QUICK if options.quick else Plan()
    with tempfile.TemporaryDirectory() as folder:
        keep = options.keep or Path(folder)
        keep.mkdir(parents=True, exist_ok=True)
        kept = computed(plan, keep, options.part)
    if options.out:
        options.out.write_text(report(kept, machine("numpy", "scipy")), "utf-8")
    print(json.dumps(summary(kept)))


if __name__ == "__main__":
    main()
