"""The flow of participants through a study: found, recorded, readable, usable, rated."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from defaultmode.core.settings import Settings
from defaultmode.core.study import TOGETHER, Study
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.joined_tables import clinical_tables
from defaultmode.report.choosing import n_recordings, recorded
from defaultmode.report.flow_nouns import EVERYBODY, Exit, Flow, SessionFlow, Stage
from defaultmode.report.quality_section import LOST, WARNED
from defaultmode.report.writing import NOT_THERE
from defaultmode.sources.clinical import Clinical
from defaultmode.statistics import Design, design_of
from defaultmode.statistics.design import natural
from defaultmode.statistics.occasions import ACUTE, AFTER, BASELINE, phase_named

Reason = tuple[str, str]  # words and code
NO_RECORDING = ("a table lists them and there is no recording", "E402")
NOT_LISTED = ("no clinical table has a value for them", "E401")
UNKNOWN = ("not known", "")
UNGROUPED = "no group known"
REGION = "region "  # how a row of missing.tsv begins that lacks a region and no measure
PHASES = (BASELINE, ACUTE, AFTER, "")
ATTENDED = "completed"  # the status of a session, as virtual trials write it


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of everybody: their group, failed runs, what is missing, and the design."""

    study: Study
    clinical: Clinical
    groups: Mapping[str, str]
    by: str
    failures: Mapping[str, Reason]
    design: Design

    def group(self, person: str) -> str:
        """The group of one person; everybody is one where no column names groups."""
        return self.groups.get(person, UNGROUPED) if self.by else EVERYBODY


def flow_of(
    study: Study, folder: Folder, settings: Settings, *, by: str = "", blinded: bool = False
) -> Flow:
    """How many people of each group reach each stage, and why the others do not.

    by : the column that names groups, empty where none does
    blinded : groups are those of the study's own (permuted) rows alone
    """
    clinical = clinical_tables(settings)
    groups = _groups(study, clinical, by, blinded=blinded) if by else {}
    known = Known(
        study, clinical, groups, by, _failures(folder),
        design_of(study, reference=settings.reference),
    )  # fmt: skip
    rows = study.table
    measured = {m.key.partition("_")[0] for m in folder.finished()}
    usable = set(rows.loc[recorded(study), "participant_id"].astype(str))
    found = dict.fromkeys([*known.clinical.everybody(), *sorted(measured | set(known.failures))])
    found |= dict.fromkeys(rows["participant_id"].astype(str))
    stages = [_stage("Found", list(found), list(found), known, _nothing)]
    for name, reached, why in (
        ("Recorded", measured | set(known.failures), _no_recording),
        ("Readable", measured, _failed),
        ("Enough usable signal", usable, _unusable),
        ("Clinical data", _rated(study, known.clinical), _unrated),
    ):
        before = stages[-1][1]
        if reached or name != "Clinical data":
            stages.append(_stage(name, before, [p for p in before if p in reached], known, why))
    return Flow(
        groups=tuple(dict.fromkeys(known.group(p) for p in found)),
        stages=tuple(stage for stage, _ in stages),
        sessions=tuple(_sessions(known, list(found))),
        by=known.by,
        runs=_runs(folder, study),
    )


def _groups(study: Study, clinical: Clinical, by: str, *, blinded: bool) -> dict[str, str]:
    """Participant → group; those without a recording are known by the clinical tables alone."""
    listed = by in clinical.participants and not blinded
    everybody = _pairs(clinical.participants, by) if listed else {}
    return everybody | _pairs(study.table, by)


def _failures(folder: Folder) -> dict[str, Reason]:
    """Participant → why a run of theirs could not be measured."""
    return {row["participant_id"]: (row["reason"], row["code"]) for row in folder.failed_runs()}


def _pairs(table: pd.DataFrame, by: str) -> dict[str, str]:
    rows = table[["participant_id", by]].dropna().astype(str)
    return {person: group for person, group in rows.to_numpy() if group != NOT_THERE}


def _stage(
    name: str,
    before: Sequence[str],
    reached: Sequence[str],
    known: Known,
    why: Callable[[str, Known], Reason],
) -> tuple[Stage, list[str]]:
    lost: dict[tuple[str, Reason], list[str]] = {}
    staying = set(reached)
    for person in before:
        if person not in staying:
            lost.setdefault((known.group(person), why(person, known)), []).append(person)
    exits = tuple(
        Exit(group, tuple(people), reason, code) for (group, (reason, code)), people in lost.items()
    )
    people = Counter(known.group(p) for p in reached)
    return Stage(name, dict(people), exits), list(reached)


def _nothing(person: str, known: Known) -> Reason:  # noqa: ARG001  # nobody leaves the first stage
    return UNKNOWN


