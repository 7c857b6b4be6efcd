"""Bad input: each kind its own code, exit 3 or 4, nothing half-written, nothing else lost."""

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import made_datasets as made
from defaultmode.cli import main


def run(*words: object) -> int:
    return main([str(w) for w in words])


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def codes(out: Path) -> set[str]:
    path = out / "missing.tsv"
    return {r["code"] for r in rows_of(path)} if path.is_file() else set()


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(bytes(content))


def header_in_milliseconds(path: Path) -> None:
    raw = bytearray(gzip.decompress(path.read_bytes()))
    raw[92:96] = np.float32(2000.0).tobytes()  # pixdim[4]; the unit stays seconds
    path.write_bytes(gzip.compress(bytes(raw), 1))


def without_repetition_time(path: Path) -> None:
    path.with_name(path.name.replace(".nii.gz", ".json")).write_text("{}")


def short_confounds(path: Path) -> None:
    made.write_confounds(path.parents[2], made.N_TIME - 1)


def twice(path: Path) -> None:
    name = path.name.replace("_desc-preproc", "_res-2_desc-preproc")
    path.with_name(name).write_bytes(path.read_bytes())


def broken_sidecar(path: Path) -> None:
    path.with_name(path.name.replace(".nii.gz", ".json")).write_text("{")


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (truncate, "E102"),
        (flip_a_bit, "E103"),
        (header_in_milliseconds, "E202"),
        (without_repetition_time, "E201"),
        (short_confounds, "E204"),
        (twice, "E207"),
        (broken_sidecar, "E206"),
    ],
)
def test_damaged_volumes_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: Callable[[Path], None], code: str
) -> None:
    damage(made.volumes(tmp_path / "in"))
    out = tmp_path / "out"
    assert run("measure", tmp_path / "in", out, "--atlas", "seeds", "--nprocs", 1, "--quiet") == 3
    told = capsys.readouterr().err
    assert code in told
    assert "→" in told, "an error says what to do"
    assert "Traceback" not in told
    assert not list(out.glob("sub-*"))
    assert not list(out.rglob("*.part"))


def test_left_right_flip_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made.volumes(tmp_path / "in", flip_mask=True)
    assert run("measure", tmp_path / "in", tmp_path / "out", "--atlas", "seeds", "--quiet") == 3
    assert "E115" in capsys.readouterr().err


def test_one_bad_run_does_not_stop_the_others(tmp_path: Path) -> None:
    source, out = made.tables(tmp_path / "in"), tmp_path / "out"
    path = next(source.glob("sub-02/func/*.tsv"))
    path.write_text(path.read_text().replace("\t", "\t\t", 1))
    assert run("measure", source, out, "--nprocs", 1, "--quiet") == 4
    assert [r["participant_id"] for r in rows_of(out / "study.tsv")] == [
        "sub-01",
        "sub-03",
        "sub-04",
    ]
    [lost] = [r for r in rows_of(out / "missing.tsv") if r["what"] == "the whole run"]
    assert lost["participant_id"] == "sub-02"
    assert lost["code"].startswith("E13")


def test_a_run_that_turns_bad_loses_its_old_numbers(tmp_path: Path) -> None:
    source, out = made.tables(tmp_path / "in"), tmp_path / "out"
    assert run("measure", source, out, "--nprocs", 1, "--quiet") == 0
    made.write_table(source, "sub-02_task-rest", made.series(1), RepetitionTime=None)
    assert run("measure", source, out, "--nprocs", 1, "--quiet") == 4
    assert not list(out.glob("sub-02/func/*"))
    made.write_table(source, "sub-02_task-rest", made.series(1))
    assert run("measure", source, out, "--nprocs", 1, "--quiet") == 0
    assert "the whole run" not in {r["what"] for r in rows_of(out / "missing.tsv")}


