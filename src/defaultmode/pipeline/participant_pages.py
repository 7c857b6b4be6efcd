"""A page for each participant, beside the report as in fMRIPrep: sub-X.html."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.settings import Settings
from defaultmode.core.study import Column, Study
from defaultmode.outputs import FinishedRun, finished_runs, mean_fisher_z
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.run_traces import keys_of, leading_preset, trace_of
from defaultmode.report.choosing import of_atlas
from defaultmode.report.participant_page import (
    Links,
    Measured,
    Person,
    build_participant_page,
    links_between,
    page_name,
)
from defaultmode.report.quality_nouns import SessionMatrix
from defaultmode.report.standing import Spread, compared_words, numbers_of, spreads, standings
from defaultmode.report.writing import NOT_THERE
from defaultmode.running import Task, launch, worker_count, write_text

PAGE_MB = 400  # of one process, as for a table
RUN = ("session_id", "task_id", "acquisition_id", "direction_id", "run_id")
WORTH_A_PROCESS = 40  # pages; starting a process takes as long as making about so many


@dataclass(frozen=True, slots=True, eq=False)
class PageWork:
    """One page: what is known of the person, and the tables of measures of their runs."""

    person: Person
    folder: Path
    tables: tuple[str, ...]


def people_of(folder: Folder, study: Study) -> list[str]:
    """The participants with a run that was measured or that failed, in order."""
    measured = {m.key.partition("_")[0] for m in folder.finished()}
    failed = {row["participant_id"] for row in folder.failed_runs()}
    listed = dict.fromkeys(study.table["participant_id"].astype(str))
    return sorted((measured & set(listed)) | failed)


def write_participant_pages(
    folder: Folder, study: Study, settings: Settings, *, warning: str = ""
) -> int:
    """Write the page of each participant and remove those of others; how many pages there are.

    A page that would not change is left as it is. Raises E601, E602, E605.
    """
    works = page_works(folder, study, warning=warning, reference=settings.reference)
    kept = {page_name(w.person.name) for w in works}
    for path in folder.path.glob("sub-*.html"):
        if path.name not in kept:
            path.unlink()
    tasks = [Task(w.person.name, w) for w in works]
    processes = worker_count(
        settings.nprocs,
        max(1, len(tasks) // WORTH_A_PROCESS),
        mem_mb=settings.mem_mb,
        task_mb=PAGE_MB,
    )
    for _, outcome in launch(write_page, tasks, processes=processes):
        if isinstance(outcome, DefaultModeError):
            raise outcome
    return len(works)


def page_works(
    folder: Folder,
    study: Study,
    *,
    warning: str = "",
    reference: Mapping[str, str] | None = None,
) -> list[PageWork]:
    """One piece of work for each page; reference : as for `spreads`."""
    tables: dict[str, list[str]] = defaultdict(list)
    for path in folder.measure_tables():
        tables[path.partition("/")[0]].append(path)
    people = people_of(folder, study)
    around = links_between(people)
    spread = spreads(study, reference=reference)
    by_person = dict(iter(study.missing.groupby("participant_id", sort=False)))
    none = study.missing.iloc[:0]
    return [
        PageWork(
            person_of(
                study, name, by_person.get(name, none),
                spread=spread, links=around[name], warning=warning,
            ),
            folder.path,
            tuple(tables[name]),
        )
        for name in people
    ]  # fmt: skip


def person_of(
    study: Study,
    name: str,
    missing: pd.DataFrame,
    *,
    spread: Mapping[str, Sequence[Spread]],
    links: Links,
    warning: str,
) -> Person:
    """What the study's tables say of one person."""
    alone = Study(study.table[study.table["participant_id"] == name], study.columns, missing)
    return Person(
        name=name,
        facts=tuple(_facts(alone)),
        measured=tuple(_measured(alone, spread)),
        missing=missing,
        numbers=numbers_of(alone, name),
        n_people=study.table["participant_id"].nunique(),
        compared=compared_words(spread),
        links=links,
        warning=warning,
    )


def _facts(alone: Study) -> list[tuple[str, str]]:
    """The columns of the clinical tables, each with its value, or with that of each session."""
    columns = [c for c in alone.columns.values() if c.role in {"clinical", "design"}]
    facts = [(column.name, _fact(alone.table, column)) for column in columns]
    return [(name, said) for name, said in facts if said]


def _fact(table: pd.DataFrame, column: Column) -> str:
    rows = table[["session_id", column.name]].dropna().drop_duplicates()
    told = [
        (str(session), f"{value:g}" if isinstance(value, float) else str(value))
        for session, value in rows.itertuples(index=False, name=None)
    ]
    known = [(session, value) for session, value in told if value != NOT_THERE]
    values = list(dict.fromkeys(value for _, value in known))
    sessions = len({session for session, _ in known}) == len(known)
    if len(values) > 1 and sessions:
        values = [f"{session.removeprefix('ses-')} {value}" for session, value in known]
    unit = f" {column.unit}" if values and column.unit not in ("", "1") else ""
    return ", ".join(values) + unit


def _measured(alone: Study, spread: Mapping[str, Sequence[Spread]]) -> list[Measured]:
    found = []
    for atlas, measures in spread.items():
        rows = of_atlas(alone, atlas)
        if len(rows):
            made = tuple(standings(measures, rows))
            found.append(Measured(atlas, tuple(_run_names(rows)), made))
    return [m for m in found if m.standings]


def _run_names(rows: pd.DataFrame) -> list[str]:
    """What tells the runs of one person apart, such as "ses-a run-1"."""
    telling = [k for k in RUN if rows[k].nunique() > 1] or ["session_id"]
    names = []
    for record in rows[telling].astype(str).to_dict("records"):
        parts = [
            value if key == "session_id" else f"{str(key).removesuffix('_id')}-{value}"
            for key, value in record.items()
            if value != NOT_THERE
        ]
        names.append(" ".join(parts) or "recording")
    return names


def write_page(work: PageWork) -> bool:
    """Draw and write one page; whether it changed."""
    runs = finished_runs(work.folder, work.tables)
    leading = [(run, denoise) for run in runs if (denoise := leading_preset(run))]
    whole = replace(
        work.person,
        traces=tuple(trace_of(run, denoise, work.folder) for run, denoise in leading),
        matrices=tuple(_matrices(leading)),
    )
    text = build_participant_page(whole)
    path = work.folder / page_name(work.person.name)
    if path.is_file() and path.read_text("utf-8") == text:
        return False
    write_text(path, text)
    return True


def _matrices(leading: Sequence[tuple[FinishedRun, str]]) -> list[SessionMatrix]:
    """Mean connectivity of each session, atlas and preset."""
    together: dict[tuple[str, str, str], list[FinishedRun]] = defaultdict(list)
    for run, denoise in leading:
        keys = keys_of(run)
        together[keys["session_id"], keys["atlas"], denoise].append(run)
    return [
        SessionMatrix(
            runs[0].atlas, session, denoise, len(runs),
            mean_fisher_z({"": [run.matrices[denoise] for run in runs]}),
        )
        for (session, _, denoise), runs in together.items()
    ]  # fmt: skip
