"""`simulate --twin`: shares of studied drug levels, and currents, on twins that `fit` made."""

import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from defaultmode import __version__
from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline.substrate import MOST_THREADS
from defaultmode.pipeline.twin_agreement import Recorded, agreement
from defaultmode.pipeline.twin_change import changes_of
from defaultmode.pipeline.twin_cohort import CohortChange, cohort_of, sides_of
from defaultmode.pipeline.twin_finding import (
    EVERYBODY,
    FoundTwin,
    find_twins,
    ground_for,
    load_twin,
)
from defaultmode.pipeline.twin_results import (
    TriedTwin,
    condition_sentence,
    sheets_of,
    twin_dataset_texts,
    twin_scan_texts,
)
from defaultmode.running import (
    Task,
    fresh_folder,
    launch,
    progress_bar,
    refuse_occupied,
    worker_count,
    write_text,
)
from defaultmode.simulation.hemodynamics import measurement_noise
from defaultmode.simulation.twin_protocol import TwinProtocol, TwinScan, read_twin_protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinSettings:
    """On whose twins a protocol is tried, and how.

    twins : folder of `fit`; who : a participant, or "all"; out : the new folder
    atlas : name or file, where there are twins in several or in one's own; maps : name → file
    noise_percent : standard deviation of measurement noise in the scans
    recordings, dt_ms : as in `twin_agreement.Recorded`
    nprocs : processes, 0 for every core; the numbers do not depend on it
    """

    twins: Path
    who: str
    out: Path
    seed: int = 0
    atlas: str = ""
    maps: Mapping[str, Path] = field(default_factory=dict)
    noise_percent: float = 0.0
    recordings: int = 8
    dt_ms: float = 0.2
    nprocs: int = 0

    def __post_init__(self) -> None:
        if self.seed < 0 or self.nprocs < 0 or not 0 <= self.noise_percent < np.inf:
            found = f"seed {self.seed}, processes {self.nprocs}, noise {self.noise_percent} %"
            msg = f"{found}; each is expected to be 0 or more."
            raise DefaultModeError("E411", msg)

    def record(self) -> dict[str, object]:
        """What must be known to make the same numbers again, without paths of this machine."""
        return {
            "version": __version__,
            "twins": self.who,
            "seed": self.seed,
            "noise_percent": self.noise_percent,
            "recordings": self.recordings,
            "dt_ms": self.dt_ms,
            "maps": sorted(self.maps),
        }


@dataclass(frozen=True, slots=True)
class TwinUseReport:
    """What was tried on whom, or with `dry` would be.

    conditions : what acts, one sentence each; people : participants, in order
    excluded : twin → why it was left out; tried : the others, none yet where dry
    cohort : over people, empty for one participant; groups : how patients and controls were told
    """

    out: Path
    name: str
    conditions: tuple[str, ...]
    people: tuple[str, ...]
    excluded: Mapping[str, str]
    tried: tuple[TriedTwin, ...] = ()
    cohort: tuple[CohortChange, ...] = ()
    groups: tuple[str, ...] = ()
    seconds: float = 0.0
    dry: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class TryWork:
    """A protocol and the twin on which it is tried, for one process."""

    found: FoundTwin
    protocol: TwinProtocol
    settings: TwinSettings


def simulate_twins(
    protocol: Path, settings: TwinSettings, *, dry: bool = False, quiet: bool = False
) -> TwinUseReport:
    """Try a protocol on one twin or on all, into a new folder that is whole or not there at all.

    One participant's twins are simulated too, 10 min for every condition unless the protocol has a
    [[scan]]; all twins only if it has one. Raises E603 (the folder is not empty), what
    `read_twin_protocol` and `find_twins` raise, E133, E506 and E513 (regions or maps that do not
    fit), E601, E602.
    """
    started = time.monotonic()
    refuse_occupied(settings.out)
    read = read_twin_protocol(protocol)
    if settings.who != EVERYBODY and read.scan is None:
        read = replace(read, scan=TwinScan())
    found = find_twins(settings.twins, settings.who, settings.atlas)
    works = [TryWork(twin, read, settings) for twin in found if twin.failed is None]
    report = TwinUseReport(
        out=settings.out,
        name=read.name,
        conditions=_sentences(works[0]),
        people=tuple(dict.fromkeys(work.found.participant for work in works)),
        excluded={twin.key: twin.failed.reason for twin in found if twin.failed},
    )
    if dry:
        return report
    report = replace(report, tried=_tried(works, settings, quiet=quiet), dry=False)
    if settings.who == EVERYBODY:
        report = _with_cohort(report, settings.twins)
    with fresh_folder(settings.out) as folder:
        _fill(folder, report, works[0], protocol.read_text("utf-8"))
    return replace(report, seconds=time.monotonic() - started)


