"""What the simulator does with the account, as the scoreboard computed it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Word = Literal["holds", "fails", "in part", "undecided", "not asked"]
FILE = "account_scoreboard.json"  # written by scripts/account_scoreboard.py


@dataclass(frozen=True, slots=True)
class Score:
    """A statement in one condition and preset.

    box, seeds : over brains of other parameters, and over virtual people, in words; empty for none
    """

    where: str
    verdict: str
    hypothetical: bool
    box: str
    seeds: str


@dataclass(frozen=True, slots=True)
class Scored:
    """A statement of the scoreboard; label : calibrated, built in or emergent, because of what."""

    name: str
    claims: tuple[str, ...]
    sentence: str
    label: str
    because: str
    scores: tuple[Score, ...]


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """Every statement by its name.

    version, computed, settings : of the package, the day and how it was run
    silent : claim → why the model cannot speak to it
    """

    version: str
    computed: str
    settings: Mapping[str, Any]
    silent: Mapping[str, str]
    statements: Mapping[str, Scored]


@cache
def read_scoreboard() -> Scoreboard:
    """The scoreboard that comes with the package."""
    raw = json.loads(files(__package__).joinpath(FILE).read_text("utf-8"))
    made = [_scored(one) for one in raw["statements"]]
    return Scoreboard(
        raw["version"],
        raw["computed"],
        raw["settings"],
        raw["silent"],
        {one.name: one for one in made},
    )


def word_of(statements: Iterable[Scored]) -> Word:
    """What the model does with statements: all of their rows hold, some do, or none does.

    Where none does it fails, or is undecided if none of them fails either.
    """
    found = {score.verdict for one in statements for score in one.scores}
    if not found:
        return "not asked"
    if "holds" in found:
        return "holds" if found == {"holds"} else "in part"
    return "fails" if "fails" in found else "undecided"


def mostly_fails(statements: Iterable[Scored]) -> bool:
    """Whether more rows fail than hold."""
    found = [score.verdict for one in statements for score in one.scores]
    return found.count("fails") > found.count("holds")


def _scored(raw: Mapping[str, Any]) -> Scored:
    return Scored(
        raw["id"],
        tuple(raw["claims"]),
        raw["sentence"],
        raw["label"],
        raw["because"],
        tuple(map(_score, raw["rows"])),
    )


def _score(raw: Mapping[str, Any]) -> Score:
    where = ", ".join(raw[key].replace("_", " ") for key in ("condition", "preset") if raw[key])
    return Score(where, raw["verdict"], raw["hypothetical"], _box(raw), _seeds(raw))


def _box(raw: Mapping[str, Any]) -> str:
    if "box_share" not in raw:
        return ""
    middle = f"{_short(raw['box_median'])} ({_span(raw, 'box')}) {raw['unit']}"
    share = f"{100 * raw['box_share']:.0f} % of {raw['box_draws']:.0f} brains"
    return f"{middle.strip()}; holds in {share}"


def _seeds(raw: Mapping[str, Any]) -> str:
    if "seeds_mean" not in raw:
        return str(raw["lost"])
    middle = f"{_short(raw['seeds_mean'])} ({_span(raw, 'seeds')}) {raw['unit']}"
    return f"{middle.strip()}, n = {raw['seeds_n']:.0f}"


def _span(raw: Mapping[str, Any], kind: str) -> str:
    return f"{_short(raw[f'{kind}_low'])} to {_short(raw[f'{kind}_high'])}"


def _short(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")
