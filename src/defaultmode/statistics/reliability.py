"""How well each measure repeats itself in the same person under the same conditions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from defaultmode.core.result import Result
from defaultmode.core.study import Study
from defaultmode.statistics.design import text
from defaultmode.statistics.effects import CONFIDENCE
from defaultmode.statistics.intraclass import Intraclass, intraclass
from defaultmode.statistics.occasions import BASELINE, Occasions

RUNS, SESSIONS = "runs of one session", "sessions without treatment between them"
RELIABILITY_COLUMNS = (
    "atlas", "task", "outcome", "measure", "denoise", "group", "repeats", "condition",
    "n", "n_values", "icc", "ci_low", "ci_high",
    "n_complete", "n_repeats", "icc_consistency", "consistency_low", "consistency_high",
    "icc_agreement", "agreement_low", "agreement_high", "sd", "sem", "mdc", "unit", "reason",
)  # fmt: skip
CITES = ("Shrout1979", "McGraw1996", "Weir2005")
UPPER_BOUND = (
    "Runs of one session share the state of the person and the position in the scanner: their "
    "reliability is an upper bound of that between days."
)
NAMED = (
    "Sessions count as untreated where no name or plan tells of a treatment; one that nobody wrote "
    "down would lower their reliability."
)
ESTIMATED = (
    "icc is ICC(1,1) by analysis of variance with n0 for unequal numbers of repeats, whose "
    "interval is exact where nobody lacks one; ICC(3,1) and ICC(2,1) come from the people who have "
    "every common repeat."
)


@dataclass(frozen=True, slots=True, eq=False)
class _Repeats:
    """Positions in the study's table of what the people of one group repeated, −1 for none.

    places : (n_people, n_repeats)
    """

    kind: str
    atlas: str
    task: str
    group: str
    condition: str
    places: NDArray[np.intp]


def reliability(study: Study, occasions: Occasions) -> Result:
    """Intraclass correlations and minimal detectable change of every measure and preset.

    occasions : of the same study. Two kinds of repeats, never across a treatment, a group, a task
    or an atlas: runs of one session in the condition that most people repeated, and sessions of
    people who had no treatment, or before the only one they had. Table RELIABILITY_COLUMNS:
    ICC(1,1) with its interval, ICC(3,1) and ICC(2,1) likewise, SD, standard error of measurement
    and minimal detectable change in the measure's unit.
    Shrout & Fleiss (1979); McGraw & Wong (1996); Weir (2005).
    """
    measured = [c.name for c in study.named(role="measure", kind="number")]
    found = list(_repeats(_rows(study, occasions))) if measured else []
    parts = [_table(study, measured, repeats) for repeats in found]
    table = pd.concat(parts, ignore_index=True) if parts else None
    return Result(
        table=pd.DataFrame(columns=list(RELIABILITY_COLUMNS)) if table is None else table,
        sentence=_sentence(found, len(measured)),
        cites=CITES if found else (),
        settings={"confidence": CONFIDENCE},
        notes=_notes(found, occasions),
    )


def _rows(study: Study, occasions: Occasions) -> pd.DataFrame:
    """One line for each row of the study: whose, where, under what, and whether untreated."""
    design = [text(study, c.name)[occasions.rows] for c in study.named(role="design", kind="text")]
    stated = zip(occasions.treatment, occasions.phase, *design, strict=True)
    frame = pd.DataFrame(
        {
            "place": occasions.rows,
            "who": occasions.participant,
            "session": occasions.session,
            "atlas": occasions.atlas,
            "task": occasions.task,
            "group": occasions.group[occasions.participant],
            "condition": [", ".join(dict.fromkeys(s for s in row if s)) for row in stated],
        }
    )
    # A second baseline of somebody who had two treatments lies after the first of them.
    named = pd.Series(occasions.treatment).where(occasions.treatment != "")
    one = named.groupby(frame["who"]).transform("nunique") <= 1
    never = pd.Series(occasions.untreated).groupby(frame["who"]).transform("all")
    frame["untreated"] = one & (never | (occasions.phase == BASELINE))
    return frame


def _repeats(rows: pd.DataFrame) -> Iterator[_Repeats]:
    for where, here in rows.groupby(["atlas", "task", "group"]):
        atlas, task, group = (str(part) for part in where)
        runs = here.assign(unit=here["session"])
        first = here[here["untreated"]].drop_duplicates(["who", "condition", "session"])
        for kind, lines in ((RUNS, runs), (SESSIONS, first.assign(unit=""))):
            repeated = _repeated(lines)
            if len(repeated):
                condition = str(repeated["condition"].iloc[0])
                yield _Repeats(kind, atlas, task, group, condition, _places(repeated))


def _repeated(rows: pd.DataFrame) -> pd.DataFrame:
    """The condition that most people repeated within a unit, and each one's longest unit of it."""
    size = rows.groupby(["condition", "who", "unit"])["place"].transform("size")
    rows = rows.assign(size=size)[size >= 2]
    if not len(rows):
        return rows
    condition = rows.groupby("condition")["who"].nunique().idxmax()
    rows = rows[rows["condition"] == condition]
    rows = rows[rows["size"] == rows.groupby("who")["size"].transform("max")]
    return rows[rows["unit"] == rows.groupby("who")["unit"].transform("first")]


