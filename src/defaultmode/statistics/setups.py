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

MOST = 0.8  # our choice: a baseline that fewer have is not used, or most people would be lost
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
    return _made(cells, y, np.ones(len(y)), PAIRED, text, covariates)


def _differences(values: Array, question: Question, cells: Cells) -> tuple[Array, Array]:
    """Each person's difference of levels, and of changes from each visit's own baseline."""
    pair = (question.treatment, question.reference)
    levels = [cells.at(values, t, question.phase) for t in pair]
    before = [cells.at(values, t, BASELINE) for t in pair]
    changes = [level - start for level, start in zip(levels, before, strict=True)]
    return levels[0] - levels[1], changes[0] - changes[1]


def enough(some: Array, of: Array) -> bool:
    """Whether most of those who have one value have another too."""
    return bool(np.isfinite(some).sum() >= MOST * np.isfinite(of).sum() > 0)


def sequence(cells: Cells, treatment: str, reference: str) -> Array | None:
    """½ where the treatment came second and −½ where it came first, (n_people,).

    None where the order is not recorded; E438 where it was the same for everybody.
    """
    here = cells.occasions
    period = np.where(here.period > 0, here.period, np.nan).astype(np.float64)
    first, second = (cells.mean(period, here.treatment == t) for t in (treatment, reference))
    step = np.sign(first - second) / 2
    known = set(step[np.isfinite(step)])
    if len(known) == 1:
        raise untestable(
            f"{treatment} and {reference} came in the same order for everybody: what the drug does "
            "and what the second visit does cannot be told apart"
        )
    return np.nan_to_num(step) if known else None


def when_of(question: Question, cells: Cells) -> str:
    """The phase in words, with the day after the treatment where it is known."""
    day = cells.day(question.outcome, question.treatment, question.phase)
    return question.phase if day is None else f"{question.phase} ({day:g} d)"


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
    _both(x, after, question.treatment, question.reference)
    return _made(cells, after, x, GROUPS, text, covariates)


def arms(cells: Cells, treatment: str, reference: str) -> Array:
    """1 for people of the treatment's arm, 0 for those of the reference's, NaN for others.

    Whoever had both counts by the first period, and nowhere where the order is not recorded.
    """
    here = cells.occasions
    had = [np.isfinite(cells.mean(np.ones(len(here.rows)), here.treatment == t))
           for t in (treatment, reference)]  # fmt: skip
    first = [np.isfinite(cells.mean(np.ones(len(here.rows)),
                                    (here.treatment == t) & (here.period == 1)))
             for t in (treatment, reference)]  # fmt: skip
    both = had[0] & had[1]
    x = np.where(had[0] & ~both, 1.0, np.where(had[1] & ~both, 0.0, np.nan))
    return np.where(both & first[0], 1.0, np.where(both & first[1], 0.0, x))


def arm_level(question: Question, cells: Cells, values: Array) -> Array:
    """Each person's level in the phase under the treatment of the own arm."""
    x = arms(cells, question.treatment, question.reference)
    treated = cells.at(values, question.treatment, question.phase)
    other = cells.at(values, question.reference, question.phase)
    return np.where(x == 1, treated, other)


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
    return _made(cells, y, np.ones(len(y)), PAIRED, text)


def correlation(question: Question, cells: Cells) -> Setup:
    """Outcome and partner of people, untreated; group differences are taken out."""
    x, y = _partner(question), question.outcome
    a, b = cells.untreated(x), cells.untreated(y)
    keep = belongs(question, cells)
    covariates = {n: cells.untreated(v) for n, v in question.covariates.items()}
    if not question.group:
        covariates |= _group_covariate(cells)
    given = f", given {', '.join(covariates)}" if covariates else ""
    text = f"over people{_of(question, cells)}, untreated{given}"
    return _made(cells, np.where(keep, b, np.nan), a, None, text, covariates)


def change_with_change(question: Question, cells: Cells) -> Setup:
    """Later value of the outcome with that of the partner among the treated, given both baselines.

    Differences share the error of their baseline; given the baselines they do not. A state that
    raised both baselines still ties what follows, with any drug or none: where the reference has an
    arm of its own, only what the treated have beyond it counts. Ratings of the drug's own effect
    start at zero, need no baseline and do not vary in the reference's arm.
    """
    present(question, cells, question.treatment)
    columns = (question.outcome, _partner(question))
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
    y = np.where(belongs(question, cells), y, np.nan)
    given = f", given {', '.join(covariates)}" if covariates else ""
    text = f"under {question.treatment}, {phases[0]}, partner {phases[1]}{given}"
    return _made(cells, y, x, None, text, covariates)


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
    return _made(cells, np.where(known, y, np.nan), slope, None, text, others)


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
    return _made(cells, np.where(keep, last, np.nan), centre * arm, None, text, others)


def responders_others(question: Question, cells: Cells) -> Setup:
    """Later value of the outcome of responders and others under the treatment, given baselines.

    The partner is the score by which people responded: a high one to begin with goes with a larger
    drop, and may go with the outcome too.
    """
    present(question, cells, question.treatment)
    x = responders(question)
    y = cells.at(question.outcome, question.treatment, question.phase)
    y = np.where(belongs(question, cells), y, np.nan)
    _both(x, y, "responders", "others")
    score = question.outcome if question.partner is None else question.partner
    covariates = _starts(question, cells, (question.outcome, score))
    covariates |= {
        n: cells.at(v, question.treatment, question.phase) for n, v in question.covariates.items()
    }
    when = when_of(question, cells)
    text = f"responders − others under {question.treatment}, {when}, given {', '.join(covariates)}"
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
    """The complete people; a covariate that nobody has, or does not vary, is named and left out."""
    given = dict(covariates or {})
    recorded = {n: v for n, v in given.items() if np.isfinite(v).any()}
    columns = _columns(list(recorded.values()), len(y))
    keep = np.isfinite(y) & np.isfinite(x) & np.isfinite(columns).all(axis=1)
    varying = {
        n: v for n, v in recorded.items() if n == "baseline" or (keep.any() and np.ptp(v[keep]) > 0)
    }
    columns = _columns(list(varying.values()), len(y))
    blocks = np.unique(cells.occasions.site.astype(str), return_inverse=True)[1]
    lost = [f"{n} (not recorded)" for n in given if n not in recorded]
    lost += [f"{n} (does not vary here)" for n in recorded if n not in varying]
    said = f"{how}; without {', '.join(lost)}" if lost else how
    return Setup(
        y[keep], x[keep], columns[keep], kind, blocks[keep], np.flatnonzero(keep), said,
        tuple(varying),
    )  # fmt: skip


def _columns(columns: Sequence[Array], n: int) -> Array:
    return np.column_stack(columns) if columns else np.empty((n, 0))


def belongs(question: Question, cells: Cells) -> NDArray[np.bool_]:
    """People of the group that is asked; raises E438 where the study has none.

    Where no groups are named everybody is taken for controls, which the text of the comparison
    says; nobody is taken for a patient.
    """
    group = cells.occasions.group
    everybody = np.ones(len(group), dtype=bool)
    if question.group in {"", "responders"}:
        return everybody
    if question.group == CONTROLS and (group == "").all():
        return everybody
    if not (group == question.group).any():
        raise untestable(f"nothing says who are {question.group}; a plan can name them")
    return np.asarray(group == question.group)


def _of(question: Question, cells: Cells) -> str:
    if not question.group:
        return ""
    named = (cells.occasions.group != "").any()
    return f" of {question.group}" if named else f" of everybody, taken for {question.group}"


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
