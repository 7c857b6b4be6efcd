"""Columns of real tables are known for what they hold, and nothing else is taken for a score."""

import csv
import json
from pathlib import Path

import pytest

from defaultmode.cli import main
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.scales import scale_of
from defaultmode.core.study import Column
from defaultmode.core.treatments import synonyms, treatment_named
from defaultmode.sources.clinical import read_clinical
from given import shared

OPEN = "data/openneuro_tables"
TEN = [f"sub-{i:02d}" for i in range(10)]


def known(column: str, **entry: object) -> str:
    found = scale_of(column, entry)
    return found.name if found else ""


def column_of(folder: Path, name: str, values: list[object], **entry: object) -> Column:
    """The column of a table that holds these values, one participant each."""
    return columns_of(folder, name, values, {}, **entry)


def columns_of(
    folder: Path, name: str, values: list[object], declared: dict[str, str], **entry: object
) -> Column:
    rows = "".join(f"{who}\t{v}\n" for who, v in zip(TEN, values, strict=False))
    path = folder / "scores.tsv"
    path.write_text(f"participant_id\t{name}\n{rows}", encoding="utf-8")
    (folder / "scores.json").write_text(json.dumps({name: entry}), encoding="utf-8")
    return read_clinical([], [path], declared=declared).columns[name]


def refused(folder: Path, name: str, values: list[object], **entry: object) -> str:
    with pytest.raises(DefaultModeError) as caught:
        column_of(folder, name, values, **entry)
    assert caught.value.code == "E416"
    return caught.value.detail


@pytest.mark.parametrize(
    ("column", "scale"),
    {
        "MADRS_Total": "MADRS",
        "HAMD_Bech": "HAMD-6",
        "HAM17_Total": "HAMD-17",
        "RRS-sum": "RRS",
        "RRS-brooding": "RRS-brooding",
        "RRS-depr": "RRS-depressive",
        "Zung_SDS": "Zung-SDS",
        "BDI": "BDI",
        "bdi_ii": "BDI-II",
        "HADS-depr": "HADS-D",
        "HADS-anx": "HADS-A",
        "HDRS": "HAMD",
        "HAM-D": "HAMD",
        "HAM-D-17": "HAMD-17",
        "hamd_17_total": "HAMD-17",
        "phq9": "PHQ-9",
        "MADRStotal": "MADRS",
        "5DASC_OBN": "ASC-oceanic-boundlessness",
        "BPRS+": "BPRS-positive",
    }.items(),
)
def test_names_of_real_columns(column: str, scale: str) -> None:
    assert known(column) == scale


@pytest.mark.parametrize(
    "column",
    [
        *("MADRS_1", "MADRS_item1", "MADRS_pct", "CADSS_delta", "MADRS_pre", "MADRS_change"),
        *("HAMD_17", "PHQ_9", "BDI_2", "BDI 2", "SDS", "MC-SDS", "VAS", "VAS_pain", "PHQ"),
        *("TAS-26", "ECR-anx", "age", "sum", "score", "total", "ham", "logMADRS", "MADRS_z", ""),
    ],
)
def test_what_could_be_something_else_is_not_taken(column: str) -> None:
    assert known(column) == ""


def test_the_dictionary_says_more_than_the_name() -> None:
    assert known("x1", LongName="Montgomery-Asberg Depression Rating Scale") == "MADRS"
    assert known("BDI", LongName="Beck Depression Inventory II") == "BDI-II"
    assert known("HAMD", Description="HAMD-17") == "HAMD-17"
    assert known("PHQ_9", LongName="PHQ-9") == "PHQ-9"
    assert known("5D-ASC", Units="%") == "5D-ASC"
    assert known("MADRS", Description="A 10-item scale of depression") == "MADRS"


@pytest.mark.parametrize(
    "entry",
    [
        {"Description": "MADRS item 4"},
        {"Description": "Change in MADRS since baseline"},
        {"Description": "MADRS, z-score"},
        {"Description": "Percent of baseline"},
        {"Units": "%"},
        {"LongName": "Hamilton Depression Rating Scale"},
    ],
)
def test_a_dictionary_can_say_that_it_is_not_the_score(entry: dict[str, str]) -> None:
    assert known("MADRS") == "MADRS"
    assert known("MADRS", **entry) == ""


