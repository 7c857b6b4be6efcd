"""Clinical tables of BIDS data sets and of one's own, read without ever guessing a type."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.clinical_files import (
    ClinicalTable,
    read_clinical_file,
    read_scans,
    read_sessions,
    table_sidecar,
)
from defaultmode.sources.clinical_join import join, study_of_tables
from defaultmode.sources.clinical_merge import Clinical, merge

__all__ = ["Clinical", "join", "read_clinical", "study_of_tables"]
TABLES = (".tsv", ".tsv.gz")


def read_clinical(
    bids_dirs: Sequence[Path],
    tables: Sequence[Path],
    *,
    declared: Mapping[str, str] | None = None,
    more: Sequence[ClinicalTable] = (),
) -> Clinical:
    """Read participants, sessions, scans and phenotype tables, and clinical tables of one's own.

    bids_dirs : BIDS data sets, raw or derivative; tables : .tsv, .tsv.gz or .csv, long (a row per
    participant, or per participant and session) or wide (`MADRS_ses-pre`). JSON data dictionaries
    beside them say what the columns are; declared : column → "text" or "number" overrides them.
    more : tables that were made of other files, such as response times of task events.

    Raises E101 (no such folder or file), E404 (a row twice), E405 (no participant), E134 (a
    declared number is none), E206 (a broken dictionary), E410, E411, and what a damaged table
    raises.
    """
    found: list[ClinicalTable] = []
    for root in dict.fromkeys(Path(d).resolve() for d in bids_dirs):
        found += _of_folder(root)
    for path in map(Path, tables):
        found += read_clinical_file(path, path.name, table_sidecar(path))
    return merge([*found, *more], declared or {})


def _of_folder(root: Path) -> list[ClinicalTable]:
    if not root.is_dir():
        raise DefaultModeError("E101", f"there is no folder {root}.")
    found: list[ClinicalTable] = []
    for pattern in ("participants.tsv*", "phenotype/*.tsv*"):
        for path in _tables(root, pattern):
            source = path.relative_to(root).as_posix()
            found += read_clinical_file(path, source, table_sidecar(path))
    sessions = [
        *_tables(root, "sub-*/*_sessions.tsv*"),
        *_tables(root, "sub-*/ses-*/*_sessions.tsv*"),
    ]
    scans = [*_tables(root, "sub-*/*_scans.tsv*"), *_tables(root, "sub-*/ses-*/*_scans.tsv*")]
    return found + read_sessions(root, sessions) + read_scans(root, scans)


def _tables(root: Path, pattern: str) -> list[Path]:
    return sorted(
        p for p in root.glob(pattern) if p.name.endswith(TABLES) and not p.name.startswith(".")
    )