def _no_recording(person: str, known: Known) -> Reason:  # noqa: ARG001  # one reason for all
    return NO_RECORDING


def _failed(person: str, known: Known) -> Reason:
    return known.failures.get(person, UNKNOWN)


def _unusable(person: str, known: Known) -> Reason:
    """Why nothing was measured of a person who has a run that can be read."""
    missing = known.study.missing
    return _reason(missing[missing["participant_id"] == person]) or UNKNOWN


def _reason(rows: pd.DataFrame) -> Reason | None:
    """What cost a whole run or every measure, else what cost most measures; warnings cost none."""
    told = rows[~rows["code"].astype(str).isin({"", NOT_THERE, *WARNED})]
    told = told[~told["what"].astype(str).str.startswith(REGION)]
    whole = told[told["what"].isin(LOST)]
    costs: Counter[Reason] = Counter()
    for what, reason, code in (whole if len(whole) else told)[
        ["what", "reason", "code"]
    ].to_numpy():
        costs[str(reason), str(code)] += len(str(what).split(TOGETHER))
    return max(costs, key=lambda one: costs[one], default=None)


def _unrated(person: str, known: Known) -> Reason:  # noqa: ARG001  # one reason for all
    return NOT_LISTED


def _rated(study: Study, clinical: Clinical) -> set[str]:
    """People of whom a clinical table says anything beyond their name."""
    names = [c.name for c in study.columns.values() if c.role == "clinical"]
    if not names:
        return set(clinical.everybody())
    values = study.table[names].replace(NOT_THERE, np.nan)
    return set(study.table.loc[values.notna().any(axis=1), "participant_id"].astype(str))


def _sessions(known: Known, people: Sequence[str]) -> list[SessionFlow]:
    """Each session of each group, those that tables list and that were recorded."""
    table = known.study.table[recorded(known.study)]
    there = set(zip(table["participant_id"].astype(str), table["session_id"], strict=True))
    listed = [
        (str(p), str(s))
        for p, s in known.clinical.sessions[["participant_id", "session_id"]].to_numpy()
    ]
    failed = known.study.missing[known.study.missing["what"] == "the whole run"]
    lost = zip(failed["participant_id"].astype(str), failed["session_id"], strict=True)
    expected = dict.fromkeys([*listed, *sorted(there), *lost])
    sessions = [s for s in dict.fromkeys(s for _, s in expected) if s not in ("", NOT_THERE)]
    order = {person: known.group(person) for person in people}
    found = []
    for session in _in_order(sessions, known):
        for group in dict.fromkeys(order.values()):
            wanted = [p for p, s in expected if s == session and order.get(p) == group]
            gone = [p for p in wanted if (p, session) not in there]
            if wanted:
                reasons = Counter(_absent(p, session, known) for p in gone)
                found.append(
                    SessionFlow(
                        session, group, len(wanted), len(wanted) - len(gone), tuple(reasons.items())
                    )
                )
    return found


def _in_order(sessions: Sequence[str], known: Known) -> list[str]:
    """Sessions as the design has them, the reference first; those it lacks by phase and name."""
    levels = [s for f in known.design.within if f.name == "session_id" for s in f.levels]
    return sorted(
        sessions,
        key=lambda s: (
            levels.index(s) if s in levels else len(levels),
            PHASES.index(phase_named(s)),
            natural(s),
        ),
    )


def _absent(person: str, session: str, known: Known) -> str:
    """Why a session has no measured recording of a person."""
    rows = known.clinical.sessions
    own = rows[(rows["participant_id"] == person) & (rows["session_id"] == session)]
    if "status" in own and len(own) and own["status"].iloc[0] not in (ATTENDED, NOT_THERE, ""):
        return str(own["status"].iloc[0])
    missing = known.study.missing
    rows = missing[(missing["participant_id"] == person) & (missing["session_id"] == session)]
    if found := _reason(rows):
        return f"{found[0]} ({found[1]})"
    listed = (rows["code"] == NO_RECORDING[1]).any()
    return f"listed and not recorded ({NO_RECORDING[1]})" if listed else "no recording"


def _runs(folder: Folder, study: Study) -> tuple[tuple[str, int], ...]:
    """What became of recordings; one measured in two atlases is still one."""
    finished = {m.key.partition("_atlas-")[0] for m in folder.finished()}
    failed = {path.stem.partition("_atlas-")[0] for path in folder.failures.glob("*.json")}
    usable = n_recordings(study.table[recorded(study)])
    return (
        ("found", len(finished | failed)),
        ("readable", len(finished)),
        ("with enough usable signal", usable),
    )
