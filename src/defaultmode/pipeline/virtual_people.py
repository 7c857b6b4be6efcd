"""Who takes part in a virtual trial: groups of people who share a timeline, and when they leave."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from defaultmode.simulation.allocation import allocate, visits_attended
from defaultmode.simulation.head_motion import mean_displacement
from defaultmode.simulation.people import People, people_of
from defaultmode.simulation.protocol import Protocol
from defaultmode.simulation.trial import Site, Trial

Array = NDArray[np.float64]
ALLOCATION = 1  # the stream that deals out the seats; people's own streams are theirs


@dataclass(frozen=True, slots=True)
class Visit:
    """One session of a timeline: its label, when it begins, and the period of a crossover."""

    session: str
    at_min: float
    period: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Group:
    """Virtual people who share a timeline; all tuples have one entry for each person.

    order : indices of the arms received; name : of the arm, or of the sequence of arms
    attended : how many of the visits each came to; moved_mm : mean framewise displacement at rest
    """

    name: str
    order: tuple[int, ...]
    protocol: Protocol
    visits: tuple[Visit, ...]
    people: People
    sites: tuple[Site, ...]
    attended: tuple[int, ...]
    moved_mm: tuple[float, ...]

    def came(self, person: int, session: str) -> bool:
        """Whether somebody was still there at a session."""
        sessions = [v.session for v in self.visits]
        return sessions.index(session) < self.attended[person]


def groups_of(trial: Trial, seed: int) -> tuple[Group, ...]:
    """The people of every arm, or of every sequence of arms; the same seed, the same people."""
    orders, counts = trial.orders, trial.counts
    rng = np.random.default_rng([seed, ALLOCATION])
    seats = allocate(orders, counts, len(trial.sites), rng)
    found = []
    for order in orders:
        places = [k for k, seat in enumerate(seats) if seat.arms == order]
        if places:
            sites = tuple(trial.sites[seats[k].site] for k in places)
            protocol = trial.protocol(order)
            everybody = replace(protocol, people=replace(protocol.people, count=len(seats)))
            people = people_of(everybody, seed=seed).take(places)
            found.append(_group(trial, order, people, sites))
    return tuple(found)


def _group(trial: Trial, order: tuple[int, ...], people: People, sites: tuple[Site, ...]) -> Group:
    protocol = trial.protocol(order)
    visits = visits_of(trial, protocol)
    leaving = people.generators("drop-out")
    moving = people.generators("mean framewise displacement")
    return Group(
        name=trial.order_name(order),
        order=order,
        protocol=protocol,
        visits=visits,
        people=people,
        sites=sites,
        attended=tuple(visits_attended(len(visits), trial.dropout_per_visit, r) for r in leaving),
        moved_mm=tuple(
            float(mean_displacement(trial.motion, 1, r)[0]) if trial.motion else 0.0 for r in moving
        ),
    )


def visits_of(trial: Trial, protocol: Protocol) -> tuple[Visit, ...]:
    """The sessions of a timeline in order of their first scan or rating."""
    first: dict[str, float] = {}
    scanned = [(scan.session, scan.at_min) for scan in protocol.scans]
    for session, at_min in [*scanned, *((r.session, r.at_min) for r in protocol.ratings)]:
        first[session] = min(at_min, first.get(session, np.inf))
    ordered = sorted(first.items(), key=lambda item: item[1])
    return tuple(Visit(name, at, period_at(at, trial)) for name, at in ordered)


def period_at(at_min: float, trial: Trial) -> int:
    """The period of a crossover in which a time lies; 0 where the trial is parallel."""
    begins_min = min(arm.protocol.begins_min for arm in trial.arms)
    starts = enumerate(trial.period_starts_min)
    return max(k for k, start_min in starts if at_min >= start_min + begins_min or k == 0)
