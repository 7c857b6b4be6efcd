"""What the section on the flow of participants is made from."""

from collections.abc import Mapping
from dataclasses import dataclass

EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Exit:
    """People of one group who come no further, and why; code : of the error table, or empty."""

    group: str
    people: tuple[str, ...]
    reason: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: how many people of each group reach it, and who left before it."""

    name: str
    people: Mapping[str, int]
    exits: tuple[Exit, ...] = ()

    @property
    def total(self) -> int:
        """How many people reach it."""
        return sum(self.people.values())


@dataclass(frozen=True, slots=True)
class SessionFlow:
    """One session of one group: who was expected, who has a measured recording, and why not all."""

    session: str
    group: str
    expected: int
    measured: int
    reasons: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Flow:
    """From the people who were found to those with numbers.

    groups : in the order of the columns; by : the column that names them, empty where none does
    """

    groups: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    sessions: tuple[SessionFlow, ...] = ()
    by: str = ""
    runs: tuple[tuple[str, int], ...] = ()
