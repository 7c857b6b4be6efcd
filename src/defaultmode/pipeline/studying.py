"""`study`: measures and clinical tables → comparisons → the report."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.result import Result
from defaultmode.core.settings import Settings, read_settings
from defaultmode.core.study import KEYS, MISSING_COLUMNS, Column, Study
from defaultmode.measures import all_measures
from defaultmode.outputs import gather, study_files
from defaultmode.pipeline.folder import Folder
from defaultmode.running import write_text
from defaultmode.sources.clinical import Clinical, join, read_clinical, study_of_tables
from defaultmode.statistics import compare, correlate, design_of

EYES = {"E401", "E402", "E406", "E407"}


@dataclass(frozen=True, slots=True, eq=False)
class StudyReport:
    """What `study` found: the study itself, its results, and what needs a person's eyes."""

    out: Path
    study: Study
    results: tuple[Result, ...]
    notices: tuple[str, ...]
    seconds: float

    @property
    def exit(self) -> int:
        """0, or 4 where runs, participants or cells of the tables need a person's eyes."""
        return 4 if needs_eyes(self.study, self.notices) else 0


def study_settings(out: Path, plan: Path | None, overrides: Mapping[str, object]) -> Settings:
    """The settings of the last `measure` in this folder, a plan and the command line over them."""
    kept = Folder(out).settings_file
    settings = read_settings(kept) if kept.is_file() else Settings(out=str(out))
    if plan is not None:
        planned = read_settings(plan)
        default = Settings()
        changed = {
            name: getattr(planned, name)
            for name in Settings.__dataclass_fields__
            if getattr(planned, name) != getattr(default, name)
        }
        settings = replace(settings, **changed)
    return replace(settings, out=str(out), **overrides)  # type: ignore[arg-type]  # checked there


def study(settings: Settings, *, notes: Sequence[str] = ()) -> StudyReport:
    """Join, compare, correlate and report what has been measured in a folder.

    Raises E408 (nothing to study), E404, E405, E130 and their like for a damaged clinical table.
    """
    from defaultmode.pipeline.reporting import Analysis, report_files

    started = time.monotonic()
    folder = Folder(Path(settings.out))
    whole, notices = gather_study(settings)
    folder.claim(settings)
    design = design_of(whole, reference=settings.reference)
    results = (compare(whole, design), correlate(whole, design))
    texts = study_files(whole, results)
    analysis = Analysis(whole, design, results)
    texts |= report_files(folder, analysis, settings, texts=texts, notes=notes)
    for name, text in texts.items():
        write_text(folder.path / name, text)
    folder.log("studied", folder.path.name, rows=len(whole.table))
    return StudyReport(folder.path, whole, results, notices, time.monotonic() - started)


def gather_study(settings: Settings) -> tuple[Study, tuple[str, ...]]:
    """Every finished run with its clinical columns, and the notices of the clinical tables."""
    folder = Folder(Path(settings.out))
    measured = gather_measured(folder)
    clinical = clinical_tables(settings)
    if not len(measured.table) and not clinical_rows(clinical):
        msg = f"{folder.path} has no measured runs, and no clinical table was given."
        raise DefaultModeError("E408", msg)
    return joined(measured, clinical, settings), tuple(clinical.notices)


def needs_eyes(study: Study, notices: Sequence[str]) -> bool:
    """Whether participants or cells of the tables need a person's eyes."""
    return bool(notices) or bool(set(study.missing["code"]) & EYES)


def gather_measured(folder: Folder) -> Study:
    """Every finished run of the folder as one study, with the runs that failed as missing."""
    sentences = {m.name: {"sentence": m.sentence, "role": m.role} for m in all_measures().values()}
    measured = gather(folder.path, folder.measure_tables(), sentences)
    failed = pd.DataFrame(folder.failed_runs(), columns=list(MISSING_COLUMNS))
    missing = pd.concat([measured.missing, failed], ignore_index=True)
    return Study(measured.table, measured.columns, missing)


def clinical_tables(settings: Settings) -> Clinical:
    """The clinical tables that the settings name, the derivatives' own participants included."""
    folders = [*settings.bids_dirs, *([settings.source] if settings.source else [])]
    return read_clinical(
        [Path(f) for f in folders],
        [Path(t) for t in settings.tables],
        declared=settings.columns,
    )


def clinical_rows(clinical: Clinical) -> int:
    """How many rows the clinical tables hold together."""
    return len(clinical.participants) + len(clinical.sessions) + len(clinical.runs)


def joined(measured: Study, clinical: Clinical, settings: Settings) -> Study:
    """The measured runs with their clinical columns, or the clinical tables alone."""
    if not len(measured.table):
        table, columns, missing = study_of_tables(clinical)
        return Study(table, columns, pd.concat([measured.missing, missing], ignore_index=True))
    extra, columns, missing = join(clinical, measured.table[list(KEYS)])
    keys = {k: measured.columns[k] for k in KEYS}
    numbers = {k: c for k, c in measured.columns.items() if k not in keys}
    extra_columns: dict[str, Column] = {k: c for k, c in columns.items() if k not in keys}
    table = pd.concat(
        [
            measured.table[list(KEYS)].reset_index(drop=True),
            extra[list(extra_columns)].reset_index(drop=True),
            measured.table[list(numbers)].reset_index(drop=True),
        ],
        axis=1,
    )
    kept = _not_filtered(missing, settings)
    together = pd.concat([measured.missing, kept], ignore_index=True)
    return Study(table, keys | extra_columns | numbers, together)


def _not_filtered(missing: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Rows of participants and sessions that were left out on purpose are not missing."""
    asked = {f"sub-{p.removeprefix('sub-')}" for p in settings.participants}
    sessions = {f"ses-{s.removeprefix('ses-')}" for s in settings.sessions} | {"n/a"}
    keep = pd.Series(data=True, index=missing.index)
    if asked:
        keep &= missing["participant_id"].isin(list(asked))
    if settings.sessions:
        keep &= missing["session_id"].isin(list(sessions))
    return missing[keep]
