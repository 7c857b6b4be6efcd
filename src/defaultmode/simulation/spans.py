"""What takes time, and whether two such things can happen."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.clock import written

SAME_MIN = 1e-6  # what follows at once does not overlap, rounding or not


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in minutes: what happens, and from when to when."""

    what: str
    begins_min: float
    ends_min: float

    def __str__(self) -> str:
        return f"{self.what} ({written(self.begins_min)} to {written(self.ends_min)})"


def check_apart(spans: Iterable[Span], where: str) -> None:
    """Raise E509 where two of these overlap, naming both."""
    ordered = sorted(spans, key=lambda span: (span.begins_min, span.ends_min))
    for earlier, later in pairwise(ordered):
        if later.begins_min < earlier.ends_min - SAME_MIN:
            raise DefaultModeError("E509", f"{where}: {earlier} overlaps {later}.")


def check_inside(spans: Iterable[Span], whole: Span, where: str) -> None:
    """Raise E509 where one of these lies outside the whole."""
    for span in spans:
        early = span.begins_min < whole.begins_min - SAME_MIN
        if early or span.ends_min > whole.ends_min + SAME_MIN:
            raise DefaultModeError("E509", f"{where}: {span} lies outside {whole}.")
