"""Time-series tables come in strictly, by name, and with what was done to them before."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Entities, Processing
from defaultmode.sources.atlases.named_atlas import atlas_from_names
from defaultmode.sources.bids import RunFiles, find_runs
from defaultmode.sources.tables import (
    numbers,
    processing_from_sidecar,
    read_table,
    read_text_table,
    repetition_time,
)
from given import shared

NAMES = ("LH_DefaultA_PFCm_1", "RH_DefaultB_Temp_1", "LH_DorsAttnA_SPL_1", "RH_VisCent_1")
STEM = "sub-01_task-rest_atlas-X_stat-mean_timeseries.tsv"


def written(folder: Path, text: str | bytes, name: str = "t.tsv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


def refused(code: str, function: object, *arguments: object) -> str:
    with pytest.raises(DefaultModeError) as caught:
        function(*arguments)
    assert caught.value.code == code, caught.value
    return caught.value.detail


def series(n_time: int = 20, offset: float = 100.0) -> np.ndarray:
    return np.random.default_rng(3).standard_normal((n_time, len(NAMES))) + offset


def run_of(
    folder: Path, values: np.ndarray, names: tuple[str, ...] = NAMES, **sidecar: object
) -> RunFiles:
    rows = ["\t".join(names), *("\t".join(map(str, row)) for row in values)]
    text = "\n".join(rows).replace("nan", "n/a") + "\n"
    path = written(folder, text, STEM)
    return RunFiles(
        Entities("01", task="rest"), "table", path, {"RepetitionTime": 2.0} | sidecar, key="k"
    )


# --- text ---------------------------------------------------------------------------------------


def test_every_cell_stays_the_text_that_it_is(tmp_path: Path) -> None:
    cells = ["NA", "01", "1e5", "2024-03-01", "=1+1", "True", "n/a", " x ", "é\u2028", "-0", "NaN"]
    path = written(tmp_path, "\t".join(f"c{i}" for i in range(11)) + "\n" + "\t".join(cells) + "\n")
    table = read_text_table(path)
    assert table.iloc[0].tolist() == cells
    assert all(isinstance(c, str) for c in table.iloc[0])


@pytest.mark.parametrize(
    "raw",
    [
        b"a\tb\n1\t2\n",
        b"a\tb\n1\t2",
        b"a\tb\r\n1\t2\r\n",
        b"\xef\xbb\xbfa\tb\n1\t2\n",
        b'a\t"b"\n"1"\t2\n',
        b"a\tb\n1\t2\n\n\n",
    ],
)
def test_byte_order_mark_line_ends_and_quotes_are_tolerated(tmp_path: Path, raw: bytes) -> None:
    for path in (written(tmp_path, raw), written(tmp_path, gzip.compress(raw), "t.tsv.gz")):
        assert read_text_table(path).to_dict("list") == {"a": ["1"], "b": ["2"]}


def test_a_quoted_cell_may_hold_a_tab_and_a_csv_its_commas(tmp_path: Path) -> None:
    assert read_text_table(written(tmp_path, 'a\tb\n"1\t2"\t3\n'))["a"].tolist() == ["1\t2"]
    path = written(tmp_path, 'a,b\n"1,5",3\n', "t.csv")
    assert read_text_table(path).to_dict("list") == {"a": ["1,5"], "b": ["3"]}


@pytest.mark.parametrize(
    ("raw", "code", "said"),
    [
        (b"", "E101", "empty"),
        (b"\n \n", "E135", "blanks"),
        (b"a\tb\n", "E135", "no rows"),
        (b"a\tb\n1\t2\n3\n", "E130", "line 3"),
        (b"a\tb\n1\t2\n3\t4\t5\n", "E130", "line 3"),
        (b"a\tb\n1\t2\n\n3\t4\n", "E130", "line 3"),
        (b"a b\n1\t2\n", "E130", "line 2"),
        (b"a\tb\n1\t\x00\n", "E130", "NUL"),
        (b"a\tb\n1\t\xff\n", "E130", "line 2"),
        ("a\tb\n1\t2\n".encode("utf-16"), "E130", "NUL"),
        (b"a\tb\r1\t2\r", "E130", "carriage return"),
        (b'a\tb\n"1\t2\n', "E130", "line"),
        (b"a\t\n1\t2\n", "E130", "column 2"),
        (b"a\ta\n1\t2\n", "E132", "'a'"),
    ],
)
def test_a_damaged_table_is_refused(tmp_path: Path, raw: bytes, code: str, said: str) -> None:
    path = written(tmp_path, raw)
    detail = refused(code, read_text_table, path)
    assert said in detail
    assert str(path) in detail


def test_a_table_that_is_not_there_or_not_whole_is_refused(tmp_path: Path) -> None:
    refused("E101", read_text_table, tmp_path / "none.tsv")
    refused("E101", read_text_table, tmp_path)
    whole = gzip.compress(b"a\tb\n" + b"1\t2\n" * 1000)
    refused("E102", read_text_table, written(tmp_path, whole[:-9], "cut.tsv.gz"))
    flipped = whole[:20] + bytes([whole[20] ^ 255]) + whole[21:]
    refused("E103", read_text_table, written(tmp_path, flipped, "bits.tsv.gz"))
    refused("E103", read_text_table, written(tmp_path, b"a\tb\n1\t2\n", "plain.tsv.gz"))


def test_numbers(tmp_path: Path) -> None:
    path = written(tmp_path, "a\tb\n1\t-2.5e-3\nn/a\tnan\n.5\tinf\n")
    expected = [[1, -2.5e-3], [np.nan, np.nan], [0.5, np.inf]]
    np.testing.assert_array_equal(numbers(read_text_table(path), path), expected)


@pytest.mark.parametrize("cell", ["1,5", "1_000", "", " 1", "5 mm", "NA", "0x1", "--", "١", "1e"])
def test_a_cell_that_is_no_number_is_named(tmp_path: Path, cell: str) -> None:
    path = written(tmp_path, f"a\tb\n1\t2\n3\t{cell}\n")
    detail = refused("E134", numbers, read_text_table(path), path)
    assert "line 3" in detail
    assert "'b'" in detail
    assert repr(cell) in detail


# --- sidecar ------------------------------------------------------------------------------------


def test_repetition_time() -> None:
    assert repetition_time({"RepetitionTime": 2}, Path("x")) == 2.0
    assert repetition_time({"SamplingFrequency": 0.5}, Path("x")) == 2.0
    assert (
        repetition_time({"RepetitionTime": 2.0004, "SamplingFrequency": 0.5}, Path("x")) == 2.0004
    )
    assert repetition_time({"RepetitionTime": 0.8, "SamplingFrequency": "TR"}, Path("x")) == 0.8


@pytest.mark.parametrize(
    ("sidecar", "code"),
    [
        ({}, "E201"),
        ({"SamplingFrequency": "TR"}, "E201"),
        ({"RepetitionTime": None}, "E201"),
        ({"RepetitionTime": 0}, "E203"),
        ({"RepetitionTime": -2}, "E203"),
        ({"RepetitionTime": 2000}, "E203"),
        ({"RepetitionTime": float("nan")}, "E203"),
        ({"SamplingFrequency": 0}, "E203"),
        ({"RepetitionTime": "2"}, "E208"),
        ({"RepetitionTime": True}, "E208"),
        ({"SamplingFrequency": "0.5"}, "E208"),
        ({"RepetitionTime": 2, "SamplingFrequency": 2}, "E208"),
        ({"RepetitionTime": 2, "SamplingFrequency": 1 / 2.002}, "E208"),
    ],
)
def test_a_repetition_time_that_is_not_right_is_refused(
    sidecar: dict[str, object], code: str
) -> None:
    refused(code, repetition_time, sidecar, Path("x"))


def test_processing() -> None:
    assert processing_from_sidecar({}) == Processing()
    mine = {"LowCutoff": 0.01, "HighCutoff": 0.08, "Demeaned": True, "GlobalSignalRemoved": True}
    assert processing_from_sidecar(mine) == Processing(0.01, 0.08, True, True)
    band = {"Low-pass cutoff (Hz)": 0.08, "High-pass cutoff (Hz)": 0.01, "Filter order": 2}
    xcpd = {"SoftwareFilters": {"Bandpass filter": band}, "NuisanceParameters": "36P"}
    assert processing_from_sidecar(xcpd) == Processing(
        0.01, 0.08, global_signal_removed=True, confounds_removed=("36P",)
    )
    one_sided = {"SoftwareFilters": {"High-pass filter": {"cutoff (Hz)": 0.01}}}
    assert processing_from_sidecar(one_sided | {"NuisanceParameters": "24P"}) == Processing(
        0.01, confounds_removed=("24P",)
    )


@pytest.mark.parametrize(
    "sidecar",
    [
        {"LowCutoff": 0.1, "HighCutoff": 0.01},
        {"LowCutoff": -1},
        {"LowCutoff": "0.01"},
        {"Demeaned": "yes"},
        {"LowCutoff": 0.02, "SoftwareFilters": {"High-pass filter": {"cutoff (Hz)": 0.01}}},
    ],
)
def test_a_sidecar_that_contradicts_itself_is_refused(sidecar: dict[str, object]) -> None:
    refused("E208", processing_from_sidecar, sidecar)


# --- recordings ---------------------------------------------------------------------------------


def test_columns_go_by_name_never_by_position(tmp_path: Path) -> None:
    values = series()
    straight = read_table(run_of(tmp_path, values))
    turned = read_table(run_of(tmp_path, values[:, ::-1], NAMES[::-1]))
    assert straight.atlas.names == turned.atlas.names
    assert sorted(straight.atlas.names) == sorted(NAMES)
    np.testing.assert_array_equal(straight.signal, turned.signal)
    for name, column in zip(NAMES, values.T, strict=True):
        np.testing.assert_array_equal(straight.signal[:, straight.atlas.names.index(name)], column)
    assert (straight.unit, straight.tr_s) == ("scanner", 2.0)


def test_the_users_own_atlas_is_matched_by_name_and_alias(tmp_path: Path) -> None:
    mine = Atlas("mine", (Region("v", "V", aliases=(NAMES[3],)), Region(NAMES[0], "D", "default")))
    values = series()
    recording = read_table(run_of(tmp_path, values), mine)
    np.testing.assert_array_equal(recording.signal, values[:, [3, 0]])
    other = Atlas("other", (Region("q", "D", "default"),))
    assert "'q'" in refused("E131", read_table, run_of(tmp_path, values), other)


def test_unknown_names_are_refused(tmp_path: Path) -> None:
    refused("E133", read_table, run_of(tmp_path, series(), ("a", "b", "c", "d")))


def test_damaged_columns_are_absent_with_their_reason(tmp_path: Path) -> None:
    values = series()
    values[:, 1] = np.nan
    values[4:7, 2] = np.nan
    values[:, 3] = 7.0
    recording = read_table(run_of(tmp_path, values))
    absent = recording.absent
    assert {name: absent[name].code for name in absent} == dict(
        zip(NAMES[1:], ("E121", "E117", "E118"), strict=True)
    )
    assert "3 of 20" in absent[NAMES[2]].reason
    assert np.isnan(recording.signal[:, recording.atlas.names.index(NAMES[2])]).all()


def test_without_any_default_mode_region_there_is_no_recording(tmp_path: Path) -> None:
    values = series()
    values[:, :2] = np.nan
    assert "2 default-mode regions" in refused("E302", read_table, run_of(tmp_path, values))


def test_what_the_sidecar_says_was_done_is_kept(tmp_path: Path) -> None:
    recording = read_table(run_of(tmp_path, series(), LowCutoff=0.01, Demeaned=True))
    assert recording.unit == "arbitrary"
    assert recording.processing == Processing(low_cutoff_hz=0.01, demeaned=True)


def test_a_mean_of_nought_is_noticed_although_the_sidecar_is_silent(tmp_path: Path) -> None:
    recording = read_table(run_of(tmp_path, series(offset=0.0)))
    assert recording.unit == "arbitrary"
    assert recording.processing.demeaned
    assert "demeaned" in recording.provenance["notes"][0]


def with_outliers(folder: Path, marks: list[int]) -> None:
    text = "framewise_displacement\n" + "".join(f"{m}\n" for m in marks)
    written(folder, text, "sub-01_task-rest_outliers.tsv")


def test_outliers_and_motion_of_the_run_are_used(tmp_path: Path) -> None:
    with_outliers(tmp_path, [0, 1] + [0] * 18)
    motion = "trans_x\tframewise_displacement\n0\tn/a\n" + "0\t0.25\n" * 19
    written(tmp_path, motion, "sub-01_task-rest_motion.tsv")
    written(tmp_path, "x\n", "sub-01_task-nback_motion.tsv")
    recording = read_table(run_of(tmp_path, series()))
    assert np.flatnonzero(~recording.usable).tolist() == [1]
    assert recording.motion is not None
    assert recording.motion.framewise_displacement_mm.tolist() == [0.0] + [0.25] * 19
    assert recording.provenance["censored_input"] is False


def test_censored_frames_are_put_back_so_that_time_is_not_shifted(tmp_path: Path) -> None:
    whole = series()
    marks = [1, 0, 0, 1, 1] + [0] * 15
    kept = np.array(marks) == 0
    with_outliers(tmp_path, marks)
    recording = read_table(run_of(tmp_path, whole[kept]))
    order = [NAMES.index(n) for n in recording.atlas.names]
    assert recording.n_time == 20
    np.testing.assert_array_equal(recording.usable, kept)
    np.testing.assert_array_equal(recording.kept, whole[kept][:, order])
    assert recording.provenance["censored_input"] is True
    between = recording.signal[3] * 2 / 3 + recording.signal[4] / 3  # both on one line
    np.testing.assert_allclose(between[0], np.interp(10 / 3, [2, 5], whole[[2, 5]][:, order[0]]))


@pytest.mark.parametrize("name", ["outliers", "motion"])
def test_a_table_of_another_length_is_refused(tmp_path: Path, name: str) -> None:
    text = "framewise_displacement\n" + "0\n" * 23
    written(tmp_path, text, f"sub-01_task-rest_{name}.tsv")
    refused("E204", read_table, run_of(tmp_path, series()))


# --- atlases told from names --------------------------------------------------------------------


def test_roles_of_seventeen_networks() -> None:
    names = [
        f"17Networks_LH_{n}_X_1"
        for n in [
            "DefaultA",
            "DefaultB",
            "DefaultC",
            "ContA",
            "ContB",
            "ContC",
            "SalVentAttnA",
            "VisPeri",
            "TempPar",
        ]
    ]
    atlas = atlas_from_names([*names, "THALAMUS_LEFT", "BRAIN_STEM"])
    assert atlas is not None
    found = {
        r.name.split("_")[2] if r.name.startswith("17") else r.network: (
            r.role,
            r.subsystem,
            r.hemisphere,
        )
        for r in atlas.regions
    }
    assert {r.network for r in atlas.regions if r.role == "default"} == {"Default"}
    assert found["DefaultA"] == ("default", "core", "L")
    assert found["DefaultB"] == ("default", "dMPFC", "L")
    assert found["DefaultC"] == ("default", "MTL", "L")
    assert found["ContA"][0] == found["ContB"][0] == "task-positive"
    assert found["ContC"][0] == found["TempPar"][0] == found["Subcortical"][0] == "other"
    assert found["SalVentAttnA"][0] == "salience"
    assert atlas.names[-2:] == ("BRAIN_STEM", "THALAMUS_LEFT")
    assert atlas.label.isalnum()


def test_roles_of_seven_networks() -> None:
    parts = (
        "Default_PFCm_1",
        "Cont_Par_1",
        "Cont_pCun_1",
        "Cont_Cing_1",
        "SalVentAttn_Med_1",
        "DorsAttn_Post_10",
        "DorsAttn_Post_9",
    )
    atlas = atlas_from_names([f"7Networks_RH_{p}" for p in parts])
    assert atlas is not None
    roles = {r.name.removeprefix("7Networks_RH_"): r.role for r in atlas.regions}
    assert [roles[p] for p in parts] == [
        "default",
        "task-positive",
        "other",
        "other",
        "salience",
        "task-positive",
        "task-positive",
    ]
    assert atlas.names[-3:-1] == ("7Networks_RH_DorsAttn_Post_9", "7Networks_RH_DorsAttn_Post_10")


def test_other_names_are_no_schaefer_atlas() -> None:
    assert atlas_from_names(["L_Precuneus", "R_Precuneus"]) is None
    assert atlas_from_names(["LH_DefaultA_1", "a", "b"]) is None


def test_names_give_the_roles_of_the_shipped_atlas() -> None:
    from defaultmode.sources.atlases import load_atlas

    shipped = load_atlas("schaefer100")
    by_name = {
        n: r for r in shipped.regions for n in (r.name, *r.aliases) if n.startswith("17Networks")
    }
    told = atlas_from_names(list(by_name))
    assert told is not None
    for region in told.regions:
        same = by_name[region.name]
        assert (region.role, region.subsystem) == (same.role, same.subsystem), region.name


# --- real data ----------------------------------------------------------------------------------


def test_real_tables_read_as_they_stand() -> None:
    for folder, demeaned, shape in (
        ("data/psilocybin_aal90", False, (100, 90)),
        ("data/mdd_destrieux164", True, (180, 164)),
    ):
        run = find_runs(shared(folder))[0]
        recording = read_table(run)
        with run.signal.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        assert recording.signal.shape == shape
        assert recording.processing == Processing(0.01, 0.08, demeaned)
        assert recording.unit == ("arbitrary" if demeaned else "scanner")
        for i, name in enumerate(rows[0]):
            column = next(
                j for j, r in enumerate(recording.atlas.regions) if name in (r.name, *r.aliases)
            )
            assert recording.signal[7, column] == float(rows[7][name]), (i, name)