@pytest.mark.parametrize(("value", "code"), [(np.nan, "E117"), (7.0, "E118")])
def test_broken_region_is_missing_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], value: float, code: str
) -> None:
    source, out = made.tables(tmp_path / "in"), tmp_path / "out"
    signal = made.series(1)
    rows = slice(3, 5) if np.isnan(value) else slice(None)
    signal[rows, 10] = value
    made.write_table(source, "sub-02_task-rest", signal)
    assert run("measure", source, out, "--nprocs", 1, "--quiet") == 4
    assert code in codes(out)
    assert code in capsys.readouterr().err
    rows_ = {r["participant_id"]: r for r in rows_of(out / "study.tsv")}
    assert float(rows_["sub-02"]["within_default_mode__as_supplied"])
    relmat = rows_of(next(out.glob("sub-02/func/*desc-assupplied_relmat.tsv")))
    assert relmat[10][relmat[0]["Node"]] == "n/a"


def test_short_run_is_missing_with_its_seconds(tmp_path: Path) -> None:
    source, out = made.tables(tmp_path / "in"), tmp_path / "out"
    made.write_table(source, "sub-02_task-rest", made.series(1, n_time=100))
    assert run("measure", source, out, "--nprocs", 1, "--quiet") in {0, 4}
    lost = [r for r in rows_of(out / "missing.tsv") if r["code"] == "E301"]
    assert {r["participant_id"] for r in lost} == {"sub-02"}
    assert all("200 s" in r["reason"] for r in lost)
    row = rows_of(out / "study.tsv")[1]
    assert row["within_default_mode__as_supplied"] == "n/a"


def test_participant_in_one_table_and_not_the_other(tmp_path: Path) -> None:
    source, out = made.tables(tmp_path / "in"), tmp_path / "out"
    rows = "participant_id\tgroup\nsub-01\ta\nsub-02\ta\nsub-03\tb\nsub-09\tb\n"
    made.write(source / "participants.tsv", rows)
    assert run("measure", source, out, "--nprocs", 1, "--quiet") == 4
    found = {(r["participant_id"], r["code"]) for r in rows_of(out / "missing.tsv")}
    assert {("sub-04", "E401"), ("sub-09", "E402")} <= found
    assert len(rows_of(out / "study.tsv")) == 4, "the recording without a row is measured"


def test_a_group_called_na_stays_a_group(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = {"01": "NA", "02": "NA", "03": "control", "04": "control"}
    source, out = made.tables(tmp_path / "in", people), tmp_path / "out"
    assert run("measure", source, out, "--nprocs", 1, "--quiet") == 4
    assert "E406" in capsys.readouterr().err
    assert [r["group"] for r in rows_of(out / "study.tsv")] == list(people.values())
    assert run("study", out, "--quiet") == 4
    assert "NA − control" in {r["contrast"] for r in rows_of(out / "effects.tsv")}


def test_participants_without_their_prefix_stay_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = made.tables(tmp_path / "in"), tmp_path / "out"
    made.write(
        source / "participants.tsv",
        "participant_id\tgroup\n01\tpatient\n02\tpatient\n03\tcontrol\n04\tcontrol\n",
    )
    assert run("measure", source, out, "--nprocs", 1, "--quiet") == 4
    assert "E407" in capsys.readouterr().err
    rows = rows_of(out / "study.tsv")
    assert (rows[0]["participant_id"], rows[0]["group"]) == ("sub-01", "patient")


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("participant_id\tage\nsub-01\t1\nsub-01\t2\n", "E404"),
        ("person\tage\nsub-01\t1\n", "E405"),
        ("participant_id\tage\nsub-01\n", "E130"),
        ("participant_id\tage\tage\nsub-01\t1\t1\n", "E132"),
        ("", "E101"),
        ("participant_id\tage\n", "E135"),
    ],
)
def test_damaged_clinical_tables_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], table: str, code: str
) -> None:
    path = made.write(tmp_path / "table.tsv", table)
    assert run("study", tmp_path / "out", "--table", path, "--quiet") == 3
    assert code in capsys.readouterr().err
    assert not (tmp_path / "out" / "study.tsv").exists()


