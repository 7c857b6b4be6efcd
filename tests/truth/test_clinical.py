"""Clinical tables are joined without guessing a type or losing a row."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.study import KEYS, MISSING_COLUMNS, Study
from defaultmode.sources.bids import find_runs
from defaultmode.sources.clinical import Clinical, join, read_clinical, study_of_tables
from given import shared

PARTICIPANTS = "participant_id\tage\tgroup\nsub-01\t30\tNA\nsub-02\t40\tHC\n"


def put(folder: Path, **files: str) -> Path:
    """Write files whose names are given with __ for / and without .tsv."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/").replace("_DASH_", "-") + ".tsv")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def describe(folder: Path, name: str, **columns: dict[str, object]) -> None:
    (folder / f"{name}.json").write_text(json.dumps(columns))


def keys_of(*runs: tuple[str, ...]) -> pd.DataFrame:
    """Keys of recordings from (participant, session, run); what is left out is "n/a"."""
    rows = [(*r, *("n/a",) * (3 - len(r))) for r in runs]
    cells = [(p, s, "rest", "n/a", "n/a", r, "schaefer100") for p, s, r in rows]
    return pd.DataFrame(cells, columns=list(KEYS), dtype=object)


def joined(clinical: Clinical, keys: pd.DataFrame) -> pd.DataFrame:
    table, columns, missing = join(clinical, keys)
    Study(table, columns, missing)  # table and dictionary belong together
    assert len(table) == len(keys)
    assert list(missing.columns) == list(MISSING_COLUMNS)
    return table


def refused(code: str, *arguments: object, **options: object) -> str:
    with pytest.raises(DefaultModeError) as caught:
        read_clinical(*arguments, **options)
    assert caught.value.code == code, caught.value
    return caught.value.detail


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def codes(notices: Sequence[str]) -> list[str]:
    return [n[:4] for n in notices]


# --- text stays text ----------------------------------------------------------------------------


def test_a_group_called_na_is_a_group(tmp_path: Path) -> None:
    clinical = read_clinical([put(tmp_path, participants=PARTICIPANTS)], [])
    table = joined(clinical, keys_of(("sub-02",), ("sub-01",)))
    assert table["group"].tolist() == ["HC", "NA"]
    assert table["age"].tolist() == [40.0, 30.0]
    assert codes(clinical.notices) == ["E406"]
    assert "'group'" in clinical.notices[0]


@pytest.mark.parametrize("text", ["NA", "NaN", "None", "null", "N/A"])
def test_a_column_of_numbers_and_such_a_text_is_text_unless_declared(
    tmp_path: Path, text: str
) -> None:
    put(tmp_path, participants=f"participant_id\tmadrs\nsub-01\t30\nsub-02\t{text}\n")
    clinical = read_clinical([tmp_path], [])
    assert clinical.columns["madrs"].kind == "text"
    assert codes(clinical.notices) == ["E406"]
    declared = read_clinical([tmp_path], [], declared={"madrs": "number"})
    table = joined(declared, keys_of(("sub-01",), ("sub-02",)))
    np.testing.assert_array_equal(table["madrs"], [30, np.nan])
    assert codes(declared.notices) == ["E406"]


def test_labels_that_look_like_numbers_stay_text(tmp_path: Path) -> None:
    put(tmp_path, participants="participant_id\tx\n01\ta\n1\tb\n1e5\tc\n007\td\n")
    clinical = read_clinical([tmp_path], [])
    assert clinical.participants["participant_id"].tolist() == [
        "sub-01",
        "sub-1",
        "sub-1e5",
        "sub-007",
    ]
    assert codes(clinical.notices) == ["E407"]
    table = joined(clinical, keys_of(("sub-1e5",), ("sub-1",), ("sub-01",)))
    assert table["x"].tolist() == ["c", "b", "a"]