def test_a_known_column_says_what_it_is(tmp_path: Path) -> None:
    bare = column_of(tmp_path, "MADRS", [30, 12, 0, 60])
    assert (bare.scale, bare.construct, bare.unit) == ("MADRS", "depression", "points")
    assert bare.sentence == "Montgomery–Åsberg Depression Rating Scale, 0–60 points."
    told = column_of(tmp_path, "MADRS", [30, 12], Units="scores", LongName="MADRS at home")
    assert (told.scale, told.unit, told.sentence) == ("MADRS", "scores", "MADRS at home")


def test_a_score_out_of_range_names_all_that_is_needed_to_find_it(tmp_path: Path) -> None:
    told = refused(tmp_path, "MADRS_Total", [30, 12, 61])
    for part in ("scores.tsv", "'MADRS_Total'", "sub-02", "61", "0 to 60", "Montgomery"):
        assert part in told
    assert "code for missing" not in told
    assert "write n/a" in refused(tmp_path, "BDI", [3, 999])
    assert "write n/a" in refused(tmp_path, "BDI", [3, 12, -99])
    assert "-1.2" in refused(tmp_path, "HAMD", [0.3, -1.2, 1.5])


def test_a_session_is_named_too(tmp_path: Path) -> None:
    path = tmp_path / "wide.tsv"
    path.write_text("participant_id\tBDI_ses-pre\tBDI_ses-post\nsub-01\t20\t70\n")
    with pytest.raises(DefaultModeError, match="sub-01 ses-post: 70"):
        read_clinical([], [path])


def test_another_range_that_is_stated_holds_and_takes_the_thresholds_away(tmp_path: Path) -> None:
    column = column_of(tmp_path, "MADRS", [30, 90], Minimum=0, Maximum=100)
    assert (column.scale, column.construct) == ("", "depression")
    assert "0 to 100" in column.note
    assert "101" in refused(tmp_path, "MADRS", [30, 101], Minimum=0, Maximum=100)
    same = column_of(tmp_path, "MADRS", [30, 50], Minimum=0, Maximum=60)
    assert same.scale == "MADRS"


def test_rescaled_scores_keep_what_they_measure_and_no_threshold(tmp_path: Path) -> None:
    column = column_of(tmp_path, "MADRS", [0.2, 0.9, 1.0, 0.0])
    assert (column.scale, column.construct) == ("", "depression")
    assert "rescaled" in column.note
    assert column_of(tmp_path, "MADRS", [0, 1, 1]).scale == "MADRS"  # healthy people
    assert column_of(tmp_path, "MADRS", [22.5, 1.0]).scale == "MADRS"  # prorated


def test_ways_to_say_that_it_is_no_known_scale(tmp_path: Path) -> None:
    for kind, expected in (("own scale", "number"), ("text", "text")):
        column = columns_of(tmp_path, "EDI", [1200, 30, 12], {"EDI": kind})
        assert (column.kind, column.scale, column.construct) == (expected, "", "")
    levels = {"0": "none", "1": "mild", "99": "refused"}
    assert column_of(tmp_path, "BDI", [0, 1, 99], Levels=levels).scale == ""
    with pytest.raises(DefaultModeError, match="own scale") as caught:
        columns_of(tmp_path, "EDI", [3], {"EDI": "scale"})
    assert caught.value.code == "E411"


def test_no_remission_where_the_edition_or_form_is_not_stated(tmp_path: Path) -> None:
    for name in ("BDI", "HAMD"):
        column = column_of(tmp_path, name, [14, 55])
        assert column.scale == name
        assert "without the" in column.note


