"""Times and durations as people write them: a number with its unit."""

import re

from defaultmode.core.errors import DefaultModeError

SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
MINUTES_PER_DAY = 1440.0
_TERM = r"\d+(?:\.\d+)?\s*(?:min|s|h|d)\b"
_TIME = re.compile(rf"\s*(?P<sign>[-−]?)\s*(?P<terms>{_TERM}(?:\s+{_TERM})*)\s*")


def seconds(text: object, where: str) -> float:
    """Seconds from text such as "0.72 s", "40 min", "-30 min", "24 h" or "1 d 2 h".

    A leading minus holds for the whole. Raises E510, naming `where`, for anything else.
    """
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        msg = f'{where} is {text!r}; expected a time with its unit, such as "40 min" or "1 d 2 h".'
        raise DefaultModeError("E510", msg)
    terms = re.findall(r"([\d.]+)\s*([a-z]+)", found["terms"])
    total = sum(float(number) * SECONDS[unit] for number, unit in terms)
    return -total if found["sign"] else total


def written(at_min: float) -> str:
    """A time in minutes as a person would write it, in its largest even unit."""
    for unit in ("d", "h", "min"):
        number = at_min * 60.0 / SECONDS[unit]
        if number == round(number) and (number or unit == "min"):
            return f"{number:.0f} {unit}"
    return f"{at_min * 60.0:g} s"
