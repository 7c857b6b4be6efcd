"""The drugs, one TOML file each; a new file here is found unasked."""

import tomllib
from functools import cache
from importlib.resources import files

from defaultmode.core.errors import DefaultModeError
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
    found = {f.name.removesuffix(".toml"): f for f in files(__package__).iterdir()}
    tables = {n: f for n, f in sorted(found.items()) if f.name.endswith(".toml")}
    return {n: read_drug(n, tomllib.loads(f.read_text("utf-8"))) for n, f in tables.items()}


def find_drug(name: str) -> Drug:
    """One drug by name; raises E511 where there is none."""
    drugs = all_drugs()
    if name not in drugs:
        raise DefaultModeError("E511", f"no drug is called {name!r}; there are {', '.join(drugs)}.")
    return drugs[name]
