"""From the rows of a study to what is fitted, one function for each contrast."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.statistics.effects import SMALLEST_N
from defaultmode.statistics.linear import GROUPS, MEAN, PAIRED, Kind
from defaultmode.statistics.occasions import ACUTE, AFTER, BASELINE, CONTROLS, PATIENTS
from defaultmode.statistics.question import Array, Cells, Question, Setup, untestable

Make = Callable[[Question, Cells], Setup]


def set_up(question: Question, cells: Cells) -> Setup:
    """What answers a question; raises E438 with the reason."""
    return SETUPS[question.contrast](question, cells)


def mean(question: Question, cells: Cells) -> Setup:
    """Everybody untreated, against a stated value."""
    y = cells.untreated(question.outcome)
    if not np.isfinite(y).any():
        raise untestable("nobody has a recording without or before treatment with this value")
    y = np.where(_belongs(question, cells), y - question.null, np.nan)
    text = f"mean of people against {question.null:g}{_of(question, cells)}"
    return _made(cells, y, np.ones(len(y)), MEAN, text)


def patients_controls(question: Question, cells: Cells) -> Setup:
    """Patients and controls before or without treatment, adjusted for covariates."""
    x = _two_groups(cells)
    y = cells.untreated(question.outcome)
    _both(x, y, "patients", "controls")
    covariates = {n: cells.untreated(v) for n, v in question.covariates.items()}
    return _made(cells, y, x, GROUPS, "patients − controls, untreated", covariates)


def treatment_reference(question: Question, cells: Cells) -> Setup:
    """The treatment against its reference, within people where they had both, else between arms."""
    present(question, cells, question.treatment, question.reference)
    if cells.occasions.crossed(question.treatment, question.reference):
        return _crossover(question, cells)
    return _parallel(question, cells)


def _crossover(question: Question, cells: Cells) -> Setup:
    pair = (question.treatment, question.reference)

    def difference(values: Array) -> tuple[Array, bool]:
        levels = [cells.at(values, t, question.phase) for t in pair]
        before = [cells.at(values, t, BASELINE) for t in pair]
        changes = [level - start for level, start in zip(levels, before, strict=True)]
        doubled = changes[0] - changes[1]
        if np.isfinite(doubled).sum() >= SMALLEST_N:
            return doubled, True
        return levels[0] - levels[1], False

    y, doubled = difference(question.outcome)
    y = np.where(_belongs(question, cells), y, np.nan)
    if not np.isfinite(y).any():
        raise untestable(f"nobody has both {pair[0]} and {pair[1]} in the {question.phase} phase")
    covariates = {n: difference(v)[0] for n, v in question.covariates.items()}
    sequence = _sequence(cells, *pair)
    if sequence is not None:
        covariates["sequence"] = sequence
    step = "change from baseline, " if doubled else ""
    when = cells.occasions.when(pair[0], question.phase)
    order = ", adjusted for period" if sequence is not None else ""
    text = f"{step}{pair[0]} − {pair[1]}, {when}, within people{order}"
    return _made(cells, y, np.ones(len(y)), PAIRED, text, covariates)


def _parallel(question: Question, cells: Cells) -> Setup:
    """Level after treatment given the level before it (analysis of covariance) between arms."""
    x = arms(cells, question.treatment, question.reference)
    after = _arm_level(question, cells, question.outcome, x)
    before = cells.untreated(question.outcome)
    after = np.where(_belongs(question, cells), after, np.nan)
    covariates = {n: _arm_level(question, cells, v, x) for n, v in question.covariates.items()}
    when = cells.occasions.when(question.treatment, question.phase)
    text = f"{question.treatment} − {question.reference}, {when}, between arms"
    known = np.isfinite(after) & np.isfinite(x)
    if (known & np.isfinite(before)).any():
        covariates["baseline"] = before
        text += ", given the baseline"
    _both(x, after, question.treatment, question.reference)
    return _made(cells, after, x, GROUPS, text, covariates)


def arms(cells: Cells, treatment: str, reference: str) -> Array:
    """1 for people of the treatment's arm, 0 for those of the reference's, NaN for others."""
    here = cells.occasions
    x = np.full(here.n_people, np.nan)
    for name, value in ((reference, 0.0), (treatment, 1.0)):
        x[here.participant[(here.treatment == name) & cells.among]] = value
    return x


def _arm_level(question: Question, cells: Cells, values: Array, x: Array) -> Array:
    treated = cells.at(values, question.treatment, question.phase)
    other = cells.at(values, question.reference, question.phase)
    return np.where(x == 1, treated, other)


def course(question: Question, cells: Cells) -> Setup:
    """A later phase of a treatment less an earlier one, within people."""
    present(question, cells, question.treatment)
    phase, name = (ACUTE, BASELINE) if question.phase == ACUTE else (AFTER, ACUTE)
    later, earlier = (cells.at(question.outcome, question.treatment, p) for p in (phase, name))
    y = np.where(_belongs(question, cells), later - earlier, np.nan)
    if not np.isfinite(y).any():
        raise untestable(f"nobody has the phases {phase} and {name} of {question.treatment}")
    text = f"{phase} − {name} under {question.treatment}, without a control"
    return _made(cells, y, np.ones(len(y)), PAIRED, text)


def correlation(question: Question, cells: Cells) -> Setup:
    """Outcome and partner of people, untreated; group differences are taken out."""
    x, y = _partner(question), question.outcome
    a, b = cells.untreated(x), cells.untreated(y)
    keep = _belongs(question, cells)
    covariates = {n: cells.untreated(v) for n, v in question.covariates.items()}
    if not question.group:
        covariates |= _group_covariate(cells)
    given = f", given {', '.join(covariates)}" if covariates else ""
    text = f"over people{_of(question, cells)}, untreated{given}"
    return _made(cells, np.where(keep, b, np.nan), a, None, text, covariates)


def change_with_change(question: Question, cells: Cells) -> Setup:
    """Change of the outcome with change of the partner within the treated, whose dose is one."""
    present(question, cells, question.treatment)
    y, how = cells.change(question.outcome, question.treatment, question.phase)
    phase = question.partner_phase or question.phase
    x, partner_how = cells.change(_partner(question), question.treatment, phase)
    keep = _belongs(question, cells)
    covariates = {
        n: cells.change(v, question.treatment, question.phase)[0]
        for n, v in question.covariates.items()
    }
    text = f"under {question.treatment}, {question.phase}: {how}; partner {phase}: {partner_how}"
    return _made(cells, np.where(keep, y, np.nan), x, None, text, covariates)


def change_then_change(question: Question, cells: Cells) -> Setup:
    """Acute and later effect of the same treatment against its reference.

    Both are taken against the reference, since two scans of anybody are alike: within people as two
    differences that share no scan, between arms as the slope that the reference's arm does not
    have, given the baseline.
    """
    present(replace(question, phase=""), cells, question.treatment, question.reference)
    for phase in (ACUTE, AFTER):
        present(replace(question, phase=phase), cells, question.treatment, question.reference)
    pair = (question.treatment, question.reference)
    acute, later = (
        [cells.at(question.outcome, t, phase) for t in pair] for phase in (ACUTE, AFTER)
    )
    keep = _belongs(question, cells)
    if cells.occasions.crossed(*pair):
        y = np.where(keep, later[0] - later[1], np.nan)
        text = f"later with acute difference {pair[0]} − {pair[1]}, within people"
        return _made(cells, y, acute[0] - acute[1], None, text)
    arm = arms(cells, *pair)
    first, last = (np.where(arm == 1, a, b) for a, b in (acute, later))
    before = cells.untreated(question.outcome)
    centre = first - np.nanmean(first) if np.isfinite(first).any() else first
    others = {"arm": arm, "acute level": centre, "baseline": before}
    text = f"later with acute level, {pair[0]} beyond {pair[1]}, given the baseline"
    return _made(cells, np.where(keep, last, np.nan), centre * arm, None, text, others)


def responders_others(question: Question, cells: Cells) -> Setup:
    """Change of the outcome under the treatment: people who responded and others."""
    present(question, cells, question.treatment)
    x = responders(question)
    y, how = cells.change(question.outcome, question.treatment, question.phase)
    y = np.where(_belongs(question, cells), y, np.nan)
    _both(x, y, "responders", "others")
    text = f"responders − others under {question.treatment}, {question.phase}: {how}"
    covariates = {
        n: cells.change(v, question.treatment, question.phase)[0]
        for n, v in question.covariates.items()
    }
    return _made(cells, y, x, GROUPS, text, covariates)


def responders(question: Question) -> Array:
    """Who responded; raises E438 where nothing tells."""
    if question.responders is None:
        raise untestable(
            "nothing tells who responded: no depression scale at baseline and after the treatment"
        )
    return question.responders


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


def _made(
    cells: Cells,
    y: Array,
    x: Array,
    kind: Kind | None,
    how: str,
    covariates: Mapping[str, Array] | None = None,
) -> Setup:
    """The complete people; a covariate that nobody has is left out, which the text says."""
    have = {n: v for n, v in (covariates or {}).items() if np.isfinite(v).any()}
    lost = sorted(set(covariates or {}) - set(have))
    columns = _columns(list(have.values()), len(y))
    keep = np.isfinite(y) & np.isfinite(x) & np.isfinite(columns).all(axis=1)
    blocks = np.unique(cells.occasions.site.astype(str), return_inverse=True)[1]
    said = f"{how}; without {', '.join(lost)}, which was not recorded" if lost else how
    return Setup(
        y[keep], x[keep], columns[keep], kind, blocks[keep], np.flatnonzero(keep), said, tuple(have)
    )  # fmt: skip


def _columns(columns: Sequence[Array], n: int) -> Array:
    return np.column_stack(columns) if columns else np.empty((n, 0))


def _belongs(question: Question, cells: Cells) -> NDArray[np.bool_]:
    """People of the group that is asked: everybody where the study names no groups."""
    group = cells.occasions.group
    if not question.group or (group == "").all():
        return np.ones(len(group), dtype=bool)
    if not (group == question.group).any():
        raise untestable(f"the study names no {question.group}")
    return np.asarray(group == question.group)


def _of(question: Question, cells: Cells) -> str:
    if not question.group:
        return ""
    named = (cells.occasions.group != "").any()
    return f" of {question.group}" if named else f", taken for {question.group}: no groups are named"


def _two_groups(cells: Cells) -> Array:
    group = cells.occasions.group
    if not ((group == PATIENTS).any() and (group == CONTROLS).any()):
        raise untestable("the study has no patients and controls to compare")
    return np.where(group == PATIENTS, 1.0, np.where(group == CONTROLS, 0.0, np.nan))


def _group_covariate(cells: Cells) -> dict[str, Array]:
    try:
        return {"group": _two_groups(cells)}
    except DefaultModeError:
        return {}


def _partner(question: Question) -> Array:
    if question.partner is None:
        raise untestable("the study has no value to set the outcome against")
    return question.partner


def present(question: Question, cells: Cells, *treatments: str) -> None:
    """Raises E438 for a treatment, or a phase of it, that the study does not have."""
    found = cells.occasions
    for name in treatments:
        if name not in found.treatments:
            have = ", ".join(found.treatments) or "none"
            raise untestable(f"the study has no {name} (treatments: {have})")
        if question.phase and not found.at(name, question.phase).any():
            raise untestable(f"no recording of {name} was made in the phase {question.phase!r}")


def _both(x: Array, y: Array, first: str, second: str) -> None:
    """Raises E438 where either side of a comparison has too few people with a value."""
    for value, name in ((1.0, first), (0.0, second)):
        n = int((np.isfinite(y) & (x == value)).sum())
        if n < SMALLEST_N:
            said = f"{n} people with a value among the {name}; {SMALLEST_N} are needed"
            raise untestable(said, "E439")


def _sequence(cells: Cells, treatment: str, reference: str) -> Array | None:
    """Half the difference of the treatments' periods, centred; None where it is not known."""
    here = cells.occasions
    period = np.where(here.period > 0, here.period, np.nan).astype(np.float64)
    first, second = (cells.mean(period, here.treatment == t) for t in (treatment, reference))
    step = np.sign(first - second) / 2
    known = step[np.isfinite(step)]
    return np.nan_to_num(step) if len(set(known)) > 1 else None
