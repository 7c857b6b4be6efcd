"""Regional blood flow and uptake join a study as measures, response times as clinical columns."""

import json
from pathlib import Path

import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.settings import Settings
from defaultmode.pipeline.joined_tables import clinical_tables
from defaultmode.sources.activity import find_activity, network_columns, read_activity_file
from defaultmode.sources.atlases import load_atlas
from defaultmode.sources.task_behaviour import behaviour

ATLAS = load_atlas("aal90")
DEFAULT, POSITIVE = ATLAS.members("default"), ATLAS.members("task-positive")
UNIT = {"Units": "ml/100g/min", "Description": "Pseudo-continuous labelling."}


def flow(seed: int) -> np.ndarray:
    return 50 + 10 * np.random.default_rng(seed).random(len(ATLAS))


def write(path: Path, *lines: str, sidecar: dict[str, str] | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    if sidecar is not None:
        path.with_suffix(".json").write_text(json.dumps(sidecar))
    return path


def cells(values: np.ndarray) -> str:
    return "\t".join("n/a" if np.isnan(v) else repr(float(v)) for v in values)


def wide(
    path: Path, rows: dict[str, np.ndarray], keys: str = "participant_id", **more: object
) -> Path:
    """A table of one's own: keys of a row → its regions, columns in reverse order."""
    header = "\t".join((keys, *ATLAS.names[::-1]))
    lines = [f"{key}\t{cells(values[::-1])}" for key, values in rows.items()]
    return write(path, header, *lines, sidecar=more.get("sidecar", UNIT))  # type: ignore[arg-type]


def number(table, column: str, row: int = 0) -> float:
    return float(table.rows[column].iloc[row])


def test_a_wide_table_gives_the_means_of_the_networks(tmp_path: Path) -> None:
    rows = {"sub-01\tses-pre": flow(1), "sub-01\tses-post": flow(2)}
    found = read_activity_file(wide(tmp_path / "CBF.tsv", rows, "participant_id\tsession_id"))
    table = network_columns(found)
    assert (found.quantity, found.unit, found.level) == ("cbf", "ml/100g/min", "session")
    assert table.rows["session_id"].tolist() == ["ses-pre", "ses-post"]
    for row, values in enumerate(rows.values()):
        assert number(table, "cbf_default_mode", row) == pytest.approx(
            values[DEFAULT].mean(), rel=1e-12
        )
        assert number(table, "cbf_task_positive", row) == pytest.approx(
            values[POSITIVE].mean(), rel=1e-12
        )
        share = values[DEFAULT].mean() / values.mean()
        assert number(table, "cbf_default_relative", row) == pytest.approx(share, rel=1e-12)
    assert table.described["cbf_default_mode"]["Units"] == "ml/100g/min"
    assert table.described["cbf_default_relative"]["Units"] == "ratio"
    assert "cbf_subgenual" not in table.rows
    assert table.notices == ()


def test_a_region_called_subgenual_has_a_column(tmp_path: Path) -> None:
    regions = ["name\tnetwork\trole", "Subgenual_L\tLimbic\tother"]
    regions += [f"d{i}\tDefault\tdefault" for i in range(3)]
    atlas = load_atlas(str(write(tmp_path / "own.tsv", *regions)))
    names = [line.split("\t")[0] for line in regions[1:]]
    path = write(
        tmp_path / "cbf.tsv",
        "\t".join(("participant_id", *names)),
        "sub-01\t70\t50\t50\t50",
        sidecar=UNIT,
    )
    assert number(network_columns(read_activity_file(path, [atlas])), "cbf_subgenual") == 70.0


def test_too_few_regions_of_a_network_give_no_mean(tmp_path: Path) -> None:
    half, less = flow(1), flow(2)
    keep = -(-len(DEFAULT) // 2)
    half[DEFAULT[keep:]] = np.nan
    less[DEFAULT[keep - 1 :]] = np.nan
    table = network_columns(
        read_activity_file(wide(tmp_path / "cbf.tsv", {"sub-1": half, "sub-2": less}))
    )
    assert number(table, "cbf_default_mode") == pytest.approx(
        half[DEFAULT[:keep]].mean(), rel=1e-12
    )
    assert table.rows["cbf_default_mode"].iloc[1] == "n/a"
    assert table.rows["cbf_task_positive"].iloc[1] != "n/a"
    assert [n for n in table.notices if n.startswith("E302") and "default_mode" in n]


def test_a_unit_that_is_not_stated_and_a_negative_flow_are_noticed(tmp_path: Path) -> None:
    values = flow(1)
    values[4] = -3.0
    found = read_activity_file(wide(tmp_path / "cbf.tsv", {"sub-01": values}, sidecar={}))
    table = network_columns(found)
    assert table.described["cbf_default_mode"]["Units"] == "not stated"
    codes = {n[:4]: n for n in table.notices}
    assert set(codes) == {"E413", "E414"}
    assert f"-3 in {ATLAS.names[4]} of sub-01" in codes["E414"]


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("E134", lambda text: text.replace("\t5", "\tabout 5", 1)),
        ("E134", lambda text: text.rsplit("\t", 1)[0] + "\tinf\n"),
        ("E133", lambda text: text.replace(ATLAS.names[3], "Nowhere")),
        ("E405", lambda text: text.replace("participant_id", "person")),
        ("E404", lambda text: text + text.split("\n")[1] + "\n"),
        ("E130", lambda text: text.rsplit("\t", 1)[0] + "\n"),
    ],
)
def test_a_damaged_table_is_refused(tmp_path: Path, code: str, change) -> None:
    path = wide(tmp_path / "cbf.tsv", {"sub-01": flow(1)})
    path.write_text(change(path.read_text()))
    with pytest.raises(DefaultModeError) as caught:
        read_activity_file(path)
    assert caught.value.code == code, caught.value