def test_what_a_spreadsheet_would_change_is_unchanged(tmp_path: Path) -> None:
    cells = ["2024-03-01", "=1+1", "1/2", "1e5", "05", "TRUE", "3,5", "MARCH1"]
    rows = "".join(f"sub-{i}\t{cell}\n" for i, cell in enumerate(cells))
    clinical = read_clinical([put(tmp_path, participants="participant_id\tx\n" + rows)], [])
    table = joined(clinical, keys_of(*((f"sub-{i}",) for i in range(8))))
    assert table["x"].tolist() == cells


def test_empty_cells_are_missing_and_noted_once(tmp_path: Path) -> None:
    put(tmp_path, participants="participant_id\tx\ty\nsub-01\t\tn/a\nsub-02\t2\t\n")
    clinical = read_clinical([tmp_path], [])
    assert codes(clinical.notices) == ["E406"]
    assert "2 empty cells" in clinical.notices[0]
    table = joined(clinical, keys_of(("sub-01",), ("sub-02",)))
    np.testing.assert_array_equal(table["x"], [np.nan, 2])
    assert table["y"].tolist() == ["n/a", "n/a"]


# --- kinds --------------------------------------------------------------------------------------


def test_kinds_are_declared_or_decided_by_the_stated_rule(tmp_path: Path) -> None:
    columns = {
        "age": ("30", "41", "number", True),
        "item": ("0", "3", "text", True),
        "score": ("1", "2", "number", False),
        "dose": ("0.5", "-1.25", "number", False),
        "Site": ("1", "2", "text", False),
        "scanner_id": ("1", "2", "text", False),
        "zero": ("05", "10", "text", False),
        "exponent": ("1e5", "2", "text", False),
        "plus": ("+1", "2", "text", False),
        "nothing": ("n/a", "n/a", "text", False),
    }
    head = "\t".join(("participant_id", *columns))
    rows = ("\t".join((f"sub-{i}", *(c[i] for c in columns.values()))) for i in range(2))
    put(tmp_path, participants="\n".join((head, *rows)))
    describe(
        tmp_path,
        "participants",
        age={"Units": "years", "Description": "Age.", "LongName": "Age at scan"},
        item={"Levels": {"0": "no", "3": {"Description": "yes"}}, "Units": "points"},
    )
    clinical = read_clinical([tmp_path], [])
    found = {n: (c.kind, c.declared) for n, c in clinical.columns.items()}
    assert found == {n: c[2:] for n, c in columns.items()}
    age = clinical.columns["age"]
    assert (age.unit, age.sentence, age.source) == ("years", "Age at scan", "participants.tsv")
    assert clinical.columns["item"].levels == {"0": "no", "3": "yes"}


def test_more_values_than_levels_are_numbers(tmp_path: Path) -> None:
    put(tmp_path, participants="participant_id\tx\nsub-1\t10\nsub-2\t999\nsub-3\t12\n")
    describe(tmp_path, "participants", x={"Levels": {"999": "refused"}})
    assert read_clinical([tmp_path], []).columns["x"].kind == "number"


def test_a_declared_kind_wins(tmp_path: Path) -> None:
    put(tmp_path, participants="participant_id\tx\tsite\nsub-1\t10\t1\n")
    describe(tmp_path, "participants", x={"Units": "kg"})
    kinds = {"x": "text", "site": "number"}
    clinical = read_clinical([tmp_path], [], declared=kinds)
    assert {n: c.kind for n, c in clinical.columns.items()} == kinds
    assert all(c.declared for c in clinical.columns.values())
    refused("E410", [tmp_path], [], declared={"y": "text"})
    refused("E411", [tmp_path], [], declared={"x": "float"})


@pytest.mark.parametrize("cell", ["3,5", "89+", "30 years", "inf", "1_0"])
def test_a_declared_number_that_is_none_is_refused(tmp_path: Path, cell: str) -> None:
    put(tmp_path, participants=f"participant_id\tage\nsub-1\t{cell}\n")
    describe(tmp_path, "participants", age={"Units": "years"})
    assert cell in refused("E134", [tmp_path], [])
    assert read_clinical([tmp_path], [], declared={"age": "text"}).columns["age"].kind == "text"


