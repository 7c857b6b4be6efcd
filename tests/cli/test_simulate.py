"""Whole command-line runs of virtual people: simulate or trial, then measure, then study."""

import csv
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from defaultmode.cli import main
from defaultmode.pipeline import virtual_runs
from defaultmode.pipeline.virtual_sources import WARNING
from made_engine import noise

SCANS = """
[[SCAN]]
session = "baseline"
at = "-60 min"
duration = "70 s"

[[SCAN]]
session = "infusion"
at = "39 min"
duration = "70 s"
block = [{ event = "task", at = "10 s", duration = "20 s" }]

[[RATING]]
session = "baseline"
at = "-70 min"

[[RATING]]
session = "infusion"
at = "40 min"
"""
KETAMINE = '{ drug = "ketamine", dose = "0.5 mg/kg", over = "40 min", at = "0 min" }'
SALINE = '{ drug = "saline", dose = "100 ml", over = "40 min", at = "0 min" }'
PROTOCOL = (
    f'name = "one infusion"\ncondition = "depressed_hyper"\ndose = [{KETAMINE}]\n'
    + SCANS.replace("SCAN", "scan").replace("RATING", "rating")
)
TRIAL = f"""name = "two arms"
dropout_per_visit = 0.4
[protocol]
condition = "depressed_hyper"
{SCANS.replace("SCAN", "protocol.scan").replace("RATING", "protocol.rating")}
[[arm]]
name = "ketamine"
people = 3
dose = [{KETAMINE}]
[[arm]]
name = "saline"
people = 3
dose = [{SALINE}]
[[site]]
name = "A"
[[site]]
name = "B"
mean_units = 8000
[motion]
[unblinding]
"""


MEASURES = (
    "within_default_mode",
    "alff_default_mode",
    "global_signal_variance",
    "framewise_displacement_mean",
)
SHORT = ("--measures", *MEASURES, "--min-time", 60, "--nprocs", 1, "--quiet")


def run(*words: object) -> int:
    return main([str(w) for w in words])


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "protocol.toml").write_text(PROTOCOL, encoding="utf-8")
    (tmp_path / "trial.toml").write_text(TRIAL, encoding="utf-8")
    return tmp_path


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual_runs, "simulate", noise)


def test_a_trial_is_measured_and_studied_like_any_data_set(
    files: Path, quick: None, capsys: pytest.CaptureFixture[str]
) -> None:
    made, results = files / "virtual", files / "results"
    assert run("trial", files / "trial.toml", made) == 0
    assert "defaultmode measure" in capsys.readouterr().out
    missed = [r for r in rows_of(made / "truth/participants.tsv") if r["sessions_attended"] == "1"]
    assert missed, "the seed of this test has somebody leave"
    assert run("measure", made, results, *SHORT[:-1]) == 4, "who left needs eyes"
    assert capsys.readouterr().out.startswith(f"{WARNING}\n")
    assert run("study", results) == 4
    assert capsys.readouterr().out.startswith(f"{WARNING}\n")
    page = (results / "report.html").read_text("utf-8")
    assert f"<strong>{WARNING}</strong>" in page
    assert "virtual" in page.partition("<title>")[2].partition("</title>")[0]
    assert "Groups are told apart by arm." in page
    described = json.loads((results / "study.json").read_text("utf-8"))["participant_id"]
    assert WARNING in described["Description"]
    rows = rows_of(results / "study.tsv")
    assert len(rows) == 12 - len(missed)
    people = {r["participant_id"]: r for r in rows_of(made / "participants.tsv")}
    assert Counter(p["arm"] for p in people.values()) == {"ketamine": 3, "saline": 3}
    for row in rows:
        assert row["arm"] == people[row["participant_id"]]["arm"]
        assert row["madrs_total"] != "n/a"
        for name in MEASURES[:3]:
            assert np.isfinite(float(row[f"{name}__as_supplied"])), "the percent scale is there"
        assert float(row["framewise_displacement_mean__as_supplied"]) > 0
    reasons = {
        (r["participant_id"], r["session_id"]): r["code"]
        for r in rows_of(results / "missing.tsv")
        if r["what"] == "recording"
    }
    assert reasons == {(r["participant_id"], "ses-infusion"): "E402" for r in missed}


