"""From a claim's test to a question: which columns, rows, treatment and covariates."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from defaultmode.claims import Test
from defaultmode.pipeline.claim_columns import (
    Ground,
    between_covariates,
    motion_covariate,
    physiology_covariates,
)
from defaultmode.pipeline.responding import responders_of
from defaultmode.statistics.question import Array, Question

UNMEASURED = "none"  # in place of a preset, in a study of clinical tables alone
CLINICAL = "clinical"  # in place of a preset, for tests of clinical scales alone
KETAMINES = ("ketamine", "esketamine", "arketamine")
INERT = ("placebo", "midazolam")
PLAIN, COVARIATES, ADJUSTED = "none", "covariates", "covariates and motion"
PHYSIOLOGICAL = "covariates, motion and physiology"
OF_REGIONS = {"overlap", "enrichment"}  # their outcome is a map, which is no column of the study
BETWEEN = {"patients - controls", "correlation"}
PLANNED = {"treatment - reference", "responders - others"}  # where a plan names covariates
ADJUSTABLE = {
    *BETWEEN, "treatment - reference", "change with change", "responders - others",
}  # fmt: skip
FROM_ZERO = ("dissociation", "altered_states", "intensity")  # ratings of the drug's own effect
OF_TASKS = ("task_", "function_", "default_dominance_task")  # measures of a task, not of rest


def presets_of(ground: Ground, test: Test) -> tuple[str, ...]:
    """The presets under which a test is run: those measured, or one for clinical scales alone."""
    of_measures = test.of == "measure" or (test.partner and test.partner_of == "measure")
    return (tuple(ground.presets) or (UNMEASURED,)) if of_measures else (CLINICAL,)


def treatment_of(ground: Ground, test: Test) -> tuple[str, str]:
    """The treatment of a claim as the study has it, and another that could stand in for it."""
    have = ground.occasions.treatments
    if test.treatment not in KETAMINES:
        return test.treatment, ""
    named = [t for t in (test.treatment, *KETAMINES) if t in have]
    if named:
        return named[0], ""
    others = [t for t in have if t not in (*INERT, test.reference)]
    return test.treatment, others[0] if others else ""


def rows_of(ground: Ground, test: Test, atlas: str) -> NDArray[np.bool_]:
    """Rows of an atlas, at rest unless the measure is one of a task, (n_rows,)."""
    here = ground.occasions.atlas == atlas
    if test.outcome.startswith(OF_TASKS):
        return np.asarray(here)
    return np.asarray(here & ground.occasions.resting)


def adjustments(ground: Ground, test: Test, denoise: str) -> dict[str, dict[str, Array]]:
    """Name of the adjustment → its covariates, from none to the fullest."""
    sets: dict[str, dict[str, Array]] = {PLAIN: {}}
    if test.contrast not in ADJUSTABLE:
        return sets
    asked = BETWEEN | (PLANNED if ground.plan.covariates else set())
    covariates = between_covariates(ground) if test.contrast in asked else {}
    if covariates:
        sets[COVARIATES] = covariates
    motion = motion_covariate(ground, denoise) if test.of == "measure" else {}
    if motion and ground.plan.motion:
        sets[ADJUSTED if covariates else "motion"] = covariates | motion
        physiology = physiology_covariates(ground)
        if physiology:
            sets[PHYSIOLOGICAL] = covariates | motion | physiology
    return sets


def question_of(
    ground: Ground, test: Test, denoise: str, *, treatment: str, covariates: Mapping[str, Array]
) -> Question:
    """The test as a question to the study's columns, of a treatment as the study has it."""
    column, _ = outcome_column(ground, test, denoise)
    values = ground.numbers(column) if column in ground.study.columns else ground.nothing
    if test.log:
        positive = np.where(values > 0, values, np.nan)
        values = np.log(positive)
    return Question(
        contrast=test.contrast,
        outcome=values,
        treatment=treatment,
        reference=test.reference,
        phase=test.phase,
        group=test.group,
        null=test.null,
        partner=partner_values(ground, test, denoise),
        partner_phase=test.partner_phase,
        covariates=covariates,
        responders=responders_of(ground, treatment) if asks_responders(test) else None,
        from_zero=(
            test.of == "construct" and test.outcome in FROM_ZERO,
            test.partner_of == "construct" and test.partner in FROM_ZERO,
        ),
    )


def asks_responders(test: Test) -> bool:
    """Whether a test needs to know who responded."""
    return test.contrast == "responders - others" or test.group == "responders"


def outcome_column(ground: Ground, test: Test, denoise: str) -> tuple[str, str]:
    """The column that a test is about, and why there is none where there is none."""
    if test.of == "construct":
        found = ground.of_construct(test.outcome)
        return (found.name, "") if found else ("", f"the study has no scale of {test.outcome}")
    if test.contrast in OF_REGIONS:
        return test.outcome, ""
    if denoise == UNMEASURED:
        return "", "nothing was measured: the study has clinical tables alone"
    found = ground.measured(test.outcome, denoise)
    if found is None or not np.isfinite(ground.numbers(found.name)).any():
        return "", f"{test.outcome} was not measured under {denoise}: {why(ground, test.outcome)}"
    return found.name, ""


def why(ground: Ground, measure: str) -> str:
    """The commonest reason in the missing table for a measure that is not there."""
    table = ground.study.missing
    rows = table[table["what"].astype(str).str.contains(rf"\b{measure}\b", regex=True)]
    if not len(rows):
        return "it is not among the measures of this study"
    return str(rows["reason"].value_counts().index[0])


def partner_values(ground: Ground, test: Test, denoise: str) -> Array | None:
    """Values of what the outcome is set against, None where the study has none."""
    if not test.partner and asks_responders(test):  # they responded by this score
        scale = ground.of_construct("depression")
        return ground.numbers(scale.name) if scale else None
    if not test.partner:
        return None
    if test.partner_of == "construct":
        column = ground.of_construct(test.partner)
    else:
        column = ground.measured(test.partner, denoise)
    return ground.numbers(column.name) if column else None
