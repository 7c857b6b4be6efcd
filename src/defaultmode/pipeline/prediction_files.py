"""The files of a prediction: figures of a cohort, and never a probability of a person."""

from collections.abc import Iterator
from dataclasses import asdict

from defaultmode import __version__
from defaultmode.core.result import Result
from defaultmode.outputs.text import as_json, table
from defaultmode.pipeline.predict_settings import PredictSettings
from defaultmode.pipeline.prediction_found import Found
from defaultmode.pipeline.predictors import CLINICAL, MEASURES, MOTION, SITE
from defaultmode.prediction import calibration_bins, decision_curve, find_estimator, tripod_rows
from defaultmode.prediction.splits import N_FOLDS

CALIBRATION = ("model", "n", "predicted", "observed", "ci_low", "ci_high")
DECISION = ("model", "threshold", "net_benefit", "treat_all", "treat_none")
LEARNING = ("model", "n_participants", "n_draws", "value", "sd")
TRIPOD = ("item", "where", "asks", "known")


def prediction_files(found: Found, result: Result, asked: PredictSettings) -> dict[str, str]:
    """Every file as path → text."""
    rows = result.table.itertuples(index=False, name=None)
    return {
        "prediction.tsv": table(list(result.table.columns), rows),
        "prediction.json": as_json(_described(found, result, asked)),
        "calibration.tsv": table(CALIBRATION, _calibration(found)),
        "decision_curve.tsv": table(DECISION, _decisions(found)),
        "learning_curve.tsv": table(
            LEARNING,
            ((found.ready.models[0].name, p.n, p.n_draws, p.value, p.sd) for p in found.curve),
        ),
        "tripod_ai.tsv": table(TRIPOD, tripod_rows(facts_of(found, result, asked))),
    }


def _calibration(found: Found) -> Iterator[tuple[object, ...]]:
    for model, seen in zip(found.ready.models, found.seen, strict=True):
        if seen.kind == "binary":
            for b in calibration_bins(seen):
                yield model.name, b.n, b.predicted, b.observed, b.ci_low, b.ci_high


def _decisions(found: Found) -> Iterator[tuple[object, ...]]:
    for model, seen in zip(found.ready.models, found.seen, strict=True):
        if seen.kind == "binary":
            for b in decision_curve(seen):
                yield model.name, b.threshold, b.model, b.treat_all, b.treat_none


def _described(found: Found, result: Result, asked: PredictSettings) -> dict[str, object]:
    """What was asked, what was used, what was left out and why."""
    blocks = (MEASURES, CLINICAL, MOTION, SITE)
    chosen = {
        "denoise": found.predictors.denoise,
        "atlas": found.predictors.atlas,
        "baseline": found.outcome.baseline,
        "session": found.outcome.session,
    }
    return {
        "Description": "How well a cohort's outcome is told by its baseline; of nobody by name.",
        "Outcome": found.outcome.sentence,
        "Baseline": found.outcome.baseline or "n/a",
        "Participants": len(found.ready.cohort.outcome),
        "WithoutOutcome": found.ready.n_without_outcome,
        "WithoutBaseline": found.ready.n_without_baseline,
        "ControlsLeftOut": found.ready.n_controls,
        "Predictors": {name: found.predictors.names(name) for name in blocks},
        "LeftOut": dict(found.predictors.left_out),
        "Models": {m.name: len(m.features) for m in found.ready.models},
        "Validation": validation_of(found, asked),
        "SampleSize": asdict(found.size) | {"needed": found.size.needed},
        "Settings": asdict(asked) | chosen,
        "Sentence": result.sentence,
        "Notes": list(result.notes),
        "Sources": list(result.cites),
        "Seed": asked.seed,
        "GeneratedBy": f"defaultmode {__version__}",
    }


def validation_of(found: Found, asked: PredictSettings) -> str:
    """How participants were kept apart, in words."""
    if found.leaves_sites_out:
        outer = f"each of {int(found.ready.cohort.block.max()) + 1} sites left out once"
    else:
        outer = f"{N_FOLDS} folds of whole participants, {asked.repeats} times anew"
    return f"{outer}; the penalty tuned in an inner loop on the training participants"


def facts_of(found: Found, result: Result, asked: PredictSettings) -> dict[str, str]:
    """What is known for the TRIPOD+AI table, by the keys of `tripod.toml`."""
    cohort, outcome, names = found.ready.cohort, found.outcome, found.predictors.names
    with_it = int(cohort.outcome.sum()) if outcome.kind == "binary" else 0
    events = f", {with_it} of them with {outcome.level}" if outcome.kind == "binary" else ""
    return {
        "aim": "development, with internal validation only",
        "data": f"{cohort.n} participants with outcome and baseline",
        "sites": f"{int(cohort.site.max(initial=0)) + 1} sites",
        "preparation": f"preset {found.predictors.denoise or 'n/a'}, atlas "
        f"{found.predictors.atlas or 'n/a'}, steps learnt in each training set: medians for gaps, "
        f"scaling, harmonisation {asked.harmonise}, confounds {', '.join(asked.regress) or 'none'}",
        "outcome": outcome.sentence,
        "predictors": "; ".join(
            f"{len(names(b))} {b}" for b in (MEASURES, CLINICAL, MOTION, SITE) if names(b)
        )
        + f", at {found.outcome.baseline or 'the only session'}; named in prediction.json",
        "sample_size": found.size.sentence,
        "missing": f"{found.ready.n_without_outcome} without outcome left out; "
        f"{found.ready.n_missing} values of predictors filled by the training median",
        "analysis": find_estimator(asked.estimator, outcome.kind).sentence,
        "validation": validation_of(found, asked),
        "performance": "figures and sources in prediction.tsv, calibration.tsv, decision_curve.tsv",
        "imbalance": "nothing; folds keep the share of the classes, no resampling",
        "output": "a probability, called positive above the prevalence of the training set"
        if outcome.kind == "binary"
        else "a value in the outcome's unit",
        "difference": "none: both are parts of one cohort"
        + (", of other sites" if found.leaves_sites_out else ""),
        "code": f"defaultmode {__version__}, seed {asked.seed}",
        "participants": f"{cohort.n} analysed, {found.ready.n_without_outcome} without outcome, "
        f"{found.ready.n_without_baseline} without baseline",
        "events": f"{cohort.n} participants{events}",
        "specification": "no model is released: it is not meant for use on people",
        "results": result.sentence,
        "updating": "none",
        "limitations": " ".join(result.notes),
        "use": "research on cohorts only",
    }
