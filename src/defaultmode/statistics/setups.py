"""From the rows of a study to what is fitted, one function for each contrast."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from defaultmode.statistics.change_setups import (
    change_then_change,
    change_with_change,
    responders_others,
)
from defaultmode.statistics.linear import GROUPS, MEAN, PAIRED
from defaultmode.statistics.occasions import ACUTE, AFTER, BASELINE
from defaultmode.statistics.question import Array, Cells, Question, Setup, untestable
from defaultmode.statistics.setup_parts import (
    arm_level,
    arms,
    belongs,
    enough,
    group_covariate,
    made,
    need_both,
    of_whom,
    partner_of,
    present,
    sequence,
    two_groups,
    when_of,
)

Make = Callable[[Question, Cells], Setup]


def set_up(question: Question, cells: Cells) -> Setup:
    """What answers a question; raises E438 with the reason."""
    beside = tuple(t for t in (question.treatment, question.reference) if t)
    return SETUPS[question.contrast](question, replace(cells, beside=beside))


def mean(question: Question, cells: Cells) -> Setup:
    """Everybody untreated, against a stated value."""
    y = cells.untreated(question.outcome)
    if not np.isfinite(y).any():
        raise untestable("nobody has a recording without or before treatment with this value")
    y = np.where(belongs(question, cells), y - question.null, np.nan)
    text = f"mean of people against {question.null:g}{of_whom(question, cells)}"
    return made(cells, y, np.ones(len(y)), MEAN, text)


def patients_controls(question: Question, cells: Cells) -> Setup:
    """Patients and controls before or without treatment, adjusted for covariates."""
    x = two_groups(cells)
    if not (cells.occasions.untreated & cells.among).any():
        raise untestable("every recording is of a treatment, none before or without one")
    y = cells.untreated(question.outcome)
    need_both(x, y, "patients", "controls")
    covariates = {n: cells.untreated(v) for n, v in question.covariates.items()}
    return made(cells, y, x, GROUPS, "patients − controls, untreated", covariates)


def treatment_reference(question: Question, cells: Cells) -> Setup:
    """The treatment against its reference, within people where most had both, else between arms."""
    present(question, cells, question.treatment, question.reference)
    if cells.occasions.crossed(question.treatment, question.reference):
        return _crossover(question, cells)
    return _parallel(question, cells)


def _crossover(question: Question, cells: Cells) -> Setup:
    pair = (question.treatment, question.reference)
    levels, changes = _differences(question.outcome, question, cells)
    doubled = enough(changes, levels)
    y = np.where(belongs(question, cells), changes if doubled else levels, np.nan)
    if not np.isfinite(y).any():
        raise untestable(f"nobody has both {pair[0]} and {pair[1]} in the {question.phase} phase")
    place = 1 if doubled else 0
    covariates = {
        n: _differences(v, question, cells)[place] for n, v in question.covariates.items()
    }
    order = sequence(cells, *pair)
    if order is not None:
        covariates["sequence"] = order
    step = "change from baseline, " if doubled else ""
    when = when_of(question, cells)
    adjusted = "adjusted for period" if order is not None else "the order is not recorded"
    text = f"{step}{pair[0]} − {pair[1]}, {when}, within people, {adjusted}"
    return made(cells, y, np.ones(len(y)), PAIRED, text, covariates)


def _differences(values: Array, question: Question, cells: Cells) -> tuple[Array, Array]:
    """Each person's difference of levels, and of changes from each visit's own baseline."""
    pair = (question.treatment, question.reference)
    levels = [cells.at(values, t, question.phase) for t in pair]
    before = [cells.at(values, t, BASELINE) for t in pair]
    changes = [level - start for level, start in zip(levels, before, strict=True)]
    return levels[0] - levels[1], changes[0] - changes[1]


def _parallel(question: Question, cells: Cells) -> Setup:
    """Level after treatment given the level before it (analysis of covariance) between arms."""
    x = arms(cells, question.treatment, question.reference)
    after = np.where(belongs(question, cells), arm_level(question, cells, question.outcome), np.nan)
    after = np.where(np.isfinite(x), after, np.nan)
    before = cells.untreated(question.outcome)
    covariates = {n: _in_arm(question, cells, v) for n, v in question.covariates.items()}
    when = when_of(question, cells)
    text = f"{question.treatment} − {question.reference}, {when}, between arms"
    if enough(after + before, after):
        covariates["baseline"] = before
        text += ", given the baseline"
    elif np.isfinite(before).any():
        text += ", without the baseline, which too few have"
    need_both(x, after, question.treatment, question.reference)
    return made(cells, after, x, GROUPS, text, covariates)


def _in_arm(question: Question, cells: Cells, values: Array) -> Array:
    """A covariate in the phase, or before it where it is a trait that was recorded once."""
    found = arm_level(question, cells, values)
    return found if np.isfinite(found).any() else cells.untreated(values)


def course(question: Question, cells: Cells) -> Setup:
    """A later phase of a treatment less an earlier one, within people."""
    present(question, cells, question.treatment)
    phase, name = (ACUTE, BASELINE) if question.phase == ACUTE else (AFTER, ACUTE)
    later, earlier = (cells.at(question.outcome, question.treatment, p) for p in (phase, name))
    y = np.where(belongs(question, cells), later - earlier, np.nan)
    if not np.isfinite(y).any():
        raise untestable(f"nobody has the phases {phase} and {name} of {question.treatment}")
    text = f"{phase} − {name} under {question.treatment}, without a control"
    return made(cells, y, np.ones(len(y)), PAIRED, text)


def correlation(question: Question, cells: Cells) -> Setup:
    """Outcome and partner of people, untreated; group differences are taken out."""
    x, y = partner_of(question), question.outcome
    a, b = cells.untreated(x), cells.untreated(y)
    keep = belongs(question, cells)
    covariates = {n: cells.untreated(v) for n, v in question.covariates.items()}
    if not question.group:
        covariates |= group_covariate(cells)
    given = f", given {', '.join(covariates)}" if covariates else ""
    text = f"over people{of_whom(question, cells)}, untreated{given}"
    return made(cells, np.where(keep, b, np.nan), a, None, text, covariates)


SETUPS: Mapping[str, Make] = {
    "mean": mean,
    "patients - controls": patients_controls,
    "treatment - reference": treatment_reference,
    "treatment course": course,
    "correlation": correlation,
    "change with change": change_with_change,
    "change then change": change_then_change,
    "responders - others": responders_others,
}
