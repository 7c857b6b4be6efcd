"""`fit`: one twin for every run, around the brain of their group."""

import hashlib
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Entities
from defaultmode.core.settings import Settings
from defaultmode.fitting.priors import group_samples, standard_deviations, steps
from defaultmode.fitting.target import Target
from defaultmode.outputs.twins import twins_dictionary, twins_table
from defaultmode.pipeline.demonstrating import embedded_works
from defaultmode.pipeline.dynamic_route import fit_all_dynamics, refuse_without_cma
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.measuring import processes_for, runs_of, works_of
from defaultmode.pipeline.one_run import Work
from defaultmode.pipeline.one_twin import FittedTwin, TwinWork, fit_twin
from defaultmode.pipeline.twin_ground import FEW_PEOPLE, Ground, Group, ground_of, group_target
from defaultmode.pipeline.twin_publishing import publish, row_without, rows_kept
from defaultmode.pipeline.twin_targets import Shown, shown_by
from defaultmode.running import Task, launch, progress, write_text
from defaultmode.simulation.twin_space import OperatingPoint
from defaultmode.sources.connectomes import connectome_of_atlas, embedded_connectivity

DRAWS = 16
EMBEDDED_GROUP = ("schaefer100", "group706")


@dataclass(frozen=True, slots=True, kw_only=True)
class FitSettings:
    """How twins are made, beside how their recordings are read.

    draws : plausible others of each twin; point : where brains are held
    dynamic : whether the second route, by simulation, follows; it takes minutes a run
    """

    draws: int = DRAWS
    dynamic: bool = False
    point: OperatingPoint = field(default_factory=OperatingPoint)

    def __post_init__(self) -> None:
        if self.draws < 0:
            raise DefaultModeError("E411", f"draws is {self.draws}; expected 0 or more.")


@dataclass(frozen=True, slots=True)
class FitReport:
    """What `fit` did.

    rows : one for every twin, as in twins.tsv; groups : atlas → what its group is and how it fits
    failed : runs without a twin → why; complete : keys of those that were there already
    """

    out: Path
    rows: tuple[Mapping[str, object], ...]
    groups: Mapping[str, str]
    failed: Mapping[str, DefaultModeError]
    complete: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def exit(self) -> int:
        """0 all well, 4 some runs have no twin or one that failed, 3 nothing done."""
        if not self.rows:
            return 3
        return 4 if self.failed or any(row["status"] == "failed" for row in self.rows) else 0


def fit(
    settings: Settings,
    how: FitSettings | None = None,
    *,
    quiet: bool = False,
    tell: Callable[[str], None] | None = None,
) -> FitReport:
    """Fit a twin to every run of a folder that has none yet, and write the table of all.

    settings : as for `measure`; an empty source stands for the embedded recordings
    Raises E403 (no runs), E603 (the output folder holds something else), E514 (no connectome), E504
    (no stable brain on it), E516 (a region that nobody shows), E601, E602, E605.
    """
    started, how = time.monotonic(), how or FitSettings()
    if how.dynamic:
        refuse_without_cma()
    works = works_of(runs_of(settings), settings) if settings.source else embedded_works(settings)
    folder = Folder(Path(settings.out))
    folder.refuse_other_source(settings.source)
    processes = processes_for(works, len(works), settings)
    shown, failed = _read(works, processes, quiet=quiet)
    grounds = grounds_of(list(shown.values()), settings, how, processes=processes)
    people = people_of(shown, grounds, settings, how)
    refuse_other_groups(folder, people, {work.key for work in works})
    if people:
        folder.claim_beside(settings)
    open_ = _without_twin(folder, works, people)
    tasks = [Task(w.key, (w, people[w.key])) for w in open_]
    outcomes = launch(_fit_one, tasks, processes=processes)
    failed |= _published(folder, progress(outcomes, len(open_), "fitting", quiet=quiet), tell)
    rows = _tabulate(folder, works, failed)
    if how.dynamic:
        failed |= fit_all_dynamics(folder, works, settings, processes=processes, quiet=quiet)
    return FitReport(
        folder.path,
        rows,
        {name: f"{g.people}, r = {g.fit:.3f}" for name, g in grounds.items()},
        failed,
        tuple(sorted(people.keys() - {work.key for work in open_})),
        time.monotonic() - started,
    )


def _published(
    folder: Folder,
    outcomes: Iterable[tuple[Task[tuple[Work, TwinWork]], FittedTwin | DefaultModeError]],
    tell: Callable[[str], None] | None,
) -> dict[str, DefaultModeError]:
    """Publish every twin as it comes; key → why there is none."""
    failed = {}
    for task, outcome in outcomes:
        if isinstance(outcome, DefaultModeError):
            failed[task.key] = outcome
        else:
            publish(folder, task.work[1], outcome, task.work[0].inputs, _analysis(*task.work))
        if tell is not None:
            tell(f"{'failed' if task.key in failed else 'fitted'}: {task.key}")
    return failed


def _fit_one(both: tuple[Work, TwinWork]) -> FittedTwin:
    return fit_twin(both[1])


