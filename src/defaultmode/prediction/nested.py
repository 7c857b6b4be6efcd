"""Nested cross-validation: tuned in an inner loop, tried on participants never seen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.prediction.cohort import Array, Codes, Cohort, Kind
from defaultmode.prediction.estimators import FitPath
from defaultmode.prediction.splits import inner_folds, outer_folds
from defaultmode.prediction.steps import Step, fit_steps, participant_means


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """One way to predict: which features, what is done to them, what is fitted to them."""

    name: str
    features: Codes
    steps: tuple[Step, ...]
    fit: FitPath


@dataclass(frozen=True, slots=True, eq=False)
class Splits:
    """Who is left out when, the same for every model that is compared.

    outer : fold of each participant in each repeat, (n_repeats, n_participants)
    inner : (n_repeats, n_folds, n_participants), fold in the tuning of that outer fold, −1 for
        those that are left out
    """

    outer: Codes
    inner: Codes


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """What was predicted for participants that the model had not seen; never written to a file.

    score : (n_repeats, n_participants), log odds or predicted value
    expected : of the training participants, share with the outcome or mean, as `score`
    fold : (n_repeats, n_participants); outcome, block : (n_participants,)
    """

    score: Array
    expected: Array
    fold: Codes
    outcome: Array
    block: Codes
    kind: Kind


def splits_of(cohort: Cohort, *, n_repeats: int, rng: np.random.Generator) -> Splits:
    """Outer folds, and within the training participants of each the folds of tuning."""
    block = cohort.block
    outer = outer_folds(cohort.outcome, block, cohort.kind, n_repeats=n_repeats, rng=rng)
    inner = np.full((len(outer), int(outer.max()) + 1, cohort.n), -1, dtype=np.intp)
    for repeat, fold, train in _training(outer):
        inner[repeat, fold, train] = inner_folds(
            cohort.outcome[train], block[train], cohort.kind, rng=rng
        )
    return Splits(outer, inner)


def predict_unseen(cohort: Cohort, model: Model, splits: Splits) -> OutOfFold:
    """Scores of every participant by models that were tuned and fitted without them."""
    mine = cohort.columns(model.features)
    score = np.empty(splits.outer.shape)
    expected = np.empty(splits.outer.shape)
    for repeat, fold, train in _training(splits.outer):
        chosen = _tuned(mine.of(train), model, splits.inner[repeat, fold, train])
        score[repeat, ~train] = _scores(mine.of(train), mine.of(~train), model)[:, chosen]
        expected[repeat, ~train] = cohort.outcome[train].mean()
    return OutOfFold(score, expected, splits.outer, cohort.outcome, cohort.block, cohort.kind)


def _training(outer: Codes) -> Iterator[tuple[int, int, NDArray[np.bool_]]]:
    for repeat, folds in enumerate(outer):
        for fold in np.unique(folds):
            yield repeat, int(fold), folds != fold


def _tuned(train: Cohort, model: Model, inner: Codes) -> int:
    """The penalty with the smallest loss over the inner folds; the strongest of equals."""
    loss = 0.0
    for fold in np.unique(inner):
        held = inner == fold
        scores = _scores(train.of(~held), train.of(held), model)
        loss = loss + _losses(scores, train.outcome[held], train.kind).sum(axis=0)
    return int(np.argmin(loss))


def _scores(train: Cohort, test: Cohort, model: Model) -> Array:
    """Score of each test participant at each penalty, (n_participants, n_penalties).

    A participant with several rows weighs as much as their rows in the fit, and has their mean
    score.
    """
    ready, apply = fit_steps(model.steps, train)
    slopes, intercepts = model.fit(ready.features, ready.row_outcome)
    scores = apply(test).features @ slopes + intercepts
    return participant_means(scores, test.participant, test.n)


def _losses(scores: Array, outcome: Array, kind: Kind) -> Array:
    if kind == "continuous":
        return (outcome[:, None] - scores) ** 2
    return np.logaddexp(0.0, scores) - outcome[:, None] * scores


def check_not_separated(cohort: Cohort, names: Sequence[str]) -> None:
    """Raise E431 where one feature alone tells the classes apart without an error.

    In a cohort of this size that is a leak, or the outcome under another name.
    """
    if cohort.kind == "continuous":
        return
    with_it = cohort.row_outcome == 1
    for name, values in zip(names, cohort.features.T, strict=True):
        a, b = (v[np.isfinite(v)] for v in (values[with_it], values[~with_it]))
        if len(a) and len(b) and (a.min() > b.max() or b.min() > a.max()):
            msg = f"{name!r} is larger in everybody of one class than in anybody of the other."
            raise DefaultModeError("E431", msg)