def _places(repeated: pd.DataFrame) -> NDArray[np.intp]:
    """Positions in the study's table, (n_people, n_repeats), −1 for none."""
    repeat = repeated.groupby("who").cumcount()
    wide = repeated.assign(repeat=repeat).pivot_table(
        index="who", columns="repeat", values="place", fill_value=-1
    )
    return wide.to_numpy().astype(np.intp)


def _table(study: Study, measured: Sequence[str], repeats: _Repeats) -> pd.DataFrame:
    """One row for each measure and preset that has a value in this atlas."""
    values = study.table[list(measured)].to_numpy(dtype=np.float64)[repeats.places]
    values[repeats.places < 0] = np.nan
    known = np.isfinite(values).any(axis=(0, 1))
    columns = [study.columns[name] for name in np.array(measured, dtype=object)[known]]
    found = intraclass(values[:, :, known])
    table = pd.DataFrame(
        {
            "atlas": repeats.atlas,
            "task": repeats.task,
            "outcome": [c.name for c in columns],
            "measure": [c.measure for c in columns],
            "denoise": [c.denoise for c in columns],
            "group": repeats.group,
            "repeats": repeats.kind,
            "condition": repeats.condition,
            **_numbers(found),
            "unit": [c.unit for c in columns],
            "reason": found.reason,
        }
    )
    return table[list(RELIABILITY_COLUMNS)]


def _numbers(found: Intraclass) -> dict[str, NDArray[np.generic]]:
    forms = (found.one_way, found.consistency, found.agreement)
    names = (("icc", "ci"), ("icc_consistency", "consistency"), ("icc_agreement", "agreement"))
    values: dict[str, NDArray[np.generic]] = {}
    for form, (name, limit) in zip(forms, names, strict=True):
        values[name] = form.value
        values[f"{limit}_low"], values[f"{limit}_high"] = form.ci_low, form.ci_high
    plain = ("n", "n_values", "n_complete", "n_repeats", "sd", "sem", "mdc")
    return values | {name: getattr(found, name) for name in plain}


def _sentence(found: Sequence[_Repeats], n_measured: int) -> str:
    if not n_measured:
        return "Nothing was measured, so nothing can repeat itself."
    if not found:
        return (
            "Nobody has two runs of one session under the same conditions, nor two sessions "
            "without a treatment between them: how reliable the measures are is not known here."
        )
    people = max(len(repeats.places) for repeats in found)
    return f"The reliability of {n_measured} measured columns rests on at most {people} people."


def _notes(found: Sequence[_Repeats], occasions: Occasions) -> tuple[str, ...]:
    if not found:
        return ()
    kinds = {repeats.kind for repeats in found}
    said = [ESTIMATED]
    if RUNS in kinds:
        said.append(UPPER_BOUND)
    if SESSIONS in kinds:
        said.append(NAMED)
    if len(set(occasions.group)) > 1:
        said.append("Each group has its own rows: differences between groups are not reliability.")
    return tuple(said)
