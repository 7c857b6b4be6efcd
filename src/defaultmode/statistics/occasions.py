"""What each row of a study was: whose, of which group, under which treatment, in which phase."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.plan import Plan, Visit, unknown_column
from defaultmode.core.study import Column, Study
from defaultmode.core.treatments import treatment_named
from defaultmode.statistics.block import row_order
from defaultmode.statistics.design import text
from defaultmode.statistics.groups_named import (
    PLAN,
    groups_named,
    listed,
    words_of,
)

Array = NDArray[np.float64]
Codes = NDArray[np.intp]
Texts = NDArray[np.object_]

BASELINE, ACUTE, AFTER = "baseline", "acute", "after"
PHASE_WORDS = {
    BASELINE: "pre before baseline base bas bl b0 t0 screening predose predrug preinfusion",
    ACUTE: "during infusion acute peak intoxication ondrug dosing",
    AFTER: "post after followup follow fu later postdose",
}
SITE_WORDS = ("site", "center", "centre", "scanner")
ARM_WORDS = (
    "arm",
    "treatment",
    "drug",
    "allocation",
    "randomization",
    "randomisation",
    "condition",
)
ORDER = re.compile(r"(?:infusion|drug|treatment|dose|period)[_-]?(\d)")
PERIOD_COLUMNS = ("period", "visit_number", "session_order", "infusion_number")
UNIT_DAYS = {"h": 1 / 24, "hour": 1 / 24, "d": 1.0, "day": 1.0, "w": 7.0, "wk": 7.0, "week": 7.0}
TIMED = re.compile(
    r"(?:^|[^a-z])(day|week|wk|d|w|h)(\d+(?:\.\d+)?)$|^(\d+(?:\.\d+)?)(h|d|w|day|week)$"
)


@dataclass(frozen=True, slots=True, eq=False)
class Occasions:
    """The rows of a study in the order of its keys.

    rows : (n_rows,), positions in the study's table; participant : (n_rows,), position in `people`
    treatment : (n_rows,), name of the treatment or of the comparison, "" where none is known
    phase : (n_rows,), baseline, acute, after, or "" where nothing tells
    days : (n_rows,), since the treatment, NaN where not known
    period : (n_rows,), 1 for the first treatment of a crossover, 0 where not known
    session, atlas, task : (n_rows,)
    group : (n_people,), patients, controls or ""
    site : (n_people,), "" where not known
    notes : how this was read, for the reader of the report
    """

    rows: Codes
    people: tuple[str, ...]
    participant: Codes
    treatment: Texts
    phase: Texts
    days: Array
    period: Codes
    session: Texts
    atlas: Texts
    task: Texts
    group: Texts
    site: Texts
    notes: tuple[str, ...] = ()

    @property
    def n_people(self) -> int:
        """Participants of the study."""
        return len(self.people)

    @property
    def untreated(self) -> NDArray[np.bool_]:
        """Rows before any treatment, or without one, (n_rows,)."""
        return _untreated(self.treatment, self.phase)

    @property
    def resting(self) -> NDArray[np.bool_]:
        """Rows of rest and those without a task, or all where no label says rest, (n_rows,)."""
        tasks = [str(task).removeprefix("task-") for task in self.task]
        rest = np.array([task.startswith("rest") for task in tasks], dtype=bool)
        unscanned = np.array([task == "" for task in tasks], dtype=bool)
        return rest | unscanned if rest.any() else np.ones(len(rest), dtype=bool)

    @property
    def treatments(self) -> tuple[str, ...]:
        """The treatments and comparisons that the study has, by name."""
        return tuple(sorted({str(t) for t in self.treatment if t}))

    def taken(self, keep: NDArray[np.bool_]) -> "Occasions":
        """Some of the rows, (n_rows,), of all the people."""
        rows = ("rows", "participant", "treatment", "phase", "days", "period")
        names = (*rows, "session", "atlas", "task")
        return replace(self, **{name: getattr(self, name)[keep] for name in names})

    def at(self, treatment: str, phase: str) -> NDArray[np.bool_]:
        """Rows of one treatment and phase, (n_rows,)."""
        return np.asarray((self.treatment == treatment) & (self.phase == phase))

    def crossed(self, a: str, b: str) -> bool:
        """Whether most of those who had either treatment had both."""
        who = [set(self.participant[self.treatment == t]) for t in (a, b)]
        return 2 * len(who[0] & who[1]) > len(who[0] | who[1])


def occasions_of(study: Study, plan: Plan | None = None) -> Occasions:
    """Read off names, data dictionary and plan what every row was.

    A plan comes first; then conditions of the experiment (columns of sessions, scans and the
    participant's arm) whose levels name a treatment or a phase; then the session labels. What was
    read from names is said in `notes`. Raises E436 where a plan names what the study does not have.
    """
    plan = plan or Plan()
    order = row_order(study)
    who = text(study, "participant_id")[order].astype(str)
    people, participant = np.unique(who, return_inverse=True)
    notes: list[str] = []
    session = _keyed(study, "session_id")[order]
    visits = _visits(study, plan)
    treatment = _treatments(study, plan, visits, notes)[order]
    phase = _phases(study, visits, notes)[order]
    unphased = (treatment != "") & (phase == "")
    if unphased.any():
        phase = np.where(unphased, ACUTE, phase)
        notes.append(
            "Not told when the scans of a treatment were made: taken as acute. If they were not, "
            "state it in the plan under [visits]."
        )
    group = groups_named(study, plan, order[_untreated(treatment, phase)], notes)[order]
    return Occasions(
        rows=order,
        people=tuple(people),
        participant=participant,
        treatment=treatment,
        phase=phase,
        days=np.array([_days(s, visits.get(str(s))) for s in session], dtype=np.float64),
        period=_periods(study, plan, visits, order, treatment),
        session=session,
        atlas=_keyed(study, "atlas")[order],
        task=_keyed(study, "task_id")[order],
        group=_per_person(group, participant, people),
        site=_first(_site(study, plan, notes)[order], participant, len(people)),
        notes=tuple(notes),
    )


def _untreated(treatment: Texts, phase: Texts) -> NDArray[np.bool_]:
    return np.asarray((phase == BASELINE) | ((treatment == "") & (phase == "")))


def phase_named(label: str, described: str = "") -> str:
    """The phase that a label names, "" where it names none; a day or an hour after is "after"."""
    bare = label.lower().removeprefix("ses-")
    words = set(re.split(r"[^a-z0-9]+", f"{bare} {described.lower()}"))
    stems = words | {w.rstrip("0123456789") for w in words}
    for phase in (BASELINE, ACUTE, AFTER):
        if stems & set(PHASE_WORDS[phase].split()):
            return phase
    return AFTER if TIMED.search(bare) else ""


def _visits(study: Study, plan: Plan) -> Mapping[str, Visit]:
    known = {str(s) for s in _keyed(study, "session_id")}
    for name in plan.visits:
        if name not in known:
            raise unknown_column(name, f"{PLAN}, [visits]")
    return plan.visits


def _treatments(study: Study, plan: Plan, visits: Mapping[str, Visit], notes: list[str]) -> Texts:
    found = np.full(len(study.table), "", dtype=object)
    session = _keyed(study, "session_id")
    named = {name: visit.treatment for name, visit in visits.items() if visit.treatment}
    if named:
        return np.array([named.get(str(s), "") for s in session], dtype=object)
    columns = [plan.arm] if plan.arm else [c.name for c in _conditions(study)]
    best = max(columns, key=lambda name: len(_named_levels(study, name)), default="")
    if plan.arm and plan.arm not in study.columns:
        raise unknown_column(plan.arm, f"{PLAN}, arm")
    levels = _named_levels(study, best) if best else {}
    if levels:
        notes.append(f"{best} names the treatments: {listed(levels)}.")
        found = np.array([levels.get(str(v), "") for v in text(study, best)], dtype=object)
    return found


def _conditions(study: Study) -> list[Column]:
    """Columns whose levels may name a treatment: conditions of the experiment, then arms."""
    texts = study.named(kind="text")
    design = [c for c in texts if c.role == "design"]
    keys = [c for c in texts if c.name == "session_id"]
    arms = [c for c in texts if c.level == "participant" and words_of(c.name) & set(ARM_WORDS)]
    return [*design, *keys, *arms]


def _named_levels(study: Study, name: str) -> dict[str, str]:
    """Level → the treatment that it names."""
    if name not in study.columns:
        return {}
    described = study.columns[name].levels
    found = {}
    for level in sorted({str(v) for v in text(study, name)} - {""}):
        treatment = treatment_named(level.removeprefix("ses-")) or treatment_named(
            described.get(level, "")
        )
        if treatment:
            found[level] = treatment
    return found


def _phases(study: Study, visits: Mapping[str, Visit], notes: list[str]) -> Texts:
    """The phase of the session, which that of the run makes finer: after an injection is acute."""
    session = _keyed(study, "session_id")
    phase = np.array(
        [v.phase if (v := visits.get(str(s))) else phase_named(str(s)) for s in session],
        dtype=object,
    )
    for column in study.named(kind="text", role="design"):
        described = column.levels
        values = text(study, column.name)
        found = {str(v): phase_named(str(v), described.get(str(v), "")) for v in set(values) - {""}}
        if not any(found.values()):
            continue
        if column.level == "run":  # within a visit whatever follows the dose is acute
            found = {v: ACUTE if p == AFTER else p for v, p in found.items()}
        read = np.array([found.get(str(v), "") for v in values], dtype=object)
        phase = np.where(read != "", read, phase)
        notes.append(f"{column.name} names the phases: {listed(found)}.")
    return phase


def _days(session: object, visit: Visit | None) -> float:
    if visit is not None:
        return float("nan") if visit.days is None else visit.days
    match = TIMED.search(str(session).lower().removeprefix("ses-"))
    if not match:
        return float("nan")
    unit, number = (match[1], match[2]) if match[1] else (match[4], match[3])
    return float(number) * UNIT_DAYS[unit]


def _periods(
    study: Study, plan: Plan, visits: Mapping[str, Visit], order: Codes, treatment: Texts
) -> Codes:
    """Which treatment of a crossover came first, from the plan, an order column or a period one."""
    session = _keyed(study, "session_id")[order]
    period = np.array([v.period if (v := visits.get(str(s))) else 0 for s in session], np.intp)
    if period.any():
        return period
    for name in PERIOD_COLUMNS:
        if name in study.columns:
            values = text(study, name)[order]
            return np.array([int(v) if str(v).isdecimal() else 0 for v in values], np.intp)
    for name in plan.order:
        if name not in study.columns:
            raise unknown_column(name, f"{PLAN}, order")
    columns = plan.order or [c.name for c in study.named(kind="text") if _order_of(c.name)]
    for place, name in enumerate(sorted(columns, key=lambda n: _order_of(n) or 0), start=1):
        levels = _named_levels(study, name)
        came = np.array([levels.get(str(v), "") for v in text(study, name)[order]], dtype=object)
        period[(came == treatment) & (treatment != "") & (period == 0)] = place
    return period


def _order_of(name: str) -> int:
    match = ORDER.fullmatch(name.lower())
    return int(match[1]) if match else 0


def _site(study: Study, plan: Plan, notes: list[str]) -> Texts:
    if plan.site and plan.site not in study.columns:
        raise unknown_column(plan.site, f"{PLAN}, site")
    names = (
        [plan.site] if plan.site else [n for n in study.columns if words_of(n) & set(SITE_WORDS)]
    )
    texts = [n for n in names if study.columns[n].kind == "text"]
    for name in texts[:1]:
        if len({str(v) for v in text(study, name)} - {""}) > 1:
            notes.append(f"{name} names the sites.")
            return text(study, name)
    return np.full(len(study.table), "", dtype=object)


def _per_person(values: Texts, participant: Codes, people: NDArray[np.str_]) -> Texts:
    """The group of each participant, (n,); raises E450 for somebody in two."""
    found = _first(values, participant, len(people))
    for who, value in zip(participant, values, strict=True):
        if value and value != found[who]:
            msg = f"{people[who]} is among the {found[who]} and among the {value}."
            raise DefaultModeError("E450", msg)
    return found


def _first(values: Texts, participant: Codes, n: int) -> Texts:
    """The value of each participant's first row that has one, (n,)."""
    found = np.full(n, "", dtype=object)
    for who, value in zip(participant[::-1], values[::-1], strict=True):
        if value:
            found[who] = value
    return found


def _keyed(study: Study, name: str) -> Texts:
    if name in study.columns:
        return text(study, name)
    return np.full(len(study.table), "", dtype=object)
