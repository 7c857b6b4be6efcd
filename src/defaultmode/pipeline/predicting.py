"""`predict`: how well a cohort's outcome is told by its baseline, and by what."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.frozen import read_planned
from defaultmode.core.plan import Plan
from defaultmode.core.result import Result
from defaultmode.core.settings import Settings
from defaultmode.core.study import Study
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.gathering import clinical_rows, gather_study, study_settings
from defaultmode.pipeline.joined_tables import clinical_tables
from defaultmode.pipeline.predict_settings import PredictSettings
from defaultmode.pipeline.predicted_outcome import baseline_session, outcome_among, outcome_of
from defaultmode.pipeline.prediction_cohort import Ready, ready_cohort
from defaultmode.pipeline.prediction_files import prediction_files
from defaultmode.pipeline.prediction_found import Found, result_of
from defaultmode.pipeline.predictors import predictors_of
from defaultmode.pipeline.virtual_sources import refuse_twins
from defaultmode.prediction import (
    OutOfFold,
    Trials,
    leading_score,
    learning_curve,
    permutation_p,
    predict_unseen,
    run_trials,
    splits_of,
)
from defaultmode.prediction.learning import Point
from defaultmode.running import Task, launch, progress, worker_count, write_text
from defaultmode.sources.clinical import study_of_tables
from defaultmode.statistics.occasions import occasions_of

TRIALS_PER_TASK = 5
FEWEST_FOR_PROCESSES = 40  # permutations, below which starting a process costs more than it saves


def predict_plan(
    out: Path, file: Path | None, overrides: Mapping[str, object]
) -> tuple[Settings, Plan]:
    """The settings of the folder and the plan of a file, as given; raises E101, E435, E451."""
    plan, planned, frozen = read_planned(file) if file else (Plan(), {}, None)
    if plan.blinded and frozen is None:
        raise DefaultModeError("E451", "a prediction of true labels is not blind.")
    return study_settings(out, planned, overrides), plan


@dataclass(frozen=True, slots=True, eq=False)
class PredictReport:
    """What `predict` found and where it wrote it."""

    out: Path
    result: Result
    notices: tuple[str, ...]
    seconds: float


def predict(
    settings: Settings, asked: PredictSettings, *, plan: Plan | None = None, quiet: bool = False
) -> PredictReport:
    """Predict an outcome from the baseline, beside simpler models in the same folds.

    Raises E410 (no such column, level or session), E428 (no outcome to predict), E429 (too few
    participants), E430 (a feature of later than the baseline), E431 (perfect separation), E517
    (the recordings are simulations of real people's twins).
    """
    started = time.monotonic()
    refuse_twins(settings)
    folder = Folder(Path(settings.out))
    study, notices = gather_study(settings)
    occasions = occasions_of(study, plan)
    baseline = baseline_session(occasions, asked.baseline)
    ratings = _ratings(settings, study, asked)
    outcome = (
        outcome_among(ratings, occasions, asked, baseline)
        if ratings
        else outcome_of(study, occasions, asked, baseline)
    )
    predictors = predictors_of(study, occasions, outcome, asked, baseline)
    ready = ready_cohort(occasions, outcome, predictors, asked)
    seen, curve = _alone(_Work(ready, asked))
    permuted = _permuted(ready, asked, settings, quiet=quiet)
    p = permutation_p(leading_score(seen[0]).value, permuted) if permuted else float("nan")
    found = Found(outcome, predictors, ready, tuple(seen), tuple(curve), p)
    result = result_of(found, asked)
    folder.claim(settings)
    for name, content in prediction_files(found, result, asked).items():
        write_text(folder.path / name, content)
    folder.log("predicted", outcome.column.name, n=ready.cohort.n)
    return PredictReport(folder.path, result, notices, time.monotonic() - started)


def _ratings(settings: Settings, study: Study, asked: PredictSettings) -> Study | None:
    """The clinical tables alone, whose sessions need no scan; None where they lack the outcome."""
    clinical = clinical_tables(settings)
    if not clinical_rows(clinical):
        return None
    alone = Study(*study_of_tables(clinical))
    elsewhere = asked.outcome in study.columns and asked.outcome not in alone.columns
    return None if elsewhere else alone


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    ready: Ready
    asked: PredictSettings


def _streams(seed: int) -> list[np.random.SeedSequence]:
    """One for the folds, one for the learning curve, one for the permutations."""
    return np.random.SeedSequence(seed).spawn(3)


def _evaluated(work: _Work) -> tuple[list[OutOfFold], list[Point]]:
    """Every model in the same folds, and the learning curve of the first."""
    folds, parts, _ = (np.random.default_rng(s) for s in _streams(work.asked.seed))
    cohort, models = work.ready.cohort, work.ready.models
    splits = splits_of(cohort, n_repeats=work.asked.repeats, rng=folds)
    seen = [predict_unseen(cohort, model, splits) for model in models]
    return seen, learning_curve(cohort, models[0], rng=parts)


def _alone(work: _Work) -> tuple[list[OutOfFold], list[Point]]:
    """On one thread, as in the workers, so that numbers do not depend on the machine's cores."""
    ((_, outcome),) = launch(_evaluated, [Task("prediction", work)])
    if isinstance(outcome, DefaultModeError):
        raise outcome
    return outcome


def _permuted(
    ready: Ready, asked: PredictSettings, settings: Settings, *, quiet: bool
) -> list[float]:
    """The leading figure of the first model under each permutation of the labels, in order."""
    streams = _streams(asked.seed)[2].spawn(asked.permutations)
    tasks = [
        Task(f"{start:06d}", Trials(ready.cohort, ready.models[0], asked.repeats, tuple(part)))
        for start in range(0, len(streams), TRIALS_PER_TASK)
        for part in [streams[start : start + TRIALS_PER_TASK]]
    ]
    few = asked.permutations < FEWEST_FOR_PROCESSES
    processes = 1 if few else worker_count(settings.nprocs, len(tasks), mem_mb=settings.mem_mb)
    done: dict[str, list[float]] = {}
    outcomes = launch(run_trials, tasks, processes=processes)
    for task, outcome in progress(outcomes, len(tasks), "permuting", quiet=quiet):
        if isinstance(outcome, DefaultModeError):
            raise outcome
        done[task.key] = outcome
    return [value for key in sorted(done) for value in done[key]]
