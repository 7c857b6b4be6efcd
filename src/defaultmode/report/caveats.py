"""What a reader must know before believing this page: those warnings that apply to it."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from defaultmode.report.choosing import atlases, measured, recorded
from defaultmode.report.nouns import Page


@dataclass(frozen=True, slots=True)
class Caveat:
    """One warning and when it applies; see `caveats.toml`."""

    name: str
    sentence: str
    cites: tuple[str, ...] = ()
    always: bool = False
    words: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    atlases: tuple[str, ...] = ()
    repeated: bool = False
    unverified: bool = False


def _frozen(entry: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}


@cache
def all_caveats() -> tuple[Caveat, ...]:
    """Every warning, in the order of its file."""
    raw = tomllib.loads(files(__package__).joinpath("caveats.toml").read_text("utf-8"))
    return tuple(Caveat(name, **_frozen(entry)) for name, entry in raw.items())


def _said(page: Page) -> Iterator[str]:
    """Every name and level that tells what the study is about."""
    yield page.title
    for column in page.study.columns.values():
        if column.role in {"clinical", "design"} or column.name == "session_id":
            yield f"{column.name} {column.sentence}"
            yield from column.levels.values()
            if column.kind == "text":
                yield from page.study.table[column.name].dropna().astype(str).unique()


def _repeated(page: Page) -> bool:
    table = page.study.table[recorded(page.study)]
    if "session_id" not in table:
        return False
    return bool((table.groupby("participant_id")["session_id"].nunique() > 1).any())


def _applies(caveat: Caveat, page: Page, text: str) -> bool:
    used = {s.atlas.name for s in page.connectivity} | set(atlases(page.study))
    return (
        caveat.always
        or any(word in text for word in caveat.words)
        or any(name in measured(page.study) for name in caveat.measures)
        or any(name in used for name in caveat.atlases)
        or (caveat.repeated and _repeated(page))
        or (caveat.unverified and _unverified(page))
    )


def _unverified(page: Page) -> bool:
    return any(not r.verified for s in page.connectivity for r in s.atlas.regions)


def caveats(page: Page) -> tuple[Caveat, ...]:
    """The warnings that apply to this page, in the order of their file."""
    text = " ".join(_said(page)).casefold()
    return tuple(c for c in all_caveats() if _applies(c, page, text))
