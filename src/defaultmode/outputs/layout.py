"""Whether every file of a folder of results is one that belongs there, and holds what it should."""

import csv
import json
import math
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path

from defaultmode.outputs.text import MISSING

RUN = r"sub-[^/]+/(ses-[^/]+/)?func/sub-[^/]+_atlas-[0-9A-Za-z]+"


@dataclass(frozen=True, slots=True)
class FileKind:
    """One kind of file.

    path : regular expression of its whole path below the folder; columns : column → type, first in
    the table; others : type of the columns after them, empty where there are none; keys : what a
    JSON object must have
    """

    path: str
    columns: Mapping[str, str] = field(default_factory=dict)
    others: str = ""
    keys: tuple[str, ...] = ()

    def fits(self, name: str) -> bool:
        """Whether a path below the folder is of this kind."""
        return re.fullmatch(self.path.replace("{run}", RUN), name) is not None


@cache
def file_kinds() -> dict[str, FileKind]:
    """Every kind of file by its name, from schema/results.toml."""
    text = files(__package__).joinpath("schema", "results.toml").read_text("utf-8")
    return {
        name: FileKind(
            raw["path"], raw.get("columns", {}), raw.get("others", ""), tuple(raw.get("keys", ()))
        )
        for name, raw in tomllib.loads(text).items()
    }


def misplaced(folder: Path) -> Iterator[tuple[str, str]]:
    """Each file that is of no kind, or not what its kind should be: its path and what is wrong."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        fitting = [kind for kind in file_kinds().values() if kind.fits(name)]
        if len(fitting) != 1:
            yield name, "belongs to no kind of file" if not fitting else "belongs to several kinds"
            continue
        for problem in _problems(path, fitting[0]):
            yield name, problem


def _problems(path: Path, kind: FileKind) -> Iterator[str]:
    if kind.keys:
        yield from _wrong_object(path, kind.keys)
    elif kind.columns or kind.others:
        yield from _wrong_table(path, kind)


def _wrong_object(path: Path, keys: Sequence[str]) -> Iterator[str]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except ValueError as problem:
        yield f"is not JSON: {problem}"
        return
    lacking = [key for key in keys if not isinstance(content, dict) or key not in content]
    if lacking:
        yield f"lacks {', '.join(lacking)}"


def _wrong_table(path: Path, kind: FileKind) -> Iterator[str]:
    try:
        header, *rows = _rows(path)
    except ValueError as problem:
        yield f"is no table: {problem}"
        return
    first = list(kind.columns)
    if header[: len(first)] != first or (len(header) > len(first) and not kind.others):
        yield f"has the columns {', '.join(header[:6])}…; expected {', '.join(first)}"
        return
    types = [*kind.columns.values(), *[kind.others] * (len(header) - len(first))]
    for line, row in enumerate(rows, start=2):
        if len(row) != len(header):
            yield f"has {len(row)} columns in line {line}; expected {len(header)}"
            return
        wrong = next((c for c, t in zip(row, types, strict=True) if not TYPES[t](c)), None)
        if wrong is not None:
            yield f"holds {wrong!r} in line {line}, which is of another type than its column"
            return


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    if not rows:
        msg = "it is empty"
        raise ValueError(msg)
    return rows


def _is_number(cell: str) -> bool:
    try:
        return cell == MISSING or math.isfinite(float(cell))
    except ValueError:
        return False


TYPES: dict[str, Callable[[str], bool]] = {
    "text": lambda cell: cell != "",
    "number": _is_number,
    "whole": lambda cell: cell == MISSING or cell.isdecimal(),
}
