"""Every claim under every denoising preset and adjustment: one row of numbers each."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from defaultmode.claims import Claim, Test
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.result import Estimate
from defaultmode.pipeline.asking import (
    CLINICAL,
    PHYSIOLOGICAL,
    PLAIN,
    adjustments,
    outcome_column,
    presets_of,
    question_of,
    rows_of,
    treatment_of,
)
from defaultmode.pipeline.claim_columns import MOTION, Case, Ground, motion_covariate
from defaultmode.pipeline.mixed_claims import mixed_effect, several_rows
from defaultmode.pipeline.special_claims import SPECIAL
from defaultmode.statistics.answers import answer, estimate
from defaultmode.statistics.matching import matched
from defaultmode.statistics.question import Cells, Setup, untestable
from defaultmode.statistics.setups import set_up

MATCHED, MIXED_MODEL = "matched motion", "mixed model"
MIXED = {"patients - controls", "treatment - reference"}
MATCHABLE = {"patients - controls", "treatment - reference", "responders - others"}


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
    cells = Cells(ground.occasions, rows_of(ground, base.test, base.atlas))
    last = [name for name in sets if name != PHYSIOLOGICAL][-1]
    for name, covariates in sets.items():
        question = question_of(
            ground, base.test, base.denoise, treatment=treatment, covariates=covariates
        )
        case = Case(
            ground, question, cells, base.denoise, base.atlas, base.test.outcome, ground.seed,
            base.test.partner, base.test.path,
        )  # fmt: skip
        found, setup = answered(case)
        yield replace(
            base, adjustment=name, estimate=_in_unit(ground, base, found), setup=setup,
            decides=base.decides and name == last,
        )  # fmt: skip
    if found.code != "E438":  # the design has what the test needs
        yield from by_mixed_model(case, base, adjustment=name)
        yield from in_matched_motion(case, base)


def by_mixed_model(case: Case, base: Specification, *, adjustment: str) -> Iterator[Specification]:
    """The same test from all rows, where people or sites have several."""
    if base.test.contrast not in MIXED or not several_rows(case.question, case.cells):
        return
    found = mixed_effect(case.question, case.cells)
    name = MIXED_MODEL if adjustment == PLAIN else f"{MIXED_MODEL}, {adjustment}"
    shown = _in_unit(case.ground, base, found)
    yield replace(base, adjustment=name, estimate=shown, decides=False)


def in_matched_motion(case: Case, base: Specification) -> Iterator[Specification]:
    """The same test where motion is alike in those compared, for groups and conditions."""
    motion = motion_covariate(case.ground, base.denoise) if base.test.of == "measure" else {}
    if not motion or base.test.contrast not in MATCHABLE:
        return
    try:
        whole = set_up(replace(case.question, covariates=motion), case.cells)
        if MOTION not in whole.names:
            raise untestable("head motion is not known for those who are compared")
        place = whole.names.index(MOTION)
        found = estimate(matched(whole.without(MOTION), whole.covariates[:, place]))
    except DefaultModeError as why:
        found = Estimate("", reason=why.detail, code=why.code)
    shown = _in_unit(case.ground, base, found)
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


def _in_unit(ground: Ground, base: Specification, estimate: Estimate) -> Estimate:
    about = ground.study.columns.get(base.outcome)
    unit = about.unit if about else ""
    return replace(estimate, unit=f"log({unit})" if base.test.log and unit else unit)
