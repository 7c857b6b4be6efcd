"""Files are whole or absent, manifests notice every change, launchers give the same numbers."""

import os
from pathlib import Path

import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.running import (
    Fingerprint,
    Manifest,
    Task,
    launch,
    read_manifest,
    worker_count,
    write_manifest,
    write_text,
)
from tasks import exhausted, killed, square_or_refuse


def test_write_replaces_whole_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.tsv"
    write_text(path, "one")
    write_text(path, "two")
    assert path.read_text("utf-8") == "two"
    assert [p.name for p in path.parent.iterdir()] == ["file.tsv"]


def test_a_file_where_a_folder_must_be_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x")
    with pytest.raises(DefaultModeError) as caught:
        write_text(tmp_path / "taken" / "file.tsv", "text")
    assert caught.value.code == "E601"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_an_error(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    with pytest.raises(DefaultModeError) as caught:
        write_text(locked / "file.tsv", "text")
    assert caught.value.code == "E602"


def manifest_in(folder: Path) -> tuple[Manifest, Path]:
    write_text(folder / "in.tsv", "input")
    write_text(folder / "out.tsv", "output")
    inputs = (Fingerprint.of(folder / "in.tsv"),)
    outputs = (Fingerprint.of(folder / "out.tsv", "out.tsv"),)
    manifest = Manifest("run", "1", {"band": (0.01, 0.1)}, inputs, outputs)
    write_manifest(folder / "run.json", manifest)
    return manifest, folder / "run.json"


def is_current(path: Path, *, version: str = "1", high: float = 0.1) -> bool:
    manifest = read_manifest(path)
    assert manifest is not None
    return manifest.is_current(path.parent, version=version, settings={"band": (0.01, high)})


def test_manifest_notices_every_kind_of_change(tmp_path: Path) -> None:
    _, path = manifest_in(tmp_path)
    assert is_current(path)
    assert not is_current(path, version="2")
    assert not is_current(path, high=0.08)
    os.utime(tmp_path / "in.tsv")
    assert is_current(path), "a touched file with the same bytes is the same file"
    write_text(tmp_path / "out.tsv", "tampered")
    assert not is_current(path)
    manifest_in(tmp_path)
    write_text(tmp_path / "in.tsv", "INPUT")
    assert not is_current(path)
    manifest_in(tmp_path)
    (tmp_path / "out.tsv").unlink()
    assert not is_current(path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": 1}'])
def test_a_broken_manifest_means_unfinished(tmp_path: Path, content: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(content)
    assert read_manifest(path) is None


@pytest.mark.parametrize("processes", [1, 2])
def test_one_failure_stops_no_other_task(processes: int) -> None:
    tasks = [Task(str(i), i) for i in range(5)]
    outcomes = {t.key: o for t, o in launch(square_or_refuse, tasks, processes=processes)}
    failed = outcomes.pop("3")
    assert isinstance(failed, DefaultModeError)
    assert failed.code == "E301"
    assert outcomes == {"0": 0, "1": 1, "2": 4, "4": 16}


def test_exhausted_memory_is_an_error_of_its_task() -> None:
    [(_, outcome)] = launch(exhausted, [Task("a", 1)])
    assert isinstance(outcome, DefaultModeError)
    assert outcome.code == "E605"


def test_a_killed_process_is_an_error() -> None:
    with pytest.raises(DefaultModeError) as caught:
        list(launch(killed, [Task("a", 1), Task("b", 2)], processes=2))
    assert caught.value.code == "E605"


def test_worker_count_respects_memory_and_tasks() -> None:
    assert worker_count(8, 3) == 3
    assert worker_count(8, 100, mem_mb=2100, task_mb=700) == 3
    assert worker_count(1, 100) == 1
    with pytest.raises(DefaultModeError):
        worker_count(1, 1, mem_mb=100, task_mb=700)