# --- levels and roles ---------------------------------------------------------------------------


def crossover(folder: Path) -> Path:
    for p in ("01", "02"):
        sessions = "session_id\tdrug\tmadrs\nses-a\tketamine\t9\nses-b\tplacebo\t30\n"
        put(folder, **{f"sub_DASH_{p}__sub_DASH_{p}_sessions": sessions})
        for s in ("a", "b"):
            stem = f"sub-{p}_ses-{s}"
            rows = "".join(
                f"func/{stem}_task-rest_run-{r}_bold.nii.gz\t{c}\t2024-01-0{r}T0{p[-1]}:00:00\n"
                for r, c in ((1, "before"), (2, "after"))
            )
            others = (
                f"anat/{stem}_T1w.nii.gz\tn/a\tn/a\n"
                f"func/{stem}_task-rest_run-1_sbref.nii.gz\tn/a\tn/a\n"
                f"func/{stem}_task-nback_bold.nii.gz\tn/a\tn/a\n"
            )
            path = folder / f"sub-{p}/ses-{s}/{stem}_scans.tsv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("filename\tcondition\tacq_time\n" + rows + others)
    return put(folder, participants=PARTICIPANTS.replace("NA", "MDD"))


def test_every_level_is_joined_at_its_own_keys(tmp_path: Path) -> None:
    clinical = read_clinical([crossover(tmp_path)], [])
    runs = [(f"sub-{p}", f"ses-{s}", r) for p in ("02", "01") for s in "ab" for r in "12"]
    table, columns, missing = join(clinical, keys_of(*runs))
    assert missing.empty
    assert table["group"].tolist() == ["HC"] * 4 + ["MDD"] * 4
    assert table["drug"].tolist() == ["ketamine", "ketamine", "placebo", "placebo"] * 2
    assert table["madrs"].tolist() == [9.0, 9.0, 30.0, 30.0] * 2
    assert table["condition"].tolist() == ["before", "after"] * 4
    assert {n: (c.role, c.level) for n, c in columns.items() if c.role != "key"} == {
        "age": ("clinical", "participant"),
        "group": ("clinical", "participant"),
        "drug": ("design", "session"),
        "madrs": ("clinical", "session"),
        "condition": ("design", "run"),
        "acq_time": ("clinical", "run"),
    }
    assert clinical.notices == ()


def test_what_is_listed_and_what_is_recorded_may_differ_and_is_told(tmp_path: Path) -> None:
    clinical = read_clinical([crossover(tmp_path)], [])
    recorded = [("sub-01", "ses-a", "1"), ("sub-03", "ses-a", "1")]
    table, _, missing = join(clinical, keys_of(*recorded))
    assert table["group"].tolist() == ["MDD", "n/a"]
    assert np.isnan(table["age"][1])
    told = set(
        missing[["code", "participant_id", "session_id", "run_id"]].itertuples(
            index=False, name=None
        )
    )
    assert told == {
        ("E401", "sub-03", "n/a", "n/a"),
        ("E402", "sub-02", "n/a", "n/a"),
        ("E402", "sub-01", "ses-b", "n/a"),
        ("E402", "sub-01", "ses-a", "2"),
    }


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("participant_id\tx\nsub-1\t1\nsub-1\t2\n", "E404"),
        ("participant_id\tx\nsub-1\t1\n1\t1\n", "E404"),
        ("participant_id\tsession_id\tx\nsub-1\ta\t1\nsub-1\tses-a\t2\n", "E404"),
        ("subject\tx\nsub-1\t1\n", "E405"),
        ("participant_id\tx\nn/a\t1\n", "E405"),
        ("participant_id\tx\nsub-1\t1\t2\n", "E130"),
        ("participant_id\tx\nsub-1\t\0\n", "E130"),
        ("participant_id\tx\tx\nsub-1\t1\t2\n", "E132"),
        ("participant_id\tx\n", "E135"),
    ],
)
def test_a_table_that_cannot_be_joined_is_refused(tmp_path: Path, rows: str, code: str) -> None:
    put(tmp_path, participants=rows)
    refused(code, [tmp_path], [])
    refused(code, [], [tmp_path / "participants.tsv"])