def test_nothing_to_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("study", tmp_path / "out") == 3
    assert "E408" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_no_recordings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    assert run("measure", tmp_path / "in", tmp_path / "out") == 3
    assert "E403" in capsys.readouterr().err


def test_another_folder_is_never_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = made.tables(tmp_path / "in")
    thesis = made.write(tmp_path / "out" / "thesis.txt", "mine")
    assert run("measure", source, tmp_path / "out") == 5
    assert "E603" in capsys.readouterr().err
    assert run("demo", tmp_path / "out") == 5
    assert [p.name for p in thesis.parent.iterdir()] == ["thesis.txt"]


def test_check_finds_what_measure_would_refuse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without_repetition_time(made.volumes(tmp_path / "in"))
    assert run("check", tmp_path / "in", "--json") == 3
    [checked] = json.loads(capsys.readouterr().out)["runs"]
    assert checked["code"] == "E201"


def test_memory_that_does_not_suffice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = made.tables(tmp_path / "in")
    assert run("measure", source, tmp_path / "out", "--mem-mb", 10) == 5
    assert "E605" in capsys.readouterr().err


def test_a_bug_leaves_a_crash_file_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from defaultmode import pipeline

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(pipeline, "check", broken)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert run("check", tmp_path) == 1
    told = capsys.readouterr().err
    assert "ZeroDivisionError" in told
    assert "Traceback" not in told
    assert "Traceback" in next(tmp_path.glob("defaultmode-crash-*")).read_text()


def test_empty_volumes_are_refused(tmp_path: Path) -> None:
    source, out = made.tables(tmp_path / "in"), tmp_path / "out"
    signal = made.series(1)
    signal[50:60] = 0
    made.write_table(source, "sub-02_task-rest", signal)
    assert run("measure", source, out, "--nprocs", 1, "--quiet") == 4
    assert "E122" in codes(out)


def test_wrong_settings_leave_finished_results(tmp_path: Path) -> None:
    source, out = made.tables(tmp_path / "in"), tmp_path / "out"
    assert run("measure", source, out, "--nprocs", 1, "--quiet") == 0
    before = sorted(out.rglob("*_measures.tsv"))
    assert run("measure", source, out, "--fd-thresh", "-1", "--quiet") == 2
    assert run("measure", source, out, "--min-time", "nan", "--quiet") == 2
    assert run("measure", source, out, "--denoise", "AROMA", "--nprocs", 1, "--quiet") == 3
    assert sorted(out.rglob("*_measures.tsv")) == before
    assert run("study", out, "--quiet") == 0


def test_two_data_sets_do_not_share_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run("measure", made.tables(tmp_path / "one"), out, "--nprocs", 1, "--quiet") == 0
    assert run("measure", made.tables(tmp_path / "two"), out, "--nprocs", 1, "--quiet") == 5
    assert run("demo", out, "--quiet") == 5
    assert "results of" in capsys.readouterr().err
    assert len(rows_of(out / "study.tsv")) == 4


