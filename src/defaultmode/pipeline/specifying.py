"""Every claim under every denoising preset and adjustment: one row of numbers each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from defaultmode.claims import Claim, Test
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.result import Estimate
from defaultmode.pipeline.claim_columns import (
    MOTION,
    Case,
    Ground,
    between_covariates,
    motion_covariate,
    physiology_covariates,
)
from defaultmode.pipeline.mixed_claims import mixed_effect, several_rows
from defaultmode.pipeline.responding import responders_of
from defaultmode.pipeline.special_claims import SPECIAL
from defaultmode.statistics.answers import answer, estimate
from defaultmode.statistics.matching import matched
from defaultmode.statistics.question import Array, Cells, Question, Setup
from defaultmode.statistics.setups import set_up

UNMEASURED = "none"  # in place of a preset, in a study of clinical tables alone
CLINICAL = "clinical"  # in place of a preset, for tests of clinical scales alone
KETAMINES = ("ketamine", "esketamine", "arketamine")
INERT = ("placebo", "midazolam")
PLAIN, COVARIATES, ADJUSTED = "none", "covariates", "covariates and motion"
PHYSIOLOGICAL, MATCHED = "covariates, motion and physiology", "matched motion"
OF_REGIONS = {"overlap", "enrichment"}  # their outcome is a map, which is no column of the study
BETWEEN = {"patients - controls", "correlation"}
MIXED = {"patients - controls", "treatment - reference"}
MIXED_MODEL = "mixed model"
MATCHABLE = {"patients - controls", "treatment - reference", "responders - others"}
ADJUSTABLE = {
    *BETWEEN, "treatment - reference", "change with change", "responders - others",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Specification:
    """One way to test a claim, and what it gave.

    adjustment : what the effect is adjusted for; decides : whether the verdict rests on it
    treatment : what stands in for the claim's treatment, "" where it is the claim's own
    """

    claim: Claim
    test: Test
    atlas: str
    denoise: str
    adjustment: str
    outcome: str
    estimate: Estimate
    setup: Setup | None
    decides: bool = True
    treatment: str = ""


def specifications(ground: Ground, claim: Claim) -> Iterator[Specification]:
    """Every specification of a claim's tests, in order."""
    for test in claim.tests:
        for denoise in presets_of(ground, test):
            for atlas in ground.atlases[:1] if denoise == CLINICAL else ground.atlases:
                yield from _of_test(ground, claim, test, (atlas, denoise))


def presets_of(ground: Ground, test: Test) -> tuple[str, ...]:
    """The presets under which a test is run: those measured, or one for clinical scales alone."""
    of_measures = test.of == "measure" or (test.partner and test.partner_of == "measure")
    return (tuple(ground.presets) or (UNMEASURED,)) if of_measures else (CLINICAL,)


def _of_test(
    ground: Ground, claim: Claim, test: Test, place: tuple[str, str]
) -> Iterator[Specification]:
    atlas, denoise = place
    column, missing = outcome_column(ground, test, denoise)
    base = Specification(claim, test, atlas, denoise, PLAIN, column, Estimate(""), None)
    if missing:
        yield replace(base, estimate=Estimate("", reason=missing, code="E438"))
        return
    treatment, instead = treatment_of(ground, test)
    yield from adjusted(ground, base, treatment=treatment)
    if instead:
        stand_in = replace(base, treatment=instead, decides=False)
        yield from adjusted(ground, stand_in, treatment=instead)


def adjusted(ground: Ground, base: Specification, *, treatment: str) -> Iterator[Specification]:
    """A specification under every adjustment that the study allows; the fullest decides."""
    sets = adjustments(ground, base.test, base.denoise)
    cells = Cells(ground.occasions, rows_of(ground, base))
    last = [name for name in sets if name != PHYSIOLOGICAL][-1]
    for name, covariates in sets.items():
        question = question_of(ground, base.test, base.denoise, covariates=covariates)
        question = replace(question, treatment=treatment)
        case = Case(
            ground, question, cells, base.denoise, base.atlas, base.test.outcome, ground.seed
        )
        found, setup = answered(case)
        yield replace(
            base, adjustment=name, estimate=_in_unit(ground, base, found), setup=setup,
            decides=base.decides and name == last,
        )  # fmt: skip
    if found.code != "E438":  # the design has what the test needs
        yield from by_mixed_model(ground, base, question, adjustment=name)
        yield from in_matched_motion(ground, base, treatment=treatment)


