"""One clinical table → its rows by participant, session or run, every cell still text."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path

import pandas as pd

from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.names import parse_name, without_prefix
from defaultmode.sources.sidecars import Sidecars, read_json
from defaultmode.sources.text_tables import MISSING, read_text_table

ENTITY = {
    "participant_id": "sub",
    "session_id": "ses",
    "task_id": "task",
    "acquisition_id": "acq",
    "direction_id": "dir",
    "run_id": "run",
}
RUN_KEYS = tuple(ENTITY)
LEVEL_KEYS = {"participant": RUN_KEYS[:1], "session": RUN_KEYS[:2], "run": RUN_KEYS}
UNSTATED = ""  # a key that the table does not have: its row is of every task, acquisition or run
WIDE = re.compile(r"(?P<name>.+)_ses-(?P<session>[0-9A-Za-z]+)")
# What other software takes for missing; here it is text.
LOOKS_MISSING = frozenset({"na", "nan", "-nan", "none", "null", "n/a", "#n/a", "#na", "<na>"})
RUN_SUFFIXES = frozenset({"bold", "timeseries", "ptseries", "cbv"})


@dataclass(frozen=True, slots=True, eq=False)
class ClinicalTable:
    """The rows of one table, or of all tables of one name, at one level.

    name : what is added to a column name that another table claims too
    source : the file, as the data dictionary gives it
    rows : key columns of the level first; every cell text, missing ones "n/a"
    described : column → its entry in the JSON data dictionary
    """

    name: str
    source: str
    level: str
    rows: pd.DataFrame
    described: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    @property
    def lists_participants(self) -> bool:
        """Whether the table is one of participants, in which everybody should be."""
        return self.level == "participant" and self.name.endswith("participants")

    @property
    def keys(self) -> list[str]:
        """The columns that name a row."""
        return list(LEVEL_KEYS[self.level])

    @property
    def values(self) -> list[str]:
        """The columns that are not keys."""
        return [c for c in self.rows.columns if c not in self.keys]


def notice(code: str, detail: str) -> str:
    """Something that a person should see and that stops nothing, as its code and a sentence."""
    return f"{code}: {detail}"


def looks_missing(cell: str) -> bool:
    """Whether other software would read this text as missing although it is not "n/a"."""
    return cell != MISSING and cell.lower() in LOOKS_MISSING


def read_clinical_file(
    path: Path, source: str, sidecar: Mapping[str, object]
) -> list[ClinicalTable]:
    """Read a table that names its participants, long or wide.

    A wide table (columns such as `MADRS_ses-pre`) gives two: what it says of each participant, and
    of each session. Raises E404 (a row twice), E405 (no participant) and what `read_text_table`
    raises.
    """
    rows, notices = _cleaned(read_text_table(path), source)
    if "participant_id" not in rows.columns:
        there = ", ".join(map(str, rows.columns[:5]))
        raise DefaultModeError("E405", f"{path} has the columns {there}; expected participant_id.")
    described = {str(k): v for k, v in sidecar.items() if isinstance(v, Mapping)}
    table = _levelled(path.name.split(".")[0], source, rows, described)
    table = replace(table, notices=(*notices, *table.notices))
    parts = _long(table) if table.level == "participant" else [table]
    for part in parts:
        _check_once(part)
    return parts


def read_sessions(root: Path, paths: Sequence[Path]) -> list[ClinicalTable]:
    """Read the `_sessions.tsv` of every participant as one table."""
    return _together(root, paths, "sessions", _participant_of_file)


def read_scans(root: Path, paths: Sequence[Path]) -> list[ClinicalTable]:
    """Read every `_scans.tsv` as one table, its runs named by the entities of their file names."""
    return _together(root, paths, "scans", _runs_of_files)


def table_sidecar(path: Path) -> dict[str, object]:
    """Read the JSON data dictionary beside a table, empty where there is none."""
    beside = path.with_name(path.name.removesuffix(".gz").rpartition(".")[0] + ".json")
    return read_json(beside) if beside.is_file() else {}


def _together(
    root: Path,
    paths: Sequence[Path],
    name: str,
    key_rows: Callable[[Path, pd.DataFrame], pd.DataFrame],
) -> list[ClinicalTable]:
    sidecars = Sidecars(root)
    frames: list[pd.DataFrame] = []
    described: dict[str, Mapping[str, object]] = {}
    notices: list[str] = []
    for path in paths:
        rows, noticed = _cleaned(read_text_table(path), path.relative_to(root).as_posix())
        frames.append(key_rows(path, rows))
        notices += noticed
        parsed = parse_name(path.name)
        sidecar = sidecars.of(path, parsed) if parsed else {}
        described |= {str(k): v for k, v in sidecar.items() if isinstance(v, Mapping)}
    if not frames:
        return []
    rows = pd.concat(frames, ignore_index=True).fillna(MISSING).astype(object)
    source = f"sub-*/**/*_{name}.tsv"
    table = _levelled(name, source, rows, described)
    if name == "scans":
        table = replace(table, rows=table.rows.drop_duplicates(ignore_index=True))
    _check_once(table)
    return [replace(table, notices=(*notices, *table.notices))]


def _participant_of_file(path: Path, rows: pd.DataFrame) -> pd.DataFrame:
    parsed = parse_name(path.name)
    label = parsed.entities.get("sub", "") if parsed else ""
    if not label or "session_id" not in rows.columns:
        raise DefaultModeError("E405", f"{path} does not name its participant and sessions.")
    if "participant_id" not in rows.columns:
        rows.insert(0, "participant_id", f"sub-{label}")
    return rows


def _runs_of_files(path: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Key columns from the `filename` column; images that are no run are left out."""
    if "filename" not in rows.columns:
        raise DefaultModeError("E405", f"{path} has no column filename.")
    found: list[dict[str, str]] = []
    kept: list[int] = []
    for i, file in enumerate(rows["filename"]):
        parsed = parse_name(file.rpartition("/")[2])
        if parsed is None or "sub" not in parsed.entities:
            raise DefaultModeError(
                "E405", f"{path}, line {i + 2}: {file!r} is not a BIDS file name."
            )
        get = parsed.entities.get
        repeats = get("part", "mag") != "mag" or get("echo", "1").lstrip("0") != "1"
        if parsed.suffix in RUN_SUFFIXES and not repeats:
            kept.append(i)
            found.append({key: _prefixed(key, get(entity, "")) for key, entity in ENTITY.items()})
    cells = rows.drop(columns="filename").iloc[kept].reset_index(drop=True)
    return pd.concat([pd.DataFrame(found, columns=list(ENTITY), dtype=object), cells], axis=1)