def refuse_other_groups(
    folder: Folder, people: Mapping[str, TwinWork], keys: Collection[str]
) -> None:
    """Twins that stay in the folder must start from the group that the new ones do; raises E412.

    keys : of the runs whose twins are made again or removed
    """
    groups = {work.shown.atlas.name: group_digest(work.ground) for work in people.values()}
    for manifest in folder.twins():
        row, told = manifest.outcome["row"], manifest.settings["twin"]
        if manifest.key in keys or not (isinstance(row, Mapping) and isinstance(told, Mapping)):
            continue
        if groups.get(str(row["atlas"]), told["group"]) != told["group"]:
            said = f"the twin of {manifest.key} starts from another group"
            msg = f"{said}: fit all runs at once, or choose another folder."
            raise DefaultModeError("E412", msg)


def _without_twin(
    folder: Folder, works: Sequence[Work], people: Mapping[str, TwinWork]
) -> list[Work]:
    """The runs whose twin is missing or stale."""
    return [
        w
        for w in works
        if w.key in people and not folder.has_twin(w.key, w.inputs, _analysis(w, people[w.key]))
    ]


def _tabulate(
    folder: Folder, works: Sequence[Work], failed: Mapping[str, DefaultModeError]
) -> tuple[Mapping[str, object], ...]:
    """Write the table of all twins, and of the runs that have none any more; rows of twins."""
    for key in failed:
        folder.drop_twin(key)
    rows = rows_kept(folder)
    lost = [row_without(w, failed[w.key]) for w in works if w.key in failed]
    if rows:
        write_text(folder.path / "twins.tsv", twins_table([*rows, *lost]))
        write_text(folder.path / "twins.json", twins_dictionary())
    return tuple(rows)


def grounds_of(
    shown: Sequence[Shown], settings: Settings, how: FitSettings, *, processes: int = 1
) -> dict[str, Ground]:
    """The group's brain of every atlas among the runs; raises E514, E504 and E516."""
    own = Path(settings.connectome) if settings.connectome else None
    tasks = []
    for name in dict.fromkeys(s.atlas.name for s in shown):
        runs = tuple(s for s in shown if s.atlas.name == name)
        larger = embedded_connectivity()[EMBEDDED_GROUP[1]] if name == EMBEDDED_GROUP[0] else None
        connectome = connectome_of_atlas(runs[0].atlas, own)
        tasks.append(Task(name, Group(runs, connectome, larger, how.point)))
    grounds = {}
    for task, outcome in launch(ground_of, tasks, processes=processes):
        if isinstance(outcome, DefaultModeError):
            raise outcome
        grounds[task.key] = outcome
    return {task.key: grounds[task.key] for task in tasks}


def _read(
    works: Sequence[Work], processes: int, *, quiet: bool
) -> tuple[dict[str, Shown], dict[str, DefaultModeError]]:
    """What every run shows, in the order of the works, and why others show nothing."""
    found: dict[str, Shown] = {}
    failed: dict[str, DefaultModeError] = {}
    tasks = [Task(w.key, w) for w in works]
    outcomes = launch(shown_by, tasks, processes=processes)
    for task, outcome in progress(outcomes, len(tasks), "reading", quiet=quiet):
        if isinstance(outcome, DefaultModeError):
            failed[task.key] = outcome
        else:
            found[task.key] = outcome
    return {w.key: found[w.key] for w in works if w.key in found}, failed


def people_of(
    shown: Mapping[str, Shown],
    grounds: Mapping[str, Ground],
    settings: Settings,
    how: FitSettings,
) -> dict[str, TwinWork]:
    """Every run with its group, what others show, and another run of the same person."""
    found = {}
    for key, run in shown.items():
        alike = [s for s in shown.values() if s.atlas.name == run.atlas.name]
        person, ground = run.entities.participant, grounds[run.atlas.name]
        own = [s for s in alike if _repeats(s.entities, run.entities) and s.key != key]
        found[key] = TwinWork(
            shown=run,
            ground=ground,
            others=ground.target if ground.embedded else _others(person, alike),
            again=own[0] if own else None,
            count=how.draws,
            seed=settings.seed,
        )
    return found


def _repeats(one: Entities, other: Entities) -> bool:
    """Whether two runs are of one person, session and task."""
    return (one.participant, one.session, one.task) == (
        other.participant,
        other.session,
        other.task,
    )


def _others(person: str, alike: Sequence[Shown]) -> Target | None:
    """What the first halves of everybody else show on average, None where they are few."""
    strangers = [s for s in reversed(alike) if s.entities.participant != person]
    others = {s.entities.participant: s for s in strangers}  # the first run of each, as in a group
    return group_target(list(others.values())) if len(others) >= FEW_PEOPLE else None


def _analysis(work: Work, twin: TwinWork) -> dict[str, object]:
    """What decides a twin beside the bytes of its run."""
    return work.analysis | {
        "twin": {
            "draws": twin.count,
            "steps": steps(),
            "sd": dict(standard_deviations()),
            "group_samples": group_samples(),
            "group": group_digest(twin.ground),
            "others": _digest(twin.others) if twin.others else "",
            "again": _digest(twin.again.whole) if twin.again else "",
        }
    }


def group_digest(ground: Ground) -> str:
    """What tells one group's brain from another."""
    parts = (ground.group.net, ground.group.noise, ground.group.shared)
    return hashlib.sha256(b"".join(np.round(p, 9).tobytes() for p in parts)).hexdigest()


def _digest(target: Target) -> str:
    return hashlib.sha256(np.round(target.z, 9).tobytes()).hexdigest()
