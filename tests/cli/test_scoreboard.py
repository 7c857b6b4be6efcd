"""The scoreboard from the command line: what is printed, what lies on the disk, what is refused."""

import csv
import json
from pathlib import Path

import pytest

from defaultmode.cli import main

SMALL = ("scoreboard", "--quick", "--claim", "C2", "--draws", "1", "--seeds", "2", "--nprocs", "1")


def run(*words: object) -> int:
    return main([*SMALL, *map(str, words)])


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("score") / "board"
    assert run("--seed", 3, "--out", out, "--quiet") == 0
    return out


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def test_every_row_has_its_label_and_verdict(written: Path) -> None:
    rows = rows_of(written / "scoreboard.tsv")
    assert [r["row"] for r in rows] == ["membership | as-supplied", "membership | as-supplied+GSR"]
    for row in rows:
        assert (row["label"], row["hypothetical"]) == ("calibrated", "false")
        assert (row["box_draws"], row["box_lost"], row["seeds_n"]) == ("1", "0", "2")
        assert 0 <= float(row["box_median"]) <= 1
        assert float(row["seeds_low"]) <= float(row["seeds_mean"]) <= float(row["seeds_high"])
        holds = float(row["box_median"]) >= 0.8
        assert (row["verdict"] == "holds") == holds


def test_page_and_json_say_the_same(written: Path) -> None:
    content = json.loads((written / "scoreboard.json").read_text("utf-8"))
    page = (written / "scoreboard.md").read_text("utf-8")
    assert content["sentence"] in page
    assert [row["quantity"] for row in content["rows"]] == ["default_mode_membership"] * 2
    assert "NaN" not in (written / "scoreboard.json").read_text("utf-8")
    assert page.count("| At least 80 %") == 2
    assert "Not spoken to: C4" in page
    assert "not a medical device" in page


def test_same_seed_same_bytes(written: Path, tmp_path: Path) -> None:
    assert run("--seed", 3, "--out", tmp_path / "again", "--quiet") == 0
    for name in ("scoreboard.tsv", "scoreboard.json", "scoreboard.md"):
        assert (tmp_path / "again" / name).read_bytes() == (written / name).read_bytes()


def test_json_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["scoreboard", "--quick", "--claim", "C31", "--draws", "1", "--seeds", "2", "--json"]
    assert main(words) == 0
    content = json.loads(capsys.readouterr().out)
    (row,) = content["rows"]
    assert (row["label"], row["box_share"], row["hypothetical"]) == ("built in", None, True)
    assert row["seeds_low"] > 0
    assert row["verdict"] == "holds"


def test_refusals_have_codes(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scoreboard", "--claim", "C99"]) == 2
    assert "E410" in capsys.readouterr().err
    assert main(["scoreboard", "--draws", "0"]) != 0
    assert "E411" in capsys.readouterr().err
    assert run("--out", written) != 0
    assert "E603" in capsys.readouterr().err
