"""How doses are written: units, routes, durations and clock times."""

import re
from datetime import datetime, time

from defaultmode.core.errors import DefaultModeError

CODE = "E417"
# any unit → one of "mg", "mg/kg", "mg/h", "mg/kg/h", "ml", "ml/h", and by what to multiply
MASSES_MG = {"ng": 1e-6, "µg": 1e-3, "ug": 1e-3, "mcg": 1e-3, "mg": 1.0, "g": 1e3}
PER_HOUR = {"h": 1.0, "hr": 1.0, "hour": 1.0, "min": 60.0, "s": 3600.0}
SECONDS = (
    dict.fromkeys(("s", "sec", "seconds"), 1.0)
    | dict.fromkeys(("min", "mins", "minute", "minutes"), 60.0)
    | dict.fromkeys(("h", "hr", "hour", "hours"), 3600.0)
)
ROUTES = {
    "intravenous": ("intravenous", "intravenously", "iv"),
    "oral": ("oral", "orally", "po", "capsule", "tablet"),
    "intranasal": ("intranasal", "intranasally", "nasal", "nose", "spray"),
    "intramuscular": ("intramuscular", "intramuscularly", "im"),
    "subcutaneous": ("subcutaneous", "subcutaneously", "sc"),
    "inhaled": ("inhaled", "inhalation"),
}
UNIT = re.compile(r"(?P<what>[a-zµ]+)(?P<kg>/kg)?(?:/(?P<time>[a-z]+))?")
AMOUNT = re.compile(r"(?P<number>-?\d+(?:\.\d+)?)\s*(?P<unit>\S.*)?")
OVER = re.compile(r"\b(?:over|for|within)\s+(?P<number>\d+(?:\.\d+)?)\s*-?\s*(?P<unit>[a-z]+)")
DAY_S = 86_400.0


def dose_amount(text: str, where: str) -> tuple[float, str]:
    """A dose such as "0.5 mg/kg" as amount and unit, in mg or ml; raises E417."""
    found = AMOUNT.fullmatch(text.strip())
    if found is None:
        raise DefaultModeError(CODE, f"{where}: {text!r} is no dose; expected such as 0.5 mg/kg.")
    return in_unit(float(found["number"]), found["unit"] or "", where)


def in_unit(amount: float, unit: str, where: str) -> tuple[float, str]:
    """An amount in mg or ml, per kg and per hour where it is a rate; raises E417."""
    bare = unit.lower().replace(" ", "").replace("μ", "µ").replace("·", "/")
    parts = UNIT.fullmatch(bare.replace("kg-1", "/kg"))
    per_hour = PER_HOUR.get(parts["time"], 0.0) if parts and parts["time"] else 1.0
    factor = (MASSES_MG | {"ml": 1.0}).get(parts["what"], 0.0) if parts else 0.0
    if parts is None or not per_hour * factor:
        msg = f"{where}: the dose is in {unit!r}; expected such as mg, mg/kg, mg/h or ml."
        raise DefaultModeError(CODE, msg)
    if amount < 0:
        raise DefaultModeError(CODE, f"{where}: the dose is {amount:g} {unit}, below zero.")
    name = ("ml" if parts["what"] == "ml" else "mg") + (parts["kg"] or "")
    return amount * factor * per_hour, name + ("/h" if parts["time"] else "")


def route_named(text: str) -> str:
    """The route that a text names, "" where it names none or several."""
    words = set(re.split(r"[^a-z]+", text.lower().replace(".", "")))
    found = [route for route, names in ROUTES.items() if words & set(names)]
    return found[0] if len(found) == 1 else ""


def duration_named_s(text: str) -> float | None:
    """Seconds that a regimen takes: "over 40 min" is 2400, a bolus 0, anything else None."""
    over = OVER.search(text.lower())
    if over is not None and over["unit"] in SECONDS:
        return float(over["number"]) * SECONDS[over["unit"]]
    return 0.0 if re.search(r"\b(?:bolus|injection|capsule|tablet)\b", text.lower()) else None


def seconds_after(text: str, start: str, where: str) -> float:
    """A time in seconds after the start of the scan.

    text : seconds, or a clock time or date and time; start : that of the scan (acq_time), needed
    for the latter. Times of day wrap at midnight. Raises E417.
    """
    try:
        return float(text)
    except ValueError:
        given, began = _clock(text), _clock(start)
    if isinstance(given, datetime) and isinstance(began, datetime) and _alike(given, began):
        return (given - began).total_seconds()
    if given is None or began is None:
        msg = f"{where}: the dose is at {text!r} and the scan at {start!r}; expected two times."
        raise DefaultModeError(CODE, msg)
    later = _second_of_day(given) - _second_of_day(began)
    return (later + DAY_S / 2) % DAY_S - DAY_S / 2


def _clock(text: str) -> datetime | time | None:
    for kind in (time.fromisoformat, datetime.fromisoformat):
        try:
            return kind(text.strip())
        except ValueError:
            continue
    return None


def _alike(one: datetime, other: datetime) -> bool:
    return (one.tzinfo is None) == (other.tzinfo is None)


def _second_of_day(clock: datetime | time) -> float:
    return clock.hour * 3600.0 + clock.minute * 60.0 + clock.second + clock.microsecond * 1e-6
