"""Named sets of effects, and the published evidence for and against them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.effects import Effect
from defaultmode.simulation.toml_table import Table

How = Literal["relative", "added"]
Direction = Literal["for", "against", "mixed"]


@dataclass(frozen=True, slots=True)
class Mechanism:
    """Effects that act together, as one account of what a drug, a condition or an event does."""

    name: str
    sentence: str
    effects: tuple[Effect, ...] = ()

    @property
    def hypothetical(self) -> bool:
        """Whether any of its effects has no source."""
        return any(effect.hypothetical for effect in self.effects)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One published estimate: which way it points, what was found, in how many people.

    source : key of the reference list; n : people in that estimate, 0 where unknown
    cohort : estimates of one cohort overlap and are not counted twice; empty where unknown
    """

    says: Direction
    sentence: str
    source: str
    n: int = 0
    cohort: str = ""


def parse_effect(raw: Table) -> Effect:
    """One effect from its table; raises E510. An effect without source must be hypothetical."""
    with raw as t:
        effect = Effect(
            parameter=t.text("parameter"),
            change=t.number("change"),
            how=cast("How", t.one_of("how", ("relative", "added"), "relative")),
            where=t.text("where", "all"),
            slope=t.number("slope", 0.0),
            receptor=t.text("receptor", ""),
            receptor_slope=t.number("receptor_slope", 0.0),
            sentence=t.text("sentence"),
            source=t.text("source", ""),
            verified=t.flag("verified", False),
            hypothetical=t.flag("hypothetical", False),
        )
    if not effect.source and not effect.hypothetical:
        raise t.refuse("source", "a source, or hypothetical = true")
    return effect


def parse_mechanisms(raw: Table) -> tuple[Mechanism, ...]:
    """Mechanisms from the tables [mechanism.NAME], at least one, in their order; raises E510."""
    found = []
    with raw as tables:
        for name in tables.keys:
            with tables.table(name) as t:
                effects = tuple(parse_effect(e) for e in t.tables("effect"))
                found.append(Mechanism(name, t.text("sentence"), effects))
    if not found:
        raise DefaultModeError("E510", f"{raw.where}: expected a table [mechanism.NAME].")
    return tuple(found)


def parse_evidence(tables: tuple[Table, ...]) -> tuple[Evidence, ...]:
    """Evidence from the tables [[evidence]]; raises E510."""
    rows = []
    for raw in tables:
        with raw as t:
            row = Evidence(
                says=cast("Direction", t.one_of("says", ("for", "against", "mixed"))),
                sentence=t.text("sentence"),
                source=t.text("source"),
                n=t.whole("n", 0),
                cohort=t.text("cohort", ""),
            )
            rows.append(row)
    return tuple(rows)


def chosen(mechanisms: Sequence[Mechanism], name: str, owner: str) -> Mechanism:
    """One mechanism by name, the first where the name is empty; raises E511."""
    for mechanism in mechanisms:
        if name in {"", mechanism.name}:
            return mechanism
    known = ", ".join(m.name for m in mechanisms)
    raise DefaultModeError("E511", f"{owner} has no mechanism {name!r}; there are {known}.")
