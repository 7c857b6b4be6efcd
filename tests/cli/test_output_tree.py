"""A folder of results passes the BIDS validator, and the rest of it the project's own schema."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import made_datasets as made
from defaultmode.cli import main
from defaultmode.outputs import layout, misplaced, result_file
from defaultmode.outputs.dataset import IGNORED
from defaultmode.outputs.run import MEASURES_HEADER
from defaultmode.statistics.occasions import occasions_of
from defaultmode.statistics.reliability import reliability
from toy_studies import made_study

VALIDATOR = Path(sys.executable).with_name("bids-validator-deno")
validated = pytest.mark.skipif(
    not VALIDATOR.is_file(), reason="needs the extra `validate`: pip install '.[validate]'"
)
MEASURES = (
    "within_default_mode", "alff_by_region", "effective_connectivity", "cap_default_occupancy",
)  # fmt: skip
BROKEN = "sub-03_ses-a_task-rest"  # has no repetition time
TREES = ("tables", "images", "clinical")
CURVES = {"decision curve", "learning curve"}  # of a prediction
CROSSOVER = """
order = ["infusion_1", "infusion_2"]
[visits.ses-b0]
phase = "baseline"
[visits.ses-k2]
treatment = "ketamine"
phase = "after"
days = 2
[visits.ses-p2]
treatment = "placebo"
phase = "after"
days = 2
"""
INFUSION = {
    "PharmaceuticalName": "ketamine",
    "PharmaceuticalDoseAmount": 0.5,
    "PharmaceuticalDoseUnits": "mg/kg",
    "PharmaceuticalDoseTime": [60, 2460],
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables of three people, one of them broken, and volumes of one: measured and studied."""
    root = tmp_path_factory.mktemp("results")
    source = made.tables(root / "in", {"01": "patient", "02": "control"})
    made.write_table(source, BROKEN, made.series(5), RepetitionTime=None)
    made.write_table(source, "sub-02_task-infusion", made.series(6), **INFUSION)
    made.volumes(root / "volumes")
    words = ("--measures", *MEASURES, "--surrogates", "2", "--nprocs", "1", "--quiet")
    assert main(["measure", str(source), str(root / "tables"), *words]) == 4
    volumes = ["measure", str(root / "volumes"), str(root / "images"), "--atlas", "seeds", "--maps"]
    assert main([*volumes, *words]) == 0
    for name in TREES[:2]:
        assert main(["study", str(root / name), "--quiet"]) in {0, 4}
    ratings = made.write(root / "ratings.tsv", crossover_of_ratings())
    plan = made.write(root / "plan.toml", CROSSOVER)
    words = ("--table", str(ratings), "--plan", str(plan), "--quiet")
    assert main(["study", str(root / "clinical"), *words]) == 0
    return root


def crossover_of_ratings() -> str:
    """MADRS of eight people before, after ketamine and after placebo, in either order."""
    rng = np.random.default_rng(0)
    rows = [
        f"sub-{i:02d}\tses-{visit}\t{order}\t{rng.integers(low, low + 9)}"
        for i in range(8)
        for order in (["ketamine\tplacebo", "placebo\tketamine"][i % 2],)
        for visit, low in (("b0", 28), ("k2", 12), ("p2", 24))
    ]
    return "\n".join(["participant_id\tsession_id\tinfusion_1\tinfusion_2\tMADRS", *rows]) + "\n"


@pytest.fixture
def tree(results: Path, tmp_path: Path) -> Path:
    """A copy of the results of tables, to be damaged."""
    shutil.copytree(results / "tables", tmp_path / "out")
    return tmp_path / "out"


def errors(folder: Path) -> list[str]:
    """What the validator finds wrong; it brings the standard with it and asks no network."""
    command = [VALIDATOR, folder, "--format", "json"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    issues = json.loads(told.stdout)["issues"]["issues"]
    return [f"{i['code']} {i.get('location', '')}" for i in issues if i["severity"] == "error"]


@validated
@pytest.mark.parametrize("name", TREES)
def test_the_validator_finds_no_error(results: Path, name: str) -> None:
    assert errors(results / name) == []


@validated
@pytest.mark.parametrize(
    "line", ["*_measures.*", "*_timeseries.*", "*_relmat.*", "states", "provenance", "study.*"]
)
def test_bidsignore_hides_nothing_without_need(tree: Path, line: str) -> None:
    written = (tree / ".bidsignore").read_text().split()
    assert written == list(IGNORED)
    (tree / ".bidsignore").write_text("\n".join(x for x in written if x != line) + "\n")
    assert errors(tree)


@validated
def test_the_validator_sees_a_file_that_does_not_belong(tree: Path) -> None:
    made.write(tree / "sub-01" / "func" / "sub-01_nothing.tsv", "a\n1\n")
    assert any("sub-01_nothing.tsv" in line for line in errors(tree))


@pytest.mark.parametrize("name", TREES)
def test_every_file_is_what_it_should_be(results: Path, name: str) -> None:
    assert list(misplaced(results / name)) == []


def test_the_folders_have_files_of_every_kind(results: Path) -> None:
    files = [
        path.relative_to(results / name).as_posix()
        for name in TREES
        for path in (results / name).rglob("*")
    ]
    kinds = layout.file_kinds().items()
    without = {name for name, kind in kinds if not any(map(kind.fits, files))}
    # test_predict, test_edges, test_fit and the test below look at those that take more to make
    words = ("predict", "edges", "twin")
    elsewhere = {n for n in without if any(w in n for w in words)} | CURVES | {"reliability"}
    assert without - elsewhere == {"virtual trial of the demo"}


def test_a_table_of_reliability_is_what_it_should_be(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [
        {"participant_id": f"sub-{i}", "run_id": run, "within_default_mode": own + rng.normal()}
        for i in range(6)
        for own in (rng.normal(),)
        for run in ("1", "2")
    ]
    study = made_study(rows)
    found = reliability(study, occasions_of(study))
    made.write(tmp_path / "reliability.tsv", result_file(found))
    assert len(found.table) == 2
    assert list(misplaced(tmp_path)) == []


def edited(name: str, before: str, after: str) -> Callable[[Path], object]:
    """Replace something that is there in the first file of a name."""

    def damage(out: Path) -> None:
        path = next(out.rglob(name))
        text = path.read_text("utf-8")
        assert before in text
        path.write_text(text.replace(before, after, 1), "utf-8")

    return damage


RUN = "sub-01/func/sub-01_task-rest_atlas-AAL90"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda out: made.write(out / "notes.txt", "mine"), "no kind"),
        (lambda out: made.write(out / f"{RUN}_desc-own_measures.tsv", "a\n1\n"), "no kind"),
        (edited("*_measures.tsv", "value\tunit", "unit\tvalue"), "columns"),
        (edited("*_regions.tsv", "\t0.", "\tzero."), "another type"),
        (edited("*_timeseries.tsv", "\t", "\t\t"), "columns in line"),
        (edited("*_desc-assupplied_states.tsv", "\n1", "\n-1"), "another type"),
        (edited("*_timeseries.json", '"RepetitionTime"', '"TR"'), "lacks RepetitionTime"),
        (edited("study.json", "{", "["), "not JSON"),
        (lambda out: made.write(out / "effects.tsv", ""), "no table"),
    ],
)
def test_what_is_wrong_is_said(tree: Path, damage: Callable[[Path], object], said: str) -> None:
    damage(tree)
    [(_, problem)] = misplaced(tree)
    assert said in problem


def test_the_schema_has_the_columns_that_are_written() -> None:
    assert tuple(layout.file_kinds()["measures"].columns) == MEASURES_HEADER
