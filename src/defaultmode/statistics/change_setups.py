"""Setups of changes: with one another, one after the other, and of those who responded."""

from dataclasses import replace

import numpy as np

from defaultmode.statistics.linear import GROUPS
from defaultmode.statistics.occasions import ACUTE, AFTER
from defaultmode.statistics.question import Array, Cells, Question, Setup, untestable
from defaultmode.statistics.setup_parts import (
    arm_level,
    arms,
    belongs,
    group_covariate,
    made,
    need_both,
    partner_of,
    present,
    responders,
    when_of,
)


def change_with_change(question: Question, cells: Cells) -> Setup:
    """Later value of the outcome with that of the partner among the treated, given both baselines.

    Differences share the error of their baseline; given the baselines they do not. A state that
    raised both baselines still ties what follows, with any drug or none: where the reference has an
    arm of its own, only what the treated have beyond it counts. Ratings of the drug's own effect
    start at zero, need no baseline and do not vary in the reference's arm.
    """
    present(question, cells, question.treatment)
    columns = (question.outcome, partner_of(question))
    pair = (question.treatment, question.reference)
    here = cells.occasions
    if question.reference in here.treatments and not (question.from_zero[1] or here.crossed(*pair)):
        return _changes_beyond(question, cells, columns)
    phases = (question.phase, question.partner_phase or question.phase)
    y, x = (cells.at(v, question.treatment, p) for v, p in zip(columns, phases, strict=True))
    covariates = _starts(question, cells, columns)
    covariates |= {
        n: cells.at(v, question.treatment, question.phase) for n, v in question.covariates.items()
    }
    if not question.group:
        covariates |= group_covariate(cells)
    y = np.where(belongs(question, cells), y, np.nan)
    given = f", given {', '.join(covariates)}" if covariates else ""
    text = f"under {question.treatment}, {phases[0]}, partner {phases[1]}{given}"
    return made(cells, y, x, None, text, covariates)


def _changes_beyond(question: Question, cells: Cells, columns: tuple[Array, Array]) -> Setup:
    """The slope of outcome on partner that the treated have beyond the reference's arm."""
    arm = arms(cells, question.treatment, question.reference)
    phases = (question.phase, question.partner_phase or question.phase)
    y, x = (
        arm_level(replace(question, phase=p), cells, v)
        for v, p in zip(columns, phases, strict=True)
    )
    starts = _starts(question, cells, columns)
    known = belongs(question, cells) & np.isfinite(np.sum([arm, y, x, *starts.values()], axis=0))
    if not known.any():
        raise untestable("nobody has outcome and partner before and after")
    alike = {"partner": x, **starts}
    others = {"arm": arm}
    for name, values in alike.items():
        others[name] = values - values[known].mean()
        others[f"{name} in the arm"] = others[name] * arm
    slope = others.pop("partner in the arm")
    text = (
        f"under {question.treatment} beyond {question.reference}, {phases[0]}, partner "
        f"{phases[1]}, given the baselines"
    )
    return made(cells, np.where(known, y, np.nan), slope, None, text, others)


def _starts(question: Question, cells: Cells, columns: tuple[Array, Array]) -> dict[str, Array]:
    """Baselines of outcome and partner; raises E438 where one is needed and was not measured."""
    found = {}
    names = ("baseline", "baseline of the partner")
    for name, values, zero in zip(names, columns, question.from_zero, strict=True):
        before = cells.before(values, question.treatment)
        if not zero and not np.isfinite(before).any():
            raise untestable(f"no {name} was measured, so that there is no change")
        if not zero:
            found[name] = before
    return found


def change_then_change(question: Question, cells: Cells) -> Setup:
    """Acute and later value in the treated arm beyond the reference's, given the baseline.

    Two scans of anybody are alike, and all scans of one visit share its drift: only the slope that
    the reference's arm does not have is the drug's. In a crossover no such arm is left.
    """
    pair = (question.treatment, question.reference)
    for phase in (ACUTE, AFTER):
        present(replace(question, phase=phase), cells, *pair)
    if cells.occasions.crossed(*pair):
        raise untestable(
            "in a crossover the scans of a visit share its drift, with any drug or none; parallel "
            "arms are needed"
        )
    arm = arms(cells, *pair)
    first, last = (
        arm_level(replace(question, phase=phase), cells, question.outcome)
        for phase in (ACUTE, AFTER)
    )
    before = cells.untreated(question.outcome)
    keep = belongs(question, cells) & np.isfinite(arm + first + last + before)
    if not keep.any():
        raise untestable("nobody has a baseline, an acute and a later recording")
    centre = first - first[keep].mean()
    others = {
        "arm": arm,
        "acute level": centre,
        "baseline": before,
        "baseline in the arm": (before - before[keep].mean()) * arm,
    }
    text = f"later with acute level, {pair[0]} beyond {pair[1]}, given the baseline"
    return made(cells, np.where(keep, last, np.nan), centre * arm, None, text, others)


def responders_others(question: Question, cells: Cells) -> Setup:
    """Later value of the outcome of responders and others under the treatment, given baselines.

    The partner is the score by which people responded: a high one to begin with goes with a larger
    drop, and may go with the outcome too.
    """
    present(question, cells, question.treatment)
    x = responders(question)
    y = cells.at(question.outcome, question.treatment, question.phase)
    y = np.where(belongs(question, cells), y, np.nan)
    need_both(x, y, "responders", "others")
    score = question.outcome if question.partner is None else question.partner
    covariates = _starts(question, cells, (question.outcome, score))
    covariates |= {
        n: cells.at(v, question.treatment, question.phase) for n, v in question.covariates.items()
    }
    when = when_of(question, cells)
    text = f"responders − others under {question.treatment}, {when}, given {', '.join(covariates)}"
    return made(cells, y, x, GROUPS, text, covariates)
