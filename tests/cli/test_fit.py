"""`fit` from a folder to twins, and what a study makes of them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import made_datasets as made
from defaultmode.cli import main
from defaultmode.outputs import misplaced
from defaultmode.pipeline.twin_finding import load_twin
from defaultmode.simulation.fixed_point import fixed_point
from defaultmode.sources.atlases import load_atlas

LOST = "sub-03_task-rest"
QUIET = ("--draws", "0", "--nprocs", "1", "--quiet")


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)


def connectome(folder: Path) -> Path:
    """Made strengths between the AAL-90 regions that know nothing of the made signals' networks."""
    atlas = load_atlas("aal90")
    rng = np.random.default_rng(1)
    weights = rng.random((90, 90)) ** 3
    weights = weights + weights.T
    np.fill_diagonal(weights, 0.0)
    lines = ["\t".join(("Node", *atlas.names))]
    lines += ["\t".join((n, *map(str, row))) for n, row in zip(atlas.names, weights, strict=True)]
    return made.write(folder / "weights.tsv", "\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three people, of whom one lacks a region and one has no repetition time, and their twins."""
    root = tmp_path_factory.mktemp("twins")
    source = made.tables(root / "in", {"01": "patient", "02": "control"})
    lacking = made.series(7)
    lacking[:, 4] = np.nan
    made.write_table(source, "sub-04_task-rest", lacking)
    made.write_table(source, LOST, made.series(5), RepetitionTime=None)
    weights = connectome(root)
    words = [str(source), str(root / "out"), "--connectome", str(weights), *QUIET]
    assert main(["fit", *words]) == 4
    return root


def test_there_is_a_row_and_a_brain_for_every_run_that_can_be_read(folder: Path) -> None:
    table = read(folder / "out" / "twins.tsv")
    assert list(table["participant_id"]) == ["sub-01", "sub-02", "sub-04", "sub-03"]
    assert list(table["n_regions"]) == ["90", "90", "89", "n/a"]
    assert table.loc[3, "status"] == "no twin"
    assert table.loc[3, "reason"].startswith("E201")
    table = table[:3]
    # made people are alike but for noise: too few to say who is whom, or worse than their group
    assert set(table["status"]) <= {"personal or not: unknown", "failed"}
    assert list(table["status"] == "failed") == [reason != "n/a" for reason in table["reason"]]
    numbers = table[["fitted_r", "held_out_r", "ceiling_r", "structure_only_r"]].astype(float)
    assert (numbers["fitted_r"] > 0.8).all()
    assert (numbers["held_out_r"] > numbers["structure_only_r"]).all()
    for row, path in zip(
        table.itertuples(), sorted((folder / "out").rglob("*model.npz")), strict=True
    ):
        twin = load_twin(path)
        growth = fixed_point(twin.brain()).growth_per_s
        assert growth == pytest.approx(
            float(row.growth_per_s), abs=1e-3
        )  # kept in single precision
        assert growth < -2.3


def test_nothing_is_out_of_place_and_nothing_is_fitted_twice(folder: Path) -> None:
    out = folder / "out"
    assert [*misplaced(out)] == []
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*_desc-twin_*")}
    words = [str(folder / "in"), str(out), "--connectome", str(folder / "weights.tsv"), *QUIET]
    assert main(["fit", *words]) == 4
    assert before == {p: p.stat().st_mtime_ns for p in out.rglob("*_desc-twin_*")}


def test_twins_join_the_study_with_unit_and_sentence(folder: Path) -> None:
    out = folder / "out"
    few = ("--measures", "within_default_mode", "--surrogates", "0", "--nprocs", "1", "--quiet")
    assert main(["measure", str(folder / "in"), str(out), *few]) == 4
    assert main(["study", str(out), "--quiet"]) in {0, 4}
    assert main(["verify", str(out)]) in {0, 4}
    study = read(out / "study.tsv")
    told = json.loads((out / "study.json").read_text("utf-8"))
    column = "twin_coupling__as_supplied"
    assert list(study["participant_id"]) == ["sub-01", "sub-02", "sub-04"]
    failed = read(out / "twins.tsv")["status"][:3] == "failed"
    assert list(study[column] == "n/a") == list(failed)
    assert (study.loc[~failed, column].astype(float) > 0).all()
    lost = read(out / "missing.tsv")
    assert set(lost.loc[lost["code"] == "E515", "participant_id"]) == set(
        study["participant_id"][failed]
    )
    assert told[column]["Units"] == "of the group's"
    assert "not a measurement" in told[column]["Description"]
    assert not [name for name in told if "local_excitation" in name]  # does not come back


def test_parameters_without_others_have_no_interval(folder: Path) -> None:
    rows = read(next((folder / "out").rglob("sub-01*twin_parameters.tsv")))
    assert set(rows["low"]) == set(rows["learnt"]) == {"n/a"}
    assert list(rows["value"]) == list(rows["fitted"])
    assert {"true", "false"} == set(rows["recovered"])


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        ((), "E514", 3),
        (("--connectome", "weights.tsv", "--denoise", "as-supplied+GSR"), "E516", 3),
        (("--connectome", "weights.tsv", "--draws", "-1"), "E411", 2),
    ],
)
def test_what_cannot_be_fitted_is_refused(
    folder: Path,
    words: tuple[str, ...],
    code: str,
    exit_code: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    own = [str(folder / w) if w.endswith(".tsv") else w for w in words]
    new = folder / "refused"
    flags = [] if "--draws" in own else ["--draws", "0"]
    assert main(["fit", str(folder / "in"), str(new), *own, *flags, "--nprocs", "1"]) == exit_code
    assert code in capsys.readouterr().err
    assert not [*new.rglob("*twin*")]


def test_some_of_the_people_would_have_another_group(folder: Path, capsys) -> None:
    words = [str(folder / "in"), str(folder / "out"), "--connectome", str(folder / "weights.tsv")]
    assert main(["fit", *words, *QUIET, "--participant-label", "02", "04"]) == 6
    assert "E412" in capsys.readouterr().err


def test_a_twin_of_another_recording_goes_when_its_run_is_measured_again(
    folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    root = tmp_path / "copy"
    table = next((root / "in").rglob("sub-01*timeseries.tsv"))
    made.write_table(root / "in", "sub-01_task-rest", made.series(9))
    assert table.is_file()
    kept = next((root / "out" / "provenance" / "twins").glob("sub-01*"))
    text = kept.read_text("utf-8").replace(str(folder), str(root))
    kept.write_text(text, encoding="utf-8")
    settings = root / "out" / "provenance" / "settings.toml"
    told = settings.read_text("utf-8").replace(str(folder), str(root))
    settings.write_text(told, encoding="utf-8")
    few = ("--measures", "within_default_mode", "--surrogates", "0", "--nprocs", "1", "--quiet")
    assert main(["measure", str(root / "in"), str(root / "out"), *few]) == 4
    assert not [*(root / "out").rglob("sub-01*twin*")]
    assert [*(root / "out").rglob("sub-02*twin_model.npz")]


def test_another_data_set_is_not_mixed_in(folder: Path, tmp_path: Path) -> None:
    other = made.tables(tmp_path / "other", {"01": "patient"})
    words = [str(other), str(folder / "out"), "--connectome", str(folder / "weights.tsv"), *QUIET]
    assert main(["fit", *words]) == 5


def test_the_dynamic_route_needs_its_library(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    words = [str(folder / "in"), str(folder / "new"), "--route", "dynamic", *QUIET]
    assert main(["fit", *words]) == 5
    said = capsys.readouterr().err
    assert "E519" in said
    assert "defaultmode[fit]" in said
    assert not (folder / "new").exists()
