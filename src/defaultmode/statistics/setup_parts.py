"""Parts of setups: who belongs to a comparison, in which arm, and what each person brings."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.statistics.effects import SMALLEST_N
from defaultmode.statistics.groups_named import CONTROLS, PATIENTS
from defaultmode.statistics.linear import Kind
from defaultmode.statistics.question import Array, Cells, Question, Setup, untestable

MOST = 0.8  # our choice: a baseline that fewer have is not used, or most people would be lost


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


def of_whom(question: Question, cells: Cells) -> str:
    """The group that is asked, in words."""
    if not question.group:
        return ""
    named = (cells.occasions.group != "").any()
    return f" of {question.group}" if named else f" of everybody, taken for {question.group}"


def present(question: Question, cells: Cells, *treatments: str) -> None:
    """Raises E438 for a treatment, or a phase of it, that the study does not have."""
    found = cells.occasions
    for name in treatments:
        if name not in found.treatments:
            have = ", ".join(found.treatments) or "none"
            raise untestable(f"the study has no {name} (treatments: {have})")
        if question.phase and not found.at(name, question.phase).any():
            raise untestable(f"no recording of {name} was made in the phase {question.phase!r}")


def two_groups(cells: Cells) -> Array:
    """1 for patients, 0 for controls, NaN for others, (n_people,); raises E438."""
    group = cells.occasions.group
    if not ((group == PATIENTS).any() and (group == CONTROLS).any()):
        raise untestable("the study has no patients and controls to compare")
    return np.where(group == PATIENTS, 1.0, np.where(group == CONTROLS, 0.0, np.nan))


def group_covariate(cells: Cells) -> dict[str, Array]:
    """Patients against controls as a covariate, where the study has both."""
    try:
        return {"group": two_groups(cells)}
    except DefaultModeError:
        return {}


def arms(cells: Cells, treatment: str, reference: str) -> Array:
    """1 for people of the treatment's arm, 0 for those of the reference's, NaN for others.

    Whoever had both counts by the first period, and nowhere where the order is not recorded.
    """
    here = cells.occasions

    def who(rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return np.isfinite(cells.mean(np.ones(len(rows)), rows))

    pair = (treatment, reference)
    had = [who(here.treatment == t) for t in pair]
    first = [who((here.treatment == t) & (here.period == 1)) for t in pair]
    both = had[0] & had[1]
    x = np.where(had[0] & ~both, 1.0, np.where(had[1] & ~both, 0.0, np.nan))
    return np.where(both & first[0], 1.0, np.where(both & first[1], 0.0, x))


def arm_level(question: Question, cells: Cells, values: Array) -> Array:
    """Each person's level in the phase under the treatment of the own arm."""
    x = arms(cells, question.treatment, question.reference)
    treated = cells.at(values, question.treatment, question.phase)
    other = cells.at(values, question.reference, question.phase)
    return np.where(x == 1, treated, other)


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


def responders(question: Question) -> Array:
    """Who responded; raises E438 where nothing tells."""
    if question.responders is None:
        raise untestable(
            "nothing tells who responded: no depression scale at baseline and after the treatment"
        )
    return question.responders


def partner_of(question: Question) -> Array:
    """What the outcome is set against, (n_rows,); raises E438 where the study has none."""
    if question.partner is None:
        raise untestable("the study has no value to set the outcome against")
    return question.partner


def enough(some: Array, of: Array) -> bool:
    """Whether most of those who have one value have another too."""
    return bool(np.isfinite(some).sum() >= MOST * np.isfinite(of).sum() > 0)


def when_of(question: Question, cells: Cells) -> str:
    """The phase in words, with the day after the treatment where it is known."""
    day = cells.day(question.outcome, question.treatment, question.phase)
    return question.phase if day is None else f"{question.phase} ({day:g} d)"


def need_both(x: Array, y: Array, first: str, second: str) -> None:
    """Raises E438 where either side of a comparison has too few people with a value."""
    for value, name in ((1.0, first), (0.0, second)):
        n = int((np.isfinite(y) & (x == value)).sum())
        if n < SMALLEST_N:
            said = f"{n} people with a value among the {name}; {SMALLEST_N} are needed"
            raise untestable(said, "E439")


def made(
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
