"""`check`: what would be measured, what is wrong, time, memory and disk; it starts nothing."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.settings import Settings
from defaultmode.measures import all_measures
from defaultmode.pipeline.gathering import clinical_rows
from defaultmode.pipeline.joined_tables import clinical_tables
from defaultmode.pipeline.measuring import (
    check_names,
    processes_for,
    runs_of,
    task_mb,
    works_of,
)
from defaultmode.pipeline.one_run import Work, chosen_presets
from defaultmode.pipeline.referencing import reference_of
from defaultmode.pipeline.state_scoring import check_states
from defaultmode.sources.bids import RunFiles
from defaultmode.sources.clinical import Clinical
from defaultmode.sources.reading import look_at_recording

# Measured with benchmarks/ on two cores; a rough guide, printed as such.
VOLUME_BYTES_PER_S = 60e6
MAPS_S = 10.0  # of 235,000 voxels and 300 frames, for each preset
PANEL_S, PANEL_S_PER_NUMBER = 0.5, 1.2e-5  # every measure, 39 surrogates, for each preset
BYTES_PER_NUMBER = 13  # of published text
DEFAULT_REGIONS = 150  # of a table whose atlas is not looked up here


@dataclass(frozen=True, slots=True)
class CheckedRun:
    """One run with one atlas: what would be done with it, or why it cannot be measured."""

    key: str
    kind: str
    atlas: str
    volumes: int
    tr_s: float
    presets: tuple[str, ...]
    code: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `measure` would do with a folder."""

    source: str
    runs: tuple[CheckedRun, ...]
    clinical: tuple[str, ...]
    seconds: float
    memory_mb: int
    disk_mb: float

    @property
    def exit(self) -> int:
        """0 all can be measured, 4 some, 3 none."""
        wrong = sum(bool(r.code) for r in self.runs)
        return 0 if not wrong else 3 if wrong == len(self.runs) else 4

    def as_dict(self) -> dict[str, object]:
        """The report for JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        """The report for a terminal."""
        good = [r for r in self.runs if not r.code]
        text = [f"{len(good)} of {len(self.runs)} runs can be measured in {self.source}"]
        for key in sorted({(r.kind, r.atlas, r.volumes, r.tr_s, r.presets) for r in good}):
            kind, atlas, volumes, tr_s, presets = key
            same = sum((r.kind, r.atlas, r.volumes, r.tr_s, r.presets) == key for r in good)
            text.append(
                f"  {same} × {kind}, atlas {atlas}, {volumes} volumes of {tr_s:g} s; "
                f"denoising {', '.join(presets)}"
            )
        text += [f"  {r.key}: {r.code} {r.problem}" for r in self.runs if r.code]
        text += [f"  {line}" for line in self.clinical]
        text.append(
            f"about {self.seconds:.0f} s, {self.memory_mb} MB of memory, {self.disk_mb:.0f} MB of "
            f"disk (a rough guide); nothing was started"
        )
        return text


def check(settings: Settings) -> CheckReport:
    """Look at every run as `measure` would, without measuring; raises E403, E207, E410."""
    check_names(settings)
    check_states(settings)
    runs = runs_of(settings)
    works = works_of(runs, settings, Clinical())  # what tables say of doses changes no forecast
    checked = tuple(_checked(work) for work in works)
    processes = processes_for(works, len(works), settings)
    return CheckReport(
        settings.source,
        checked,
        _clinical(settings, runs),
        sum(map(_seconds, checked, works)) / processes,
        processes * task_mb(works),
        _disk_mb(checked, works),
    )


def _checked(work: Work) -> CheckedRun:
    if isinstance(work.files, int):
        raise TypeError  # only `demo` has embedded recordings, and it is not checked
    found = CheckedRun(work.key, work.files.kind, work.atlas, 0, 0.0, ())
    try:
        recording = look_at_recording(work.files, work.atlas)
        reference_of(work.settings, recording.atlas)
        presets, _ = chosen_presets(recording, work.settings.denoise)
    except DefaultModeError as error:
        return replace(found, code=error.code, problem=error.detail)
    found = replace(
        found,
        atlas=work.atlas or recording.atlas.name,
        volumes=recording.n_time,
        tr_s=recording.tr_s,
        presets=tuple(p.name for p in presets),
    )
    if recording.usable_s < work.settings.min_usable_s:
        problem = f"{recording.usable_s:.0f} s of signal; {work.settings.min_usable_s:g} are needed"
        return replace(found, code="E301", problem=problem)
    return found


def _clinical(settings: Settings, found: Sequence[RunFiles]) -> tuple[str, ...]:
    """What the clinical tables hold, or what is wrong with them."""
    try:
        clinical = clinical_tables(settings)
    except DefaultModeError as problem:
        return (f"clinical tables: {problem.code} {problem.detail}",)
    if not clinical_rows(clinical):
        return ("no clinical table; --bids-dir or --table adds one",)
    rows = f"{len(clinical.participants)} participants, {len(clinical.sessions)} sessions"
    said = [f"clinical tables: {rows}, {len(clinical.runs)} runs", *clinical.notices]
    people = {f"sub-{files.entities.participant}" for files in found}
    listed = clinical.listed if clinical.listed is not None else people
    said += [f"E401: {p} is not in participants.tsv" for p in sorted(people - listed)]
    said += [f"E402: {p} is listed and has no recording" for p in sorted(listed - people)]
    return tuple(said)


def _seconds(run: CheckedRun, work: Work) -> float:
    if run.code:
        return 0.0
    files, numbers = work.files, run.volumes * _n_regions(work)
    share = len(work.settings.measures) / len(all_measures()) if work.settings.measures else 1.0
    panel_s = len(run.presets) * share * (PANEL_S + PANEL_S_PER_NUMBER * numbers)
    if isinstance(files, int) or files.parcellated:
        return panel_s
    maps_s = MAPS_S * len(run.presets) if work.settings.maps else 0.0
    return panel_s + maps_s + sum(p.stat().st_size for p in files.signals) / VOLUME_BYTES_PER_S


def _n_regions(work: Work) -> int:
    from defaultmode.sources.atlases import load_atlas

    return len(load_atlas(work.atlas)) if work.atlas else DEFAULT_REGIONS


def _disk_mb(checked: Sequence[CheckedRun], works: Sequence[Work]) -> float:
    """Size of the published text: a series and a matrix for each run, atlas and preset."""
    total = 0
    for run, work in zip(checked, works, strict=True):
        if not run.code:
            n_regions = _n_regions(work)
            numbers = run.volumes * n_regions + n_regions**2
            total += BYTES_PER_NUMBER * numbers * len(run.presets)
    return total / 1e6
