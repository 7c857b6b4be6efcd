"""Whole command-line runs with task events, imported blood flow and response times."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import made_datasets as made
from defaultmode.cli import main
from defaultmode.sources.atlases import load_atlas

ATLAS = load_atlas("aal90")
ROLES = np.array([r.role for r in ATLAS.regions])
ONSETS = tuple(range(15, 250, 40))
PEOPLE = {f"{group[0]}{i}": group for group in ("patient", "control") for i in range(3)}

MEASURES = (
    "task_deactivation_index",
    "task_activation_by_region",
    "function_self_reflection",
    "within_default_mode",
)


def run(*words: object) -> int:
    return main([str(w) for w in words])


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def events(folder: Path, person: str, *, wait_s: float = 0.5) -> Path:
    lines = ["onset\tduration\ttrial_type\tresponse_time"]
    lines += [f"{t}\t20\tnback\t{wait_s + 0.001 * t}" for t in ONSETS]
    path = folder / f"sub-{person}" / "func" / f"sub-{person}_task-nback_events.tsv"
    return made.write(path, "\n".join(lines) + "\n")


def nback(seed: int) -> np.ndarray:
    """Default-mode regions fall by about 1 % while a block lasts, task-positive ones rise by 2 %."""
    time_s = np.arange(made.N_TIME) * made.TR_S - 5
    on = sum(((time_s >= t) & (time_s < t + 20)) * 1.0 for t in ONSETS)
    change = np.select([ROLES == "default", ROLES == "task-positive"], [-10.0, 20.0], 0.0)
    return made.series(seed) + np.outer(on, change)


def flows(path: Path, raised: float) -> Path:
    """Blood flow of 50 ml/100g/min everywhere, more by `raised` in patients' default mode."""
    rng = np.random.default_rng(0)
    lines = ["\t".join(("participant_id", *ATLAS.names))]
    for person, group in PEOPLE.items():
        values = 50 + rng.standard_normal(len(ATLAS))
        values += np.where(ROLES == "default", raised * (group == "patient"), 0.0)
        lines.append("\t".join((f"sub-{person}", *map(repr, values.tolist()))))
    made.write(path.with_suffix(".json"), json.dumps({"Units": "ml/100g/min"}))
    return made.write(path, "\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Derivatives with a task and a resting run, raw data with events, a table of blood flow."""
    root = tmp_path_factory.mktemp("task")
    made.tables(root / "derivatives", PEOPLE)
    for seed, person in enumerate(PEOPLE):
        made.write_table(root / "derivatives", f"sub-{person}_task-nback", nback(100 + seed))
        events(root / "raw", person, wait_s=0.5 + 0.01 * seed)
    flows(root / "cbf.tsv", 8.0)
    return root


@pytest.fixture(scope="module")
def measured(dataset: Path) -> Path:
    out = dataset / "out"
    words = (dataset / "derivatives", out, "--bids-dir", dataset / "raw")
    more = ("--activity", dataset / "cbf.tsv", "--measures", *MEASURES)
    assert run("measure", *words, *more, "--nprocs", 1, "--quiet") == 0
    assert run("study", out, "--quiet") == 0
    return out


def test_a_task_run_is_measured_and_a_resting_run_says_why_not(measured: Path) -> None:
    rows = {(r["participant_id"], r["task_id"]): r for r in rows_of(measured / "study.tsv")}
    task = [
        float(rows[f"sub-{p}", "nback"]["task_deactivation_index__as_supplied"]) for p in PEOPLE
    ]
    assert np.mean(task) == pytest.approx(1.0, abs=0.25)
    assert all(
        rows[f"sub-{p}", "rest"]["task_deactivation_index__as_supplied"] == "n/a" for p in PEOPLE
    )
    lost = [r for r in rows_of(measured / "missing.tsv") if "task_deactivation_index" in r["what"]]
    assert {(r["task_id"], r["code"]) for r in lost} == {("rest", "E304")}
    assert "no events.tsv" in lost[0]["reason"]


def test_activations_of_each_region_are_published_by_trial_type(measured: Path) -> None:
    rows = rows_of(
        measured / "sub-p0/func/sub-p0_task-nback_atlas-AAL90_desc-assupplied_regions.tsv"
    )
    assert [row["Node"] for row in rows] == list(ATLAS.names)
    assert [row["task_activation_of_nback"] for row in rows] == [
        row["task_activation_by_region"] for row in rows
    ]
    assert float(rows[ATLAS.members("task-positive")[0]]["task_activation_of_nback"]) > 0


def test_response_times_lie_beside_the_run_they_belong_to(measured: Path) -> None:
    rows = {(r["participant_id"], r["task_id"]): r for r in rows_of(measured / "study.tsv")}
    found = float(rows["sub-p1", "nback"]["response_time_mean"])
    assert found == pytest.approx(0.51 + 0.001 * np.mean(ONSETS), abs=1e-9)
    assert rows["sub-p1", "rest"]["response_time_mean"] == "n/a"
    dictionary = json.loads((measured / "study.json").read_text("utf-8"))
    assert dictionary["response_time_sd"]["Units"] == "s"
    assert dictionary["response_time_sd"]["Role"] == "clinical"


def test_blood_flow_is_compared_between_groups(measured: Path) -> None:
    effects = {r["outcome"]: r for r in rows_of(measured / "effects.tsv") if r["kind"] == "group"}
    found = effects["cbf_default_mode"]
    assert float(found["difference"]) == pytest.approx(8.0, abs=0.5)
    assert (found["unit"], found["denoise"], found["n"]) == ("ml/100g/min", "n/a", "3")
    assert float(found["ci_low"]) > 0
    assert {"cbf_task_positive", "cbf_default_relative"} <= set(effects)


def test_a_changed_table_of_events_makes_its_run_stale(
    measured: Path, dataset: Path, capsys
) -> None:
    again = ("measure", dataset / "derivatives", measured, "--bids-dir", dataset / "raw")
    more = ("--activity", dataset / "cbf.tsv", "--measures", *MEASURES)
    events(dataset / "raw", "p0", wait_s=0.9)
    assert run(*again, *more, "--nprocs", 1, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["measured"] == ["sub-p0_task-nback_atlas-AAL90"]
    events(dataset / "raw", "p0")


def test_blood_flow_and_a_clinical_table_alone_are_a_study(tmp_path: Path, capsys) -> None:
    groups = [f"sub-{p}\t{g}\t{i}" for i, (p, g) in enumerate(PEOPLE.items())]
    table = made.write(
        tmp_path / "people.tsv", "\n".join(("participant_id\tgroup\tmadrs", *groups)) + "\n"
    )
    words = ("--table", table, "--activity", flows(tmp_path / "cbf.tsv", 8.0))
    assert run("study", tmp_path / "out", *words, "--quiet") == 0
    effects = rows_of(tmp_path / "out" / "effects.tsv")
    (group,) = [r for r in effects if r["outcome"] == "cbf_default_mode" and r["kind"] == "group"]
    assert group["contrast"] == "patient − control" or group["contrast"] == "control − patient"
    assert abs(float(group["difference"])) == pytest.approx(8.0, abs=0.5)
    assert any(r["kind"] == "correlation" and r["factor"] == "madrs" for r in effects)
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "cbf_default_mode" in page or "cbf default mode" in page.lower()


def test_events_in_milliseconds_fail_their_run_alone(tmp_path: Path) -> None:
    made.tables(tmp_path / "derivatives", {"01": "patient"})
    made.write_table(tmp_path / "derivatives", "sub-01_task-nback", nback(1))
    lines = ["onset\tduration", *(f"{1000 * t}\t20000" for t in ONSETS)]
    path = tmp_path / "raw" / "sub-01" / "func" / "sub-01_task-nback_events.tsv"
    made.write(path, "\n".join(lines) + "\n")
    words = ("--bids-dir", tmp_path / "raw", "--measures", "within_default_mode", "--nprocs", 1)
    assert run("measure", tmp_path / "derivatives", tmp_path / "out", *words, "--quiet") == 4
    (row,) = [r for r in rows_of(tmp_path / "out" / "missing.tsv") if r["what"] == "the whole run"]
    assert row["code"] == "E211"


def test_phenotype_numbers_of_a_self_reference_task_join_by_session(tmp_path: Path) -> None:
    """Nothing special: a phenotype table is a clinical table."""
    phenotype = ["participant_id\tsession_id\tnegative_self_endorsed", "sub-01\tses-pre\t0.25"]
    made.write(tmp_path / "bids" / "phenotype" / "sret.tsv", "\n".join(phenotype) + "\n")
    made.describe(tmp_path / "derivatives")
    made.write_table(tmp_path / "derivatives", "sub-01_ses-pre_task-rest", made.series(1))
    words = ("--bids-dir", tmp_path / "bids", "--measures", "within_default_mode", "--nprocs", 1)
    run("measure", tmp_path / "derivatives", tmp_path / "out", *words, "--quiet")
    (row,) = rows_of(tmp_path / "out" / "study.tsv")
    assert float(row["negative_self_endorsed"]) == 0.25
