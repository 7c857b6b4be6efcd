"""What is given: a dose with its unit, route and duration, and whether it was ever studied."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.drugs import Drug, Studied

Array = NDArray[np.float64]

ROUTES = {
    "intravenous": ("intravenous", "iv", "i.v."),
    "oral": ("oral", "po", "p.o."),
    "intranasal": ("intranasal", "nasal", "in", "i.n."),
}
UNITS = ("mg", "mg/kg", "mg/h", "mg/kg/h", "ml")
MASSES_MG = {
    "µg": 1e-3,
    "μg": 1e-3,
    "ug": 1e-3,
    "mcg": 1e-3,
    "mg": 1.0,
    "g": 1e3,
}  # both signs for µ
PER_HOUR = {"h": 1.0, "min": 60.0}
MINUTES = {"min": 1.0, "h": 60.0}
MINUTES_PER_DAY = 1440.0
SAME = 1e-9  # relative: a limit converted from another unit is still the limit

_NUMBER = r"(?P<amount>\d+(?:\.\d*)?|\.\d+)"
_AMOUNT = re.compile(rf"{_NUMBER}\s*(?P<unit>[^\s\d]\S*)?")
_DURATION = re.compile(rf"(?:over\s+|for\s+)?{_NUMBER}\s*(?P<unit>min|h)")
_UNIT = re.compile(r"(?P<mass>[^/]+)(?P<kg>/kg)?(?:/(?P<time>h|min))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """One bolus, capsule, spray or infusion at a constant rate.

    amount, unit : how much, in "mg", "mg/kg", "ml", or as a rate in "mg/h", "mg/kg/h"
    route : "intravenous", "oral" or "intranasal"; empty for the drug's own first route
    start_min : when it begins, on the clock of the times that are asked for
    over_min : how long it takes; 0 is all at once, which a rate cannot be (E507)
    """

    amount: float
    unit: str
    route: str = ""
    start_min: float = 0.0
    over_min: float = 0.0

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise DefaultModeError("E507", f"a dose is in {self.unit!r}; expected one of {UNITS}.")
        if not (np.isfinite([self.amount, self.start_min, self.over_min]).all()):
            raise DefaultModeError("E507", f"a dose of {self} is not made of finite numbers.")
        if self.amount < 0 or self.over_min < 0:
            raise DefaultModeError("E508", f"a dose of {self} is negative.")
        if self.is_rate and not self.over_min:
            msg = f"{self.amount:g} {self.unit} is a rate; say for how long, such as `over 40 min`."
            raise DefaultModeError("E507", msg)

    def __str__(self) -> str:
        """As it would be written in a protocol."""
        over = f" over {self.over_min:g} min" if self.over_min else ""
        return f"{self.amount:g} {self.unit}{over}{' ' + self.route if self.route else ''}"

    @property
    def is_rate(self) -> bool:
        """Whether the unit is one of amount per time."""
        return self.unit.endswith("/h")

    @property
    def end_min(self) -> float:
        """When it is over."""
        return self.start_min + self.over_min

    def mass_mg(self, weight_kg: ArrayLike = 70.0) -> Array:
        """All that is given, in mg, shape of the weight; 0 for a volume of placebo."""
        weight = np.asarray(weight_kg, dtype=np.float64)
        if self.unit == "ml":
            return np.zeros_like(weight)
        hours = self.over_min / 60.0 if self.is_rate else 1.0
        return self.amount * hours * (weight if "/kg" in self.unit else np.ones_like(weight))


def parse_dose(text: str, *, over: str = "", route: str = "", start_min: float = 0.0) -> Dose:
    """A dose as it is written: "0.5 mg/kg over 40 min", "25 mg oral", "10 µg/kg/min over 1 h".

    over, route : the same words where a protocol states them on their own
    Raises E507 for a dose without a unit or with one that is none, E510 for anything else that
    cannot be read.
    """
    words = " ".join(f"{text} {f'over {over}' if over else ''} {route}".split())
    amount = _AMOUNT.match(words)
    if amount is None:
        raise DefaultModeError("E510", f"dose {text!r} does not begin with a number.")
    if not amount["unit"] or amount["unit"] == "over":
        msg = f"dose {text!r} has no unit; write it beside the number, such as `0.5 mg/kg`."
        raise DefaultModeError("E507", msg)
    factor, unit = _unit(amount["unit"], text)
    over_min, rest = _duration(words[amount.end() :].strip(), text)
    return Dose(
        amount=float(amount["amount"]) * factor,
        unit=unit,
        route=_route(rest, text),
        start_min=start_min,
        over_min=over_min,
    )


def parse_dosing(text: str, *, route: str = "", start_min: float = 0.0) -> tuple[Dose, ...]:
    """Doses one after the other: "0.23 mg/kg then 0.58 mg/kg/h over 60 min".

    Raises what parse_dose raises.
    """
    doses: list[Dose] = []
    for step in re.split(r"\s+then\s+", text.strip()):
        begins = doses[-1].end_min if doses else start_min
        doses.append(parse_dose(step, route=route, start_min=begins))
    return tuple(doses)


def _unit(written: str, text: str) -> tuple[float, str]:
    """What to multiply with, and the unit of `UNITS` that results."""
    parts = _UNIT.fullmatch(written)
    if written == "ml":
        return 1.0, written
    if parts is None or parts["mass"] not in MASSES_MG:
        msg = f"dose {text!r} is in {written!r}; expected mg, µg or g, per kg, per h or per min."
        raise DefaultModeError("E507", msg)
    time = parts["time"]
    factor = MASSES_MG[parts["mass"]] * (PER_HOUR[time] if time else 1.0)
    return factor, f"mg{parts['kg'] or ''}{'/h' if time else ''}"


def _duration(words: str, text: str) -> tuple[float, str]:
    """Minutes, and the words that are left over."""
    found = _DURATION.search(words)
    if found is None:
        return 0.0, words
    rest = f"{words[: found.start()]} {words[found.end() :]}".strip()
    if _DURATION.search(rest):
        raise DefaultModeError("E510", f"dose {text!r} has two durations.")
    return float(found["amount"]) * MINUTES[found["unit"]], rest


def _route(words: str, text: str) -> str:
    if not words:
        return ""
    for route, spellings in ROUTES.items():
        if words.casefold() in spellings:
            return route
    msg = f"dose {text!r}: {words!r} is no route; expected one of {', '.join(ROUTES)}."
    raise DefaultModeError("E510", msg)


def check_dose(drug: Drug, dose: Dose) -> Dose:
    """The dose with its route filled in.

    Raises E507 for a unit or route in which the drug is not given, E508 for an amount or a duration
    outside what was studied; both name what was, and the source.
    """
    given = replace(dose, route=dose.route or drug.routes[0])
    same_way = [s for s in drug.studied if (s.route, s.unit) == (given.route, given.unit)]
    if not same_way:
        ways = "; ".join(dict.fromkeys(f"{s.route} in {s.unit}" for s in drug.studied))
        raise DefaultModeError("E507", f"{drug.name} is not given as {given}; it is given {ways}.")
    if not any(_covers(studied, given) for studied in same_way):
        ranges = "; ".join(_range(studied) for studied in same_way)
        raise DefaultModeError("E508", f"{drug.name} {given} was not studied; {ranges} was.")
    return given


def check_together(drug: Drug, doses: Sequence[Dose]) -> None:
    """Refuse more of a drug within a day than the largest amount that was studied at once.

    Amounts are compared in mg for 70 kg, route by route. Raises E508.
    """
    for route in dict.fromkeys(dose.route for dose in doses):
        same_way = [dose for dose in doses if dose.route == route]
        most = max(_largest_mg(s) for s in drug.studied if s.route == route)
        for first in same_way:
            day = [d for d in same_way if 0 <= d.start_min - first.start_min < MINUTES_PER_DAY]
            given = sum(float(dose.mass_mg()) for dose in day)
            if given > most * (1 + SAME):
                what = f"{len(day)} doses of {drug.name} within a day"
                limit = f"no more than {most:.0f} mg was studied at once"
                msg = f"{what} come to {given:.0f} mg at 70 kg; {limit}."
                raise DefaultModeError("E508", msg)


def _largest_mg(studied: Studied) -> float:
    longest = studied.over_min[1]
    return float(Dose(amount=studied.high, unit=studied.unit, over_min=longest).mass_mg())


def _covers(studied: Studied, dose: Dose) -> bool:
    shortest, longest = studied.over_min
    return studied.low * (1 - SAME) <= dose.amount <= studied.high * (1 + SAME) and shortest * (
        1 - SAME
    ) <= dose.over_min <= longest * (1 + SAME)


def _range(studied: Studied) -> str:
    shortest, longest = studied.over_min
    over = f" over {shortest:g}–{longest:g} min" if longest else " at once"
    return f"{studied.low:g}–{studied.high:g} {studied.unit}{over} ({studied.source})"
