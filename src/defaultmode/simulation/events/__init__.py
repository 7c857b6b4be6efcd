"""What can happen to a person besides drugs, one TOML file each; a new file is found unasked."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from defaultmode.simulation.constants import LABELS
from defaultmode.simulation.mechanisms import (
    Evidence,
    Mechanism,
    chosen,
    parse_evidence,
    parse_mechanisms,
)
from defaultmode.simulation.registry import member
from defaultmode.simulation.toml_table import Table, packaged, parse_toml

__all__ = ["Event", "Lasting", "Learning", "all_events", "find_event", "parse_event"]


@dataclass(frozen=True, slots=True)
class Learning:
    """How a session lowers the level of a condition, and the level that it relapses to.

    rate : share by which one session lowers both when there is no plasticity
    plasticity_gain : the share grows to rate × (1 + plasticity_gain × plasticity)
    label : "calibrated", "built in" or "emergent"
    """

    rate: float
    plasticity_gain: float
    label: str
    sentence: str
    source: str
    verified: bool
    hypothetical: bool


@dataclass(frozen=True, slots=True)
class Lasting:
    """How the effects of an event outlive it.

    per_session : share of what is left to level 1 that one session adds
    decay_d : time constant in days with which the level falls afterwards
    """

    per_session: float
    decay_d: float
    source: str
    verified: bool
    hypothetical: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that takes a while and acts during it, or after it where `lasting` says so.

    in_scanner : whether it can happen while the person is being scanned
    duration_min : how long it takes unless a protocol says otherwise
    mechanisms : rival accounts of it by name, the default first
    """

    name: str
    title: str
    sentence: str
    in_scanner: bool
    duration_min: float
    mechanisms: tuple[Mechanism, ...]
    learning: Learning | None
    lasting: Lasting | None
    evidence: tuple[Evidence, ...]

    @property
    def hypothetical(self) -> bool:
        """Whether anything that it does by default has no source."""
        return self.is_hypothetical()

    def is_hypothetical(self, mechanism: str = "") -> bool:
        """Whether anything that it does under this mechanism has no source; raises E511."""
        parts = (self.mechanism(mechanism), self.learning, self.lasting)
        return any(part.hypothetical for part in parts if part is not None)

    def mechanism(self, name: str = "") -> Mechanism:
        """One of its mechanisms, the default where no name is given; raises E511."""
        return chosen(self.mechanisms, name, f"event {self.name!r}")


def _learning(raw: Table) -> Learning:
    with raw as t:
        return Learning(
            rate=t.number("rate", low=0.0),
            plasticity_gain=t.number("plasticity_gain", low=0.0),
            label=t.one_of("label", LABELS),
            sentence=t.text("sentence"),
            source=t.text("source"),
            verified=t.flag("verified"),
            hypothetical=t.flag("hypothetical"),
        )


def _lasting(raw: Table) -> Lasting:
    with raw as t:
        return Lasting(
            per_session=t.number("per_session", low=0.0),
            decay_d=t.number("decay_d", low=0.0),
            source=t.text("source"),
            verified=t.flag("verified"),
            hypothetical=t.flag("hypothetical"),
        )


def parse_event(name: str, text: str) -> Event:
    """An event from its TOML text; raises E510."""
    with Table(parse_toml(text, f"event {name!r}"), f"event {name!r}") as t:
        return Event(
            name=name,
            title=t.text("title"),
            sentence=t.text("sentence"),
            in_scanner=t.flag("in_scanner"),
            duration_min=t.minutes("duration"),
            mechanisms=parse_mechanisms(t.table("mechanism")),
            learning=_learning(t.table("learning")) if "learning" in t else None,
            lasting=_lasting(t.table("lasting")) if "lasting" in t else None,
            evidence=parse_evidence(t.tables("evidence")),
        )


@cache
def all_events() -> Mapping[str, Event]:
    """Every event by name, in alphabetical order."""
    texts = packaged(__package__)
    return MappingProxyType({name: parse_event(name, text) for name, text in texts.items()})


def find_event(name: str) -> Event:
    """One event by name; raises E511 where there is none."""
    return member(all_events(), name, kind="event")
