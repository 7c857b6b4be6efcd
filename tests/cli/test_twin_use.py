"""Whole command-line runs on twins: one person's, everybody's, and what is refused."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from defaultmode.cli import main
from defaultmode.outputs.virtual import is_of_twins, is_virtual
from made_twins import failed, small_twin, twin_folder, unstable

SCAN = '[[scan]]\nduration = "80 s"\n'
PROTOCOL = """name = "ketamine and a current"
[[exposure]]
condition = "ketamine"
drug = "ketamine"
share = 0.5
[[stimulation]]
condition = "current"
role = "default"
current_na = 0.002
"""
MEASURES = ("--measures", "within_default_mode", "--min-time", 60, "--nprocs", 1, "--quiet")


def run(*words: object) -> int:
    return main([str(w) for w in words])


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    people = {f"{k:02d}": small_twin(k, n_draws=0) for k in range(2, 7)}
    people = {"01": unstable(small_twin(1), how_many=2), **people}
    folder = twin_folder(tmp_path / "twins", people)
    table = [f"sub-{k:02d}\t{'patient' if k % 2 else 'control'}" for k in range(1, 7)]
    text = "\n".join(["participant_id\tgroup", *table]) + "\n"
    (folder / "participants.tsv").write_text(text, encoding="utf-8")
    (tmp_path / "linear.toml").write_text(PROTOCOL, encoding="utf-8")
    (tmp_path / "scanned.toml").write_text(PROTOCOL + SCAN, encoding="utf-8")
    return tmp_path


def words(files: Path, who: str) -> tuple[object, ...]:
    return (
        "--twin",
        who,
        "--twins",
        files / "twins",
        "--atlas",
        files / "small.tsv",
        "--nprocs",
        1,
    )


def test_one_persons_twin_is_simulated_and_measured_like_any_data_set(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, results = files / "virtual", files / "results"
    assert run("simulate", files / "scanned.toml", made, *words(files, "sub-01")) == 0
    printed = capsys.readouterr().out
    assert "2 of 8 plausible brains lost their stable branch" in printed
    assert "Mechanism only, not evidence of effect; not for decisions about a person." in printed
    assert "says no more of its person than the others' average does" in printed
    assert "HYPOTHETICAL, with no source" in printed
    assert "0.5 of the highest level studied, 0.28 of 1" in printed
    changes = rows_of(made / "twin_changes.tsv")
    assert len(changes) == 2 * 9
    assert {(r["lost"], r["personal"]) for r in changes} == {("2", "false")}
    assert {r["mark"] for r in changes if r["condition"] == "current"} == {"not stated"}
    assert all(r["because"] != "n/a" and r["reason"] == "n/a" for r in changes)
    agreements = rows_of(made / "twin_agreement.tsv")
    assert len(agreements) == 3 * 8
    assert all(r["verdict"] != "n/a" for r in agreements)
    for name in ("twin_changes", "twin_agreement"):
        described = json.loads((made / f"{name}.json").read_text("utf-8"))
        assert set(described) == set(rows_of(made / f"{name}.tsv")[0])
    about = json.loads((made / "dataset_description.json").read_text("utf-8"))
    assert is_virtual(about)
    assert is_of_twins(about)
    assert (made / "truth/protocol.toml").read_text("utf-8") == PROTOCOL + SCAN
    assert run("measure", made, results, "--atlas", files / "small.tsv", *MEASURES) == 0
    rows = rows_of(results / "study.tsv")
    assert {r["participant_id"] for r in rows} == {"sub-twin01rest"}, "nobody real is joined"
    assert {r["session_id"] for r in rows} == {"ses-baseline", "ses-ketamine", "ses-current"}
    capsys.readouterr()
    assert run("predict", results, "--outcome", "twin_of") == 2
    assert "E517" in capsys.readouterr().err


def test_everybodys_twins_change_together(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    failed(files / "twins", "06", "no stable brain")
    made = files / "all"
    assert run("simulate", files / "linear.toml", made, *words(files, "all")) == 0
    printed = capsys.readouterr().out
    assert "left out: sub-06_task-rest_atlas-small: no stable brain" in printed
    assert "group names the groups: control = controls, patient = patients." in printed
    assert "patients and controls are not compared" in printed
    assert "2 of 8 plausible brains lost their stable branch" in printed
    changes = rows_of(made / "twin_changes.tsv")
    keys = [(r["participant_id"], r["condition"], r["measure"]) for r in changes]
    assert len(keys) == len(set(keys)) == 5 * 2 * 9
    cohort = rows_of(made / "twin_cohort.tsv")
    assert len(cohort) == 2 * 9
    first = cohort[0]
    mine = [
        float(r["change"])
        for r in changes
        if (r["condition"], r["measure"]) == (first["condition"], first["measure"])
    ]
    assert float(first["mean"]) == pytest.approx(sum(mine) / 5, rel=1e-8)
    assert (first["n_patients"], first["n_controls"]) == ("3", "2")
    assert not list(made.rglob("*timeseries*")), "the protocol has no scan"


def test_the_same_seed_gives_the_same_bytes_in_any_company(files: Path) -> None:
    quiet = ("--quiet", "--seed", 3)
    for k in range(3, 7):
        shutil.rmtree(files / f"twins/sub-{k:02d}")
    for name, who in (("a", "sub-02"), ("b", "sub-02"), ("all", "all")):
        assert (
            run("simulate", files / "scanned.toml", files / name, *words(files, who), *quiet) == 0
        )
    a, b = contents(files / "a"), contents(files / "b")
    assert a == b
    everybody = contents(files / "all")
    scans = [name for name in a if name.startswith("sub-")]
    assert scans
    assert all(a[name] == everybody[name] for name in scans)
    rows = [r for r in rows_of(files / "all/twin_changes.tsv") if r["participant_id"] == "sub-02"]
    assert rows == rows_of(files / "a/twin_changes.tsv")


def test_json_and_dry_run(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("simulate", files / "linear.toml", files / "new", *words(files, "all"))
    assert run(*asked, "--dry-run") == 0
    assert "nothing was started" in capsys.readouterr().out
    assert not (files / "new").exists()
    assert run(*asked, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["people"] == [f"sub-{k:02d}" for k in range(1, 7)]
    assert len(told["twin_changes"]) == 6 * 18
    assert told["caution"].startswith("Mechanism only")


@pytest.mark.parametrize(
    ("verb", "more", "code", "ends"),
    [
        ("simulate", ("--n", 3), "E517", 2),
        ("simulate", ("--condition", "depressed_hyper"), "E517", 2),
        ("simulate", ("--parameters", "deco2014"), "E411", 2),
        ("simulate", ("--connectome", "x.tsv"), "E411", 2),
        ("simulate", ("--noise", -1), "E411", 2),
        ("simulate", ("--map", "gradient"), "E411", 2),
        ("trial", (), "E517", 2),
    ],
)
def test_what_twins_are_not_given_is_refused(
    verb: str,
    more: tuple[object, ...],
    code: str,
    ends: int,
    files: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = contents(files)
    assert run(verb, files / "linear.toml", files / "out", *words(files, "sub-01"), *more) == ends
    assert code in capsys.readouterr().err
    assert contents(files) == before


def test_a_protocol_of_doses_is_refused_on_twins(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    doses = 'name = "x"\n[[dose]]\ndrug = "ketamine"\ndose = "0.5 mg/kg"\nat = "0 min"\n'
    (files / "doses.toml").write_text(doses, encoding="utf-8")
    assert run("simulate", files / "doses.toml", files / "out", *words(files, "sub-01")) == 2
    said = capsys.readouterr().err
    assert "E517" in said
    assert "`[[exposure]]` with `drug` and `share`" in said


def test_who_is_not_there_and_half_an_order_are_told(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("simulate", files / "linear.toml", files / "out", *words(files, "sub-77")) == 3
    assert "E518" in capsys.readouterr().err
    assert run("simulate", files / "linear.toml", files / "out", "--twin", "sub-01") == 2
    assert "--twin alone" in capsys.readouterr().err
    (files / "kept").mkdir()
    (files / "kept/note").write_text("mine", encoding="utf-8")
    assert run("simulate", files / "linear.toml", files / "kept", *words(files, "sub-01")) == 5
    assert "E603" in capsys.readouterr().err
