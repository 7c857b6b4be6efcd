"""Folders of results pass the BIDS validator, but for what their .bidsignore names."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import made_datasets as made
from defaultmode.cli import main
from defaultmode.outputs.dataset import IGNORED

VALIDATOR = Path(sys.executable).with_name("bids-validator-deno")
pytestmark = pytest.mark.skipif(
    not VALIDATOR.is_file(), reason="needs the extra `validate`: pip install '.[validate]'"
)
MEASURES = (
    "within_default_mode",
    "alff_by_region",
    "effective_connectivity",
    "cap_default_occupancy",
)


def errors(folder: Path) -> list[str]:
    """What the validator finds wrong, one line each; it is part of its package and asks no network."""
    told = subprocess.run(
        [VALIDATOR, folder, "--format", "json"], capture_output=True, text=True, check=False
    )
    issues = json.loads(told.stdout)["issues"]["issues"]
    return [f"{i['code']} {i.get('location', '')}" for i in issues if i["severity"] == "error"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of tables and one of volumes with sessions, measured and studied."""
    root = tmp_path_factory.mktemp("results")
    source = made.tables(root / "in")
    made.write_table(source, "sub-05_ses-pre_task-rest_run-1", made.series(5))
    made.volumes(root / "volumes")
    words = ("--measures", *MEASURES, "--nprocs", "1", "--quiet")
    assert main(["measure", str(source), str(root / "tables"), *words]) == 4
    images = ["measure", str(root / "volumes"), str(root / "images"), "--atlas", "seeds", "--maps"]
    assert main([*images, *words]) == 0
    assert main(["study", str(root / "tables"), "--quiet"]) in {0, 4}
    assert main(["study", str(root / "images"), "--quiet"]) in {0, 4}
    return root


@pytest.mark.parametrize("name", ["tables", "images"])
def test_no_errors(results: Path, name: str) -> None:
    assert errors(results / name) == []


def test_every_line_of_bidsignore_is_needed(results: Path, tmp_path: Path) -> None:
    written = (results / "tables" / ".bidsignore").read_text().split()
    assert written == list(IGNORED)
    for line in ("*_measures.*", "*_timeseries.*", "*_relmat.*", "states", "provenance", "study.*"):
        out = tmp_path / line.strip("*._")
        shutil.copytree(results / "tables", out)
        kept = [other for other in written if other != line]
        (out / ".bidsignore").write_text("\n".join(kept) + "\n")
        assert errors(out), f"{line} hides nothing"


def test_the_validator_sees_a_file_that_does_not_belong(results: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(results / "tables", out)
    made.write(out / "sub-01" / "func" / "sub-01_nothing.tsv", "a\n1\n")
    assert any("sub-01_nothing.tsv" in line for line in errors(out))
