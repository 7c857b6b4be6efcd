"""`verify` finds whatever is not as it was written, says what, and exits with 6."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import made_datasets as made
from defaultmode.cli import main
from defaultmode.core.settings import Settings
from defaultmode.pipeline.demonstrating import embedded_works
from defaultmode.pipeline.measuring import measure_works
from defaultmode.pipeline.verifying import verify

MEASURES = ("within_default_mode", "alff_default_mode", "cap_default_occupancy")
PEOPLE = {"01": "patient", "02": "control", "03": "control"}
SHORT = ("--measures", *MEASURES, "--surrogates", "2", "--nprocs", "1", "--quiet")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of three tables, measured and studied."""
    root = tmp_path_factory.mktemp("finished")
    source, out = made.tables(root / "in", PEOPLE), root / "out"
    assert main(["measure", str(source), str(out), *SHORT]) == 0
    assert main(["study", str(out), "--quiet"]) == 0
    return root


@pytest.fixture
def place(finished: Path, tmp_path: Path) -> Path:
    """A copy of its own of the results, with the inputs where they were."""
    shutil.copytree(finished / "out", tmp_path / "out")
    return tmp_path / "out"


def found(out: Path, **asked: str) -> set[tuple[str, str]]:
    findings = verify(out, **asked).findings
    return {(f.what, f.name.rpartition("/")[2]) for f in findings if f.differs}


def test_nothing_differs(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(place)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("3 runs, ")
    assert "3 inputs hashed" in told
    assert "measured again" in told
    assert "nothing differs" in told
    assert "not covered" in told


def test_the_seed_draws_the_run_and_a_name_chooses_it(place: Path) -> None:
    drawn = {verify(place, seed=seed).again for seed in range(6)}
    assert len(drawn) > 1
    key = min(drawn)
    assert verify(place, run=key).again == key
    assert main(["verify", str(place), "--run", "sub-99"]) == 2


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def change(path: Path) -> None:
    """Another number in the last cell that holds one."""
    text = path.read_text("utf-8")
    path.write_text("1".join(text.rsplit("0", 1)), "utf-8")


SERIES = "sub-02/func/sub-02_task-rest_atlas-AAL90_stat-mean_desc-assupplied_timeseries.tsv"
TABLE = "sub-02/func/sub-02_task-rest_atlas-AAL90_desc-defaultmode_measures.tsv"


@pytest.mark.parametrize(
    ("damage", "what", "how"),
    [
        (lambda out: flip(out / SERIES), "output", "other bytes"),
        (lambda out: (out / SERIES).unlink(), "output", "is gone"),
        (lambda out: change(out / "study.tsv"), "study", "cells differ"),
        (lambda out: change(out / "effects.tsv"), "study", "cells differ"),
        (lambda out: (out / "missing.tsv").unlink(), "study", "is not there"),
    ],
    ids=[
        "byte of an output",
        "output deleted",
        "byte of the study",
        "byte of the effects",
        "table deleted",
    ],
)
def test_damage_is_found(
    place: Path,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[Path], object],
    what: str,
    how: str,
) -> None:
    damage(place)
    assert main(["verify", str(place), "--run", "sub-01_task-rest_atlas-AAL90"]) == 6
    said = capsys.readouterr()
    assert f"  {what} " in said.out
    assert how in said.out
    assert "E606" in said.err
    assert "→" in said.err


def test_a_number_that_its_hash_confirms_is_measured_again(place: Path) -> None:
    table = place / TABLE
    table.write_text(
        table.read_text().replace(
            "within_default_mode\tas-supplied\t0.", "within_default_mode\tas-supplied\t0.9"
        )
    )
    manifest = place / "provenance" / "manifests" / "sub-02_task-rest_atlas-AAL90.json"
    raw = json.loads(manifest.read_text())
    from defaultmode.running import Fingerprint

    entry = Fingerprint.of(table, TABLE)
    raw["files"] = [f for f in raw["files"] if f["name"] != TABLE]
    raw["files"].append({n: getattr(entry, n) for n in ("name", "size", "changed_ns", "sha256")})
    manifest.write_text(json.dumps(raw))
    assert ("output", table.name) not in found(place)
    assert ("measured again", table.name) in found(place, run="sub-02_task-rest_atlas-AAL90")


def test_a_changed_input(tmp_path: Path) -> None:
    source, out = made.tables(tmp_path / "in", PEOPLE), tmp_path / "out"
    assert main(["measure", str(source), str(out), *SHORT]) == 0
    series = made.write_table(source, "sub-02_task-rest", made.series(7))
    other = found(out, run="sub-02_task-rest_atlas-AAL90")
    assert ("input", series.name) in other
    assert {what for what, _ in other} == {"input", "measured again"}
    made.write_table(source, "sub-03_task-rest", made.series(2), RepetitionTime=2.5)
    [changed] = [f for f in verify(out).findings if f.what == "setting"]
    assert "sidecar" in changed.how
    series.unlink()
    report = verify(out)
    assert any(series.name in f.name and not f.differs for f in report.findings)
    assert not report.again.startswith("sub-02")


def test_a_changed_setting(place: Path) -> None:
    settings = place / "provenance" / "settings.toml"
    settings.write_text(settings.read_text().replace("high_hz = 0.1", "high_hz = 0.08"))
    report = verify(place)
    assert {f.what for f in report.findings} >= {"setting", "measured again"}
    assert any("high_hz was 0.1" in f.how for f in report.findings)


def test_another_version_is_said(place: Path) -> None:
    manifest = place / "provenance" / "manifests" / "sub-02_task-rest_atlas-AAL90.json"
    raw = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(raw | {"version": "0.0.1"}))
    assert found(place) == {("code", "sub-02_task-rest_atlas-AAL90")}


def test_inputs_that_are_gone_are_said_and_are_no_mismatch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = made.tables(tmp_path / "in", PEOPLE), tmp_path / "out"
    assert main(["measure", str(source), str(out), *SHORT]) == 0
    source.rename(tmp_path / "moved")
    assert main(["verify", str(out), "--json"]) == 4
    told = json.loads(capsys.readouterr().out)
    assert not any(f["differs"] for f in told["findings"])
    assert told["again"] == ""
    assert any("E403" in f["how"] for f in told["findings"])


def test_embedded_recordings(tmp_path: Path) -> None:
    settings = Settings(out=str(tmp_path / "out"), measures=MEASURES, surrogates=2, nprocs=1)
    works = embedded_works(settings)[:2]
    measure_works(works, settings, quiet=True)
    from defaultmode.outputs import study_files
    from defaultmode.pipeline.gathering import gather_study
    from defaultmode.running import write_text

    for name, text in study_files(gather_study(settings)[0], ()).items():
        write_text(tmp_path / "out" / name, text)
    report = verify(tmp_path / "out")
    assert report.exit == 0, report.lines()
    assert report.again in {w.key for w in works}


def test_nothing_to_verify(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(tmp_path / "out")]) == 3
    assert "E408" in capsys.readouterr().err
