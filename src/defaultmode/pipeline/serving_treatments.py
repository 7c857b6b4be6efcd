"""The treatments that a person can try on the page, with the doses that were studied."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.clock import MINUTES_PER_DAY
from defaultmode.simulation.doses import Dose, check_dose, parse_dose
from defaultmode.simulation.drugs import Drug, Studied, all_drugs, find_drug
from defaultmode.simulation.events import Event, all_events
from defaultmode.simulation.pharmacology import concentration
from defaultmode.simulation.twin_exposure import highest_studied_level

FIRST = "ketamine"  # the drug of the account; the others follow by name
THERAPY = "psychotherapy"
BLOCK_MIN = 1.0  # a shorter event is a block of a scan, no treatment
SAME = 1e-9  # relative: a limit as the page sends it back is still the limit


@dataclass(frozen=True, slots=True)
class Ladder:
    """The ways in which a drug can be dosed on the page: its standard dose, and others like it.

    standard : its route and duration hold for all; studied : the range that it lies in
    """

    standard: Dose
    studied: Studied

    @property
    def unit(self) -> str:
        """Unit of the amount, with the duration."""
        over = f" over {self.standard.over_min:g} min" if self.standard.over_min else ""
        return f"{self.standard.unit}{over}"

    @property
    def amounts(self) -> tuple[float, ...]:
        """The lowest studied amount, one between, the standard one and the highest."""
        low, usual, high = self.studied.low, self.standard.amount, self.studied.high
        between = float(f"{(low + usual) / 2:.2g}")
        return tuple(dict.fromkeys((low, between, usual, high)))


@cache
def treating_drugs() -> tuple[Drug, ...]:
    """Every drug, the one of the account first."""
    return tuple(sorted(all_drugs().values(), key=lambda d: (d.name != FIRST, d.name)))


@cache
def treating_events() -> tuple[Event, ...]:
    """Every event that is a treatment, by name."""
    return tuple(e for e in all_events().values() if e.duration_min >= BLOCK_MIN)


@cache
def ladder(drug: str) -> Ladder:
    """How a drug is dosed; raises E511 for an unknown one."""
    of = find_drug(drug)
    standard = check_dose(of, parse_dose(of.standard))
    studied = next(s for s in of.studied if _is_of(s, standard))
    return Ladder(standard, studied)


def _is_of(studied: Studied, dose: Dose) -> bool:
    same = (studied.route, studied.unit) == (dose.route, dose.unit)
    shortest, longest = studied.over_min
    return (
        same and shortest <= dose.over_min <= longest and studied.low <= dose.amount <= studied.high
    )


def dose_of(drug: str, amount: float | None) -> Dose:
    """The dose of an amount; raises E520 where there is none and E521 outside what was studied."""
    of = ladder(drug)
    if amount is None:
        raise DefaultModeError("E520", f"{drug} needs a dose, in {of.unit}.")
    low, high = of.studied.low, of.studied.high
    if not low * (1 - SAME) <= amount <= high * (1 + SAME):
        msg = f"{drug} {amount:g} {of.unit}; {low:g} to {high:g} was studied ({of.studied.source})."
        raise DefaultModeError("E521", msg)
    return replace(of.standard, amount=amount)


@cache
def share_of(drug: str, amount: float) -> float:
    """Peak level of the typical person after a dose, as a share of the highest studied level."""
    of, highest = find_drug(drug), highest_studied_level(drug)
    if not highest:
        return 0.0
    course = concentration(of, [dose_of(drug, amount)], np.arange(MINUTES_PER_DAY))
    return float(of.level(course).max()) / highest