def scan(
    root: Path, person: str, values: np.ndarray, *, run: str = "", more: str = "", **sidecar: str
) -> Path:
    stem = f"sub-{person}_ses-1{run}_space-MNI152NLin2009cAsym_atlas-AAL90{more}_cbf.tsv"
    path = root / f"sub-{person}" / "ses-1" / "perf" / stem
    return write(path, "\t".join(ATLAS.names), cells(values), sidecar=sidecar or UNIT)


def test_parcellated_scans_of_derivatives_are_found_and_averaged_over_a_session(
    tmp_path: Path,
) -> None:
    scan(tmp_path, "01", flow(1), run="_run-1")
    scan(tmp_path, "01", flow(2), run="_run-2")
    scan(tmp_path, "02", flow(3), more="_stat-mean")
    scan(tmp_path, "02", flow(4), more="_desc-scrub")
    scan(tmp_path, "02", np.ones(90), more="_desc-coverage")
    scan(tmp_path, "02", np.ones(90), more="_stat-std")
    (cbf, scrubbed), notices = find_activity(tmp_path)
    assert (cbf.quantity, scrubbed.quantity, notices) == ("cbf", "cbf_scrub", [])
    assert cbf.keys.to_numpy().tolist() == [["sub-01", "ses-1"], ["sub-02", "ses-1"]]
    np.testing.assert_allclose(cbf.values, [(flow(1) + flow(2)) / 2, flow(3)], rtol=1e-12)


def test_a_table_with_one_row_for_each_region_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "sub-01" / "pet" / "sub-01_trc-FDG_atlas-AAL90_pet.tsv"
    rows = [f"{name}\t{value!r}" for name, value in zip(ATLAS.names, flow(1).tolist(), strict=True)]
    write(path, "name\tmean", *rows[::-1], sidecar={"Units": "SUVR"})
    (pet,), _ = find_activity(tmp_path)
    assert (pet.quantity, pet.unit, pet.level) == ("pet_fdg", "SUVR", "participant")
    np.testing.assert_array_equal(pet.values, [flow(1)])


def test_regions_of_no_atlas_are_left_out_with_a_notice(tmp_path: Path) -> None:
    path = scan(tmp_path, "01", flow(1))
    path.write_text(path.read_text().replace(ATLAS.names[0], "Nowhere"))
    tables, (notice,) = find_activity(tmp_path)
    assert tables == []
    assert notice.startswith("E133: cbf in ")


