"""The same numbers on any number of workers and under any kernel of linear algebra."""

import importlib.util
import platform
import sys
from pathlib import Path
from types import ModuleType

import pytest

import made_datasets as made
from defaultmode.cli import main

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "kernel_agreement.py"
SURROGATES = 3  # few of them, as each is measured in the same way
SHORT = ("--surrogates", SURROGATES, "--denoise", "as-supplied", "--seed", 3, "--quiet")
# Rounding to nine digits falls otherwise where a number lies within its error of a half. Of the few
# numbers of a run hardly any does; of a million cells of series, matrices and states some do.
LARGE = ("timeseries", "relmat", "states: what was learnt")
LARGE_SHARE, LARGE_FURTHEST = 1e-3, 1e-7


@pytest.fixture(scope="module")
def agreement() -> ModuleType:
    spec = importlib.util.spec_from_file_location("kernel_agreement", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def published(out: Path) -> dict[str, str]:
    """Every published table and what describes it."""
    paths = [
        *out.glob("sub-*/**/*.*"),
        *out.glob("states/*"),
        *out.glob("*.tsv"),
        out / "study.json",
    ]
    return {p.relative_to(out).as_posix(): p.read_text("utf-8") for p in paths if p.is_file()}


def test_any_number_of_workers(tmp_path: Path) -> None:
    source = made.tables(tmp_path / "in")
    found = []
    for workers in (1, 2, 4):
        out = tmp_path / str(workers)
        words = ["measure", source, out, "--nprocs", workers, *SHORT]
        assert main([str(w) for w in words]) == 0
        found.append(published(out))
    assert len(found[0]) > 20
    assert found[0] == found[1] == found[2]


@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="kernels of x86")
def test_any_kernel(tmp_path: Path, agreement: ModuleType, record_property) -> None:
    source = tmp_path / "in"
    made.describe(source)
    for seed in range(2):
        made.write_table(source, f"sub-0{seed + 1}_task-rest", made.series(seed, 200))
    kernels = agreement.measured(str(source), tmp_path, runs=2, surrogates=SURROGATES)
    assert len(kernels) >= 3, "OpenBLAS was not told to use other kernels"
    rows = agreement.agreements(list(kernels.values()))
    for row in rows:
        if row.quantity.startswith("labels of"):
            record_property("kernels", f"{row.quantity}: {1 - row.other / row.cells:.4f} agree")
        elif row.quantity.endswith(LARGE):
            assert row.other <= LARGE_SHARE * row.cells, row
            assert row.furthest < LARGE_FURTHEST, row
        else:
            assert row.other == 0, row
    record_property("kernels", f"{', '.join(kernels)}: {len(rows)} quantities the same")