def by_mixed_model(
    ground: Ground, base: Specification, question: Question, *, adjustment: str
) -> Iterator[Specification]:
    """The same test from all rows, where people or sites have several."""
    cells = Cells(ground.occasions, rows_of(ground, base))
    if base.test.contrast not in MIXED or not several_rows(question, cells):
        return
    found = mixed_effect(question, cells)
    name = MIXED_MODEL if adjustment == PLAIN else f"{MIXED_MODEL}, {adjustment}"
    shown = _in_unit(ground, base, found)
    yield replace(base, adjustment=name, estimate=shown, decides=False)


def in_matched_motion(
    ground: Ground, base: Specification, *, treatment: str
) -> Iterator[Specification]:
    """The same test where motion is alike in those compared, for groups and conditions."""
    motion = motion_covariate(ground, base.denoise) if base.test.of == "measure" else {}
    if not motion or base.test.contrast not in MATCHABLE:
        return
    cells = Cells(ground.occasions, rows_of(ground, base))
    asked = question_of(ground, base.test, base.denoise, covariates=motion)
    try:
        whole = set_up(replace(asked, treatment=treatment), cells)
        place = whole.names.index(MOTION)
        found = estimate(matched(whole.without(MOTION), whole.covariates[:, place]))
    except DefaultModeError as why:
        found = Estimate("", reason=why.detail, code=why.code)
    shown = _in_unit(ground, base, found)
    yield replace(base, adjustment=MATCHED, estimate=shown, decides=False)


def answered(case: Case) -> tuple[Estimate, Setup | None]:
    """The estimate of a question, by one coefficient or by what its contrast needs."""
    special = SPECIAL.get(case.question.contrast)
    if special is None:
        return answer(case.question, case.cells)
    try:
        return special(case), None
    except DefaultModeError as why:
        return Estimate("", reason=why.detail, code=why.code), None


def adjustments(ground: Ground, test: Test, denoise: str) -> dict[str, dict[str, Array]]:
    """Name of the adjustment → its covariates, from none to the fullest."""
    sets: dict[str, dict[str, Array]] = {PLAIN: {}}
    if test.contrast not in ADJUSTABLE:
        return sets
    covariates = between_covariates(ground) if test.contrast in BETWEEN else {}
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
    ground: Ground, test: Test, denoise: str, *, covariates: Mapping[str, Array]
) -> Question:
    """The test as a question to the study's columns."""
    column, _ = outcome_column(ground, test, denoise)
    values = ground.numbers(column) if column in ground.study.columns else ground.nothing
    if test.log:
        positive = np.where(values > 0, values, np.nan)
        values = np.log(positive)
    return Question(
        contrast=test.contrast,
        outcome=values,
        treatment=test.treatment,
        reference=test.reference,
        phase=test.phase,
        group=test.group,
        null=test.null,
        partner=partner_values(ground, test, denoise),
        partner_phase=test.partner_phase,
        covariates=covariates,
        responders=responders_of(ground, test.treatment) if asks_responders(test) else None,
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
    if not test.partner:
        return None
    if test.partner_of == "construct":
        column = ground.of_construct(test.partner)
    else:
        column = ground.measured(test.partner, denoise)
    return ground.numbers(column.name) if column else None


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


def rows_of(ground: Ground, base: Specification) -> NDArray[np.bool_]:
    """Rows of an atlas, at rest unless the measure is one of a task, (n_rows,)."""
    here = ground.occasions.atlas == base.atlas
    if base.test.outcome.startswith(("task_", "function_", "default_dominance_task")):
        return np.asarray(here)
    return np.asarray(here & ground.resting())


def _in_unit(ground: Ground, base: Specification, estimate: Estimate) -> Estimate:
    about = ground.study.columns.get(base.outcome)
    unit = about.unit if about else ""
    return replace(estimate, unit=f"log({unit})" if base.test.log and unit else unit)