def test_sessions_and_scans_that_name_nothing_are_refused(tmp_path: Path) -> None:
    put(tmp_path / "a", sub_DASH_1__sub_DASH_1_sessions="session\tx\nses-a\t1\n")
    refused("E405", [tmp_path / "a"], [])
    put(tmp_path / "b", sub_DASH_1__sub_DASH_1_scans="filename\tx\nbold.nii.gz\t1\n")
    refused("E405", [tmp_path / "b"], [])
    twice = "func/sub-1_task-rest_bold.nii.gz\t"
    put(tmp_path / "c", sub_DASH_1__sub_DASH_1_scans=f"filename\tx\n{twice}1\n{twice}2\n")
    refused("E404", [tmp_path / "c"], [])
    refused("E101", [tmp_path / "none"], [])
    refused("E101", [], [tmp_path / "none.tsv"])


def test_a_table_of_ones_own_may_be_csv_long_or_by_run(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_bytes(
        b'\xef\xbb\xbfparticipant_id,session_id,note\r\n01,pre,"a, b"\r\n01,post,c\r\n'
    )
    put(tmp_path, byrun="participant_id\trun_id\tcondition\nsub-01\t1\teyes\nsub-01\trun-2\tshut\n")
    clinical = read_clinical([], [tmp_path / "mine.csv", tmp_path / "byrun.tsv"])
    assert codes(clinical.notices) == ["E407", "E407"]
    runs = [("sub-01", s, r) for s in ("ses-pre", "ses-post") for r in "12"]
    table = joined(clinical, keys_of(*runs))
    assert table["note"].tolist() == ["a, b", "a, b", "c", "c"]
    assert table["condition"].tolist() == ["eyes", "shut"] * 2


# --- columns of one name ------------------------------------------------------------------------


def test_the_same_column_twice_is_one_where_it_agrees(tmp_path: Path) -> None:
    raw, derived = tmp_path / "raw", tmp_path / "derived"
    put(raw, participants=PARTICIPANTS.replace("NA", "MDD"))
    put(derived, participants="participant_id\tage\nsub-02\t40\nsub-03\t50\n")
    describe(derived, "participants", age={"Units": "years"})
    clinical = read_clinical([raw, derived], [])
    assert clinical.notices == ()
    table = joined(clinical, keys_of(("sub-01",), ("sub-02",), ("sub-03",)))
    assert table["age"].tolist() == [30.0, 40.0, 50.0]
    assert table["group"].tolist() == ["MDD", "HC", "n/a"]
    assert (clinical.columns["age"].unit, clinical.columns["age"].declared) == ("years", True)


def test_columns_that_differ_are_both_kept(tmp_path: Path) -> None:
    put(tmp_path, participants=PARTICIPANTS.replace("NA", "MDD"))
    put(
        tmp_path,
        phenotype__visit="participant_id\tsession_id\tage\tgroup\natlas\n".replace(
            "\natlas", "\tatlas"
        )
        + "sub-01\tses-a\t31\tMDD\tx\nsub-01\tses-b\t32\tn/a\ty\n",
    )
    clinical = read_clinical([tmp_path], [])
    assert codes(clinical.notices) == ["E132", "E132"]
    assert list(clinical.columns) == ["age", "group", "age_visit", "atlas_visit"]
    table = joined(clinical, keys_of(("sub-01", "ses-a"), ("sub-01", "ses-b")))
    assert table["age"].tolist() == [30.0, 30.0]
    assert table["age_visit"].tolist() == [31.0, 32.0]
    assert table["atlas"].tolist() == ["schaefer100"] * 2
    assert table["atlas_visit"].tolist() == ["x", "y"]


def test_columns_of_one_level_that_differ_are_both_kept(tmp_path: Path) -> None:
    put(tmp_path / "raw", participants=PARTICIPANTS.replace("NA", "MDD"))
    put(tmp_path / "later", participants="participant_id\tage\nsub-01\t30\nsub-02\t41\n")
    clinical = read_clinical([tmp_path / "raw", tmp_path / "later"], [])
    assert codes(clinical.notices) == ["E132"]
    table = joined(clinical, keys_of(("sub-01",), ("sub-02",)))
    assert table["age"].tolist() == [30.0, 40.0]
    assert table["age_participants"].tolist() == [30.0, 41.0]


def test_a_session_of_which_a_wide_table_says_nothing_is_none(tmp_path: Path) -> None:
    rows = "sub-01\t30\t12\nsub-02\t28\tn/a\n"
    put(tmp_path, wide="participant_id\tMADRS_ses-pre\tMADRS_ses-post\n" + rows)
    clinical = read_clinical([], [tmp_path / "wide.tsv"])
    assert clinical.sessions.to_numpy().tolist() == [
        ["sub-01", "ses-pre", "30"],
        ["sub-02", "ses-pre", "28"],
        ["sub-01", "ses-post", "12"],
    ]


def test_a_study_of_tables_alone(tmp_path: Path) -> None:
    put(tmp_path, participants=PARTICIPANTS.replace("NA", "MDD"))
    put(
        tmp_path,
        phenotype__madrs="participant_id\tsession_id\tmadrs\nsub-02\tses-a\t1\nsub-02\tses-b\t2\nsub-03\tses-a\t3\n",
    )
    table, columns, missing = study_of_tables(read_clinical([tmp_path], []))
    Study(table, columns, missing)
    rows = table[["participant_id", "session_id", "group"]].to_numpy().tolist()
    assert rows == [
        ["sub-01", "n/a", "MDD"],
        ["sub-02", "ses-a", "HC"],
        ["sub-02", "ses-b", "HC"],
        ["sub-03", "ses-a", "n/a"],
    ]
    np.testing.assert_array_equal(table["madrs"], [np.nan, 1, 2, 3])
    assert missing[["participant_id", "code"]].to_numpy().tolist() == [["sub-03", "E401"]]


def test_no_tables_at_all(tmp_path: Path) -> None:
    clinical = read_clinical([tmp_path], [])
    table = joined(clinical, keys_of(("sub-01",)))
    assert list(table.columns) == list(KEYS)
    assert study_of_tables(clinical)[0].empty


# --- real tables --------------------------------------------------------------------------------

OPEN = "data/openneuro_tables"


def agrees(table: pd.DataFrame, column: str, cells: dict[tuple[str, str], str]) -> None:
    """Every row of the study holds what the file says, number or text."""
    for person, session, value in table[["participant_id", "session_id", column]].itertuples(
        index=False
    ):
        cell = cells.get((person, session), "n/a")
        if isinstance(value, str):
            assert value == cell
        else:
            assert np.isnan(value) if cell == "n/a" else value == float(cell), (person, session)


def test_ketamine_trial_long_over_five_sessions() -> None:
    people, phenotype = (shared(f"{OPEN}/ds005917_{n}.tsv") for n in ("participants", "phenotype"))
    clinical = read_clinical([], [people, phenotype])
    assert clinical.notices == ()
    table, columns, missing = study_of_tables(clinical)
    listed, seen = rows_of(people), rows_of(phenotype)
    assert missing.empty
    assert len(table) == len(seen) == 236
    assert table["participant_id"].nunique() == len(listed) == 58
    scale = {(r["participant_id"], r["session_id"]): r["MADRS_Total"] for r in seen}
    agrees(table, "MADRS_Total", scale)
    assert table["MADRS_Total"].notna().sum() == sum(c != "n/a" for c in scale.values()) == 226
    groups = {r["participant_id"]: r["group"] for r in listed}
    agrees(table, "group", {k: groups[k[0]] for k in scale})
    assert {n: c.kind for n, c in columns.items() if c.role == "clinical"} == {
        "age": "number",
        "sex": "text",
        "BMI": "number",
        "group": "text",
        "infusion_1": "text",
        "infusion_2": "text",
        "MADRS_Total": "number",
        "HAMD_Bech": "number",
        "HAM17_Total": "number",
    }
    assert columns["age"].declared
    assert not columns["MADRS_Total"].declared
    assert columns["infusion_1"].levels == {"d": "Ketamine", "p": "Placebo"}


def test_wide_table_becomes_sessions() -> None:
    path = shared(f"{OPEN}/ds003007_participants.tsv")
    rows = rows_of(path)
    table, columns, _ = study_of_tables(read_clinical([], [path]))
    assert not [c for c in columns if "_ses-" in c]
    for scale in ("MADRS", "BDI", "RRS-brooding", "ICD-10"):
        cells = {
            (r["participant_id"], f"ses-{s}"): r[f"{scale}_ses-{s}"]
            for r in rows
            for s in ("pre", "post")
        }
        agrees(table, scale, cells)
        said = [c for c in cells.values() if c != "n/a"]
        assert (table[scale].replace("n/a", np.nan)).notna().sum() == len(said)
    assert columns["MADRS"].sentence == "Montgomery-Asberg Depression Rating Scale"
    assert (columns["MADRS"].unit, columns["MADRS"].level) == ("scores", "session")
    assert columns["IQ_Raven"].level == "participant"
    assert set(columns["ICD-10"].levels) == {"F32.0", "F32.1", "No_depression"}
    assert columns["ICD-10"].role == "clinical"


def test_depression_table_of_72() -> None:
    path = shared(f"{OPEN}/ds002748_participants.tsv")
    rows = rows_of(path)
    table, columns, _ = study_of_tables(read_clinical([], [path]))
    assert len(table) == len(rows) == 72
    cells = {(r["participant_id"], "n/a"): r for r in rows}
    for name in ("age", "gender", "group", "ICD-10", "RRS-sum", "Edinburgh"):
        agrees(table, name, {k: r[name] for k, r in cells.items()})
    assert (columns["RRS-sum"].kind, columns["ICD-10"].kind) == ("number", "text")


def test_a_site_written_as_digits_stays_text() -> None:
    path = shared(f"{OPEN}/ds005237_participants.tsv")
    table, columns, _ = study_of_tables(read_clinical([], [path]))
    assert table["Site"].value_counts().to_dict() == {"1": 137, "2": 108}
    assert columns["Site"].kind == columns["Group"].kind == "text"
    assert (columns["age"].kind, columns["age"].declared) == ("number", False)


def test_real_psilocybin_design() -> None:
    folder = shared("data/psilocybin_aal90")
    runs = [r.entities for r in find_runs(folder)]
    keys = keys_of(*((f"sub-{e.participant}", f"ses-{e.session}", e.run) for e in runs))
    clinical = read_clinical([folder], [])
    table, columns, missing = join(clinical, keys)
    assert missing.empty
    assert clinical.notices == ()
    assert columns["drug"].role == columns["condition"].role == "design"
    assert columns["group"].role == "clinical"
    counted = table.groupby(["drug", "condition", "run_id"]).size().to_dict()
    assert counted == {
        (drug, condition, run): 9
        for drug in ("placebo", "psilocybin")
        for condition, run in (("before", "1"), ("after", "2"))
    }
    assert "yeo7_winner_take_all" not in columns


def test_real_depression_groups() -> None:
    folder = shared("data/mdd_destrieux164")
    keys = keys_of(*((f"sub-{r.entities.participant}",) for r in find_runs(folder)))
    table, _, missing = join(read_clinical([folder], []), keys)
    assert missing.empty
    assert table["group"].value_counts().to_dict() == {"MDD": 48, "control": 49}
