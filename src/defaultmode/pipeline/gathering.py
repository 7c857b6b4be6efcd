"""Finished runs and clinical tables → one study, and what of it needs a person's eyes."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.settings import Settings, read_settings
from defaultmode.core.study import KEYS, MISSING_COLUMNS, Column, Study
from defaultmode.measures import all_measures
from defaultmode.outputs import gather
from defaultmode.outputs.text import MISSING
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.joined_tables import clinical_tables
from defaultmode.pipeline.virtual_sources import virtual_warning
from defaultmode.sources.clinical import Clinical, join, study_of_tables

STUDY_WIDE = ("low_hz", "high_hz", "min_usable_s", "fd_threshold_mm", "dvars_threshold")
CLINICAL = "_clinical"  # added to a clinical column that has a measure's name
ASKED = {"task known", "grid known"}  # premises that hold only where somebody asks for them
RUN_LOST = ("the whole run",)  # in the table of what is missing
EYES = {"E133", "E134", "E401", "E402", "E406", "E407", "E413", "E414"}


def study_settings(
    out: Path, planned: Mapping[str, object], overrides: Mapping[str, object]
) -> Settings:
    """The settings of the last `measure` in this folder, those of a plan and of the command line.

    planned, overrides : settings by name, the later over the earlier; raises E411.
    """
    kept = Folder(out).settings_file
    settings = read_settings(kept) if kept.is_file() else Settings(out=str(out))
    return replace(settings, **{**planned, **overrides, "out": str(out)})  # type: ignore[arg-type]  # checked there


def gather_study(settings: Settings) -> tuple[Study, tuple[str, ...]]:
    """Every finished run with its clinical columns, and the notices of the clinical tables."""
    folder = Folder(Path(settings.out))
    measured = gather_measured(folder)
    clinical = clinical_tables(settings)
    if not len(measured.table) and not clinical_rows(clinical):
        msg = f"{folder.path} has no measured runs, and no clinical table was given."
        raise DefaultModeError("E408", msg)
    study, notices = joined(measured, clinical, settings)
    return _warned(study, virtual_warning(settings)), (*clinical.notices, *notices)


def _warned(study: Study, warning: str) -> Study:
    """The study with a warning in its data dictionary, where it says what a participant is."""
    if not warning:
        return study
    key = study.columns["participant_id"]
    said = replace(key, sentence=f"{key.sentence} {warning}".strip())
    return Study(study.table, dict(study.columns) | {key.name: said}, study.missing)


def needs_eyes(study: Study, notices: Sequence[str]) -> bool:
    """Whether participants or cells of the tables need a person's eyes."""
    lost = study.missing["what"].isin(RUN_LOST) | study.missing["code"].isin(list(EYES))
    return bool(lost.any()) or any(n[:4] in EYES for n in notices)


def eyes_on(study: Study, notices: Sequence[str]) -> list[str]:
    """What needs a person's eyes, in lines."""
    lost = study.missing["what"].isin(RUN_LOST) | study.missing["code"].isin(list(EYES))
    rows = study.missing[lost]
    said = (f"{code}: {reason}" for code, reason in zip(rows["code"], rows["reason"], strict=True))
    return [*notices, *dict.fromkeys(said)]


def refuse_other_settings(folder: Folder, settings: Settings, keys: Collection[str]) -> None:
    """Runs that stay as they are must have been measured as the new ones will be; raises E412."""
    wanted = {name: settings.analysis()[name] for name in STUDY_WIDE}
    for manifest in folder.finished():
        kept = {name: manifest.settings.get(name) for name in STUDY_WIDE}
        if manifest.key not in keys and kept != wanted:
            msg = f"{manifest.key} was measured with {json.dumps(kept)}; {json.dumps(wanted)} now."
            raise DefaultModeError("E412", msg)


def gather_measured(folder: Folder) -> Study:
    """Every finished run of the folder as one study, with the runs that failed as missing."""
    about = {
        m.name: {"sentence": m.sentence, "role": m.role, "asked": "".join(ASKED & {*m.premises})}
        for m in all_measures().values()
    }
    measured = gather(folder.path, folder.measure_tables(), about | _of_twins(folder))
    failed = pd.DataFrame(folder.failed_runs(), columns=list(MISSING_COLUMNS))
    missing = pd.concat([measured.missing, failed], ignore_index=True)
    return Study(measured.table, measured.columns, missing)


