"""The conditions of a brain, one TOML file each; a new file here is found unasked."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from defaultmode.core.notebook import Shown
from defaultmode.simulation.mechanisms import (
    Evidence,
    Mechanism,
    chosen,
    parse_evidence,
    parse_mechanisms,
)
from defaultmode.simulation.registry import member
from defaultmode.simulation.toml_table import Table, packaged, parse_toml

__all__ = ["Condition", "Scale", "all_conditions", "find_condition", "parse_condition"]


@dataclass(frozen=True, slots=True)
class Scale:
    """What people of a condition score on MADRS (0–60 points) before anything is done."""

    mean: float
    sd: float
    source: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Condition(Shown):
    """A state that people are in for weeks: effects at level 1, scaled by each person's level.

    mechanisms : rival accounts of it by name, the default first
    level_sd : standard deviation of the level between people, whose mean is 1
    recovery : factor on how fast plasticity and sessions lower the level
    """

    name: str
    title: str
    sentence: str
    mechanisms: tuple[Mechanism, ...]
    level_sd: float
    level_source: str
    recovery: float
    madrs: Scale
    evidence: tuple[Evidence, ...]

    def about(self) -> dict[str, object]:
        """What a notebook shows of it."""
        return {
            "name": self.name,
            "sentence": self.sentence,
            "mechanisms": tuple(mechanism.name for mechanism in self.mechanisms),
            "hypothetical": self.hypothetical,
            "MADRS": f"{self.madrs.mean:g} ± {self.madrs.sd:g} points",
        }

    @property
    def hypothetical(self) -> bool:
        """Whether its default mechanism rests on an effect without source."""
        return self.mechanism().hypothetical

    def mechanism(self, name: str = "") -> Mechanism:
        """One of its mechanisms, the default where no name is given; raises E511."""
        return chosen(self.mechanisms, name, f"condition {self.name!r}")


def _scale(raw: Table) -> Scale:
    with raw as t:
        return Scale(
            mean=t.number("mean", low=0.0),
            sd=t.number("sd", low=0.0),
            source=t.text("source"),
            verified=t.flag("verified"),
        )


def parse_condition(name: str, text: str) -> Condition:
    """A condition from its TOML text; raises E510."""
    with Table(parse_toml(text, f"condition {name!r}"), f"condition {name!r}") as t:
        return Condition(
            name=name,
            title=t.text("title"),
            sentence=t.text("sentence"),
            mechanisms=parse_mechanisms(t.table("mechanism")),
            level_sd=t.number("level_sd", low=0.0),
            level_source=t.text("level_source"),
            recovery=t.number("recovery", 1.0, low=0.0),
            madrs=_scale(t.table("madrs")),
            evidence=parse_evidence(t.tables("evidence")),
        )


@cache
def all_conditions() -> Mapping[str, Condition]:
    """Every condition by name, in alphabetical order."""
    texts = packaged(__package__)
    return MappingProxyType({name: parse_condition(name, text) for name, text in texts.items()})


def find_condition(name: str) -> Condition:
    """One condition by name; raises E511 where there is none."""
    return member(all_conditions(), name, kind="condition")
