"""Clinical scales known by name: range, direction, response and remission."""

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.toml_table import Table, parse_toml

Direction = Literal["worse", "better", "more"]
DIRECTIONS: tuple[Direction, ...] = ("worse", "better", "more")
CODE = "E411"
TOTAL = ("total", "tot", "sum", "scores", "score", "raw")
# A dictionary that says one of these describes a part of the score, or something made from it.
NOT_THE_SCORE = re.compile(
    r"\b(?:items?\s*(?:no\.?|number|#)?\s*\d|single item|change|difference|delta|reduction"
    r"|improvement|percentile|z-?scores?|t-?scores?|standardi[sz]ed|residuals?|log)\b"
)
SHARE = re.compile(r"\bper ?cent\b|\bpercentage\b|%")
OTHER_UNITS = frozenset({"%", "percent", "per cent", "z", "z-score", "z score", "t-score", "sd"})
# HAMD_17 may be the 17th item or the form of 17; HAMD17, HAMD-17 and HAMD_17_total are the form.
NUMBER_APART = re.compile(r".*[_\s.]\d+")


@dataclass(frozen=True, slots=True)
class Scale:
    """A clinical scale, or one of its subscales, as the sum or mean of its items.

    construct : what it measures; items : how many are summed, 0 where forms differ
    low, high : range of the score in `unit`; high is infinite where nothing bounds it
    direction : what a higher score is: "worse", "better", or "more" of the construct
    response : share of the first score by which it must drop, NaN where that is no use of it
    remission : the largest score that is one, NaN where the name does not settle it
    source, remission_source : keys of the reference list; verified, remission_verified : whether
        they were read there
    """

    name: str
    title: str
    names: tuple[str, ...]
    construct: str
    items: int
    low: float
    high: float
    direction: Direction
    source: str
    verified: bool
    unit: str = "points"
    response: float = math.nan
    remission: float = math.nan
    remission_source: str = ""
    remission_verified: bool = False
    note: str = ""

    @property
    def cites(self) -> tuple[str, ...]:
        """Keys of the reference list."""
        return tuple(dict.fromkeys(key for key in (self.source, self.remission_source) if key))

    @property
    def range(self) -> str:
        """The range in words."""
        high = "" if math.isinf(self.high) else f"{self.high:g}"
        return f"{self.low:g}–{high} {self.unit}" if high else f"from {self.low:g}"


@cache
def all_scales() -> Mapping[str, Scale]:
    """Every scale by its name."""
    return parse_scales(files(__package__).joinpath("scales.toml").read_text("utf-8"))


def find_scale(name: str) -> Scale:
    """The scale of this name, or of a column called so; raises E410."""
    found = all_scales().get(name) or scale_of(name)
    if found is None:
        raise DefaultModeError(
            "E410", f"no scale is called {name!r}; there are {', '.join(all_scales())}."
        )
    return found


def scale_of(column: str, entry: Mapping[str, object] | None = None) -> Scale | None:
    """The scale whose score a column holds, None where that is not beyond doubt.

    The column's name, or its LongName or Description in the data dictionary, must be a name of the
    scale once words such as total or score are left out; where they name two, one must be a form or
    part of the other, and is taken. An item (`MADRS_1`), a change
    (`CADSS_delta`, `MADRS_pct`) and one time point (`MADRS_pre`) are nobody's score, nor is a
    column that its dictionary describes as an item, a change or another unit.
    """
    said = {key: _text(entry or {}, key) for key in ("LongName", "Description", "Units")}
    about = f"{said['LongName']} {said['Description']}".lower()
    if NOT_THE_SCORE.search(about):
        return None
    texts = (column, said["LongName"], said["Description"])
    found = {scale.name: scale for text in texts if (scale := _scale_called(text))}
    if not found:
        return None
    name = max(found, key=len)
    agree = all(name.startswith(other) for other in found)
    share = bool(SHARE.search(about)) or said["Units"].lower() in OTHER_UNITS
    return found[name] if agree and (not share or found[name].unit == "%") else None


def parse_scales(text: str) -> dict[str, Scale]:
    """Scales by name from the text of their file; raises E411 for a key that is wrong."""
    raw = parse_toml(text, "scales.toml", code=CODE)
    return {name: _scale(name, one) for name, one in raw.items()}


def _scale(name: str, raw: object) -> Scale:
    with Table(raw, f"scales.toml, [{name}]", code=CODE) as table:
        low = table.number("low")
        return Scale(
            name=name,
            title=table.text("title"),
            names=table.texts("names"),
            construct=table.text("construct"),
            items=table.whole("items"),
            low=low,
            high=table.number("high", low=low) if "high" in table else math.inf,
            direction=table.one_of("direction", DIRECTIONS),  # type: ignore[arg-type]  # one of them
            source=table.text("source"),
            verified=table.flag("verified"),
            unit=table.text("unit", "points"),
            response=table.number("response", low=0, high=1) if "response" in table else math.nan,
            remission=table.number("remission", low=low) if "remission" in table else math.nan,
            remission_source=table.text("remission_source", ""),
            remission_verified=table.flag("remission_verified", default=False),
            note=table.text("note", ""),
        )


def _scale_called(text: str) -> Scale | None:
    whole = _squeezed(text)
    bare = _without_total(whole)
    if bare == whole and NUMBER_APART.fullmatch(text.strip()):
        return None
    return _by_name().get(whole) or _by_name().get(bare)


def _without_total(name: str) -> str:
    for word in TOTAL:
        for shorter in (name.removesuffix(word), name.removeprefix(word)):
            if shorter != name:
                return _without_total(shorter)
    return name


def _squeezed(text: str) -> str:
    """Letters, digits and plus signs alone, in lower case and without accents."""
    plain = unicodedata.normalize("NFKD", text.lower())
    return re.sub(r"[^a-z0-9+]", "", plain)


@cache
def _by_name() -> Mapping[str, Scale]:
    return {
        _squeezed(name): scale
        for scale in all_scales().values()
        for name in (scale.name, scale.title, *scale.names)
    }


def _text(entry: Mapping[str, object], key: str) -> str:
    value = entry.get(key)
    return value.strip() if isinstance(value, str) else ""