def test_ones_own_connectome_goes_all_the_way_through_the_engine(files: Path) -> None:
    own = own_brain(files)
    made, results = files / "virtual", files / "results"
    words = ("--atlas", own["atlas"], "--connectome", own["weights"], "--lengths", own["lengths"])
    more = ("--map", f"gradient={own['map']}", "--coupling-every", 1, "--n", 2)
    calm = ("--parameters", "deco2014")  # the other sets run away on so small a brain
    for out, n in ((made, 1), (files / "again", 2)):
        assert (
            run(
                "simulate",
                files / "protocol.toml",
                out,
                *words,
                *more,
                *calm,
                "--nprocs",
                n,
                "--quiet",
            )
            == 0
        )
    assert contents(made) == contents(files / "again")
    runs = rows_of(made / "truth/runs.tsv")
    assert len(runs) == 4
    assert all(0 < float(r["rate_default_hz"]) < 15 for r in runs)
    record = json.loads((made / "truth/simulation.json").read_text("utf-8"))
    assert set(record["settings"]["files"]) == {"connectome", "lengths", "gradient"}
    assert run("measure", made, results, *SHORT[:2], "--atlas", own["atlas"], *SHORT[-5:]) == 0
    assert all(
        r["within_default_mode__as_supplied"] != "n/a" for r in rows_of(results / "study.tsv")
    )


def own_brain(folder: Path) -> dict[str, Path]:
    """Eight regions in a ring with their atlas, tract lengths and a map."""
    roles = ["default"] * 3 + ["task-positive"] * 3 + ["other"] * 2
    names = [f"region{i}" for i in range(8)]
    ring = np.exp(-np.abs(np.subtract.outer(range(8), range(8)))) * (1 - np.eye(8))
    square = [["region", *names]]
    lengths = [["region", *names]]
    for i, name in enumerate(names):
        square.append([name, *(f"{v:.6f}" for v in ring[i])])
        lengths.append([name, *("0" if i == j else "40" for j in range(8))])
    atlas = [["name", "network", "role"]]
    atlas += [
        [n, role.title().replace("-", ""), role] for n, role in zip(names, roles, strict=True)
    ]
    values = [["region", "value"], *([n, str(i)] for i, n in enumerate(names))]
    tables = {"weights": square, "lengths": lengths, "atlas": atlas, "map": values}
    for name, rows in tables.items():
        text = "\n".join("\t".join(row) for row in rows) + "\n"
        (folder / f"{name}.tsv").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.tsv" for name in tables}


def test_the_truth_never_enters_the_study(files: Path, quick: None) -> None:
    made, results = files / "virtual", files / "results"
    assert run("simulate", files / "protocol.toml", made, "--n", 2, "--quiet") == 0
    assert run("measure", made, results, *SHORT) == 0
    assert run("study", results, "--bids-dir", made, "--quiet") == 0
    truth = [p for p in made.rglob("*.tsv") if "truth" in str(p.relative_to(made))]
    columns = {c for p in truth for c in rows_of(p)[0]} - {"participant_id", "session_id"}
    assert {"condition_level", "ketamine_level", "responsiveness", "madrs_expected"} <= columns
    joined = set(rows_of(results / "study.tsv")[0])
    assert not {c for c in joined for t in columns - {"task_id", "run_id"} if c.startswith(t)}
    assert len(rows_of(results / "study.tsv")) == 4, "no truth series is taken for a run"


def test_the_same_seed_gives_the_same_bytes(files: Path, quick: None) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        assert run("trial", files / "trial.toml", files / name, "--seed", seed, "--quiet") == 0
    a, b, c = (contents(files / name) for name in "abc")
    assert a == b
    assert a["participants.tsv"] != c["participants.tsv"]
    series = [name for name in a if name.endswith("stat-mean_timeseries.tsv")]
    assert all(a[name] != c.get(name) for name in series)