def _prefixed(key: str, label: str) -> str:
    """A label as the study table writes it: sub-01, ses-pre, but rest and 1."""
    if not label or label == MISSING:
        return MISSING
    bare = without_prefix(label, ENTITY[key])
    return f"{ENTITY[key]}-{bare}" if key in LEVEL_KEYS["session"] else bare


def _cleaned(rows: pd.DataFrame, source: str) -> tuple[pd.DataFrame, list[str]]:
    """Empty cells as missing, and a notice of what other software would read otherwise."""
    notices: list[str] = []
    empty = rows == ""
    n_empty = int(empty.to_numpy().sum())
    if n_empty:
        notices.append(notice("E406", f"{source} has {n_empty} empty cells, read as missing."))
        rows = rows.mask(empty, MISSING)
    for name in rows.columns:
        texts = sorted({cell for cell in set(rows[name]) if looks_missing(cell)})
        if texts:
            msg = (
                f"{source}, column {name!r}, holds the text {texts[0]!r}. It is kept as text; in a "
                "column that is declared a number it is missing."
            )
            notices.append(notice("E406", msg))
    return rows, notices


def _levelled(
    name: str, source: str, rows: pd.DataFrame, described: Mapping[str, Mapping[str, object]]
) -> ClinicalTable:
    """The rows with the keys of their level, labels written in full."""
    finer = [key for key in RUN_KEYS[2:] if key in rows.columns]
    level = "run" if finer else "session" if "session_id" in rows.columns else "participant"
    keys = list(LEVEL_KEYS[level])
    notices = [_unprefixed(source, key, rows) for key in LEVEL_KEYS["session"] if key in rows]
    cells = {key: [_prefixed(key, c) for c in rows[key]] for key in keys if key in rows}
    if MISSING in cells["participant_id"]:
        line = cells["participant_id"].index(MISSING) + 2
        raise DefaultModeError("E405", f"{source}, line {line}, does not name its participant.")
    named = pd.DataFrame({key: cells.get(key, UNSTATED) for key in keys}, dtype=object)
    others = rows.drop(columns=[key for key in keys if key in rows])
    whole = pd.concat([named, others.reset_index(drop=True)], axis=1)
    return ClinicalTable(name, source, level, whole, described, tuple(n for n in notices if n))


