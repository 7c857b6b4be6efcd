"""`edges`: every edge of a finished study, compared between groups or treatments."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.settings import Settings
from defaultmode.outputs import FinishedRun, finished_runs
from defaultmode.pipeline.claim_columns import Ground
from defaultmode.pipeline.edge_contrast import edge_question
from defaultmode.pipeline.edge_files import FOLDER, base_of, edge_files
from defaultmode.pipeline.edge_found import EdgeFindings, EdgeWork
from defaultmode.pipeline.edge_settings import EdgesAsked
from defaultmode.pipeline.edge_testing import NO_EDGE, tested_edges
from defaultmode.pipeline.edge_text import cautions, lines, sentence
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.freezing import BLINDED, Planned, standing
from defaultmode.pipeline.gathering import gather_study
from defaultmode.running import Task, launch, progress, worker_count, write_text
from defaultmode.statistics.occasions import occasions_of
from defaultmode.statistics.question import Cells

STREAM = 17  # of the seed, apart from those of the ledger and of people


@dataclass(frozen=True, slots=True, eq=False)
class EdgesReport:
    """What `edges` found in every atlas and preset, or why there is nothing.

    found : one per atlas and preset; missing : (atlas, preset) → why not; notes : how the study
    was read
    """

    out: Path
    asked: EdgesAsked
    found: tuple[EdgeFindings, ...]
    missing: dict[tuple[str, str], Missing]
    notes: tuple[str, ...]

    def lines(self) -> list[str]:
        """The report for a terminal."""
        said = list(chain.from_iterable(lines(one, self.asked) for one in self.found))
        said += [f"{a}, {p}: nothing: {m.code} {m.reason}" for (a, p), m in self.missing.items()]
        told = dict.fromkeys(chain.from_iterable(cautions(f, self.asked) for f in self.found))
        return [
            *said,
            *(t for t in told if "were not tested" not in t),
            f"files: {self.out / FOLDER}",
        ]

    def as_dict(self) -> dict[str, object]:
        """The report for JSON."""
        return {
            "out": str(self.out),
            "found": [_numbers(one, self.asked) for one in self.found],
            "missing": [
                {"atlas": a, "denoise": p, "code": m.code, "reason": m.reason}
                for (a, p), m in self.missing.items()
            ],
            "notes": list(self.notes),
        }


def compare_edges(
    settings: Settings, planned: Planned, asked: EdgesAsked, *, nprocs: int = 0, quiet: bool = False
) -> EdgesReport:
    """Compare every edge in every atlas and preset that is asked for, and write it to OUT/edges.

    nprocs : processes, 0 for as many as there are cores; the numbers are the same on any number.
    Raises E408 (no study), E410 (no such atlas or preset), E436 (no such column), E448 (no such
    contrast in this study), and where nothing at all can be tested what stood in the way first:
    E449 (no edge has values that vary), E437 (a covariate), E439 (too few people), E422.
    """
    folder = Folder(Path(settings.out))
    stamp = standing(planned, settings)
    if stamp.word == BLINDED:
        raise DefaultModeError("E451", "edges of true labels are not blind.")
    study, notices = gather_study(settings)
    occasions = occasions_of(study, planned.plan)
    ground = Ground(study, occasions, planned.plan, asked.seed, folder.path)
    tasks = _tasks(ground, _runs(folder, ground), asked)
    found, missing = _tested(tasks, settings, nprocs=nprocs, quiet=quiet)
    if not found:
        problem = next(iter(missing.values()))
        raise DefaultModeError(problem.code, problem.reason)
    folder.claim(settings)
    for one in found:
        for name, text in edge_files(one, asked, stamp=stamp.sentence).items():
            write_text(folder.path / name, text)
    folder.log("compared edges", asked.contrast, method=asked.method)
    return EdgesReport(folder.path, asked, found, missing, (*notices, *occasions.notes))


def _runs(folder: Folder, ground: Ground) -> list[FinishedRun]:
    """The measured runs in the order of the occasions; raises E449 where none was measured."""
    found = finished_runs(folder.path, folder.measure_tables())
    if not found:
        msg = f"{folder.path} has clinical tables alone; matrices come from `measure`."
        raise DefaultModeError(NO_EDGE, msg)
    return [found[i] for i in ground.occasions.rows]


def _tasks(ground: Ground, runs: Sequence[FinishedRun], asked: EdgesAsked) -> list[Task[EdgeWork]]:
    """One for each atlas and preset, whose stream does not depend on what else is asked for."""
    matrices = [run.matrices for run in runs]
    presets = sorted({name for there in matrices for name in there})
    atlases = _chosen("atlas", [asked.atlas] if asked.atlas else [], ground.atlases)
    chosen = _chosen("preset", asked.denoise, presets)
    tasks = []
    for name in atlases:
        here = ground.occasions.atlas == name
        cells = Cells(ground.occasions, here & ground.occasions.resting)
        atlas = _atlas([run for run, inside in zip(runs, here, strict=True) if inside])
        for preset in chosen:
            paths = tuple(
                there.get(preset) if used else None
                for there, used in zip(matrices, cells.among, strict=True)
            )
            place = [ground.atlases.index(name), presets.index(preset)]
            stream = np.random.SeedSequence([asked.seed, STREAM, *place])
            question = edge_question(ground, asked, preset)
            work = EdgeWork(atlas, preset, paths, question, cells, asked, stream)
            tasks.append(Task(f"{name} {preset}", work))
    return tasks


def _chosen(what: str, wanted: Sequence[str], there: Sequence[str]) -> list[str]:
    """What is asked for, or all there is; raises E410."""
    for name in wanted:
        if name not in there:
            msg = f"the study has no {what} {name!r}; it has {', '.join(there) or 'none'}."
            raise DefaultModeError("E410", msg)
    return list(wanted or there)


def _atlas(runs: Sequence[FinishedRun]) -> Atlas:
    """The atlas of runs; raises E449 where they differ in its regions."""
    atlas = runs[0].atlas
    for run in runs:
        if run.atlas.names != atlas.names:
            msg = f"{run.base.name} and {runs[0].base.name} have other regions of {atlas.name}."
            raise DefaultModeError(NO_EDGE, msg)
    return atlas


def _tested(
    tasks: Sequence[Task[EdgeWork]], settings: Settings, *, nprocs: int, quiet: bool
) -> tuple[tuple[EdgeFindings, ...], dict[tuple[str, str], Missing]]:
    """What every task found, in the order of the tasks, and why others found nothing."""
    processes = worker_count(nprocs, len(tasks), mem_mb=settings.mem_mb)
    outcomes = launch(tested_edges, tasks, processes=processes)
    done = {
        task.key: outcome
        for task, outcome in progress(outcomes, len(tasks), "comparing", quiet=quiet)
    }
    found, missing = [], {}
    for task in tasks:
        outcome = done[task.key]
        if isinstance(outcome, DefaultModeError):
            place = (task.work.atlas.name, task.work.denoise)
            missing[place] = Missing(outcome.detail, outcome.code)
        else:
            found.append(outcome)
    return tuple(found), missing


def _numbers(found: EdgeFindings, asked: EdgesAsked) -> dict[str, object]:
    """One atlas and preset for JSON."""
    components = [
        {name: getattr(c, name) for name in c.__dataclass_fields__} for c in found.tested.components
    ]
    return {
        "atlas": found.atlas.name,
        "denoise": found.denoise,
        "sentence": sentence(found, asked),
        "n": found.n,
        "n_reference": found.n_reference,
        "covariates": list(found.covariates),
        "edges_tested": found.n_tested,
        "edges_not_tested": dict(found.reasons),
        "components": components,
        "networks": [
            {name: getattr(row, name) for name in row.__dataclass_fields__}
            for row in found.networks
        ],
        "arrangements": found.tested.n_shuffles,
        "cautions": cautions(found, asked),
        "file": f"{base_of(found, asked)}_edges.tsv",
    }
