"""What differs between virtual people of one group, and whether one difference follows another."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator

from defaultmode.simulation.brain import Brain
from defaultmode.simulation.conditions import find_condition
from defaultmode.simulation.doses import parse_dose
from defaultmode.simulation.drugs import find_drug
from defaultmode.simulation.effects import apply_effects, region_weights
from defaultmode.simulation.events import find_event
from defaultmode.simulation.people import People, draw_people
from defaultmode.simulation.pharmacology import concentration
from defaultmode.simulation.plasticity import plasticity
from defaultmode.simulation.readouts import dissociation, mood
from defaultmode.simulation.recovery import Lesson, recover
from defaultmode.simulation.scoreboard.box import Draw
from defaultmode.simulation.scoreboard.quantities import (
    RAW,
    Ground,
    rest_of,
    within_default_mode,
)
from defaultmode.simulation.trial import Unblinding, believes_active

Array = NDArray[np.float64]

CONDITION, DRUG = "depressed_hyper", "ketamine"
GROUP = 60  # people in one virtual group
SCAN_MIN, DAY_MIN, WEEK_MIN = 40.0, 1440.0, 7 * 1440.0
LEVELS = np.array([0.0, 0.5, 1.0, 1.5, 2.0])  # of the condition
OCCUPANCIES = np.array([0.0, 0.15, 0.3, 0.45, 0.6, 0.75])
TRAINING_DAYS = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """One virtual group given one infusion, each (n_people,).

    disruption : fall of connectivity within the default mode network at the infusion's end
    nearer : how much nearer to the healthy value it is after a day than before
    cadss : dissociation at the infusion's end; concentration_ng_ml then
    improvement, improvement_blind : MADRS points after a day, with and without guessing the arm
    interaction : what training and drug together take off the condition's level in a week, beyond
        what each takes off
    """

    disruption: Array
    nearer: Array
    cadss: Array
    concentration_ng_ml: Array
    improvement: Array
    improvement_blind: Array
    interaction: Array


def groups(
    base: Brain, ground: Ground, draw: Draw, seeds: Sequence[int], *, n_people: int = GROUP
) -> dict[str, Array]:
    """Every quantity between people, a value per group and seed, (n_seeds,).

    Connectivity is the linear model's, read off a grid of condition levels and occupancies.
    Raises E504 and E505 where the grid's brains come to no rest.
    """
    within = _connectivity(base, ground, draw)
    found = [_course(within, draw_people(n_people, seed=s, condition=CONDITION)) for s in seeds]
    return {name: np.array([ask(course) for course in found]) for name, ask in QUANTITIES.items()}


def _r(a: Array, b: Array) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if a.std() and b.std() else float("nan")


def _without(values: Array, removed: Array) -> Array:
    """What is left of values when a straight line in another is taken out."""
    slope, offset = np.polyfit(removed, values, 1)
    return np.asarray(values - slope * removed - offset)


def within_dose(course: Course) -> float:
    """Partial correlation of disruption and dissociation, given the concentration."""
    seen = course.concentration_ng_ml
    return _r(_without(course.disruption, seen), _without(course.cadss, seen))


QUANTITIES: Mapping[str, Callable[[Course], float]] = {
    "disruption_dissociation_r": lambda c: _r(c.disruption, c.cadss),
    "disruption_dissociation_partial_r": within_dose,
    "recovery_improvement_r": lambda c: _r(c.nearer, c.improvement),
    "dissociation_improvement_r": lambda c: _r(c.cadss, c.improvement),
    "dissociation_improvement_blind_r": lambda c: _r(c.cadss, c.improvement_blind),
    "training_interaction": lambda c: float(c.interaction.mean()),
}


def _connectivity(base: Brain, ground: Ground, draw: Draw) -> Callable[[Array, Array], Array]:
    """Condition level, occupancy → connectivity within the default mode network."""
    acts = {
        CONDITION: find_condition(CONDITION).mechanism().effects,
        DRUG: find_drug(DRUG).mechanism().effects,
    }
    grid = np.empty((len(LEVELS), len(OCCUPANCIES)))
    for at in np.ndindex(*grid.shape):
        amounts = (LEVELS[at[0]], OCCUPANCIES[at[1]])
        acting = []
        for (owner, own), amount in zip(acts.items(), amounts, strict=True):
            effects = [draw.effect(owner, e) for e in own]
            acting += [(e, region_weights(e, ground.atlas, ground.maps), amount) for e in effects]
        grid[at] = within_default_mode(rest_of(apply_effects(base, acting), ground), RAW)
    read = RegularGridInterpolator((LEVELS, OCCUPANCIES), grid, bounds_error=False, fill_value=None)
    return lambda level, occupancy: np.asarray(read(np.stack([level, occupancy], axis=-1)))


def _course(within: Callable[[Array, Array], Array], people: People) -> Course:
    drug, n = find_drug(DRUG), len(people)
    seen = concentration(
        drug, [parse_dose(drug.standard)], [SCAN_MIN], person=people.disposition(drug)
    )
    (rng,) = draw_people(1, seed=people.seed, first=n).generators("scoreboard")
    cadss = dissociation(drug, seen, people.traits, rng)[0]
    believed = np.array([believes_active(Unblinding(), np.array([c]), rng) for c in cadss])
    visit = int(rng.integers(2**63))
    nothing = np.zeros(n)
    healthy, before = within(nothing, nothing), within(people.level, nothing)
    after = within(_level(people, DAY_MIN, drugged=True, trained=False), nothing)
    return Course(
        disruption=before - within(people.level, drug.level(seen)[0]),
        nearer=np.abs(before - healthy) - np.abs(after - healthy),
        cadss=cadss,
        concentration_ng_ml=seen.effect_site_ng_ml[0],
        improvement=_improvement(people, believed, visit),
        improvement_blind=_improvement(people, np.zeros(n, dtype=bool), visit),
        interaction=_interaction(people),
    )


def _improvement(people: People, believed: NDArray[np.bool_], visit: int) -> Array:
    """MADRS points lost in a day; `visit` is the seed of that day's noise, whoever guesses what."""
    drug = find_drug(DRUG)
    person = people.disposition(drug)
    score = mood(
        people.baseline_madrs,
        plasticity(drug, [parse_dose(drug.standard)], [DAY_MIN], person=person),
        [1.0],
        people.traits,
        believed_active=believed,
        rng=np.random.default_rng(visit),
    )
    return np.asarray(people.baseline_madrs - score[0])


def _interaction(people: People) -> Array:
    """Level lost in a week to drug and training, beyond what is lost to each alone."""
    lost = {
        (drugged, trained): people.level
        - _level(people, WEEK_MIN, drugged=drugged, trained=trained)
        for drugged in (False, True)
        for trained in (False, True)
    }
    alone = lost[True, False] + lost[False, True]
    return np.asarray(lost[True, True] + lost[False, False] - alone)


def _level(people: People, at_min: float, *, drugged: bool, trained: bool) -> Array:
    """The condition's level of everybody after an infusion, training, both or neither."""
    drug, training = find_drug(DRUG), find_event("psychotherapy")
    doses = [parse_dose(drug.standard)] if drugged else []
    person = people.disposition(drug)
    lessons = [
        Lesson(day * DAY_MIN, day * DAY_MIN + training.duration_min, training.learning)
        for day in (TRAINING_DAYS if trained else ())
        if training.learning is not None
    ]
    course = recover(
        people.level,
        lambda times: plasticity(drug, doses, times, person=person) * people.traits.responsiveness,
        lessons,
        until_min=(0.0, at_min),
        pace=find_condition(CONDITION).recovery,
    )
    return np.asarray(course.level[-1])
