"""Every file of a folder of results is of one kind of the project's own schema, and is checked by it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import made_datasets as made
from defaultmode.cli import main
from defaultmode.outputs import layout, misplaced
from defaultmode.outputs.run import MEASURES_HEADER

MEASURES = (
    "within_default_mode", "alff_by_region", "effective_connectivity", "cap_default_occupancy",
)  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables of four people, one of them broken, and volumes of one: measured and studied."""
    root = tmp_path_factory.mktemp("results")
    source = made.tables(root / "in")
    made.write_table(source, "sub-05_ses-a_task-rest", made.series(5), RepetitionTime=None)
    made.volumes(root / "volumes")
    words = ("--measures", *MEASURES, "--nprocs", "1", "--quiet")
    assert main(["measure", str(source), str(root / "tables"), *words]) == 4
    assert main(["study", str(root / "tables"), "--quiet"]) in {0, 4}
    volumes = ["measure", str(root / "volumes"), str(root / "images"), "--atlas", "seeds", "--maps"]
    assert main([*volumes, *words]) == 0
    return root


@pytest.mark.parametrize("name", ["tables", "images"])
def test_every_file_is_what_it_should_be(results: Path, name: str) -> None:
    assert list(misplaced(results / name)) == []


def test_the_folder_has_files_of_most_kinds(results: Path) -> None:
    files = [
        p.relative_to(results / n).as_posix()
        for n in ("tables", "images")
        for p in (results / n).rglob("*")
    ]
    without = {n for n, kind in layout.file_kinds().items() if not any(map(kind.fits, files))}
    assert without <= {"virtual trial of the demo", "map", "map sidecar"}


def edited(name: str, before: str, after: str) -> Callable[[Path], object]:
    def damage(out: Path) -> None:
        path = next(out.rglob(name))
        text = path.read_text("utf-8")
        assert before in text
        path.write_text(text.replace(before, after, 1), "utf-8")

    return damage


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda out: made.write(out / "notes.txt", "mine"), "no kind"),
        (lambda out: made.write(out / "sub-01" / "func" / "sub-01_desc-own_measures.tsv", "a\n1\n"), "no kind"),
        (edited("*_measures.tsv", "value\tunit", "unit\tvalue"), "columns"),
        (edited("*_regions.tsv", "\t0.", "\tzero."), "another type"),
        (edited("*_timeseries.tsv", "\t", "\t\t"), "columns in line"),
        (edited("*_desc-assupplied_states.tsv", "\n1", "\n-1"), "another type"),
        (edited("*_timeseries.json", '"RepetitionTime"', '"RepetitionTimes"'), "lacks RepetitionTime"),
        (edited("study.json", "{", "["), "not JSON"),
        (lambda out: made.write(out / "effects.tsv", ""), "no table"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(
    results: Path, tmp_path: Path, damage: Callable[[Path], object], said: str
) -> None:
    out = tmp_path / "out"
    shutil.copytree(results / "tables", out)
    damage(out)
    [(_, problem)] = misplaced(out)
    assert said in problem


def test_the_schema_has_the_columns_that_are_written() -> None:
    assert tuple(layout.file_kinds()["measures"].columns) == MEASURES_HEADER
