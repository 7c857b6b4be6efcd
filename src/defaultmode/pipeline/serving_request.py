"""What a person asks the simulator's page for: a brain, a treatment, a dose, and when."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from defaultmode.core.errors import DefaultModeError

BEFORE_MIN, AFTER_MIN = 10.0, 14 * 1440.0  # how much of the time around the treatment is shown
LARGEST_SEED = 2**32 - 1
NOTHING = "none"  # the treatment that is none
SHORTEST_S, LONGEST_S = 10.0, 3600.0  # of a live run
LIVE_S = 300.0  # unless something else is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One choice on the page, the same for the course, the matrices and the live run.

    brain, treatment : ids of the catalogue
    dose : in the treatment's unit; for a twin the share, 0 to 1, of the highest studied level; None
        where the treatment has none
    therapy_at_min : when a psychotherapy session begins, in minutes since the treatment, or None
    seed : of the virtual people and of the noise
    """

    brain: str
    treatment: str = NOTHING
    dose: float | None = None
    therapy_at_min: float | None = None
    seed: int = 0

    @property
    def key(self) -> str:
        """Its name in the offline page: brain|treatment|dose|therapy."""
        numbers = ("" if n is None else f"{n:g}" for n in (self.dose, self.therapy_at_min))
        return "|".join((self.brain, self.treatment, *numbers))

    def record(self) -> dict[str, object]:
        """As JSON has it."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Which part of the time a live run shows: when it begins, in minutes since the treatment."""

    at_min: float = 0.0
    duration_s: float = LIVE_S


ASKED = frozenset(Asked.__dataclass_fields__)
STRETCH = frozenset(Stretch.__dataclass_fields__)


def asked_of(body: Mapping[str, object]) -> Asked:
    """The choice in a request's body.

    Raises E520 for an unknown key or a value of the wrong kind, E521 for a time that is not shown.
    """
    _refuse_unknown(body, ASKED)
    therapy = _number(body, "therapy_at_min")
    if therapy is not None:
        _within("therapy_at_min", therapy, -BEFORE_MIN, AFTER_MIN)
    return Asked(
        brain=_text(body, "brain"),
        treatment=_text(body, "treatment"),
        dose=_number(body, "dose"),
        therapy_at_min=therapy,
        seed=_seed(body),
    )


def stretch_of(body: Mapping[str, object]) -> tuple[Asked, Stretch]:
    """The choice and the stretch in the body of a live run's request; raises as `asked_of` does.

    The stretch may be left out; its length is given in whole seconds.
    """
    _refuse_unknown(body, ASKED | STRETCH)
    asked = asked_of({name: value for name, value in body.items() if name in ASKED})
    usual = Stretch()
    at_min, duration_s = (_number(body, name) for name in ("at_min", "duration_s"))
    stretch = Stretch(
        at_min=usual.at_min if at_min is None else at_min,
        duration_s=usual.duration_s if duration_s is None else float(round(duration_s)),
    )
    _within("duration_s", stretch.duration_s, SHORTEST_S, LONGEST_S)
    _within("at_min", stretch.at_min, -BEFORE_MIN, AFTER_MIN - stretch.duration_s / 60.0)
    return asked, stretch


def _refuse_unknown(body: Mapping[str, object], known: frozenset[str]) -> None:
    if not set(body) <= known:
        there = ", ".join(sorted(known))
        raise DefaultModeError("E520", f"the request has a key that is none of {there}.")


def _text(body: Mapping[str, object], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise DefaultModeError("E520", f"{name} is not text.")
    return value


def _number(body: Mapping[str, object], name: str) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise DefaultModeError("E520", f"{name} is no finite number.")
    return float(value)


def _seed(body: Mapping[str, object]) -> int:
    value = body.get("seed", 0)
    if type(value) is not int or not 0 <= value <= LARGEST_SEED:
        raise DefaultModeError("E520", f"seed is no whole number from 0 to {LARGEST_SEED}.")
    return value


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        msg = f"{name} is {value:g}; {low:g} to {high:g} is shown."
        raise DefaultModeError("E521", msg)