def try_twin(work: TryWork, tell: Callable[[float], None] | None = None) -> TriedTwin:
    """Everything about one twin; the same numbers in any company, from the seed and its key.

    tell : told the share of the simulation that is done
    """
    found, settings = work.found, work.settings
    twin = load_twin(found.path)
    ground = ground_for(twin, found.atlas, own_atlas=settings.atlas, maps=settings.maps)
    key = zlib.crc32(found.key.encode())
    rng = np.random.default_rng([settings.seed, key])
    changes = tuple(changes_of(twin, ground, work.protocol.conditions, rng))
    if work.protocol.scan is None:
        return TriedTwin(found, ground.atlas, changes)
    how = Recorded(
        scan=work.protocol.scan,
        recordings=settings.recordings,
        seed=int(np.random.SeedSequence([settings.seed, key]).generate_state(1)[0]),
        dt_ms=settings.dt_ms,
    )
    shown = agreement(twin, ground, work.protocol.conditions, how, tell=tell)
    scans = {
        name: measurement_noise(percent, settings.noise_percent, rng)
        for name, percent in shown.scans.items()
    }
    return TriedTwin(found, ground.atlas, changes, shown.rows, scans)


def _sentences(work: TryWork) -> tuple[str, ...]:
    """What acts in every condition, with the maps that there are for the twin's atlas."""
    found, settings = work.found, work.settings
    twin = load_twin(found.path)
    ground = ground_for(twin, found.atlas, own_atlas=settings.atlas, maps=settings.maps)
    return tuple(condition_sentence(c, ground.maps) for c in work.protocol.conditions)


def _tried(
    works: Sequence[TryWork], settings: TwinSettings, *, quiet: bool
) -> tuple[TriedTwin, ...]:
    """Every twin, in order; the first error is raised."""
    tasks = [Task(work.found.key, work) for work in works]
    processes = worker_count(min(settings.nprocs, MOST_THREADS), len(tasks))
    done: dict[str, TriedTwin] = {}
    with progress_bar("trying", quiet=quiet) as show:
        alone = partial(try_twin, tell=lambda share: show(share, "of the simulation"))
        outcomes = launch(alone if len(tasks) == 1 else try_twin, tasks, processes=processes)
        for task, outcome in outcomes:
            if isinstance(outcome, DefaultModeError):
                raise outcome
            done[task.key] = outcome
            show(len(done) / len(tasks), f"{len(done)}/{len(tasks)}")
    return tuple(done[task.key] for task in tasks)


def _with_cohort(report: TwinUseReport, twins: Path) -> TwinUseReport:
    """The report with what the twins say together."""
    sides, groups = sides_of(twins)
    changes = {
        who: [twin.changes for twin in report.tried if twin.found.participant == who]
        for who in report.people
    }
    return replace(report, cohort=tuple(cohort_of(changes, sides)), groups=groups)


def _fill(folder: Path, report: TwinUseReport, work: TryWork, text: str) -> None:
    """Write every file of the data set."""
    texts = twin_dataset_texts(
        work.protocol,
        report.tried,
        sheets=sheets_of(report.tried, report.cohort),
        settings=work.settings.record(),
        sentences=report.conditions,
        text=text,
    )
    for twin in report.tried:
        if work.protocol.scan is not None:
            texts |= twin_scan_texts(twin, work.protocol.scan.tr_s)
    for name, content in texts.items():
        write_text(folder / name, content)