def _of_twins(folder: Folder) -> dict[str, dict[str, str]]:
    """What the columns of twins mean: their networks are those of their atlas."""
    told = (m.outcome.get("sentences") for m in folder.twins())
    sentences = [found for found in told if isinstance(found, Mapping)]
    return {name: {"sentence": text} for found in sentences for name, text in found.items()}


def clinical_rows(clinical: Clinical) -> int:
    """How many rows the clinical tables hold together."""
    return len(clinical.participants) + len(clinical.sessions) + len(clinical.runs)


def joined(measured: Study, clinical: Clinical, settings: Settings) -> tuple[Study, list[str]]:
    """The measured runs with their clinical columns, or the clinical tables alone; notices."""
    if not len(measured.table):
        table, columns, missing = study_of_tables(clinical)
        parts = [measured.missing, missing, _without_value(table, columns)]
        return Study(table, columns, pd.concat(parts, ignore_index=True)), []
    extra, columns, missing = join(clinical, measured.table[list(KEYS)])
    clashing = [name for name in columns if name in measured.columns and name not in KEYS]
    names = {name: f"{name}{CLINICAL}" for name in clashing}
    extra = extra.rename(columns=names)
    added = {
        names.get(name, name): replace(column, name=names.get(name, name))
        for name, column in columns.items()
        if name not in KEYS
    }
    frames = (measured.table[list(KEYS)], extra[list(added)], measured.table)
    table = pd.concat([f.reset_index(drop=True) for f in frames], axis=1)
    table = table.loc[:, ~table.columns.duplicated()]
    keys = {k: measured.columns[k] for k in KEYS}
    parts = [measured.missing, _not_filtered(missing, settings), _without_value(table, added)]
    study = Study(table, keys | added | dict(measured.columns), pd.concat(parts, ignore_index=True))
    return study, [
        f"E132: a clinical table has a column {name!r}, which is a measure's name; it is called "
        f"{names[name]!r} here."
        for name in clashing
    ]


def _without_value(table: pd.DataFrame, columns: Mapping[str, Column]) -> pd.DataFrame:
    """One row of the missing table for each column of the joined tables that has gaps."""
    rows = []
    for name, column in columns.items():
        if column.role != "key":
            gaps = int((table[name].isna() | (table[name] == "n/a")).sum())
            reason = f"{gaps} of {len(table)} rows have no value in {column.source or 'the table'}"
            if gaps:
                found = {"what": name, "code": "E409", "reason": reason}
                rows.append(dict.fromkeys(MISSING_COLUMNS, "n/a") | found)
    return pd.DataFrame(rows, columns=list(MISSING_COLUMNS), dtype=object)


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


def with_ratings(study: Study, settings: Settings) -> Study:
    """The study with a row more for each visit of its people that was rated and not scanned.

    Such rows have no measures, stand once in each atlas and come with no task. Only clinical tests
    look at them: an effect on recordings has the same rows with and without.
    """
    clinical = clinical_tables(settings)
    if not study.named(role="measure") or not clinical_rows(clinical):
        return study
    table, columns, _ = study_of_tables(clinical)
    scanned = set(zip(study.table["participant_id"], study.table["session_id"], strict=True))
    people = set(study.table["participant_id"])
    pairs = zip(table["participant_id"], table["session_id"], strict=True)
    extra = table[[pair not in scanned and pair[0] in people for pair in pairs]]
    extra = extra[(extra["session_id"] != MISSING)]
    if not len(extra):
        return study
    clashing = {
        n: f"{n}{CLINICAL}" for n in columns if n in study.columns and study.columns[n].measure
    }
    extra = extra.rename(columns=clashing)
    kept = [name for name in extra.columns if name in study.columns]
    rows = [extra[kept].assign(atlas=atlas) for atlas in sorted(set(study.table["atlas"]))]
    whole = pd.concat([study.table, *rows], ignore_index=True)
    for name, column in study.columns.items():
        if column.kind == "text":
            whole[name] = whole[name].astype(object).where(whole[name].notna(), MISSING)
    return Study(whole, study.columns, study.missing)