def test_units_that_differ_and_tables_of_another_shape_are_refused(tmp_path: Path) -> None:
    scan(tmp_path, "01", flow(1))
    path = scan(tmp_path, "02", flow(2), Units="ml/g/s")
    with pytest.raises(DefaultModeError, match=r"E208: Units of .*ml/100g/min"):
        find_activity(tmp_path)
    path.write_text(path.read_text() + cells(flow(3)) + "\n")
    with pytest.raises(DefaultModeError, match=r"E131.*2 rows and 90 columns"):
        find_activity(tmp_path)


def test_activity_is_a_measure_and_keeps_its_unit_and_source(tmp_path: Path) -> None:
    path = wide(tmp_path / "cbf.tsv", {"01": flow(1)})
    found = clinical_tables(Settings(activity=(str(path),)))
    column = found.columns["cbf_default_mode"]
    assert (column.role, column.kind, column.level) == ("measure", "number", "participant")
    assert (column.unit, column.source, column.denoise) == ("ml/100g/min", "cbf.tsv", "")
    assert column.sentence.endswith("of cbf, atlas aal90. Pseudo-continuous labelling.")
    assert found.participants["participant_id"].tolist() == ["sub-01"]
    assert any(n.startswith("E407") for n in found.notices)


EVENTS = (
    "onset\tduration\ttrial_type\tresponse_time",
    "0\t1\tgo\t0.5",
    "5\t1\tgo\t0.7",
    "10\t1\tgo\tn/a",
    "15\t1\tcue\tn/a",
    "20\t1\tgo\t0.9",
)


def test_response_times_become_clinical_columns_of_the_run(tmp_path: Path) -> None:
    write(tmp_path / "sub-01" / "func" / "sub-01_task-stroop_run-1_events.tsv", *EVENTS)
    write(tmp_path / "sub-02" / "func" / "sub-02_task-stroop_events.tsv", *EVENTS[:2])
    write(tmp_path / "sub-03" / "func" / "sub-03_task-stroop_events.tsv", EVENTS[0], EVENTS[4])
    write(tmp_path / "task-stroop_events.tsv", *EVENTS)
    (table,), notices = behaviour([tmp_path])
    assert notices == []
    first, second = table.rows.to_dict("records")
    assert (first["participant_id"], first["session_id"], first["run_id"]) == ("sub-01", "n/a", "1")
    assert float(first["response_time_mean"]) == pytest.approx(0.7, abs=1e-12)
    assert float(first["response_time_sd"]) == pytest.approx(0.2, abs=1e-12)
    assert float(first["no_response_share"]) == 0.25
    assert (second["run_id"], second["response_time_sd"]) == ("", "n/a")
    assert behaviour([tmp_path / "sub-03"]) == ([], [])
    assert behaviour([tmp_path], ["rest"]) == ([], [])
    assert len(behaviour([tmp_path], ["task-stroop"])[0]) == 1
    found = clinical_tables(Settings(bids_dirs=(str(tmp_path),)))
    column = found.columns["response_time_mean"]
    assert (column.role, column.level, column.unit) == ("clinical", "run", "s")


def test_a_table_of_events_without_onsets_gives_a_notice_and_no_response_times(
    tmp_path: Path,
) -> None:
    """Of a task that nobody may want to measure; where it is measured, the run is refused."""
    write(
        tmp_path / "sub-01" / "func" / "sub-01_task-film_events.tsv", EVENTS[0], "n/a\t1\tgo\t0.5"
    )
    found = clinical_tables(Settings(bids_dirs=(str(tmp_path),)))
    assert "response_time_mean" not in found.columns
    (said,) = found.notices
    assert said.startswith("E210: 1 tables of events give no response times, such as:")


def test_a_folder_of_another_pipeline_may_be_given(tmp_path: Path) -> None:
    scan(tmp_path, "01", flow(1))
    found = clinical_tables(Settings(activity=(str(tmp_path),)))
    assert found.sessions["cbf_default_mode"].tolist() == [
        repr(float(flow(1)[DEFAULT].sum() / len(DEFAULT)))
    ]
    assert found.columns["cbf_default_mode"].role == "measure"
