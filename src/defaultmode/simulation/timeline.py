"""What a protocol does to people's brains: what acts on whom, and how strongly, at any time."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.causes import Cause, afterwards, during, placed
from defaultmode.simulation.conditions import find_condition
from defaultmode.simulation.drugs import find_drug
from defaultmode.simulation.effects import apply_effects
from defaultmode.simulation.events import find_event
from defaultmode.simulation.individuality import factors, individual
from defaultmode.simulation.people import People
from defaultmode.simulation.pharmacology import Course, concentration
from defaultmode.simulation.plasticity import plasticity
from defaultmode.simulation.protocol import Protocol, Scan
from defaultmode.simulation.recovery import Lesson, recover

Array = NDArray[np.float64]
SETTLE_S = 60.0
STEADY = 1e-9  # a level that moves by less during a scan stands still
EVENT = "event:"


class Timeline:
    """A protocol carried out on people who share one parameter set.

    brain : the parameter set, for one person; people differ around it (`individuality`)
    maps : region maps by name, (n_regions,) each, for effects that follow one

    Raises E511 (an unknown mechanism), E513 (a map that is missing or does not fit) and E506 (an
    effect on a parameter that the model lacks, or on no region of the atlas).
    """

    def __init__(
        self,
        protocol: Protocol,
        brain: Brain,
        atlas: Atlas,
        maps: Mapping[str, ArrayLike],
        people: People,
    ) -> None:
        self.protocol, self.people = protocol, people
        self._brain, self._atlas, self._maps = individual(brain, people), atlas, maps
        self._bodies = {name: people.disposition(find_drug(name)) for name in protocol.drugs}
        condition = find_condition(people.condition)
        self._recovery = recover(
            people.level,
            lambda times: self.plasticity(times) * people.traits.responsiveness,
            [lesson for name in protocol.events for lesson in self._lessons(name)],
            until_min=(protocol.begins_min, protocol.ends_min),
            pace=condition.recovery,
        )
        state = placed(condition.mechanism(protocol.mechanism).effects, atlas, maps)
        self._causes = (
            Cause("condition", state, lambda times: self._recovery.at(times)[0]),
            *(self._drug(name) for name in protocol.drugs),
            *(self._event(name) for name in protocol.events),
        )
        self.brain(protocol.begins_min)  # an effect that does not fit is refused here

    def levels(self, times_min: ArrayLike) -> dict[str, Array]:
        """What the effects of each cause are multiplied with, by name, (n_times, n_people) each.

        Names are "condition", those of the drugs, and those of the events behind "event:".
        """
        times = _row(times_min)
        return {cause.name: cause.level(times) for cause in self._causes}

    def brain(self, at_min: float) -> Brain:
        """Everybody's brain at one time."""
        return self._under({name: rows[0] for name, rows in self.levels(at_min).items()})

    def brain_at(self, scan: Scan, settle_s: float = SETTLE_S) -> Callable[[float], Brain]:
        """Everybody's brain as a function of the seconds since the first frame of a scan.

        Before that frame, down to −`settle_s`, it is the brain of the time before the scan. Levels
        are read off linearly between whole seconds, those of tasks exactly. Where no level moves,
        the very same brain is returned each time.
        """
        seconds = np.arange(-np.ceil(settle_s), np.ceil(scan.duration_s) + 1.0)
        rows = self.levels(scan.at_min + seconds / 60.0)
        if all(np.ptp(row, axis=0).max() < STEADY for row in rows.values()):
            steady = self._under({name: row[0] for name, row in rows.items()})
            return lambda _: steady
        gliding = {cause.name: rows[cause.name] for cause in self._causes if not cause.in_steps}
        stepping = [cause for cause in self._causes if cause.in_steps]

        def brain(t_s: float) -> Brain:
            at_min = np.array([scan.at_min + t_s / 60.0])
            now = {name: _between(row, t_s - seconds[0]) for name, row in gliding.items()}
            return self._under(now | {cause.name: cause.level(at_min)[0] for cause in stepping})

        return brain

    def plasticity(self, times_min: ArrayLike) -> Array:
        """The drive of all drugs together, (n_times, n_people): what mood follows."""
        times = _row(times_min)
        total = np.zeros((len(times), len(self.people)))
        for name, body in self._bodies.items():
            doses, kinetics = self.protocol.dosing(name), self.protocol.account(name)[1]
            total += plasticity(find_drug(name), doses, times, person=body, kinetics=kinetics)
        return total

    def course(self, drug: str, times_min: ArrayLike) -> Course:
        """Concentrations of one drug of the protocol in everybody."""
        doses, kinetics = self.protocol.dosing(drug), self.protocol.account(drug)[1]
        body = self._bodies[drug]
        return concentration(
            find_drug(drug), doses, _row(times_min), person=body, kinetics=kinetics
        )

    def truth(self, times_min: ArrayLike) -> dict[str, Array]:
        """What was really done to everybody, by column, (n_times, n_people) each."""
        times = _row(times_min)
        level, relapse_level = self._recovery.at(times)
        found = {"condition_level": level, "relapse_level": relapse_level}
        found["plasticity"] = self.plasticity(times)
        for name, factor in factors(self.people).items():
            found[f"{name}_factor"] = np.broadcast_to(factor, level.shape)
        for name in self._bodies:
            course = self.course(name, times)
            found[f"{name}_plasma_ng_ml"] = course.plasma_ng_ml
            found[f"{name}_effect_site_ng_ml"] = course.effect_site_ng_ml
        done = {n: row for n, row in self.levels(times).items() if n != "condition"}
        return found | {f"{name.removeprefix(EVENT)}_level": row for name, row in done.items()}

    def _under(self, levels: Mapping[str, Array]) -> Brain:
        """Everybody's brain while the causes act at these levels, (n_people,) each."""
        acting = [(e, w, levels[cause.name]) for cause in self._causes for e, w in cause.effects]
        return apply_effects(self._brain, acting)

    def _drug(self, name: str) -> Cause:
        drug = find_drug(name)
        mechanism = drug.mechanism(self.protocol.account(name)[0])
        effects = placed(mechanism.effects, self._atlas, self._maps)
        return Cause(name, effects, lambda times: drug.level(self.course(name, times)))

    def _event(self, name: str) -> Cause:
        event, n_people = find_event(name), len(self.people)
        mechanism = event.mechanism(self.protocol.events[name])
        effects = placed(mechanism.effects, self._atlas, self._maps)
        spans = [session.span for session in self.protocol.sessions if session.event == name]
        if event.lasting is not None:
            return Cause(EVENT + name, effects, afterwards(spans, event.lasting, n_people))
        spans += [s.span_of(b) for s in self.protocol.scans for b in s.blocks if b.event == name]
        return Cause(EVENT + name, effects, during(spans, n_people), in_steps=True)

    def _lessons(self, name: str) -> list[Lesson]:
        learning = find_event(name).learning
        if learning is None:
            return []
        sessions = [s for s in self.protocol.sessions if s.event == name]
        return [Lesson(s.at_min, s.end_min, learning) for s in sessions]


def _row(times_min: ArrayLike) -> Array:
    return np.asarray(times_min, dtype=np.float64).reshape(-1)


def _between(rows: Array, place: float) -> Array:
    """A row of a table, linear between its rows, the first or last one outside."""
    place = float(np.clip(place, 0.0, len(rows) - 1))
    below = min(int(place), len(rows) - 2)
    share = place - below
    return np.asarray((1.0 - share) * rows[below] + share * rows[below + 1])
