"""The same comparison by a mixed model, from every row that there is."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.result import Estimate
from defaultmode.pipeline.claim_columns import SITE
from defaultmode.statistics.crossover import trial_effects
from defaultmode.statistics.groups_named import CONTROLS, PATIENTS
from defaultmode.statistics.occasions import BASELINE, Occasions
from defaultmode.statistics.question import Array, Cells, Question
from defaultmode.statistics.setup_parts import belongs, present
from defaultmode.statistics.trial_rows import Contrast, TrialRows

Rows = NDArray[np.bool_]


def mixed_effect(question: Question, cells: Cells) -> Estimate:
    """Groups or treatments by a model with a random participant, and a random site where several.

    Unlike the comparison that decides, it uses people whose sessions are incomplete. Treatments:
    treatment × phase, period where it is known. The reason where the model cannot be fitted.
    """
    try:
        rows, trial, contrast = trial_of(question, cells)
        found = trial_effects(question.outcome[rows], trial, contrast)[0]
    except DefaultModeError as why:
        return Estimate("", reason=why.detail, code=why.code)
    return replace(found, how=f"mixed model of all rows: {contrast}")


def trial_of(question: Question, cells: Cells) -> tuple[Rows, TrialRows, Contrast]:
    """The rows of the study that a mixed model takes, what they were, and what is contrasted."""
    rows, contrast = _model(question, cells)
    return rows, _trial_rows(question, cells.occasions, rows), contrast


def several_rows(question: Question, cells: Cells) -> bool:
    """Whether there is anything random to model: several rows of a person, or several sites."""
    here = cells.occasions
    who = here.participant[cells.among & np.isfinite(question.outcome)]
    return len(set(who)) < len(who) or len(set(here.site) - {""}) > 1


def _model(question: Question, cells: Cells) -> tuple[Rows, Contrast]:
    here = cells.occasions
    known = cells.among & np.isfinite(question.outcome)
    if question.contrast == "treatment - reference":
        known &= belongs(question, cells)[here.participant]
    if question.contrast == "patients - controls":
        group = here.group[here.participant]
        rows = known & here.untreated & np.isin(group, [PATIENTS, CONTROLS])
        return rows, Contrast(treatment=(PATIENTS, CONTROLS))
    present(question, cells, question.treatment, question.reference)
    pair = (question.treatment, question.reference)
    beside = replace(cells, beside=pair)
    after = np.zeros(len(known), dtype=bool)
    for treatment in pair:
        day = beside.day(question.outcome, treatment, question.phase)
        rows = here.at(treatment, question.phase)
        after |= rows if day is None else rows & (here.days == day)
    before = np.isin(here.treatment, pair) & (here.phase == BASELINE)
    if all((before & known & (here.treatment == t)).any() for t in pair):
        return known & (after | before), Contrast(pair, (question.phase, BASELINE))
    return known & after, Contrast(pair)


def _trial_rows(question: Question, here: Occasions, rows: Rows) -> TrialRows:
    who = here.participant[rows]
    grouped = question.contrast == "patients - controls"
    site = here.site[who]
    covariates: Mapping[str, Array] = {
        name: values for name, values in question.covariates.items() if not name.startswith(SITE)
    }
    columns = [values[rows] for values in covariates.values()]
    period = here.period[rows]
    return TrialRows(
        participant=who,
        treatment=here.group[who] if grouped else here.treatment[rows],
        phase=None if grouped else here.phase[rows],
        period=None if grouped or not (period > 0).all() else period,
        site=site if len(set(site)) > 1 and (site != "").all() else None,
        covariates=np.column_stack(columns) if columns else np.empty((int(rows.sum()), 0)),
        covariate_names=tuple(covariates),
    )