def test_more_people_change_nobody(files: Path, quick: None) -> None:
    for n in (2, 5):
        assert run("simulate", files / "protocol.toml", files / str(n), "--n", n, "--quiet") == 0
    few, many = contents(files / "2"), contents(files / "5")
    mine = [name for name in few if name.startswith("sub-")]
    assert mine
    assert all(few[name] == many[name] for name in mine)


def test_everything_says_that_it_is_virtual(files: Path, quick: None) -> None:
    made = files / "virtual"
    assert run("simulate", files / "protocol.toml", made, "--quiet") == 0
    said = json.loads((made / "dataset_description.json").read_text("utf-8"))
    assert said["Name"].startswith("VIRTUAL")
    assert said["DatasetType"] == "derivative"
    assert said["GeneratedBy"][0]["Name"] != "defaultmode", "`measure` must not write into it"
    readme = (made / "README").read_text("utf-8")
    assert "not a medical device" in readme
    assert "HYPOTHETICAL, with no source that it happens: shared_noise (" in readme
    assert "long_range (" not in readme, "it has a source"
    mood = json.loads((made / "phenotype/madrs.json").read_text("utf-8"))["madrs_total"]
    for said in (readme, mood["Description"]):
        assert "psychotherapy and ECT lower the condition's level" in said
    assert all(
        r["participant_id"].startswith("sub-virtual") for r in rows_of(made / "participants.tsv")
    )
    for path in made.rglob("*_stat-mean_timeseries.json"):
        sidecar = json.loads(path.read_text("utf-8"))
        assert sidecar["Simulated"] is True
        assert "must not be compared with those of real recordings" in sidecar["Description"]
        assert sidecar["RepetitionTime"] == 2.0
        if "infusion" in path.name:
            assert sidecar["PharmaceuticalName"] == "ketamine"
            assert sidecar["PharmaceuticalDoseTime"] == [-2340.0, 60.0]
    assert (made / "truth/protocol.toml").read_text("utf-8") == PROTOCOL
    [events] = made.rglob("*ses-infusion*_events.tsv")
    assert rows_of(events) == [{"onset": "10", "duration": "20", "trial_type": "task"}]


def test_a_crossover_lists_drug_and_visit_of_every_session(files: Path, quick: None) -> None:
    text = TRIAL.replace("people = 3\n", "").replace("dropout_per_visit = 0.4", "people = 4")
    text = text.replace('name = "two arms"', 'name = "x"\ndesign = "crossover"\nwashout_days = 14')
    (files / "x.toml").write_text(text, encoding="utf-8")
    assert run("trial", files / "x.toml", files / "virtual", "--quiet") == 0
    sequences = Counter(r["sequence"] for r in rows_of(files / "virtual/participants.tsv"))
    assert sequences == {"ketamine-saline": 2, "saline-ketamine": 2}
    for person in rows_of(files / "virtual/participants.tsv"):
        label = person["participant_id"]
        sessions = rows_of(files / f"virtual/{label}/{label}_sessions.tsv")
        assert [s["drug"] for s in sessions[::2]] == person["sequence"].split("-")
        assert [s["visit"] for s in sessions] == ["baseline", "infusion"] * 2


def test_what_has_died_out_is_written_as_zero(files: Path, quick: None) -> None:
    late = PROTOCOL.replace('at = "39 min"', 'at = "90 d"').replace('"40 min"\n', '"90 d"\n')
    (files / "late.toml").write_text(late, encoding="utf-8")
    assert run("simulate", files / "late.toml", files / "virtual", "--n", 8, "--quiet") == 0
    tables = [p for p in (files / "virtual").rglob("*.tsv") if "stat-" not in p.name]
    values = [v for p in tables for row in rows_of(p) for v in row.values()]
    assert not [v for v in values if re.search(r"e-(1[3-9]|[2-9]\d|\d{3})$", v)]
    assert "-0" not in values
    late_levels = [r["ketamine_level"] for r in rows_of(files / "virtual/truth/ratings.tsv")]
    assert set(late_levels) == {"0"}


