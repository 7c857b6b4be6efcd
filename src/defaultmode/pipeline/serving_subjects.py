"""The brain that was asked for, through the time of its treatment."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline.serving_request import AFTER_MIN, BEFORE_MIN, NOTHING, Asked
from defaultmode.pipeline.serving_treatments import (
    THERAPY,
    dose_of,
    treating_drugs,
    treating_events,
)
from defaultmode.pipeline.serving_twins import ServedTwin, exposure_of, found_twins
from defaultmode.pipeline.substrate import Substrate, VirtualSettings, substrate_of
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.conditions import all_conditions
from defaultmode.simulation.events import find_event
from defaultmode.simulation.people import typical_people
from defaultmode.simulation.protocol import Crowd, Dosing, Protocol, Scan, Session
from defaultmode.simulation.scoreboard.quantities import Ground
from defaultmode.simulation.timeline import Timeline
from defaultmode.simulation.twin_exposure import exposed

Value = TypeVar("Value")
Levels = tuple[tuple[str, float], ...]
KEPT = 2048  # connectivities of some 6 kB
DIGITS = 6  # of a level: brains that differ by less are one


class Kept:
    """The last things that were computed, by what they follow from; several threads may ask."""

    def __init__(self, most: int = KEPT) -> None:
        self._most, self._lock = most, Lock()
        self._known: OrderedDict[Hashable, object] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """What is kept under a key, made where there is nothing."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]  # type: ignore[return-value]
        made = make()
        with self._lock:
            self._known[key] = made
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return made


@dataclass(frozen=True, slots=True, eq=False)
class Simulator:
    """Everything that the page can ask of: the virtual brain, and twins by their id."""

    substrate: Substrate
    twins: Mapping[str, ServedTwin]
    left_out: tuple[str, ...] = ()
    kept: Kept = field(default_factory=Kept)

    @property
    def ground(self) -> Ground:
        """What virtual brains stand on."""
        own = self.substrate
        return Ground(own.atlas, own.connectome.weights, own.maps)


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A brain while time passes, in minutes since its treatment.

    name : of the brain; order : its regions in the order of the page
    levels : what acts at a time, and how strongly; brain : the brain then
    during : the same over a scan, by seconds since its first frame
    """

    name: str
    ground: Ground
    order: NDArray[np.intp]
    levels: Callable[[float], Levels]
    brain: Callable[[float], Brain]
    during: Callable[[Scan, float], Callable[[float], Brain]]


def simulator_of(twins: Path | None) -> Simulator:
    """The virtual brain that the package holds, and the twins in a folder.

    Raises E101 and E518 for a folder without twins of the virtual brain's atlas.
    """
    substrate = substrate_of(VirtualSettings(out=Path()), "")
    found, left_out = found_twins(twins, substrate.atlas) if twins else ({}, ())
    return Simulator(substrate, found, left_out)


def subject_of(simulator: Simulator, asked: Asked) -> Subject:
    """The brain that was asked for, with what was asked done to it.

    Raises E520 for an unknown brain or treatment, E521 for a dose outside what was studied, E509
    where the session overlaps the treatment, and E517 for a twin with anything but a share.
    """
    if asked.brain in simulator.twins:
        return _twin(simulator, asked)
    line = timeline_of(simulator, asked)
    return Subject(
        name=asked.brain,
        ground=simulator.ground,
        order=np.arange(len(simulator.substrate.atlas)),
        levels=lambda at_min: _levels(line, at_min),
        brain=line.brain,
        during=line.brain_at,
    )


def timeline_of(simulator: Simulator, asked: Asked) -> Timeline:
    """What is done to the typical person of a condition; raises as `subject_of` does."""
    own, protocol = simulator.substrate, protocol_of(asked)
    people = typical_people(1, seed=asked.seed, condition=protocol.condition)
    return Timeline(protocol, own.brain, own.atlas, own.maps, people)


def protocol_of(asked: Asked) -> Protocol:
    """The choice as a protocol, the treatment at minute 0; raises as `subject_of` does."""
    if asked.brain not in all_conditions():
        raise DefaultModeError("E520", "the catalogue has no such brain.")
    drug = asked.treatment in {d.name for d in treating_drugs()}
    event = asked.treatment in {e.name for e in treating_events()}
    if not drug and asked.dose is not None:
        raise DefaultModeError("E520", "this treatment has no dose.")
    if not drug and not event and asked.treatment != NOTHING:
        raise DefaultModeError("E520", "the catalogue has no such treatment.")
    doses = (
        [Dosing(drug=asked.treatment, dose=dose_of(asked.treatment, asked.dose))] if drug else []
    )
    sessions = [_session(asked.treatment, 0.0)] if event else []
    if asked.therapy_at_min is not None:
        sessions.append(_session(THERAPY, asked.therapy_at_min))
    return Protocol(
        name="the page",
        begins_min=-BEFORE_MIN,
        ends_min=AFTER_MIN + find_event(THERAPY).duration_min,
        condition=asked.brain,
        people=Crowd(alike=True),
        doses=tuple(doses),
        sessions=tuple(sessions),
    )


def _session(event: str, at_min: float) -> Session:
    return Session(event=event, at_min=at_min, duration_min=find_event(event).duration_min)


def _levels(line: Timeline, at_min: float) -> Levels:
    rows = line.levels(at_min)
    return tuple((name, round(float(row[0, 0]), DIGITS)) for name, row in rows.items())


def _twin(simulator: Simulator, asked: Asked) -> Subject:
    twin, condition = simulator.twins[asked.brain], exposure_of(asked)
    before = twin.brain
    after = exposed(before, condition, twin.ground.atlas, twin.ground.maps) if condition else before
    share = asked.dose or 0.0

    def brain(at_min: float) -> Brain:
        return after if at_min >= 0 else before

    def levels(at_min: float) -> Levels:
        return ((asked.treatment, round(share, DIGITS)),) if at_min >= 0 and condition else ()

    def during(scan: Scan, settle_s: float) -> Callable[[float], Brain]:
        del settle_s  # a twin's exposure does not move: nothing has to be looked up ahead
        return lambda t_s: brain(scan.at_min + t_s / 60.0)

    return Subject(asked.brain, twin.ground, twin.order, levels, brain, during)
