"""What the whole procedure gives where there is nothing to be found."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from defaultmode.prediction.cohort import Array, Cohort, cohort
from defaultmode.prediction.discrimination import estimate
from defaultmode.prediction.estimators import find_estimator
from defaultmode.prediction.evaluation import leading_score
from defaultmode.prediction.nested import Model, predict_unseen, splits_of
from defaultmode.prediction.steps import impute_median, standardise


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """Some runs of the whole procedure, each with its own random stream; it travels to a worker.

    permuted : labels change hands before each
    """

    cohort: Cohort
    model: Model
    n_repeats: int
    streams: tuple[np.random.SeedSequence, ...]
    permuted: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class NullReport:
    """What many data sets without any signal gave, all of shape (n_sets,).

    auc : should centre on 0.5; covered : whether its 95 % interval holds 0.5
    p : of the permutation test, NaN where none was asked for; should be uniform
    """

    auc: Array
    covered: NDArray[np.bool_]
    p: Array


def permute(people: Cohort, rng: np.random.Generator) -> Cohort:
    """The cohort with the outcomes of whole participants exchanged within their site.

    Whoever has several rows keeps them together; Winkler et al. (2014).
    """
    outcome = people.outcome.copy()
    for site in np.unique(people.block):
        here = np.flatnonzero(people.block == site)
        outcome[here] = outcome[rng.permutation(here)]
    return replace(people, outcome=outcome)


def run_trials(trials: Trials) -> list[float]:
    """The leading figure of each run: splits, tuning, transformations and all, done anew."""
    found = []
    for stream in trials.streams:
        rng = np.random.default_rng(stream)
        people = permute(trials.cohort, rng) if trials.permuted else trials.cohort
        splits = splits_of(people, n_repeats=trials.n_repeats, rng=rng)
        found.append(leading_score(predict_unseen(people, trials.model, splits)).value)
    return found


def permutation_p(observed: float, permuted: Sequence[float]) -> float:
    """Share of the runs at least as good, the observed one among them; NaN where there is none.

    Phipson & Smyth (2010).
    """
    if not np.isfinite(observed):
        return float("nan")
    values = np.asarray(permuted, dtype=np.float64)
    known = values[np.isfinite(values)]
    # equal but for rounding is equal: a p value must not be too small
    at_least = (known >= observed - 1e-12).sum()
    return float((1 + at_least) / (1 + len(known)))


def null_data_sets(
    n_sets: int,
    *,
    rng: np.random.Generator,
    n: int = 60,
    n_features: int = 20,
    n_permutations: int = 0,
) -> NullReport:
    """Predict balanced outcomes from noise, many times over: what a benchmark of honesty needs."""
    outcome = (np.arange(n) % 2).astype(np.float64)
    fit = find_estimator("ridge", "binary").fit
    model = Model("measures", np.arange(n_features), (impute_median, standardise), fit)
    auc, p, covered = np.empty(n_sets), np.full(n_sets, np.nan), np.empty(n_sets, dtype=bool)
    for i in range(n_sets):
        people = cohort(rng.normal(size=(n, n_features)), outcome)
        seen = predict_unseen(people, model, splits_of(people, n_repeats=1, rng=rng))
        found = estimate(leading_score(seen), n)
        auc[i], covered[i] = found.value, found.ci_low <= 0.5 <= found.ci_high
        if n_permutations:
            streams = tuple(np.random.SeedSequence(int(rng.integers(2**63))).spawn(n_permutations))
            p[i] = permutation_p(found.value, run_trials(Trials(people, model, 1, streams)))
    return NullReport(auc, covered, p)