def test_dry_run_starts_nothing(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("trial", files / "trial.toml", files / "virtual", "--dry-run") == 0
    assert "nothing was started" in capsys.readouterr().out
    assert run("simulate", files / "protocol.toml", files / "virtual", "-n", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["people"], report["scans"], report["dry"]) == (1, 2, True)
    assert not (files / "virtual").exists()


@pytest.mark.parametrize(
    ("change", "words", "code"),
    [
        (("0.5 mg/kg", "0.5"), (), "E507"),
        (("0.5 mg/kg", "50 mg/kg"), (), "E508"),
        (('at = "39 min"', 'at = "-60 min"'), (), "E509"),
        (("duration", "durations"), (), "E510"),
        (("[[rating]]", "[[rating]]\nscales = []"), (), "E510"),
        (('session = "infusion"\nat = "40', 'session = "baseline"\nat = "40'), (), "E510"),
        (("depressed_hyper", "sad"), (), "E511"),
        (("", ""), ("--condition", "sad"), "E511"),
        (("", ""), ("--parameters", "nobodys"), "E511"),
        (("", ""), ("--connectome", "CUT"), "E501"),
        (("", ""), ("--connectome", "NONE"), "E101"),
        (("", ""), ("--map", "gradient=CUT"), "E513"),
    ],
)
def test_bad_input_ends_with_3_and_leaves_nothing(
    change: tuple[str, str],
    words: tuple[str, ...],
    code: str,
    files: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (files / "bad.toml").write_text(PROTOCOL.replace(*change), encoding="utf-8")
    (files / "cut.tsv").write_text("region\ta\tb\na\t0\t1\nc\t1\t0\n", encoding="utf-8")
    names = {"CUT": str(files / "cut.tsv"), "NONE": str(files / "none.tsv")}
    given = [w.replace("CUT", names["CUT"]).replace("NONE", names["NONE"]) for w in words]
    before = sorted(files.rglob("*"))
    assert run("simulate", files / "bad.toml", files / "deep" / "out", *given) == 3
    assert code in capsys.readouterr().err
    assert sorted(files.rglob("*")) == before


def test_a_failure_in_the_middle_leaves_nothing(
    files: Path, quick: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from defaultmode.core.errors import DefaultModeError
    from defaultmode.pipeline import simulating

    def lost(*_: object) -> None:
        raise DefaultModeError("E505", "region 'a' fired at 40 Hz.")

    monkeypatch.setattr(simulating, "scores_of", lost)
    before = sorted(files.rglob("*"))
    assert run("simulate", files / "protocol.toml", files / "out", "--quiet") == 3
    assert "E505" in capsys.readouterr().err
    assert sorted(files.rglob("*")) == before


def test_a_folder_with_something_in_it_is_refused(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = contents(files)
    assert run("trial", files / "trial.toml", files) == 5
    assert "E603" in capsys.readouterr().err
    assert contents(files) == kept


@pytest.mark.parametrize("words", [("--n", 0), ("--seed", -1), ("--map", "gradient")])
def test_settings_that_cannot_be_used_end_with_2(words: tuple[object, ...], files: Path) -> None:
    assert run("simulate", files / "protocol.toml", files / "out", *words) == 2
    assert not (files / "out").exists()


@pytest.mark.parametrize(
    ("kind", "name", "says"),
    [
        ("drugs", "ketamine", "Clements1981"),
        ("conditions", "depressed_hypo", "against"),
        ("events", "meditation", "hypothetical"),
        ("models", "mean_field", "verified"),
        ("models", "deco2014", "Deco 2014"),
    ],
)
def test_registries_of_the_simulator_can_be_listed(
    kind: str, name: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(kind) == 0
    assert f"{name}\n" in capsys.readouterr().out
    assert run(kind, name) == 0
    listed, _, cited = capsys.readouterr().out.partition("sources:\n")
    assert says in listed
    assert all(re.match(r" {4}\w+: \S.*\d{4}", line) for line in cited.splitlines())
    assert ("Clements1981: Clements J. A." in cited) == (name == "ketamine")
    assert run(kind, name, "--json") == 0
    assert len(json.loads(capsys.readouterr().out)) > 2
    assert run(kind, "nobodys") == 3
    assert "E511" in capsys.readouterr().err
