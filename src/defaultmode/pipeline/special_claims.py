"""Claims that no single coefficient answers: normalisation, mediation, therapy, prediction."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from defaultmode.core.result import Estimate
from defaultmode.core.treatments import treatment_named
from defaultmode.pipeline.claim_columns import Array, Case
from defaultmode.pipeline.map_claims import alike, placed
from defaultmode.pipeline.predicted_claims import predicted
from defaultmode.pipeline.within_scan_claims import answer as windows_answer
from defaultmode.statistics.design import text
from defaultmode.statistics.groups_named import CONTROLS
from defaultmode.statistics.linear import GROUPS, PAIRED, coefficient
from defaultmode.statistics.mediation import mediation
from defaultmode.statistics.mediation_within import crossover_mediation
from defaultmode.statistics.normalisation import normalisation
from defaultmode.statistics.question import Cells, Question, untestable
from defaultmode.statistics.setup_parts import (
    arm_level,
    arms,
    belongs,
    present,
    responders,
    sequence,
)

THERAPY = "psychotherapy"
DRAWS = 2000  # our choice: the standard error of a percentile of 2.5 % is then .35 %
NONE = np.empty((0, 0))


def moves_towards_controls(case: Case) -> Estimate:
    """How much more the distance from controls shrinks under the treatment than without it."""
    asked, cells = case.question, case.cells
    present(asked, cells, asked.treatment)
    here = cells.occasions
    if not (here.group == CONTROLS).any():
        raise untestable("the study has no controls whose values would be typical")
    controls = np.where(here.group == CONTROLS, cells.untreated(asked.outcome), np.nan)
    members = responders(asked) if asked.group == "responders" else np.ones(here.n_people)
    asked = replace(asked, outcome=np.where(_controls_rows(case), np.nan, asked.outcome))
    if asked.reference in here.treatments and here.crossed(asked.treatment, asked.reference):
        return _within(asked, cells, float(np.nanmean(controls)), members)
    treated = _before_after(asked, cells, asked.treatment)
    untreated = (
        _before_after(asked, cells, asked.reference) if asked.reference in here.treatments else None
    )
    chosen = members == 1 if asked.group == "responders" else None
    found = normalisation(*treated, controls, untreated=untreated, members=chosen)
    notes = f"; {' '.join(found.notes)}" if found.notes else ""
    return replace(found.distance, how=f"shrinking of the distance from controls{notes}")


def _controls_rows(case: Case) -> Array:
    here = case.cells.occasions
    return np.asarray(here.group[here.participant] == CONTROLS)


def _before_after(asked: Question, cells: Cells, treatment: str) -> tuple[Array, Array]:
    """Each person's value before and after one arm's treatment; NaN for people of other arms."""
    after = cells.at(asked.outcome, treatment, asked.phase)
    before = cells.before(asked.outcome, treatment)
    return np.where(np.isfinite(after), before, np.nan), after


def _within(asked: Question, cells: Cells, typical: float, members: Array) -> Estimate:
    """The same people after treatment and after reference: differences of distances."""
    shrunk = []
    for treatment in (asked.treatment, asked.reference):
        before, after = _before_after(asked, cells, treatment)
        shrunk.append(np.abs(before - typical) - np.abs(after - typical))
    y = (shrunk[0] - shrunk[1])[members == 1]
    y = y[np.isfinite(y)]
    found = coefficient(y, np.ones(len(y)), np.empty((len(y), 0)), kind=PAIRED)
    text_ = f"shrinking of the distance from controls, {asked.treatment} − {asked.reference}"
    return replace(found, how=f"{text_}, within people", n_reference=found.n)


def mediated(case: Case) -> Estimate:
    """Indirect effect treatment → the outcome → the partner, along the path that the claim states.

    Where the treatment moves the outcome the other way the sign is turned: an effect by way of more
    connectivity contradicts one by way of less.
    """
    asked, cells = case.question, case.cells
    if asked.partner is None:
        raise untestable("the study has no value that would be the outcome of the mediation")
    present(asked, cells, asked.treatment, asked.reference)
    later = asked.partner_phase or asked.phase
    keep = belongs(asked, cells)
    pairs = [
        tuple(
            np.where(keep, cells.change(values, t, phase)[0], np.nan)
            for values, phase in ((asked.outcome, asked.phase), (asked.partner, later))
        )
        for t in (asked.treatment, asked.reference)
    ]
    if cells.occasions.crossed(asked.treatment, asked.reference):
        (m1, y1), (m0, y0) = pairs
        order = sequence(cells, asked.treatment, asked.reference)
        inside = crossover_mediation(
            (m1, m0), (y1, y0), covariates=order, rng=case.rng, draws=DRAWS
        )
        return _along(inside.indirect.estimate, inside.a.value, case.path, "within people")
    arm = arms(cells, asked.treatment, asked.reference)
    mediator, outcome = (np.where(arm == 1, one, other) for one, other in zip(*pairs, strict=True))
    between = mediation(arm, mediator, outcome, rng=case.rng, draws=DRAWS)
    return _along(between.indirect.estimate, between.a.value, case.path, "between arms")


def _along(found: Estimate, first: float, path: str, where: str) -> Estimate:
    """The indirect effect, its sign turned where the first step goes against the stated path."""
    agrees = not path or (first > 0) == (path == "increase")
    text_ = f"indirect effect, {where}"
    if agrees:
        return replace(found, how=text_)
    said = f"{text_}; sign turned, as the treatment moves the outcome the other way"
    return replace(
        found, value=-found.value, ci_low=-found.ci_high, ci_high=-found.ci_low, raw=-found.raw,
        how=said,
    )  # fmt: skip


def moderated(case: Case) -> Estimate:
    """How the effect of the treatment differs between people with psychotherapy and without."""
    asked, cells = case.question, case.cells
    present(asked, cells, asked.treatment, asked.reference)
    arm, therapy = arms(cells, asked.treatment, asked.reference), _therapy(case)
    after, before = arm_level(asked, cells, asked.outcome), cells.untreated(asked.outcome)
    rows = np.isfinite(arm + therapy + after + before) & belongs(asked, cells)
    both = (arm * therapy)[rows]
    others = np.column_stack([arm, therapy, before])[rows]
    found = coefficient(after[rows], both, others, kind=GROUPS)
    return replace(found, how="interaction of treatment and psychotherapy, given the baseline")


def _therapy(case: Case) -> Array:
    """1 for people with psychotherapy, 0 for those without, (n_people,)."""
    study, here = case.ground.study, case.cells.occasions
    for column in study.named(kind="text"):
        values = text(study, column.name)[here.rows]
        named = {v: treatment_named(str(v)) == THERAPY for v in set(values) - {""}}
        if column.level == "participant" and len(set(named.values())) == 2:
            found = np.full(here.n_people, np.nan)
            known = values != ""
            found[here.participant[known]] = [float(named[v]) for v in values[known]]
            return found
    raise untestable("no column tells who had psychotherapy and who had not")


def within_scan(case: Case) -> Estimate:
    """Windows of a scan with ratings, given concentration, from what `measure` wrote."""
    if case.ground.out is None:
        raise untestable("the windows are in the folder of results, which was not given")
    return windows_answer(
        case.ground.out, case.measure, case.denoise, case.atlas, case.partner,
        treatment=case.question.treatment,
    )  # fmt: skip


SPECIAL: Mapping[str, Callable[[Case], Estimate]] = {
    "normalisation": moves_towards_controls,
    "mediation": mediated,
    "moderation": moderated,
    "prediction": predicted,
    "overlap": alike,
    "enrichment": placed,
    "within scan": within_scan,
}
