"""Tables of task events: found where BIDS has them, read strictly, on the clock of the run."""

from pathlib import Path

import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import TaskEvent
from defaultmode.sources.bids import find_runs, with_events
from defaultmode.sources.task_events import EventsFiles, read_events, start_time

HEADER = "onset\tduration\ttrial_type\tresponse_time"
RUN = "sub-01/ses-pre/func/sub-01_ses-pre_task-nback_run-2"


def write(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def table(folder: Path, *rows: str, header: str = HEADER) -> Path:
    return write(folder / "events.tsv", header, *rows)


def refused(code: str, path: Path, **options: float) -> str:
    with pytest.raises(DefaultModeError) as caught:
        read_events(path, **options)
    assert caught.value.code == code, caught.value
    return caught.value.detail


def test_events_are_sorted_and_keep_what_the_table_says(tmp_path: Path) -> None:
    path = table(tmp_path, "40\t0\t2back\tn/a", "-3.5\t20\trest\tn/a", "10\t20\tn/a\t0.712")
    assert read_events(path, run_s=200.0) == (
        TaskEvent(-3.5, 20.0, "rest"),
        TaskEvent(10.0, 20.0, "", 0.712),
        TaskEvent(40.0, 0.0, "2back"),
    )


def test_without_trial_types_every_event_is_the_task(tmp_path: Path) -> None:
    path = table(tmp_path, "5\t1", header="onset\tduration")
    assert read_events(path) == (TaskEvent(5.0, 1.0, "task"),)


def test_the_clock_starts_with_what_the_first_volume_shows(tmp_path: Path) -> None:
    (event,) = read_events(table(tmp_path, "5\t1\tgo\t0.4"), start_s=start_time({"StartTime": 0.8}))
    assert event.onset_s == pytest.approx(4.2, abs=1e-12)
    assert start_time({}) == 0.0
    with pytest.raises(DefaultModeError, match="E208"):
        start_time({"StartTime": "0.8"})


def test_events_of_which_the_run_shows_nothing_are_left_out(tmp_path: Path) -> None:
    rows = (
        "-60\t10\ta\tn/a",
        "-40\t10\tb\tn/a",
        "99.9\t1\tc\tn/a",
        "100\t1\td\tn/a",
        "5\t1\te\tn/a",
    )
    found = read_events(table(tmp_path, *rows), run_s=100.0)
    assert [e.trial_type for e in found] == ["b", "e", "c"]


def test_onsets_in_milliseconds_are_refused(tmp_path: Path) -> None:
    rows = [f"{1000 * i}\t500\tgo\tn/a" for i in range(0, 200, 20)]
    detail = refused("E211", table(tmp_path, *rows), run_s=200.0)
    assert "9 of 10 events (0 to 180000 s)" in detail


@pytest.mark.parametrize(
    ("code", "row", "said"),
    [
        ("E210", "n/a\t1\tgo\tn/a", "line 3: the onset is 'n/a'"),
        ("E210", "4\tinf\tgo\tn/a", "line 3: the duration is inf s"),
        ("E210", "1\t1\tgo\tn/a", "lines 2 and 3 are the same event"),
        ("E210", "4\t-1\tgo\tn/a", "line 3: the duration is -1 s"),
        ("E210", "4\t1\tgo\t-0.5", "line 3: the response time is -0.5 s"),
        ("E134", "4,5\t1\tgo\tn/a", "'4,5' is not a number"),
        ("E134", "4\t1\tgo\tslow", "'slow' is not a number"),
        ("E130", "4\t1\tgo", "has 3 columns"),
    ],
)
def test_a_bad_cell_is_refused_with_its_place(
    tmp_path: Path, code: str, row: str, said: str
) -> None:
    assert said in refused(code, table(tmp_path, "1\t1\tgo\t0.5", row))


def test_a_table_without_durations_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path, "1\tgo", header="onset\ttrial_type")
    assert "expected duration" in refused("E210", path)


def found(raw: Path, *files: str, run: str = RUN) -> Path | None:
    for file in files:
        write(raw / file, HEADER, "1\t1\tgo\tn/a")
    derivatives = raw.parent / "derivatives"
    signal = derivatives / f"{run}_space-MNI152NLin6Asym_desc-preproc_bold.nii.gz"
    return EventsFiles(derivatives, [raw]).of(signal)


@pytest.mark.parametrize(
    ("nearer", "farther"),
    [
        (f"{RUN}_events.tsv", "sub-01/ses-pre/func/sub-01_ses-pre_task-nback_events.tsv"),
        ("sub-01/ses-pre/func/sub-01_ses-pre_task-nback_events.tsv", "task-nback_events.tsv"),
        (f"{RUN}_events.tsv.gz", "task-nback_run-2_events.tsv"),
    ],
)
def test_the_nearest_table_applies(tmp_path: Path, nearer: str, farther: str) -> None:
    raw = tmp_path / "raw"
    assert found(raw, nearer, farther) == raw.resolve() / nearer


@pytest.mark.parametrize(
    "other",
    [
        "task-rest_events.tsv",
        "sub-01/ses-pre/func/sub-01_ses-pre_task-nback_run-1_events.tsv",
        "sub-01/ses-post/func/sub-01_ses-post_task-nback_run-2_events.tsv",
        "sub-01/ses-pre/func/sub-01_ses-pre_task-nback_run-2_physio.tsv",
        f"{RUN}_acq-fast_events.tsv",
    ],
)
def test_a_table_of_another_run_does_not_apply(tmp_path: Path, other: str) -> None:
    assert found(tmp_path / "raw", other) is None


def test_a_table_in_the_derivatives_comes_before_the_raw_one(tmp_path: Path) -> None:
    own = write(tmp_path / "derivatives" / f"{RUN}_events.tsv", HEADER, "1\t1\tgo\tn/a")
    assert found(tmp_path / "raw", f"{RUN}_events.tsv") == own


def test_two_tables_that_apply_equally_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DefaultModeError, match="E207"):
        found(tmp_path / "raw", "task-nback_run-2_events.tsv", "task-nback_dir-AP_events.tsv",
              run=f"{RUN}_dir-AP")  # fmt: skip
    write(tmp_path / "raw2" / "task-nback_events.tsv", HEADER, "1\t1\tgo\tn/a")
    files = EventsFiles(tmp_path / "derivatives", [tmp_path / "raw", tmp_path / "raw2"])
    write(tmp_path / "raw" / "task-nback_events.tsv", HEADER, "1\t1\tgo\tn/a")
    with pytest.raises(DefaultModeError, match=r"E207.*raw2"):
        files.of(tmp_path / "derivatives" / f"{RUN}_desc-preproc_bold.nii.gz")


def test_a_run_knows_its_events_and_a_resting_run_has_none(tmp_path: Path) -> None:
    derivatives, raw = tmp_path / "derivatives", tmp_path / "raw"
    for task in ("rest", "nback"):
        name = f"sub-01_task-{task}_space-MNI152NLin6Asym_desc-preproc_bold"
        write(derivatives / "sub-01" / "func" / f"{name}.nii.gz", "x")
    events = write(raw / "sub-01" / "func" / "sub-01_task-nback_events.tsv", HEADER, "1\t1\tg\tn/a")
    runs = with_events(find_runs(derivatives), derivatives, [raw])
    assert {r.entities.task: r.events for r in runs} == {"nback": events.resolve(), "rest": None}
