"""Claims that no single coefficient answers: normalisation, mediation, therapy, prediction."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from defaultmode.core.result import Estimate
from defaultmode.core.treatments import treatment_named
from defaultmode.pipeline.claim_columns import Array, Case
from defaultmode.pipeline.map_claims import alike, placed
from defaultmode.pipeline.predicted_claims import predicted
from defaultmode.statistics.design import text
from defaultmode.statistics.linear import GROUPS, PAIRED, coefficient
from defaultmode.statistics.mediation import mediation
from defaultmode.statistics.mediation_within import crossover_mediation
from defaultmode.statistics.normalisation import normalisation
from defaultmode.statistics.occasions import BASELINE, CONTROLS
from defaultmode.statistics.question import Cells, Question, untestable
from defaultmode.statistics.setups import arms, present, responders

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
    own = cells.at(asked.outcome, treatment, BASELINE)
    before = np.where(np.isfinite(own), own, cells.untreated(asked.outcome))
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
    """Indirect effect treatment → change of the outcome → change of the partner."""
    asked, cells = case.question, case.cells
    if asked.partner is None:
        raise untestable("the study has no value that would be the outcome of the mediation")
    present(asked, cells, asked.treatment, asked.reference)
    later = asked.partner_phase or asked.phase
    pairs = [
        (cells.change(asked.outcome, t, asked.phase)[0], cells.change(asked.partner, t, later)[0])
        for t in (asked.treatment, asked.reference)
    ]
    if cells.occasions.crossed(asked.treatment, asked.reference):
        (m1, y1), (m0, y0) = pairs
        inside = crossover_mediation((m1, m0), (y1, y0), rng=case.rng, draws=DRAWS)
        return replace(inside.indirect.estimate, how="indirect effect, within people")
    arm = arms(cells, asked.treatment, asked.reference)
    mediator, outcome = (np.where(arm == 1, one, other) for one, other in zip(*pairs, strict=True))
    between = mediation(arm, mediator, outcome, rng=case.rng, draws=DRAWS)
    return replace(between.indirect.estimate, how="indirect effect, between arms")


def moderated(case: Case) -> Estimate:
    """How the effect of the treatment differs between people with psychotherapy and without."""
    asked, cells = case.question, case.cells
    present(asked, cells, asked.treatment, asked.reference)
    arm, therapy = arms(cells, asked.treatment, asked.reference), _therapy(case)
    after = np.where(
        arm == 1,
        cells.at(asked.outcome, asked.treatment, asked.phase),
        cells.at(asked.outcome, asked.reference, asked.phase),
    )
    before = cells.untreated(asked.outcome)
    rows = np.isfinite(arm + therapy + after + before)
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
    """Windows of a scan with ratings, given concentration."""
    raise untestable(f"no windows of {case.measure} were measured around a dose")


SPECIAL: Mapping[str, Callable[[Case], Estimate]] = {
    "normalisation": moves_towards_controls,
    "mediation": mediated,
    "moderation": moderated,
    "prediction": predicted,
    "overlap": alike,
    "enrichment": placed,
    "within scan": within_scan,
}
