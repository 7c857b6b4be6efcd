"""What is read of a brain that is tried on: DMN measures, global signal, rates, relaxation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.missing import Missing
from defaultmode.simulation.drugs import find_drug
from defaultmode.simulation.scoreboard import Row, read_statements
from defaultmode.simulation.scoreboard.quantities import LINEAR, RAW, REMOVED, Rest
from defaultmode.simulation.scoreboard.situations import parse_situation
from defaultmode.simulation.twin_protocol import TwinCondition

Array = NDArray[np.float64]
GSR = "+GSR"  # after the global signal was regressed out of every region
FEWEST = {"default": 2, "task-positive": 1}
NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True)
class Look:
    """One number read of a brain.

    quantity, preset : under which the scoreboard knows it; the unit of a change is the number's,
        or the share of the baseline where it is relative
    roles : without whose regions there is none; in_scan : whether a recording shows it
    """

    quantity: str
    unit: str
    preset: str = RAW
    relative: bool = False
    roles: tuple[str, ...] = ()
    in_scan: bool = True

    @property
    def name(self) -> str:
        """As it is published."""
        return self.quantity + (GSR if self.preset == REMOVED else "")

    @property
    def unit_of_change(self) -> str:
        """In which a change of it is given."""
        return "share of the baseline" if self.relative else self.unit

    def of(self, rest: Rest) -> float:
        """Its value in a brain; NaN where the atlas lacks a role that it needs."""
        if absent(self, rest.ground.atlas):
            return float("nan")
        return float(OF[self.quantity](rest, self.preset))


def rate_task_positive_hz(rest: Rest, preset: str) -> float:
    """Mean rate of task-positive regions; no preset changes it."""
    del preset
    return float(rest.rate_hz[rest.members("task-positive")].mean())


OF: Mapping[str, Callable[[Rest, str], float | Array]] = {
    **LINEAR,
    "rate_task_positive_hz": rate_task_positive_hz,
}
BOTH = ("default", "task-positive")
LOOKS = (
    Look("within_default_mode", "Fisher z", roles=("default",)),
    Look("within_default_mode", "Fisher z", REMOVED, roles=("default",)),
    Look("default_mode_task_positive", "Fisher z", roles=BOTH),
    Look("default_mode_task_positive", "Fisher z", REMOVED, roles=BOTH),
    Look("global_brain_connectivity", "Fisher z"),
    Look("global_signal_variance", "%²", relative=True),
    Look("relaxation_s", "s", in_scan=False),
    Look("rate_default_hz", "Hz", roles=("default",)),
    Look("rate_task_positive_hz", "Hz", roles=("task-positive",)),
)


def absent(look: Look, atlas: Atlas) -> Missing | None:
    """Why an atlas cannot show a number, None where it can."""
    for role in look.roles:
        found = len(atlas.members(role))
        if found < FEWEST[role]:
            return Missing(f"atlas {atlas.name!r} has {found} {role} regions", "E306")
    return None


def values_of(rest: Rest) -> Array:
    """Every number of a brain, (n_looks,)."""
    return np.array([look.of(rest) for look in LOOKS])


def change(before: Array, after: Array) -> Array:
    """Exposed less baseline, (..., n_looks) like both; relative where the look says so."""
    difference = after - before
    relative = np.array([look.relative for look in LOOKS])
    return np.where(relative, difference / np.where(relative, before, 1.0), difference)


def mark(look: Look, condition: TwinCondition) -> tuple[str, str]:
    """Whether a change is calibrated, built in or emergent, and why, as the scoreboard says.

    "calibrated": the drug's parameters were chosen to give its direction in the group's brain;
    "built in": the wiring forces it; only "emergent" is news. "not stated" where no statement of
    the scoreboard is about this drug, mechanism and number, or where several things act.
    """
    if len(condition.exposures) != 1 or condition.stimulations:
        return NOT_STATED, "no statement of the scoreboard is about it"
    [exposure] = condition.exposures
    for row in _statements(look):
        if row.about(exposure.drug, exposure.mechanism):
            return row.label, row.because
    return NOT_STATED, "no statement of the scoreboard is about it"


@dataclass(frozen=True, slots=True)
class _Stated:
    """A row of the scoreboard that compares something with its own condition alone."""

    row: Row

    @property
    def label(self) -> str:
        return self.row.statement.label

    @property
    def because(self) -> str:
        return self.row.statement.because

    def about(self, drug: str, mechanism: str) -> bool:
        """Whether it is about this drug by this mechanism, while it acts, and nothing else."""
        with_it = parse_situation(self.row.situation)
        without = parse_situation(self.row.against)
        if without.treatments or with_it.without or with_it.after_min is not None:
            return False
        named = [(n, find_drug(n).mechanism(m).name) for n, m in with_it.treatments if n == drug]
        return len(with_it.treatments) == 1 and named == [(drug, mechanism)]


def _statements(look: Look) -> Sequence[_Stated]:
    statements, _ = read_statements()
    rows = (row for s in statements if s.asks == "network" for row in s.rows)
    return [
        _Stated(row)
        for row in rows
        if row.statement.quantity == look.quantity
        and row.preset in {look.preset, ""}
        and row.statement.form in {"difference", "ratio"}
        and row.against
        and not row.than
    ]
