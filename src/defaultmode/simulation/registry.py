"""Looking a member of a registry up by its name."""

from collections.abc import Mapping
from typing import TypeVar

from defaultmode.core.errors import DefaultModeError

Member = TypeVar("Member")


def member(known: Mapping[str, Member], name: str, *, kind: str) -> Member:
    """One member of a registry, such as a drug; raises E511 with the names that there are."""
    if name not in known:
        there = ", ".join(known)
        raise DefaultModeError("E511", f"no {kind} is called {name!r}; there are {there}.")
    return known[name]
