"""The Measure noun and the book that holds them all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Literal

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array, Recording
from defaultmode.core.reference import Reference
from defaultmode.core.tested import Tested
from defaultmode.measures._premises import PREMISES

GROUP = "defaultmode.measures"
NOT_ENOUGH_DATA = "E3"
PROMISES = ("scale", "offset", "region order", "time reversal")
SHAPE_ONLY = PROMISES  # what a correlation promises
NEEDS = {
    "stream": "",
    "states": "No brain states are known for this atlas and preset.",
    "connectome": "No structural connectome is known for this atlas; --connectome FILE gives one.",
}
Kind = Literal["number", "regions", "pairs"]
Role = Literal["measure", "quality"]
Value = float | Missing | Array | Tested
Function = Callable[..., Value]
NOTHING_LEARNT = Reference()
_BOOK: dict[str, "Measure"] = {}
_LOADED: set[str] = set()


@dataclass(frozen=True, slots=True)
class Measure:
    """A pure function of a recording, and what a reader must know about it.

    kind : "number"; "regions" for a vector (n_regions,), or "pairs" for a matrix (n_regions,
        n_regions) whose rows receive from its columns, with NaN where a region has no signal
    unchanged_by : what the value does not depend on, each one a test
    premises : names in `PREMISES`, what it takes for granted of the recording, and in `NEEDS`, what
        it asks of the Reference, which is then its second argument; else the value is Missing
    role : "quality" where it tells of the recording rather than of the brain
    """

    name: str
    function: Function
    unit: str
    sentence: str
    cites: tuple[str, ...]
    unchanged_by: tuple[str, ...] = ()
    premises: tuple[str, ...] = ()
    kind: Kind = "number"
    role: Role = "measure"

    @property
    def needs(self) -> tuple[str, ...]:
        """What it asks of the Reference."""
        return tuple(name for name in self.premises if name in NEEDS)

    def __call__(self, recording: Recording, reference: Reference = NOTHING_LEARNT) -> Value:
        """Value for this recording, or Missing with its reason; raises what is not E3xx."""
        lacking = self._lacking(recording, reference)
        if lacking is not None:
            return lacking
        try:
            value = self.function(recording, reference) if self.needs else self.function(recording)
        except DefaultModeError as error:
            if not error.code.startswith(NOT_ENOUGH_DATA):
                raise
            return Missing(error.detail, error.code)
        return value if isinstance(value, Missing) else self._finite(value, recording)

    def _lacking(self, recording: Recording, reference: Reference) -> Missing | None:
        for name in self.premises:
            if name in PREMISES and not PREMISES[name].holds(recording):
                return Missing(PREMISES[name].sentence, "E304")
        if "states" in self.needs and not reference.states:
            return Missing(f"{NEEDS['states']} {reference.no_states}".strip(), "E307")
        if "connectome" in self.needs and reference.connectome is None:
            return Missing(NEEDS["connectome"], "E308")
        return None

    def _finite(self, value: float | Array | Tested, recording: Recording) -> Value:
        known = np.asarray(value.value if isinstance(value, Tested) else value, dtype=np.float64)
        if self.kind != "number":
            n = len(recording.atlas)
            if known.shape != ((n,) if self.kind == "regions" else (n, n)):
                msg = f"{self.name} gave the shape {known.shape} for {n} regions"
                raise ValueError(msg)
            known = known[~np.isnan(known)]
        if not known.size or not np.isfinite(known).all():
            return Missing("The computation gave no finite number.", "E306")
        if isinstance(value, Tested) or self.kind != "number":
            return value
        return float(value)


def measure(
    *,
    unit: str,
    cites: tuple[str, ...],
    unchanged_by: tuple[str, ...] = (),
    premises: tuple[str, ...] = (),
    kind: Kind = "number",
    role: Role = "measure",
) -> Callable[[Function], Measure]:
    """Enter the decorated function in the book under its own name; its first line is its sentence.

    The function may return Missing, or raise a `DefaultModeError` of the group E3xx (not enough
    usable data), which becomes Missing. Raises ValueError where a name is taken or not known.
    """

    def enter(function: Function) -> Measure:
        name = getattr(function, "__name__", "")
        unknown = (set(unchanged_by) - set(PROMISES)) | (set(premises) - {*PREMISES, *NEEDS})
        if unknown:
            known = (*PROMISES, *PREMISES, *NEEDS)
            msg = f"measure {name!r} names {sorted(unknown)}; known: {known}."
            raise ValueError(msg)
        if name in _BOOK:
            msg = f"two measures are called {name!r}; rename one of them."
            raise ValueError(msg)
        sentence = (function.__doc__ or "").strip().partition("\n")[0]
        entry = Measure(name, function, unit, sentence, cites, unchanged_by, premises, kind, role)
        _BOOK[name] = entry
        return entry

    return enter


def _load_third_party() -> None:
    for entry in entry_points(group=GROUP):
        if entry.value in _LOADED:
            continue
        try:
            entry.load()
        except (
            Exception
        ) as error:  # another package may fail in any way; it is named, not swallowed
            cause = f"{type(error).__name__}: {error}"
            msg = f"{entry.name!r} ({entry.value}) of the group {GROUP!r} failed with {cause}."
            raise DefaultModeError("E607", msg) from error
        _LOADED.add(entry.value)


def all_measures() -> dict[str, Measure]:
    """Every measure by name, in alphabetical order; raises E607 where a package fails to load."""
    _load_third_party()
    return dict(sorted(_BOOK.items()))


def find(name: str) -> Measure:
    """Look a measure up by name; raises E410 when there is none."""
    known = all_measures()
    if name not in known:
        msg = f"no measure is called {name!r}; there are {', '.join(known)}."
        raise DefaultModeError("E410", msg)
    return known[name]


def chosen(names: Sequence[str] = ()) -> list[Measure]:
    """The measures of these names, or every one where none is named; raises E410."""
    return [find(name) for name in names] if names else list(all_measures().values())
