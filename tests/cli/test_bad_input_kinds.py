"""Every kind of bad input gives its own error: code, remedy, exit code, and nothing half-written."""

import hashlib
import shutil
from pathlib import Path

import pytest

import made_datasets as made
from bad_inputs import KINDS
from defaultmode.cli import main
from defaultmode.core.errors import explain
from spoiling import Kind

LEAST_KINDS = 60
IMAGE_BASES = {"image", "confounds", "atlas"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The data sets that are spoilt, whole."""
    root = tmp_path_factory.mktemp("whole")
    made.volumes(root / "image")
    made.tables(root / "tables", {"01": "patient", "02": "control"})
    return {"image": root / "image", "tables": root / "tables"}


def contents(folder: Path) -> dict[str, str]:
    files = (p for p in folder.rglob("*") if p.is_file())
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files
    }


def test_there_are_enough_of_them() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= LEAST_KINDS


@pytest.mark.parametrize(
    "kind", KINDS, ids=lambda kind: f"{kind.name} {kind.code}".replace(" ", "-")
)
def test_is_refused_in_its_own_words(
    kind: Kind, whole: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here, out = tmp_path / "in", tmp_path / "out"
    shutil.copytree(whole["image" if kind.base in IMAGE_BASES else "tables"], here)
    kind.spoil(here)
    before = contents(out) if out.is_dir() else {}
    words = [word.format(here=here, out=out) for word in kind.words]
    quiet = [] if words[0] == "simulate" else ["--quiet"]
    assert main([*words, *quiet]) == kind.exit
    said = capsys.readouterr()
    listed = out / "missing.tsv"
    told = said.err + (listed.read_text() if listed.is_file() else "")
    assert kind.code in told
    assert "Traceback" not in said.err
    if kind.exit not in {0, 4}:
        assert f"→ {explain(kind.code).remedy}" in said.err
        assert not list(out.glob("sub-*")) or before
    assert not list(tmp_path.rglob("*.part"))
    assert before.items() <= (contents(out) if out.is_dir() else {}).items()
