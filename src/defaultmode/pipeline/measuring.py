"""`measure`: recordings → measures, one row per run."""

import json
import time
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.settings import Settings
from defaultmode.measures import chosen
from defaultmode.outputs import study_files
from defaultmode.pipeline.dosing import NOTHING, given_in
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.gathering import (
    eyes_on,
    gather_study,
    needs_eyes,
    refuse_other_settings,
)
from defaultmode.pipeline.joined_tables import clinical_tables
from defaultmode.pipeline.one_run import Work, measure_run
from defaultmode.pipeline.state_scoring import Scored, check_states, score_states, selects
from defaultmode.pipeline.windowing import plan_of, write_windows
from defaultmode.running import (
    Task,
    launch,
    progress,
    worker_count,
    write_text,
)
from defaultmode.sources.atlases import load_atlas
from defaultmode.sources.bids import RunFiles, find_runs, with_events
from defaultmode.sources.clinical import Clinical

# Memory of one process, measured in benchmarks/; a grid of voxels is 235,000 places × 300 frames.
TABLE_MB, VOLUMES_MB, GRID_MB = 400, 700, 1100


@dataclass(frozen=True, slots=True)
class MeasureReport:
    """What `measure` did: runs measured now, runs that were complete, failures and damage."""

    out: Path
    measured: tuple[str, ...]
    complete: tuple[str, ...]
    failed: Mapping[str, DefaultModeError]
    damaged: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    scored: int = 0  # by the states of the study
    for_eyes: tuple[str, ...] = ()
    eyes: bool = False  # participants or cells of the clinical tables need a person's eyes

    @property
    def exit(self) -> int:
        """0 all well, 4 something needs a person's eyes, 3 (or the error's own) nothing done."""
        if not self.measured and not self.complete:
            return max((e.exit for e in self.failed.values() if e.exit != 4), default=3)
        return 4 if self.failed or self.damaged or self.eyes else 0


def measure(
    settings: Settings, *, quiet: bool = False, tell: Callable[[str], None] | None = None
) -> MeasureReport:
    """Measure every run of a folder that is not measured yet, and write one row for each.

    quiet : no progress bar; tell : called with a line for every run that ends.
    Raises E403 (no runs), E603 (the output folder holds something else), E601, E602, E605, E410.
    """
    if not settings.out or Path(settings.out).resolve() == Path(settings.source).resolve():
        raise DefaultModeError("E411", f"OUT is {settings.out!r}; it must be a folder of its own.")
    runs = runs_of(settings)
    clinical = clinical_tables(settings)  # a damaged table is refused before hours of work
    works = works_of(runs, settings, clinical)
    report = measure_works(works, settings, quiet=quiet, tell=tell)
    if not report.measured and not report.complete:
        return report
    study, notices = gather_study(settings)
    notices = (*notices, *_gone(report.out, settings, {w.key for w in works}))
    for name, text in study_files(study, ()).items():
        write_text(report.out / name, text)
    write_windows(Folder(report.out))
    return replace(report, for_eyes=tuple(eyes_on(study, notices)), eyes=needs_eyes(study, notices))


def _gone(out: Path, settings: Settings, keys: Set[str]) -> list[str]:
    """A notice where results are kept of runs that the source no longer has."""
    runs = {key.partition("_atlas-")[0] for key in keys}
    finished = {m.key.partition("_atlas-")[0] for m in Folder(out).finished()}
    kept = sorted(finished - runs)
    if not kept or selects(settings):
        return []
    more = f" and {len(kept) - 1} more" if len(kept) > 1 else ""
    return [f"E402: {kept[0]}{more} is in the results and no longer in {settings.source}."]


def runs_of(settings: Settings) -> list[RunFiles]:
    """The runs of the source that the settings choose; raises E403, E207, E209, E206, E411."""
    source = Path(settings.source)
    runs = find_runs(
        source,
        participants=settings.participants,
        sessions=settings.sessions,
        tasks=settings.tasks,
        filters=read_filters(settings.bids_filter_file),
        exclude=Path(settings.out) if settings.out else None,
    )
    return with_events(runs, source, [Path(folder) for folder in settings.bids_dirs])


def read_filters(path: str) -> Mapping[str, object] | None:
    """The object of a `--bids-filter-file`; raises E101 or E411."""
    if not path:
        return None
    try:
        filters = json.loads(Path(path).read_text("utf-8"))
    except OSError as problem:
        raise DefaultModeError("E101", f"{path}: {problem.strerror}.") from problem
    except ValueError as problem:
        raise DefaultModeError("E411", f"{path} is not JSON: {problem}.") from problem
    if not isinstance(filters, dict):
        raise DefaultModeError("E411", f"{path} must hold an object keyed by 'bold'.")
    return filters