def test_the_plan_reaches_the_column_through_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"{who}\t{'a' if i % 2 else 'b'}\t{i * 30}\n" for i, who in enumerate(TEN))
    table = tmp_path / "scores.tsv"
    table.write_text(f"participant_id\tgroup\tEDI\n{rows}".replace("EDI", "BDI"))
    words = ["study", str(tmp_path / "out"), "--table", str(table), "--quiet"]
    assert main(words) == 3
    said = capsys.readouterr().err
    assert "E416" in said
    assert 'own scale"' in said
    plan = tmp_path / "plan.toml"
    plan.write_text('[columns]\nBDI = "own scale"\n')
    assert main([*words, "--plan", str(plan)]) == 0


@pytest.mark.parametrize("name", ["ds002748", "ds003007", "ds005237", "ds005917"])
def test_tables_of_openneuro_lie_within_their_scales(name: str) -> None:
    paths = [shared(f"{OPEN}/{name}_participants.tsv")]
    if name == "ds005917":
        paths.append(shared(f"{OPEN}/{name}_phenotype.tsv"))
    columns = read_clinical([], paths).columns
    expected = {
        "ds002748": {"MADRS", "Zung_SDS", "BDI", "HADS-anx", "HADS-depr"},
        "ds003007": {"MADRS", "Zung_SDS", "BDI"},
        "ds005237": set(),
        "ds005917": {"MADRS_Total", "HAMD_Bech", "HAM17_Total"},
    }[name]
    if name in {"ds002748", "ds003007"}:
        expected |= {"RRS-sum", "RRS-reflection", "RRS-brooding", "RRS-depr"}
    assert {n for n, c in columns.items() if c.scale} == expected


def test_the_subscales_of_rumination_add_up_in_a_real_table() -> None:
    """The 22 items are brooding, reflection and depressive ones: 5 + 5 + 12."""
    with shared(f"{OPEN}/ds002748_participants.tsv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file, delimiter="\t") if r["RRS-sum"] != "n/a"]
    parts = ("RRS-reflection", "RRS-brooding", "RRS-depr")
    agree = [sum(float(r[p]) for p in parts) == float(r["RRS-sum"]) for r in rows]
    assert sum(agree) > 0.9 * len(rows)


# --- treatments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "treatment"),
    {
        "ket": "ketamine",
        "K": "ketamine",
        "KET": "ketamine",
        "ses-ket1": "ketamine",
        "postKetamine": "ketamine",
        "Ketalar 0.5 mg/kg": "ketamine",
        "(R,S)-ketamine": "ketamine",
        "ketamine in 0.9% saline": "ketamine",
        "pre-ketamine": "ketamine",
        "S-ketamine": "esketamine",
        "(S)-Ketamine": "esketamine",
        "Spravato": "esketamine",
        "R-ketamine": "arketamine",
        "plac": "placebo",
        "pbo": "placebo",
        "Saline": "placebo",
        "sham rTMS": "placebo",
        "mdz": "midazolam",
        "midazolam (active placebo)": "midazolam",
        "psi": "psilocybin",
        "COMP360": "psilocybin",
        "depr_cbt": "psychotherapy",
    }.items(),
)
def test_a_treatment_is_known_by_the_words_for_it(text: str, treatment: str) -> None:
    assert treatment_named(text) == treatment


@pytest.mark.parametrize(
    "text",
    [
        *(
            "no ketamine",
            "ketamine-naive",
            "never had ketamine",
            "non-ketamine",
            "not given ketamine",
        ),
        *(
            "trinket",
            "market",
            "vitamin K",
            "p",
            "d",
            "drug",
            "",
            "n/a",
            "5",
            "k2",
            "placeboketamin",
        ),
        *("ketamine then placebo", "KETAMINE_PLACEBO", "untreated", "depr_no_treatment"),
    ],
)
def test_what_names_none_or_several_or_denies_it(text: str) -> None:
    assert treatment_named(text) == ""


@pytest.mark.parametrize("treatment", synonyms())
def test_every_synonym_names_its_treatment_in_any_case(treatment: str) -> None:
    for word in synonyms()[treatment]:
        for written in (word, word.lower(), word.title() if word.islower() else word):
            assert treatment_named(written) == treatment, written