def test_runs_measured_with_different_settings_are_not_one_study(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = made.tables(tmp_path / "in"), tmp_path / "out"
    words = ("--nprocs", 1, "--quiet", "--participant-label")
    assert run("measure", source, out, *words, "01") == 0
    before = (out / "study.tsv").read_bytes()
    assert run("measure", source, out, *words, "02", "--upper-bpf", 0.08) == 6
    assert "E412" in capsys.readouterr().err
    assert (out / "study.tsv").read_bytes() == before
    assert run("measure", source, out, "--nprocs", 1, "--quiet", "--upper-bpf", 0.08) == 0
    assert len(rows_of(out / "study.tsv")) == 4
    assert run("study", out, "--quiet") == 0


def test_gaps_of_clinical_tables_are_listed(tmp_path: Path) -> None:
    table = made.write(
        tmp_path / "t.tsv", "participant_id\tMADRS\nsub-01\t3\nsub-02\tn/a\nsub-03\t5\n"
    )
    assert run("study", tmp_path / "out", "--table", table, "--quiet") == 0
    [gap] = rows_of(tmp_path / "out" / "missing.tsv")
    assert (gap["what"], gap["code"]) == ("MADRS", "E409")
    assert "1 of 3" in gap["reason"]


@pytest.mark.parametrize(
    ("cells", "code"),
    [(("12,5", "13", "14", "15"), "E134"), (("12", "-999", "14", "15"), "E406")],
)
def test_a_cell_that_spoils_a_column_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], cells: tuple[str, ...], code: str
) -> None:
    rows = [f"sub-{i:02d}\t{cell}" for i, cell in enumerate(cells)]
    table = made.write(tmp_path / "t.tsv", "\n".join(["participant_id\tpoints", *rows]) + "\n")
    assert run("study", tmp_path / "out", "--table", table, "--quiet") == 4
    assert code in capsys.readouterr().err


def test_long_integers_stay_as_they_are(tmp_path: Path) -> None:
    numbers = ["100000000000000001", "100000000000000002", "100000000000000003"]
    rows = [f"sub-{i:02d}\t{n}" for i, n in enumerate(numbers)]
    table = made.write(tmp_path / "t.tsv", "\n".join(["participant_id\tbarcode", *rows]) + "\n")
    assert run("study", tmp_path / "out", "--table", table, "--quiet") == 0
    assert [r["barcode"] for r in rows_of(tmp_path / "out" / "study.tsv")] == numbers


def test_a_clinical_column_with_a_measures_name_is_renamed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = made.tables(tmp_path / "in"), tmp_path / "out"
    assert run("measure", source, out, "--nprocs", 1, "--quiet") == 0
    name = "within_default_mode__as_supplied"
    rows = [f"sub-0{i}\t{i}" for i in range(1, 5)]
    table = made.write(tmp_path / "t.tsv", "\n".join([f"participant_id\t{name}", *rows]) + "\n")
    assert run("study", out, "--table", table, "--quiet") == 0
    assert "E132" in capsys.readouterr().err
    assert [r[f"{name}_clinical"] for r in rows_of(out / "study.tsv")] == ["1", "2", "3", "4"]
    assert float(rows_of(out / "study.tsv")[0][name]) != 1.0


def test_out_is_never_the_input(tmp_path: Path) -> None:
    source = made.tables(tmp_path / "in")
    assert run("measure", source, source) == 2
    assert run("demo", "") == 2


def test_several_atlases_for_a_parcellated_table_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = made.tables(tmp_path / "in")
    assert run("measure", source, tmp_path / "out", "--atlas", "aal90", "schaefer100") == 2
    assert "parcellated already" in capsys.readouterr().err


def test_a_study_of_an_unfinished_folder_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = made.tables(tmp_path / "in"), tmp_path / "out"
    assert run("measure", source, out, "--nprocs", 1, "--quiet") == 0
    next((out / "provenance" / "manifests").glob("sub-02*")).unlink()
    assert run("study", out, "--quiet") == 4
    assert "1 planned runs are not measured yet" in capsys.readouterr().err


def test_check_names_who_is_not_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = made.tables(tmp_path / "in")
    made.write(source / "participants.tsv", "participant_id\tage\nsub-01\t3\nsub-09\t4\n")
    assert run("check", source) == 0
    told = capsys.readouterr().out
    assert "E401: sub-02 is not in participants.tsv" in told
    assert "E402: sub-09 is listed and has no recording" in told


def test_fewer_atlases_measure_nothing_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made.volumes(tmp_path / "in")
    words = ("measure", tmp_path / "in", tmp_path / "out", "--nprocs", 1, "--json", "--atlas")
    assert run(*words, "seeds", "dosenbach160") == 0
    capsys.readouterr()
    assert run(*words, "seeds") == 0
    assert json.loads(capsys.readouterr().out)["measured"] == []
