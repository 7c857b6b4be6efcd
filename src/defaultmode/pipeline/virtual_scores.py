"""What virtual people score when they are rated: dissociation, belief about the treatment, mood."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.pipeline.virtual_people import Group, period_at
from defaultmode.pipeline.virtual_runs import Block
from defaultmode.simulation.clock import MINUTES_PER_DAY
from defaultmode.simulation.drugs import find_drug
from defaultmode.simulation.people import People
from defaultmode.simulation.pharmacology import Course
from defaultmode.simulation.protocol import Protocol
from defaultmode.simulation.readouts import dissociation, mood
from defaultmode.simulation.trial import Trial, believes_active

Array = NDArray[np.float64]
Beliefs = tuple[bool | None, ...]  # at every rating; None before treatment and where nobody asks
LEFT = Missing("the person had left the trial", "E409")


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """One person at one rating.

    values : instrument → points, Missing where the person did not come
    truth : what only a simulation knows of it
    """

    participant: str
    session: str
    values: Mapping[str, float | Missing]
    truth: Mapping[str, object]


def check_ratings(protocol: Protocol) -> None:
    """Raise E510 where a session rates the same twice: its table has one row for each session."""
    rated = [(r.session, scale) for r in protocol.ratings for scale in r.scales]
    twice = next((pair for pair in rated if rated.count(pair) > 1), None)
    if twice:
        msg = f"session {twice[0]!r} rates {twice[1]} twice; give one of the two its own session."
        raise DefaultModeError("E510", msg)


def scores_of(block: Block, trial: Trial) -> Iterator[Score]:
    """Every rating of everybody in a block, by person and time."""
    times_min = [r.at_min for r in block.group.protocol.ratings]
    if not times_min:
        return
    truth = block.timeline.truth(times_min)
    courses = {d: block.timeline.course(d, times_min) for d in block.group.protocol.drugs}
    for i, place in enumerate(block.places):
        one = block.people.take([i])
        known = {name: course[:, i] for name, course in truth.items()}
        cadss = dissociated(one, {d: _of(course, i) for d, course in courses.items()}, times_min)
        beliefs = believed(block.group, one, trial, cadss[1])
        madrs = felt(block.group, one, known["plasticity"], beliefs)
        known |= {"cadss_expected": cadss[0], "madrs_expected": madrs[0]}
        yield from _scores(block.group, place, (cadss[1], madrs[1], beliefs), known)


def dissociated(
    one: People, courses: Mapping[str, Course], times_min: Sequence[float]
) -> tuple[Array, Array]:
    """One person's expected and drawn CADSS at every rating, (n_ratings,) each.

    Of several drugs the one that dissociates most at that time counts.
    """
    nothing = np.zeros((len(times_min), 1))
    given = courses or {"saline": Course(np.asarray(times_min), nothing, nothing)}
    expected, drawn = [], []
    for name, course in given.items():
        (rng,) = one.generators(f"CADSS, {name}")
        expected.append(dissociation(find_drug(name), course, one.traits)[:, 0])
        drawn.append(dissociation(find_drug(name), course, one.traits, rng)[:, 0])
    strongest = np.argmax(expected, axis=0), np.arange(len(times_min))
    return np.array(expected)[strongest], np.array(drawn)[strongest]


def believed(group: Group, one: People, trial: Trial, cadss: Array) -> Beliefs:
    """Whether one person believes to have had the active drug, at every rating.

    One belief for each period, by the highest CADSS after its first dose.
    """
    found: list[bool | None] = [None] * len(cadss)
    if trial.unblinding is None:
        return tuple(found)
    for period in range(len(trial.period_starts_min)):
        starts = [d.dose.start_min for d in group.protocol.doses]
        first = min((s for s in starts if period_at(s, trial) == period), default=np.inf)
        after = [
            k
            for k, rating in enumerate(group.protocol.ratings)
            if period_at(rating.at_min, trial) == period and rating.at_min > first
        ]
        scored = [cadss[k] for k in after if "CADSS" in group.protocol.ratings[k].scales]
        if scored:
            (rng,) = one.generators(f"belief, period {period}")
            belief = believes_active(trial.unblinding, np.array(scored), rng)
            found = [belief if k in after else old for k, old in enumerate(found)]
    return tuple(found)


def felt(group: Group, one: People, plasticity: Array, beliefs: Beliefs) -> tuple[Array, Array]:
    """One person's expected and drawn MADRS at every rating, (n_ratings,) each.

    What the person believes is subtracted, as the read-out states.
    """
    treatments = [d.dose.start_min for d in group.protocol.doses]
    treatments += [s.at_min for s in group.protocol.sessions]
    first = min(treatments, default=np.inf)
    (rng,) = one.generators("MADRS")
    expected, drawn = [], []
    for k, rating in enumerate(group.protocol.ratings):
        at = (
            one.baseline_madrs,
            plasticity[k : k + 1, None],
            (rating.at_min - first) / MINUTES_PER_DAY,
        )
        belief = bool(beliefs[k])
        expected.append(mood(*at, one.traits, believed_active=belief)[0, 0])
        drawn.append(mood(*at, one.traits, believed_active=belief, rng=rng)[0, 0])
    return np.array(expected), np.rint(drawn)


def _scores(
    group: Group,
    place: int,
    drawn: tuple[Array, Array, Beliefs],
    known: Mapping[str, Array],
) -> Iterator[Score]:
    person = group.people.ids[place]
    for k, rating in enumerate(group.protocol.ratings):
        cadss, madrs, beliefs = drawn
        belief = beliefs[k]
        asked = {"cadss": float(cadss[k])} if "CADSS" in rating.scales else {}
        if asked and belief is not None:
            asked["belief"] = float(belief)
        if "MADRS" in rating.scales:
            asked["madrs"] = float(madrs[k])
        came = group.came(place, rating.session)
        truth: dict[str, object] = {
            "participant_id": person,
            "session_id": f"ses-{rating.session}",
            "at_min": rating.at_min,
            **{name: float(v[k]) for name, v in known.items()},
        }
        yield Score(person, rating.session, asked if came else dict.fromkeys(asked, LEFT), truth)


def _of(course: Course, person: int) -> Course:
    only = [person]
    return Course(course.times_min, course.plasma_ng_ml[:, only], course.effect_site_ng_ml[:, only])
