"""`predict` on the command line, from clinical tables alone."""

import json
from pathlib import Path

import numpy as np
import pytest

import made_datasets as made
from defaultmode.cli import main


@pytest.fixture
def tables(tmp_path: Path) -> list[str]:
    rng = np.random.default_rng(0)
    people, ratings = ["participant_id\tage\tsex"], ["participant_id\tsession_id\tMADRS"]
    for i in range(40):
        people.append(f"sub-{i:02d}\t{rng.integers(20, 60)}\t{'FM'[rng.integers(2)]}")
        first = rng.integers(25, 40)
        last = round(first * (0.3 if i % 2 else 0.8))
        ratings += [f"sub-{i:02d}\tses-pre\t{first}", f"sub-{i:02d}\tses-post\t{last}"]
    for name, lines in (("participants.tsv", people), ("madrs.tsv", ratings)):
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    return ["--table", str(tmp_path / "participants.tsv"), str(tmp_path / "madrs.tsv")]


def predict(tmp_path: Path, tables: list[str], *more: str) -> int:
    quick = ["--permutations", "4", "--repeats", "1", "--nprocs", "1"]
    return main(["predict", str(tmp_path / "out"), *tables, *quick, *more])


def test_response_by_a_scale_that_is_known_by_name(tmp_path, tables, capsys):
    assert predict(tmp_path, tables, "--outcome", "MADRS", "--rule", "response") == 0
    said = capsys.readouterr().out
    assert "response by MADRS at ses-post" in said
    assert "no prediction and no advice for any person" in said
    assert "Research use only" in said
    assert (tmp_path / "out" / "tripod_ai.tsv").is_file()


def test_a_rating_after_the_last_scan_is_found(tmp_path, tables, capsys):
    """One session was scanned, before; the tables know the other."""
    scans = tmp_path / "scans"
    made.describe(scans)
    for i in range(24):
        made.write_table(scans, f"sub-{i:02d}_ses-pre_task-rest", made.series(i))
    measures = ["--measures", "within_default_mode", "modularity", "--nprocs", "1", "--quiet"]
    assert main(["measure", str(scans), str(tmp_path / "out"), *measures]) in {0, 4}
    assert predict(tmp_path, tables, "--outcome", "MADRS", "--rule", "response", "--json") == 0
    content = json.loads(capsys.readouterr().out)
    lead = content["rows"][0]
    assert (lead["model"], lead["metric"], lead["n"]) == ("measures", "AUC", 24)
    assert any("16 without a baseline" in note for note in content["notes"])


def test_json_holds_every_row(tmp_path, tables, capsys):
    assert predict(tmp_path, tables, "--outcome", "MADRS", "--json", "--base-rate", "0.5") == 0
    content = json.loads(capsys.readouterr().out)
    assert content["virtual"] is False
    assert {row["model"] for row in content["rows"]} >= {"clinical", "mean", "measures"}


@pytest.mark.parametrize(
    ("more", "code", "exit_code"),
    [
        (["--outcome", "participant_id"], "E428", 3),
        (["--outcome", "sex", "--features", "MADRS", "sex"], "E430", 3),
        (["--outcome", "nowhere"], "E410", 2),
        (["--outcome", "MADRS", "--plan", "none.toml"], "E101", 3),
        (["--outcome", "sex", "--repeats", "0"], "E411", 2),
    ],
)
def test_bad_input(tmp_path, tables, capsys, more, code, exit_code):
    assert predict(tmp_path, tables, *more) == exit_code
    assert code in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
