"""Numbers of the simulator that live in TOML files of their own, each with its source."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from defaultmode.simulation.toml_table import Table, parse_toml

LABELS = ("calibrated", "built in", "emergent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """One number.

    label : "calibrated" or "built in" where what rests on it is no finding; empty otherwise
    source : key of the reference list, or "our own"; verified : it was checked there
    """

    value: float
    unit: str
    sentence: str
    source: str
    verified: bool
    label: str = ""


@cache
def constants(name: str) -> Mapping[str, Constant]:
    """The numbers of one packaged file, such as "recovery", by name; raises E510."""
    text = files(__package__).joinpath(f"{name}.toml").read_text("utf-8")
    with Table(parse_toml(text, f"{name}.toml"), f"{name}.toml") as tables:
        return MappingProxyType({key: _constant(tables.table(key)) for key in tables.keys})


def _constant(raw: Table) -> Constant:
    with raw as t:
        return Constant(
            value=t.number("value", low=0.0),
            unit=t.text("unit"),
            sentence=t.text("sentence"),
            source=t.text("source"),
            verified=t.flag("verified"),
            label=t.one_of("label", LABELS) if "label" in t else "",
        )