def _unprefixed(source: str, key: str, rows: pd.DataFrame) -> str:
    prefix = f"{ENTITY[key]}-"
    bare = next((c for c in rows[key] if c != MISSING and not c.startswith(prefix)), None)
    if bare is None:
        return ""
    example = f"such as {bare!r}; read as {prefix}{bare}"
    return notice("E407", f"{source} writes {key} without {prefix}, {example}.")


def _check_once(table: ClinicalTable) -> None:
    twice = table.rows.duplicated(table.keys)
    if twice.any():
        row = table.rows.loc[twice, table.keys].iloc[0]
        what = ", ".join(cell for cell in row if cell not in {MISSING, UNSTATED})
        raise DefaultModeError("E404", f"{table.source} has two rows for {what}.")


def _long(table: ClinicalTable) -> list[ClinicalTable]:
    """A table of participants, and where it is wide, another of their sessions."""
    wide = {c: m for c in table.values if (m := WIDE.fullmatch(c))}
    if not wide:
        return [table]
    sessions = dict.fromkeys(m["session"] for m in wide.values())
    names = dict.fromkeys(m["name"] for m in wide.values())
    frames = []
    for session in sessions:
        cells = {m["name"]: table.rows[c] for c, m in wide.items() if m["session"] == session}
        keys = {"participant_id": table.rows["participant_id"], "session_id": f"ses-{session}"}
        frames.append(pd.DataFrame(keys | cells, dtype=object))
    rows = pd.concat(frames, ignore_index=True).fillna(MISSING)
    rows = rows[(rows[list(names)] != MISSING).any(axis=1)]
    long = replace(
        table,
        level="session",
        rows=rows[["participant_id", "session_id", *names]].reset_index(drop=True),
        described={
            n: _shared(n, [c for c, m in wide.items() if m["name"] == n], table) for n in names
        },
        notices=(),
    )
    return [replace(table, rows=table.rows.drop(columns=list(wide))), long]


def _shared(name: str, columns: Sequence[str], table: ClinicalTable) -> Mapping[str, object]:
    """What the data dictionary says of all the columns that became one."""
    entries = [table.described[c] for c in (name, *columns) if c in table.described]
    if not entries:
        return {}
    levels: dict[object, object] = {}
    words = []
    for entry in entries:
        found = entry.get("Levels")
        levels |= found if isinstance(found, Mapping) else {}
        words.append(str(entry.get("LongName") or entry.get("Description") or "").split())
    same = takewhile(lambda at_once: len(set(at_once)) == 1, zip(*words, strict=False))
    sentence = " ".join(word for word, *_ in same).rstrip(" .,:;-–(")
    shared: dict[str, object] = {"Description": sentence.removesuffix(" for")}
    if levels:
        shared["Levels"] = levels
    units = {entry.get("Units") for entry in entries}
    if len(units) == 1 and None not in units:
        shared["Units"] = units.pop()
    return shared
