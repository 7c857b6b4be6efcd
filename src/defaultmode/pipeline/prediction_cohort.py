"""The cohort that is predicted, and the models that compete on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline.predict_settings import PredictSettings
from defaultmode.pipeline.predicted_outcome import Outcome
from defaultmode.pipeline.predictors import CLINICAL, MEASURES, MOTION, SITE, Predictors
from defaultmode.prediction import (
    Cohort,
    Model,
    check_comparable,
    check_enough,
    check_not_separated,
    find_estimator,
    harmonise,
    impute_median,
    only,
    regress_confounds,
    select_best,
    standardise,
)
from defaultmode.prediction.cohort import Array
from defaultmode.prediction.steps import Step
from defaultmode.statistics.groups_named import CONTROLS
from defaultmode.statistics.occasions import Occasions

PREVALENCE, MEAN, TOGETHER = "prevalence", "mean", "measures and clinical"


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """A cohort with its models; the first is the one in question, the last knows nothing.

    n_without_outcome, n_without_baseline, n_controls : participants of the study left out
    n_missing : values of the predictors that are filled within the folds
    """

    cohort: Cohort
    models: tuple[Model, ...]
    n_without_outcome: int
    n_without_baseline: int
    n_controls: int
    n_missing: int


def ready_cohort(
    occasions: Occasions, outcome: Outcome, predictors: Predictors, asked: PredictSettings
) -> Ready:
    """The participants with an outcome and a baseline, and the models to compare on them.

    Raises E429 (too few), E431 (perfect separation), E430 (a confound that is no predictor).
    """
    spared = controls_left_out(occasions, outcome)
    who = occasions.participant[predictors.rows]
    known = np.isfinite(outcome.values) & ~spared
    rows = known[who]
    people, participant = np.unique(who[rows], return_inverse=True)
    check_enough(outcome.values[people], outcome.kind)
    names = [p.name for p in predictors.found]
    table = np.full((int(rows.sum()), len(names)), np.nan)
    for i, predictor in enumerate(predictors.found):
        table[:, i] = predictor.values[rows]
    sites = np.unique(occasions.site.astype(str), return_inverse=True)[1]
    cohort = Cohort(
        table,
        outcome.values[people],
        participant.astype(np.intp),
        sites[who[rows]].astype(np.intp),
        _confounds(table, names, asked.regress),
        outcome.kind,
    )
    check_comparable(cohort.outcome, cohort.block, cohort.kind)
    check_not_separated(cohort, names)
    return Ready(
        cohort,
        tuple(_models(cohort, predictors, asked)),
        n_without_outcome=int((~known & ~spared).sum()),
        n_without_baseline=int(known.sum()) - len(people) + outcome.n_elsewhere,
        n_controls=int(spared.sum()),
        n_missing=int((~np.isfinite(table)).sum()),
    )


def controls_left_out(occasions: Occasions, outcome: Outcome) -> NDArray[np.bool_]:
    """Controls, (n_people,), where the outcome is what became of those who were treated."""
    return np.asarray(
        (occasions.group == CONTROLS) & (outcome.session not in {"", outcome.baseline})
    )


def _confounds(table: Array, names: Sequence[str], wanted: Sequence[str]) -> Array:
    """The columns to be taken out of the measures, by the names of columns or of measures."""
    bare = [{name, name.split(": ")[0], name.split("__")[0]} for name in names]
    for confound in wanted:
        if not any(confound in name for name in bare):
            msg = f"{confound!r} is not known at baseline and cannot be taken out of the measures."
            raise DefaultModeError("E430", msg)
    return table[:, [i for i, name in enumerate(bare) if name & set(wanted)]]


def _models(cohort: Cohort, predictors: Predictors, asked: PredictSettings) -> Iterator[Model]:
    """Measures first where there are any, then what they must be better than."""
    fit = find_estimator(asked.estimator, cohort.kind).fit
    block = np.array([p.block for p in predictors.found], dtype=object)
    place = {name: np.flatnonzero(block == name) for name in (MEASURES, CLINICAL, MOTION, SITE)}
    measures, clinical = place[MEASURES], place[CLINICAL]
    steps = tuple(_steps(cohort, len(measures), asked))
    if len(measures):
        yield Model(MEASURES, measures, steps, fit)
    if len(measures) and len(clinical):
        yield Model(TOGETHER, np.concatenate([measures, clinical]), steps, fit)
    for name in (CLINICAL, MOTION, SITE):
        if len(place[name]):
            yield Model(name, place[name], (impute_median, standardise), fit)
    nothing = PREVALENCE if cohort.kind == "binary" else MEAN
    yield Model(nothing, np.zeros(0, dtype=np.intp), (impute_median, standardise), fit)


def _steps(cohort: Cohort, n_measures: int, asked: PredictSettings) -> Iterator[Step]:
    """What is learnt in each training set before the model; measures are the first columns."""
    measures = np.arange(n_measures)
    yield impute_median
    if asked.harmonise == "combat" and len(np.unique(cohort.site)) > 1:
        yield partial(only, step=harmonise, columns=measures)
    if asked.regress:
        yield partial(only, step=regress_confounds, columns=measures)
    if 0 < asked.select < n_measures:
        yield partial(only, step=partial(select_best, count=asked.select), columns=measures)
    yield standardise
