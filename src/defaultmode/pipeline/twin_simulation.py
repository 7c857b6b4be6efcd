"""`simulate --twin`: shares of studied drug levels, and currents, on twins that `fit` made."""

import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from defaultmode import __version__
from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline.substrate import MOST_THREADS
from defaultmode.pipeline.twin_agreement import Agreement, Recorded, agreement
from defaultmode.pipeline.twin_change import Change, changes_of
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
    agreement_sheet,
    changes_sheet,
    cohort_sheet,
    condition_sentence,
    twin_dataset_texts,
    twin_scan_texts,
)
from defaultmode.running import (
    Task,
    fresh_folder,
    launch,
    progress,
    refuse_occupied,
    worker_count,
    write_text,
)
from defaultmode.simulation.hemodynamics import measurement_noise
from defaultmode.simulation.twin_protocol import (
    TwinProtocol,
    TwinScan,
    parse_twin_protocol,
    read_twin_protocol,
)

__all__ = ["TwinSettings", "TwinUseReport", "parse_twin_protocol", "simulate_twins", "try_twin"]


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
            msg = f"seed {self.seed}, processes {self.nprocs}, noise {self.noise_percent} %: expected 0 or more."
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
    """What was tried on whom.

    conditions : what acts, one sentence each; excluded : twin → why it was left out
    changes : participant → the changes of each of their twins; agreements : of those simulated
    cohort : over people, empty for one participant; groups : how patients and controls were told
    """

    out: Path
    name: str
    conditions: tuple[str, ...]
    excluded: Mapping[str, str]
    changes: Mapping[str, tuple[tuple[Change, ...], ...]]
    agreements: tuple[Agreement, ...]
    cohort: tuple[CohortChange, ...]
    groups: tuple[str, ...]
    seconds: float
    dry: bool = False


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
    usable = [twin for twin in found if twin.failed is None]
    maps = known_maps(usable[0], settings)
    report = TwinUseReport(
        out=settings.out,
        name=read.name,
        conditions=tuple(condition_sentence(c, maps) for c in read.conditions),
        excluded={t.key: t.failed.reason for t in found if t.failed},
        changes={t.participant: () for t in usable},
        agreements=(),
        cohort=(),
        groups=(),
        seconds=0.0,
        dry=True,
    )
    if dry:
        return report
    tried = list(_tried([TryWork(t, read, settings) for t in usable], settings, quiet=quiet))
    sides, groups = sides_of(settings.twins)
    by_person = {
        p: tuple(t.changes for t in tried if t.found.participant == p) for p in report.changes
    }
    cohort = cohort_of(by_person, sides) if settings.who == EVERYBODY else []
    report = replace(
        report,
        changes=by_person,
        agreements=tuple(a for t in tried for a in t.agreements),
        cohort=tuple(cohort),
        groups=groups if cohort else (),
        dry=False,
    )
    sheets = {"twin_changes": changes_sheet(tried)}
    sheets |= {"twin_agreement": agreement_sheet(tried)} if read.scan else {}
    sheets |= {"twin_cohort": cohort_sheet(cohort)} if cohort else {}
    texts = twin_dataset_texts(
        read,
        tried,
        sheets=sheets,
        settings=settings.record(),
        sentences=report.conditions,
        text=protocol.read_text("utf-8"),
    )
    with fresh_folder(settings.out) as folder:
        for name, text in texts.items():
            write_text(folder / name, text)
        for twin in tried:
            for name, text in twin_scan_texts(twin, read.scan.tr_s if read.scan else 1.0):
                write_text(folder / name, text)
    return replace(report, seconds=time.monotonic() - started)


def try_twin(work: TryWork) -> TriedTwin:
    """Everything about one twin; the same numbers in any company, from the seed and its key."""
    found, settings = work.found, work.settings
    twin = load_twin(found)
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
    shown = agreement(twin, ground, work.protocol.conditions, how)
    scans = {
        name: measurement_noise(percent, settings.noise_percent, rng)
        for name, percent in shown.scans.items()
    }
    return TriedTwin(found, ground.atlas, changes, shown.rows, scans)


def known_maps(found: FoundTwin, settings: TwinSettings) -> tuple[str, ...]:
    """Names of the maps that are there for a twin's atlas."""
    ground = ground_for(load_twin(found), found.atlas, own_atlas=settings.atlas, maps=settings.maps)
    return tuple(ground.maps)


def _tried(works: Sequence[TryWork], settings: TwinSettings, *, quiet: bool) -> Iterator[TriedTwin]:
    """Every twin in order; the first error is raised."""
    tasks = [Task(work.found.key, work) for work in works]
    processes = worker_count(min(settings.nprocs, MOST_THREADS), len(tasks))
    done: dict[str, TriedTwin] = {}
    outcomes = launch(try_twin, tasks, processes=processes)
    for task, outcome in progress(outcomes, len(tasks), "trying", quiet=quiet):
        if isinstance(outcome, DefaultModeError):
            raise outcome
        done[task.key] = outcome
    yield from (done[task.key] for task in tasks)
