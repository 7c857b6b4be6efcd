"""The linear model over the box of parameters, a few draws to a process."""

from dataclasses import dataclass

from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline.score_settings import ScoreSettings, laid, rows_of
from defaultmode.running import Task, launch, progress, worker_count
from defaultmode.simulation.scoreboard import Row, draws, read_box, sweep
from defaultmode.simulation.scoreboard.sweep import Swept, answers, joined

DRAWS_PER_TASK = 4
TASK_MB = 600


@dataclass(frozen=True, slots=True)
class BoxWork:
    """A few draws, for one process."""

    settings: ScoreSettings
    first: int
    last: int


def swept_box(settings: ScoreSettings, *, quiet: bool = False) -> Swept:
    """The linear model over the whole box, on as many processes as asked."""
    works = [
        BoxWork(settings, k, min(k + DRAWS_PER_TASK, settings.draws))
        for k in range(0, settings.draws, DRAWS_PER_TASK)
    ]
    tasks = [Task(f"draws {w.first + 1}–{w.last}", w) for w in works]
    processes = worker_count(settings.nprocs, len(tasks), task_mb=TASK_MB)
    parts: dict[str, Swept] = {}
    outcomes = launch(sweep_part, tasks, processes=processes)
    for task, outcome in progress(outcomes, len(tasks), "box", quiet=quiet):
        if isinstance(outcome, DefaultModeError):
            raise outcome
        parts[task.key] = outcome
    return joined([parts[task.key] for task in tasks])


def sweep_part(work: BoxWork) -> Swept:
    """The rows of the linear model at some of the draws."""
    settings, ground = work.settings, laid(work.settings)
    drawn = draws(read_box(), tuple(ground.bases), settings.draws, seed=settings.seed)
    return sweep(boxed_rows(settings), drawn[work.first : work.last], ground.bases, ground.ground)


def boxed_rows(settings: ScoreSettings) -> tuple[Row, ...]:
    """The rows that the linear model can answer, in the order of what `swept_box` returns."""
    return tuple(row for row in rows_of(settings) if answers(row))
