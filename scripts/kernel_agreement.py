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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True)
class Agreement:
    """How one quantity agrees with the first kernel's: cells, those of another text, the furthest.

    furthest : the largest difference as a share of the value; 1 for labels and missing values
    """

    quantity: str
    cells: int
    other: int
    furthest: float

    def with_cell(self, gap: float | None) -> "Agreement":
        """With one more cell: how far it is off, None where its text is the same."""
        if gap is None:
            return replace(self, cells=self.cells + 1)
        furthest = max(self.furthest, gap)
        return replace(self, cells=self.cells + 1, other=self.other + 1, furthest=furthest)


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


def agreements(folders: Sequence[Path]) -> list[Agreement]:
    """One row for each quantity of the first folder of results, over all the others."""
    found: dict[str, Agreement] = {}
    first, *others = folders
    paths = [*first.glob("sub-*/**/func/*.tsv"), *first.glob("states/*.json")]
    for path in sorted(paths):
        before = list(_cells_of(path))
        for other in others:
            after = _cells_of(other / path.relative_to(first))
            for (quantity, text), (_, again) in zip(before, after, strict=True):
                row = found.get(quantity, Agreement(quantity, 0, 0, 0.0))
                found[quantity] = row.with_cell(_gap(text, again))
    return list(found.values())


def _cells_of(path: Path) -> Iterator[tuple[str, str]]:
    """What each number or label of a file is, and its text, in order."""
    if path.suffix == ".json":
        states = json.loads(path.read_text("utf-8"))["states"]
        yield from (("states: what was learnt", str(value)) for value in _leaves(states))
        return
    kind = path.stem.rpartition("_")[2]
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            yield from _measured(row) if kind == "measures" else _columns(row, path.stem, kind)


def _measured(row: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield row["measure"], row["value"]
    if row["surrogate_p"] != "n/a":
        yield f"{row['measure']}: surrogates", row["surrogate_mean"]
        yield f"{row['measure']}: surrogates", row["surrogate_p"]


def _columns(row: Mapping[str, str], stem: str, kind: str) -> Iterator[tuple[str, str]]:
    for name, text in row.items():
        if name != "Node":
            called = {"regions": f"{name} (regions)", "states": f"labels of {name}"}
            yield called.get(kind, stem.rsplit("_stat-", maxsplit=1)[-1]), text


def _leaves(content: object) -> Iterator[object]:
    if isinstance(content, dict | list):
        for value in content.values() if isinstance(content, dict) else content:
            yield from _leaves(value)
    else:
        yield content


def _gap(one: str, other: str) -> float | None:
    """The difference of two texts as a share of their value, None where they are the same."""
    if one == other:
        return None
    try:
        a, b = float(one), float(other)
    except ValueError:
        return 1.0
    return abs(a - b) / max(abs(a), abs(b))


def measured(source: str, folder: Path, *, runs: int, surrogates: int) -> dict[str, Path]:
    """Results under each kernel that runs here: the kernel in use → its folder of results.

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
    return {used: folder / used for used in running}


def main() -> None:
    """Measure under every kernel and print the table."""
    flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    flags.add_argument("--source", default="", metavar="DERIVATIVES")
    flags.add_argument("--runs", type=int, default=12)
    flags.add_argument("--surrogates", type=int, default=39)
    asked = flags.parse_args()
    with tempfile.TemporaryDirectory() as root:
        kernels = measured(asked.source, Path(root), runs=asked.runs, surrogates=asked.surrogates)
        rows = agreements(list(kernels.values()))
    print(f"kernels: {', '.join(kernels)}")
    print(f"{'quantity':60} {'cells':>8} {'other text':>10} {'furthest':>9}")
    for row in rows:
        print(f"{row.quantity:60} {row.cells:8} {row.other:10} {row.furthest:9.1e}")


if __name__ == "__main__":
    main()