def works_of(
    runs: Sequence[RunFiles], settings: Settings, clinical: Clinical | None = None
) -> list[Work]:
    """One piece of work for each run and atlas, with what the tables say was given in it.

    clinical : the tables, which are read here where they are not handed in; raises E445, E447 and
    what `clinical_tables` raises.
    """
    plan_of(settings)
    given = given_in(runs, clinical or clinical_tables(settings), settings)
    names = settings.atlases or ("schaefer100",)
    labels = {name: load_atlas(name).label or load_atlas(name).name for name in names}
    works = []
    for files in runs:
        if not files.parcellated:
            works += [
                Work(
                    f"{files.key}_atlas-{labels[name]}",
                    files,
                    name,
                    settings,
                    given.get(files.key, NOTHING),
                )
                for name in names
            ]
        elif len(settings.atlases) > 1:
            msg = f"{files.signal.name} is parcellated already: give one atlas for it, or none."
            raise DefaultModeError("E411", msg)
        else:
            own = "".join(settings.atlases)
            works.append(Work(files.key, files, own, settings, given.get(files.key, NOTHING)))
    _refuse_twins(works)
    return works


def measure_works(
    works: Sequence[Work],
    settings: Settings,
    *,
    quiet: bool = False,
    tell: Callable[[str], None] | None = None,
) -> MeasureReport:
    """Carry out what is missing or stale, and tell what was done."""
    started = time.monotonic()
    check_names(settings)
    check_states(settings)
    folder = Folder(Path(settings.out))
    refuse_other_settings(folder, settings, {w.key for w in works})
    folder.claim(settings)
    folder.plan([w.key for w in works])
    complete = [w for w in works if folder.is_complete(w.key, w.inputs, w.analysis)]
    waiting = [Task(w.key, w) for w in works if w not in complete]
    processes = processes_for(works, len(waiting), settings)
    outcomes = launch(measure_run, waiting, processes=processes)
    failed: dict[str, DefaultModeError] = {}
    for task, outcome in progress(outcomes, len(waiting), "measuring", quiet=quiet):
        if isinstance(outcome, DefaultModeError):
            failed[task.key] = outcome
            folder.record_failure(task.key, task.work.files, outcome)
        event = "failed" if isinstance(outcome, DefaultModeError) else "measured"
        folder.log(event, task.key)
        if tell is not None:
            tell(f"{event}: {task.key}")
    measured = tuple(t.key for t in waiting if t.key not in failed)
    keys = [w.key for w in works]
    scored = score_states(folder, settings, keys, processes=processes, quiet=quiet)
    return MeasureReport(
        folder.path,
        measured,
        tuple(w.key for w in complete),
        failed,
        damaged_regions(folder, keys) | _unscored(scored),
        time.monotonic() - started,
        scored=scored.runs,
    )


def _unscored(scored: Scored) -> dict[str, str]:
    return {key: f"{e.code} not scored by states: {e.detail}" for key, e in scored.failed.items()}


def processes_for(works: Sequence[Work], waiting: int, settings: Settings) -> int:
    """How many processes to use: what is asked for, within tasks and memory; raises E605."""
    return worker_count(
        settings.nprocs, max(1, waiting), mem_mb=settings.mem_mb, task_mb=task_mb(works)
    )


def task_mb(works: Sequence[Work]) -> int:
    """Memory that one process needs, in MB: more where volumes, vertices or a grid are read."""
    images = [w for w in works if isinstance(w.files, RunFiles) and not w.files.parcellated]
    if any(w.settings.maps for w in images):
        return GRID_MB
    return VOLUMES_MB if images else TABLE_MB


def _refuse_twins(works: Sequence[Work]) -> None:
    """Two files that would be written as the same run and atlas; raises E207."""
    seen: dict[str, Work] = {}
    for work in works:
        twin = seen.setdefault(work.key, work)
        if twin is not work and isinstance(work.files, RunFiles):
            other = twin.files.signal.name if isinstance(twin.files, RunFiles) else twin.key
            msg = f"{work.files.signal.name} and {other} are the same run and atlas."
            raise DefaultModeError("E207", msg)


def check_names(settings: Settings) -> None:
    """Raise E410 for a measure or preset that does not exist, before any work."""
    from defaultmode.denoising import all_presets

    chosen(settings.measures)
    unknown = [name for name in settings.denoise if name not in all_presets()]
    if unknown:
        msg = f"no preset is called {unknown[0]!r}; there are {', '.join(all_presets())}."
        raise DefaultModeError("E410", msg)


def damaged_regions(folder: Folder, keys: Sequence[str]) -> dict[str, str]:
    """Runs that were measured without a damaged region → what is wrong."""
    found = {}
    for key in keys:
        manifest = folder.manifest(key)
        damaged = str(manifest.outcome.get("damaged", "")) if manifest else ""
        if damaged:
            found[key] = damaged
    return found
