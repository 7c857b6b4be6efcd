"""Infusions in the scanner, from sidecars and tables to windows with concentrations and ratings."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import made_datasets as made
from defaultmode.cli import main
from defaultmode.pipeline.within_scan_claims import answer
from defaultmode.simulation.doses import parse_dose
from defaultmode.simulation.drugs import find_drug
from defaultmode.simulation.pharmacology import Disposition, concentration
from defaultmode.sources.atlases import load_atlas

N_TIME, TR_S = 300, made.TR_S
BEGIN_S, LASTS_S = 120.0, 240.0
QUICK = ("--measures", "within_default_mode", "--denoise", "as-supplied", "--nprocs", 1, "--quiet")


def given(
    drug: str = "ketamine", start_s: float = BEGIN_S, amount: float = 0.25
) -> dict[str, object]:
    """The sidecar of a run in which a drug was infused over four minutes."""
    return {
        "PharmaceuticalName": drug,
        "PharmaceuticalDoseAmount": amount,
        "PharmaceuticalDoseUnits": "mg/kg",
        "PharmaceuticalDoseRegimen": "intravenous",
        "PharmaceuticalDoseTime": [start_s, start_s + LASTS_S],
    }


def run(*words: object) -> int:
    return main([str(w) for w in words])


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def measured(folder: Path, *words: object, code: int = 0) -> list[dict[str, str]]:
    """The windows of everybody."""
    assert run("measure", folder / "in", folder / "out", *QUICK, *words) == code
    return rows_of(folder / "out" / "windows.tsv")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A data set of one person, whose weight a table tells."""
    made.describe(tmp_path / "in")
    made.write(tmp_path / "in/participants.tsv", "participant_id\tweight\nsub-01\t90\n")
    return tmp_path / "in"


def test_a_run_without_a_dose_has_no_windows_unless_asked(tmp_path: Path, source: Path) -> None:
    made.write_table(source, "sub-01_task-rest", made.series(1))
    assert run("measure", source, tmp_path / "out", *QUICK) == 0
    assert not list((tmp_path / "out").rglob("*windows*"))
    rows = measured(tmp_path, "--windows", "--window-s", 40, "--window-step-s", 40)
    assert [float(r["start_s"]) for r in rows] == [40.0 * k for k in range(6)]
    assert {r["drug"] for r in rows} == {r["concentration"] for r in rows} == {"n/a"}


def test_the_concentration_is_that_of_the_kinetics_at_the_persons_weight(
    tmp_path: Path, source: Path
) -> None:
    made.write_table(source, "sub-01_task-rest", made.series(1, N_TIME), **given())
    rows = measured(tmp_path)
    middle_s = np.array([(float(r["start_s"]) + float(r["end_s"])) / 2 for r in rows])
    dose = parse_dose("0.25 mg/kg over 4 min", route="intravenous", start_min=BEGIN_S / 60)
    course = concentration(find_drug("ketamine"), [dose], middle_s / 60, person=Disposition(90.0))
    found = [float(r["concentration"]) for r in rows]
    # published at nine digits and read between two volumes, two seconds apart
    np.testing.assert_allclose(found, course.plasma_ng_ml[:, 0], rtol=1e-3)
    assert {r["modelled"] for r in rows} == {"true"}
    assert {r["phase"] for r in rows} == {"before", "during", "across", "after"}
    since = [float(r["time_since_dose_s"]) for r in rows]
    np.testing.assert_allclose(since, middle_s - BEGIN_S)
    [sidecar] = (tmp_path / "out").rglob("sub-01*_windows.json")
    said = json.loads(sidecar.read_text("utf-8"))["Exposure"]
    assert said["source"].startswith("modelled, not measured: kinetics clements of ketamine, 90 kg")
    assert run("verify", tmp_path / "out", "--quiet") == 0


def test_samples_of_plasma_beat_the_model(tmp_path: Path, source: Path) -> None:
    made.write_table(source, "sub-01_task-rest", made.series(1, N_TIME), **given())
    blood = made.write(
        tmp_path / "sub-01_task-rest_blood.tsv",
        "time\tplasma_concentration\n120\t0\n320\t100\n520\t50\n",
    )
    rows = measured(tmp_path, "--within-scan", blood)
    level = {float(r["start_s"]): r["concentration"] for r in rows}
    assert float(level[200.0]) == pytest.approx(55.0)  # in the middle, at 230 s
    assert level[0.0] == "0"  # before the dose
    assert level[500.0] == "n/a"  # after the last sample
    assert {r["modelled"] for r in rows} == {"false"}


@pytest.mark.parametrize("drug", ["lsd", "saline"])
def test_without_kinetics_a_concentration_is_missing_and_never_zero(
    tmp_path: Path, source: Path, drug: str
) -> None:
    made.write_table(source, "sub-01_task-rest", made.series(1, N_TIME), **given(drug))
    rows = measured(tmp_path)
    assert {r["concentration"] for r in rows} == {"n/a"}
    assert {r["drug"] for r in rows} == {"placebo" if drug == "saline" else drug}
    [sidecar] = (tmp_path / "out").rglob("sub-01*_windows.json")
    assert json.loads(sidecar.read_text("utf-8"))["Exposure"]["missing"]


