"""What a prediction found, as the table, the sentence and the notes that everybody reads."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from math import isnan, nan

import pandas as pd

from defaultmode.core.result import Estimate, Result
from defaultmode.pipeline.predict_settings import PredictSettings
from defaultmode.pipeline.predicted_outcome import Outcome
from defaultmode.pipeline.prediction_cohort import TOGETHER, Ready
from defaultmode.pipeline.predictors import CLINICAL, MEASURES, MOTION, SITE, Predictors
from defaultmode.prediction import (
    CITES,
    OutOfFold,
    added,
    evaluate,
    find_estimator,
    leaves_sites_out,
    sample_size,
)
from defaultmode.prediction.learning import Point
from defaultmode.prediction.sample_size import SampleSize

COLUMNS = (
    "model", "metric", "value", "ci_low", "ci_high", "baseline", "p", "p_permuted", "n",
    "n_features", "reason",
)  # fmt: skip
CAUTION = (
    "This says how well a cohort is predicted, in these data alone. It is no prediction and no "
    "advice for any person, and nothing in it was tried on other data."
)
LEAD = {"binary": "AUC", "continuous": "out-of-sample R²"}  # what models are compared by
ABSENT = {
    MEASURES: "the study has no measure at baseline",
    CLINICAL: "no clinical column is known to be of the baseline",
    MOTION: "head motion was not recorded",
    SITE: "no site, scanner or arm is recorded",
}


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A prediction: what of, from what, by which models, and how well participants were told.

    seen : one for each of the models of `ready`, the one in question first
    p_permuted : of that one, NaN where no permutation was asked for
    """

    outcome: Outcome
    predictors: Predictors
    ready: Ready
    seen: tuple[OutOfFold, ...]
    curve: tuple[Point, ...]
    p_permuted: float

    @property
    def size(self) -> SampleSize:
        """What the number of participants is against what the first model needs."""
        outcome = self.ready.cohort.outcome
        prevalence = float(outcome.mean()) if self.outcome.kind == "binary" else None
        return sample_size(len(outcome), len(self.ready.models[0].features), prevalence=prevalence)

    @property
    def leaves_sites_out(self) -> bool:
        """Whether each fold was a site."""
        cohort = self.ready.cohort
        return leaves_sites_out(cohort.outcome, cohort.block, cohort.kind)


def result_of(found: Found, asked: PredictSettings) -> Result:
    """The figures of every model, and what the first has more than each of the others."""
    table = pd.DataFrame(list(_rows(found, asked)), columns=list(COLUMNS))
    estimator = find_estimator(asked.estimator, found.outcome.kind)
    cites = {*CITES, *estimator.cites, "Collins2024", "Riley2020", "Phipson2010", "Winkler2014"}
    if asked.harmonise == "combat":
        cites |= {"Johnson2007", "Fortin2018"}
    return Result(
        table=table,
        sentence=_sentence(table, found),
        cites=tuple(sorted(cites)),
        seed=asked.seed,
        settings=asdict(asked),
        notes=tuple(_notes(found, asked)),
    )


def _rows(found: Found, asked: PredictSettings) -> Iterator[tuple[object, ...]]:
    models = found.ready.models
    for i, (model, seen) in enumerate(zip(models, found.seen, strict=True)):
        for j, estimate in enumerate(evaluate(seen, asked.base_rates)):
            p = found.p_permuted if i == j == 0 else nan
            yield _row(model.name, estimate, "", p=p, n_features=len(model.features))
    for ours, other in _compared([m.name for m in models]):
        for estimate in added(found.seen[ours], found.seen[other]):
            n_features = len(models[ours].features)
            yield _row(
                models[ours].name, estimate, models[other].name, p=nan, n_features=n_features
            )
    for name in (MEASURES, CLINICAL, MOTION, SITE):
        if not found.predictors.names(name):
            lead = LEAD[found.outcome.kind]
            yield _row(name, Estimate(lead, reason=ABSENT[name]), "", p=nan, n_features=0)


def _compared(names: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The first model with each simpler one, and what it adds to the clinical columns."""
    yield from ((0, i) for i, name in enumerate(names) if i and name != TOGETHER)
    if TOGETHER in names:
        yield names.index(TOGETHER), names.index(CLINICAL)


def _row(
    model: str, estimate: Estimate, baseline: str, *, p: float, n_features: int
) -> tuple[object, ...]:
    e = estimate
    return (
        model, e.statistic, e.value, e.ci_low, e.ci_high, baseline, e.p, p, e.n, n_features,
        e.reason,
    )  # fmt: skip


def _sentence(table: pd.DataFrame, found: Found) -> str:
    """The leading figure of every model, the differences and the permutation test, in words."""
    lead = LEAD[found.outcome.kind]
    own = table[(table["metric"] == lead) & table["value"].notna()]
    gained = table[(table["metric"] == f"difference in {lead}") & table["value"].notna()]
    first, *others = [
        f"{r.model} {r.value:.2f} [{r.ci_low:.2f}, {r.ci_high:.2f}]" for r in own.itertuples()
    ]
    differences = [
        f"{r.model} less {r.baseline} {r.value:+.2f} [{r.ci_low:.2f}, {r.ci_high:.2f}]"
        for r in gained.itertuples()
    ]
    chance = "" if isnan(found.p_permuted) else f" (p = {found.p_permuted:.3g} by permutation)"
    return (
        f"{found.outcome.sentence}, {found.ready.cohort.n} participants, {lead}: {first}{chance}. "
        f"Beside it: {'; '.join(others)}. Differences: {'; '.join(differences)}."
    )


def _notes(found: Found, asked: PredictSettings) -> Iterator[str]:
    """What a reader must know before believing it."""
    ready, outcome = found.ready, found.outcome
    yield CAUTION
    if found.size.n < found.size.needed:
        yield f"Too few participants for a model that others could use: {found.size.sentence}"
    if outcome.session in {"", outcome.baseline}:
        yield (
            "When the outcome came to be is not recorded, or it is of the same session as the "
            "features: this tells groups apart, it does not foresee."
        )
    if outcome.kind == "binary":
        yield (
            "The AUC compares participants of one fold and one site only. Intervals are widened "
            "by Nadeau and Bengio's term for what the models owe to their training sets."
        )
    if MOTION not in {m.name for m in ready.models}:
        yield "Head motion was not recorded: that motion alone would do as well is not ruled out."
    yield from _about_people(ready)
    if asked.harmonise == "combat" and ready.cohort.site.max(initial=0) > 0:
        yield "ComBat was learnt in each training set; a site that it lacks keeps its values."
    if found.predictors.denoise:
        yield (
            f"Measures are of the preset {found.predictors.denoise} and the atlas "
            f"{found.predictors.atlas}; to try several and report the best would be a leak."
        )


def _about_people(ready: Ready) -> Iterator[str]:
    if ready.n_without_outcome or ready.n_without_baseline:
        yield (
            f"Left out: {ready.n_without_outcome} participants without the outcome, "
            f"{ready.n_without_baseline} without a baseline."
        )
    if ready.n_controls:
        yield f"Left out: {ready.n_controls} controls, who have nothing to recover from."
    yield f"Missing values of predictors, filled by the training median: {ready.n_missing}."
