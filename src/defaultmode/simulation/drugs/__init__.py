"""The drugs, one TOML file each; a new file here is found unasked."""

import tomllib
from functools import cache

from defaultmode.simulation.drugs._drug import (
    Absorption,
    Drug,
    Kinetics,
    Metabolite,
    Number,
    Saturation,
    Studied,
)
from defaultmode.simulation.drugs._reading import read_drug
from defaultmode.simulation.mechanisms import Mechanism
from defaultmode.simulation.registry import member
from defaultmode.simulation.toml_table import packaged

__all__ = [
    "Absorption",
    "Drug",
    "Kinetics",
    "Mechanism",
    "Metabolite",
    "Number",
    "Saturation",
    "Studied",
    "all_drugs",
    "find_drug",
    "read_drug",
]


@cache
def all_drugs() -> dict[str, Drug]:
    """Every drug by name, in alphabetical order."""
    texts = packaged(__package__)
    return {name: read_drug(name, tomllib.loads(text)) for name, text in texts.items()}


def find_drug(name: str) -> Drug:
    """One drug by name; raises E511 where there is none."""
    return member(all_drugs(), name, kind="drug")
