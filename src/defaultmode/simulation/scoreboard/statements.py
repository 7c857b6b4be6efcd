"""The statements of the account as data, each laid out into rows: one per condition and preset."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import product

from defaultmode.simulation.scoreboard.situations import Situation, parse_situation
from defaultmode.simulation.toml_table import Table, parse_toml

ASKED = ("network", "switch", "people")
FORMS = ("difference", "value", "ratio", "suppression", "distance", "share", "similarity")
CLAIMED = ("up", "down", "same", "between")
LABELS = ("calibrated", "built in", "emergent")
LEAST = 1e-9  # a smaller change is rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One thing that the account says, and how the model is asked; keys as in `statements.toml`."""

    id: str
    claims: tuple[str, ...]
    group: str
    sentence: str
    asks: str
    quantity: str
    presets: tuple[str, ...]
    conditions: tuple[str, ...]
    situation: str
    against: str
    than: tuple[str, ...]
    form: str
    claimed: str
    low: float
    high: float
    label: str
    because: str

    @property
    def rows(self) -> Iterator["Row"]:
        """A row for every condition and preset."""
        for condition, preset in product(self.conditions or ("",), self.presets or ("",)):
            texts = (self.situation, self.against, *self.than)
            named = (text.replace("{condition}", condition) for text in texts)
            yield Row(self, condition, preset, *named)


@dataclass(frozen=True, slots=True)
class Row:
    """A statement in one condition and under one preset; situations as text, empty for none."""

    statement: Statement
    condition: str
    preset: str
    situation: str
    against: str = ""
    than: str = ""
    than_against: str = ""

    @property
    def key(self) -> str:
        """The row's name."""
        parts = (self.statement.id, self.condition, self.preset)
        return " | ".join(part for part in parts if part)

    @property
    def situations(self) -> tuple[Situation, ...]:
        """Everything that the row looks at, as networks know it."""
        named = (self.situation, self.against, self.than, self.than_against)
        healthy = ("healthy",) if self.statement.form == "distance" else ()
        return tuple(parse_situation(text) for text in (*named, *healthy) if text)

    @property
    def hypothetical(self) -> bool:
        """Whether the row rests on a mechanism without source.

        The switch model and what differs between people are of our own making.
        """
        own = self.statement.asks != "network"
        return own or any(situation.hypothetical for situation in self.situations)

    @property
    def claimed(self) -> tuple[float, float]:
        """The lowest and highest value at which the statement holds."""
        s = self.statement
        nothing = 1.0 if s.form == "ratio" else 0.0
        return {
            "up": (nothing + LEAST, math.inf),
            "down": (-math.inf, nothing - LEAST),
            "same": (nothing - LEAST, nothing + LEAST),
            "between": (s.low, s.high),
        }[s.claimed]


@dataclass(frozen=True, slots=True)
class Silent:
    """Claims that the model cannot speak to, and why."""

    claims: tuple[str, ...]
    reason: str


@cache
def read_statements() -> tuple[tuple[Statement, ...], tuple[Silent, ...]]:
    """The packaged statements, and the claims left out; raises E510 where the file is not valid."""
    name = "statements.toml"
    text = files(__package__).joinpath(name).read_text("utf-8")
    with Table(parse_toml(text, name), name) as whole:
        said = tuple(_statement(t) for t in whole.tables("statement"))
        return said, tuple(_silent(t) for t in whole.tables("silent"))


def _statement(raw: Table) -> Statement:
    with raw as t:
        claimed = t.one_of("claimed", CLAIMED)
        ranged = claimed == "between"
        return Statement(
            id=t.text("id"),
            claims=t.texts("claims"),
            group=t.text("group"),
            sentence=t.text("sentence"),
            asks=t.one_of("asks", ASKED),
            quantity=t.text("quantity"),
            presets=t.texts("presets", ()),
            conditions=t.texts("conditions", ()),
            situation=t.text("situation"),
            against=t.text("against", ""),
            than=t.texts("than", ()),
            form=t.one_of("form", FORMS, "difference"),
            claimed=claimed,
            low=t.number("low", -math.inf) if ranged and "low" in t else -math.inf,
            high=t.number("high", math.inf) if ranged and "high" in t else math.inf,
            label=t.one_of("label", LABELS),
            because=t.text("because"),
        )


def _silent(raw: Table) -> Silent:
    with raw as t:
        return Silent(t.texts("claims"), t.text("reason"))
