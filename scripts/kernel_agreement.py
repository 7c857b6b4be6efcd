"""Prints how far every published number agrees between the kernels of linear algebra.

The embedded recordings, or those of a folder, are measured once under each kernel that OpenBLAS can
be told to use, in processes of their own, and the published text is compared cell by cell with that
of the first. Measures should be the same text; for labels of states the share that agrees counts.

Run:  python scripts/kernel_agreement.py [--source DERIVATIVES] [--runs 2]
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

KERNELS = ("Haswell", "Prescott", "Nehalem", "Sandybridge", "SkylakeX")
MEASURE = """
import sys
from defaultmode.core.settings import Settings
from defaultmode.pipeline.demonstrating import embedded_works
from defaultmode.pipeline.measuring import measure_works, runs_of, works_of
source, out, runs, surrogates = sys.argv[1:]
settings = Settings(source=source, out=out, surrogates=int(surrogates), nprocs=1)
works = works_of(runs_of(settings), settings) if source else embedded_works(settings)
measure_works(works[: int(runs)], settings, quiet=True)
"""
KERNEL = """
import numpy.linalg, scipy.linalg, threadpoolctl
loaded = threadpoolctl.threadpool_info()
print(",".join(sorted({i["architecture"] for i in loaded if "architecture" in i})))
"""
Cells = dict[str, dict[tuple[str, ...], str]]  # quantity → place → text


@dataclass(frozen=True, slots=True)
class Agreement:
    """How one quantity agrees with the first kernel's: cells, those of another text, the furthest.

    furthest : the largest difference as a share of the value; 1 for labels and missing values
    """

    quantity: str
    cells: int
    other: int
    furthest: float


def environment(kernel: str) -> dict[str, str]:
    """The environment of a process that uses this kernel, on one thread."""
    return os.environ | {"OPENBLAS_CORETYPE": kernel, "OPENBLAS_NUM_THREADS": "1"}


def kernel_in_use(kernel: str) -> str:
    """What OpenBLAS makes of the name, empty where it does not run."""
    command = [sys.executable, "-c", KERNEL]
    done = subprocess.run(
        command, env=environment(kernel), capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def published(folder: Path) -> Cells:
    """Every number and label of a folder of results by what it is and where it stands."""
    found: Cells = defaultdict(dict)
    for path in sorted(folder.glob("sub-*/**/func/*.tsv")):
        for quantity, place, text in _cells_of(path):
            found[quantity][path.name, *place] = text
    for path in sorted(folder.glob("states/*.json")):
        for place, value in _leaves(json.loads(path.read_text("utf-8"))["states"]):
            found["states: what was learnt"][path.name, *place] = str(value)
    return dict(found)


def _cells_of(path: Path) -> Iterator[tuple[str, tuple[str, ...], str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    kind = path.stem.rpartition("_")[2]
    for i, row in enumerate(rows):
        if kind == "measures":
            yield row["measure"], (row["denoise"],), row["value"]
            if row["surrogate_p"] != "n/a":
                yield f"{row['measure']}: surrogates", (row["denoise"],), row["surrogate_mean"]
                yield f"{row['measure']}: surrogates", (row["denoise"], "p"), row["surrogate_p"]
            continue
        for name, text in row.items():
            if name != "Node":
                quantity = {"regions": f"{name} (regions)", "states": f"labels of {name}"}
                yield quantity.get(kind, path.stem.split("_stat-")[-1]), (str(i), name), text


def _leaves(
    content: object, place: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], object]]:
    items: Iterator[tuple[object, object]] = iter(())
    if isinstance(content, dict):
        items = iter(content.items())
    elif isinstance(content, list):
        items = iter(enumerate(content))
    else:
        yield place, content
    for key, value in items:
        yield from _leaves(value, (*place, str(key)))


def agreements(first: Cells, others: Sequence[Cells]) -> list[Agreement]:
    """One row for each quantity of the first, over all the others."""
    return [
        _agreement(name, cells, [o.get(name, {}) for o in others]) for name, cells in first.items()
    ]


def _agreement(
    name: str, first: Mapping[tuple[str, ...], str], others: Sequence[Mapping[tuple[str, ...], str]]
) -> Agreement:
    gaps = [_gap(text, other.get(place, "")) for other in others for place, text in first.items()]
    apart = [gap for gap in gaps if gap is not None]
    return Agreement(name, len(gaps), len(apart), max(apart, default=0.0))


def _gap(one: str, other: str) -> float | None:
    """The difference of two texts as a share of their value, None where they are the same."""
    if one == other:
        return None
    try:
        a, b = float(one), float(other)
    except ValueError:
        return 1.0
    return abs(a - b) / max(abs(a), abs(b))


def measured(source: str, folder: Path, *, runs: int, surrogates: int) -> dict[str, Cells]:
    """What is published under each kernel that runs here: the kernel in use → its cells.

    The kernels are tried at the same time.
    """
    in_use = {kernel_in_use(kernel): kernel for kernel in KERNELS}
    counts = (str(runs), str(surrogates))
    running = {
        used: subprocess.Popen(
            [sys.executable, "-c", MEASURE, source, str(folder / used), *counts],
            env=environment(kernel),
        )
        for used, kernel in in_use.items()
        if used
    }
    for used, process in running.items():
        if process.wait():
            raise SystemExit(f"{used} ended with {process.returncode}")
    return {used: published(folder / used) for used in running}


def main() -> None:
    """Measure under every kernel and print the table."""
    flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    flags.add_argument("--source", default="", metavar="DERIVATIVES")
    flags.add_argument("--runs", type=int, default=12)
    flags.add_argument("--surrogates", type=int, default=39)
    asked = flags.parse_args()
    with tempfile.TemporaryDirectory() as root:
        kernels = measured(asked.source, Path(root), runs=asked.runs, surrogates=asked.surrogates)
    print(f"kernels: {', '.join(kernels)}")
    print(f"{'quantity':60} {'cells':>8} {'other text':>10} {'furthest':>9}")
    first, *others = kernels.values()
    for row in agreements(first, others):
        print(f"{row.quantity:60} {row.cells:8} {row.other:10} {row.furthest:9.1e}")


if __name__ == "__main__":
    main()