def test_a_placebo_run_takes_the_course_of_the_active_session(tmp_path: Path, source: Path) -> None:
    made.write_table(source, "sub-01_ses-ket_task-rest", made.series(1, N_TIME), **given())
    made.write_table(source, "sub-01_ses-pla_task-rest", made.series(2, N_TIME), **given("saline"))
    out, name = tmp_path / "out", "pharmaco_bold_by_region"
    assert run("measure", source, out, *QUICK, "--measures", name) == 0
    for session in ("ket", "pla"):
        [regions] = out.rglob(f"*ses-{session}*_regions.tsv")
        assert all(np.isfinite(float(r[name])) for r in rows_of(regions))
    placebo = [r for r in rows_of(out / "windows.tsv") if r["session_id"] == "ses-pla"]
    assert {r["concentration"] for r in placebo} == {"n/a"}


def test_ratings_belong_to_the_windows_in_which_they_were_given(
    tmp_path: Path, source: Path
) -> None:
    made.write_table(source, "sub-01_task-rest", made.series(1, N_TIME), **given())
    events = source / "sub-01/func/sub-01_task-rest_events.tsv"
    lines = ["onset\tduration\ttrial_type\trating"]
    lines += ["125\t0\tVAS drug effect\t10", "130\t0\tVAS drug effect\t30", "300\t0\tCADSS\t7"]
    made.write(events, "\n".join(lines) + "\n")
    table = "participant_id\tonset\tdizzy\nsub-01\t130\t4\nsub-02\t130\t9\nsub-01\t-900\t1\n"
    rows = measured(tmp_path, "--within-scan", made.write(tmp_path / "rated.tsv", table))
    rated = {float(r["start_s"]): r for r in rows}
    assert rated[120.0]["rating_VAS drug effect"] == "20"
    assert rated[120.0]["rating_dizzy"] == "4"
    assert rated[120.0]["rating_CADSS"] == "n/a"
    assert rated[280.0]["rating_CADSS"] == "7"
    described = json.loads((tmp_path / "out/windows.json").read_text("utf-8"))
    assert described["rating_CADSS"]["Construct"] == "dissociation"
    assert described["rating_VAS drug effect"]["Construct"] == "intensity"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (given(start_s=3.2e7), "E444"),  # a year after the scan
        (given(amount=-1.0), "E417"),
        (given() | {"PharmaceuticalDoseTime": [300.0, 120.0]}, "E417"),
    ],
)
def test_a_dose_that_cannot_be_is_told_and_the_run_measured_without_it(
    tmp_path: Path, source: Path, said: dict[str, object], code: str, capsys
) -> None:
    made.write_table(source, "sub-01_task-rest", made.series(1, N_TIME), **said)
    words = [w for w in QUICK if w != "--quiet"]
    assert run("measure", source, tmp_path / "out", *words) == 4
    assert code in capsys.readouterr().err
    assert (tmp_path / "out/study.tsv").is_file()
    assert not (tmp_path / "out/windows.tsv").exists()


@pytest.mark.parametrize(
    "table",
    [
        "onset\tvas\n1\t2\n",
        "participant_id\tvas\nsub-01\t2\n",
        "participant_id\tonset\nsub-01\t2\n",
    ],
)
def test_a_table_that_tells_no_time_person_or_number_is_refused(
    tmp_path: Path, source: Path, table: str, capsys
) -> None:
    made.write_table(source, "sub-01_task-rest", made.series(1))
    path = made.write(tmp_path / "rated.tsv", table)
    assert run("measure", source, tmp_path / "out", *QUICK, "--within-scan", path) == 3
    assert "E445" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("--window-s", -60), ("--window-step-s", 0)])
def test_windows_that_are_no_time_are_refused(
    tmp_path: Path, source: Path, words: tuple[object, ...], capsys
) -> None:
    made.write_table(source, "sub-01_task-rest", made.series(1))
    assert run("measure", source, tmp_path / "out", *QUICK, "--windows", *words) == 2
    assert "E447" in capsys.readouterr().err


def coupled(seed: int, rating: np.ndarray) -> np.ndarray:
    """Signal whose default mode regions share more where the rating of the minute is lower."""
    rng = np.random.default_rng(seed)
    atlas = load_atlas("aal90")
    signal = rng.standard_normal((N_TIME, len(atlas)))
    shared = rng.standard_normal(N_TIME) * (2.0 - rating)
    signal[:, atlas.members("default")] += shared[:, None]
    return 1000 + 10 * signal


def test_a_claim_is_answered_from_the_windows(tmp_path: Path) -> None:
    """Connectivity falls in the minutes in which dissociation is rated high, whatever the dose."""
    made.describe(tmp_path / "in")
    lines = ["participant_id\tonset\tVAS dissociation"]
    for seed in range(6):
        rng = np.random.default_rng([seed, 5])
        minutes = rng.permutation(np.repeat([0.0, 1.0, 2.0], 4))[: N_TIME // 30]
        stem = f"sub-0{seed + 1}"
        made.write_table(
            tmp_path / "in",
            f"{stem}_task-rest",
            coupled(seed, np.repeat(minutes, 30)),
            **given(),
        )
        lines += [f"{stem}\t{60 * k + 30}\t{v:g}" for k, v in enumerate(minutes)]
    table = made.write(tmp_path / "rated.tsv", "\n".join(lines) + "\n")
    measured(tmp_path, "--within-scan", table)
    asked = ("within_default_mode", "as-supplied", load_atlas("aal90").name)
    found = answer(tmp_path / "out", *asked, "dissociation", treatment="ketamine")
    assert found.n == 6
    assert found.ci_high < 0
    nothing = answer(tmp_path / "out", *asked, "anxiety")
    assert (nothing.code, nothing.reason[:20]) == ("E446", "no rating of anxiety")
    assert answer(tmp_path / "in", *asked, "anxiety").code == "E446"
