"""Levels, dissociation and mood over two weeks: what the page draws as curves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline.serving_marks import ASSUMED, WITHOUT_MOOD, course_notes, mark
from defaultmode.pipeline.serving_request import AFTER_MIN, BEFORE_MIN, Asked
from defaultmode.pipeline.serving_subjects import Simulator, subject_of, timeline_of
from defaultmode.pipeline.serving_treatments import THERAPY
from defaultmode.simulation.clock import MINUTES_PER_DAY
from defaultmode.simulation.conditions import find_condition
from defaultmode.simulation.drugs import find_drug
from defaultmode.simulation.events import find_event
from defaultmode.simulation.people import People, draw_people
from defaultmode.simulation.pharmacology import concentration
from defaultmode.simulation.plasticity import plasticity
from defaultmode.simulation.protocol import Protocol
from defaultmode.simulation.readouts import CADSS_MOST, MADRS_MOST, dissociation, mood
from defaultmode.simulation.timeline import EVENT, Timeline

Array = NDArray[np.float64]
Json = dict[str, object]
STEP = (
    "The part of the response that comparison arms share is put at the moment of the dose, which "
    "makes a step there; when it truly begins is not known."
)
PEOPLE = 200  # virtual people behind a band
BAND = (0.05, 0.95)
REFUSED = ("E509", "E517")  # what can be chosen on the page and cannot be done together
FIGURES = 4  # significant, of every number that is sent
# minutes: every 2 in the first two hours, then ever wider apart
TIMES_MIN = np.unique(
    np.concatenate([
        np.arange(-BEFORE_MIN, 120.0, 2.0),
        np.arange(120.0, 720.0, 15.0),
        np.arange(720.0, 2 * MINUTES_PER_DAY, 60.0),
        np.arange(2 * MINUTES_PER_DAY, AFTER_MIN + 1.0, 360.0),
    ])
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """What virtual people go through, and who they are; times in minutes."""

    protocol: Protocol
    people: People
    times_min: Array


def course(simulator: Simulator, asked: Asked, times_min: Array = TIMES_MIN) -> Json:
    """Everything that the page draws over time, as the contract of the page has it.

    Curves of the typical person; dissociation and mood as mean and 90 % range of 200 virtual
    people. A twin has its exposure only: a real person is given no dissociation and no mood. Raises
    E520 and E521; what cannot be done together comes back as `refused`.
    """
    empty: Json = {
        "request": asked.record(),
        "times_min": sent(times_min),
        "plasma_ng_ml": None,
        "effect_site_ng_ml": None,
        "level": [],
        "plasticity": None,
        "condition_level": None,
        "dissociation": None,
        "mood": None,
        "notes": [],
        "refused": None,
    }
    try:
        of = _of_twin if asked.brain in simulator.twins else _of_virtual
        return empty | of(simulator, asked, times_min)
    except DefaultModeError as problem:
        if problem.code not in REFUSED:
            raise
        return empty | {"refused": f"{problem.code}: {problem.detail}"}


def sent(values: ArrayLike) -> list[float]:
    """Numbers as they are sent, to four significant figures."""
    row = np.asarray(values, dtype=np.float64).reshape(-1)
    return [float(f"{value:.{FIGURES}g}") for value in row]


def _of_twin(simulator: Simulator, asked: Asked, times_min: Array) -> Json:
    subject = subject_of(simulator, asked)
    levels = [sum(level for _, level in subject.levels(t)) for t in times_min]
    text = (
        "A twin is held at a share of the highest studied level. It stands for a real person, who "
        "is given no dose, no dissociation and no mood here."
    )
    return {"level": sent(levels), "notes": [mark(text, ASSUMED)]}


def _of_virtual(simulator: Simulator, asked: Asked, times_min: Array) -> Json:
    line = timeline_of(simulator, asked)
    drug = find_drug(asked.treatment) if line.protocol.drugs else None
    people = draw_people(PEOPLE, seed=asked.seed, condition=asked.brain)
    crowd = Crowd(line.protocol, people, times_min)
    felt = _mood(crowd, asked)
    therapy = None if asked.therapy_at_min is None else find_event(THERAPY)
    notes = list(course_notes(drug, therapy=therapy, mood=felt is not None))
    return {
        **_typical(line, asked, times_min),
        "dissociation": _dissociation(crowd),
        "mood": felt,
        "notes": [*notes, *_of_mood(asked, felt)],
    }


def _typical(line: Timeline, asked: Asked, times_min: Array) -> Json:
    """Curves of the typical person."""
    levels = line.levels(times_min)
    nothing = np.zeros((len(times_min), 1))
    name = asked.treatment
    found: Json = {
        "level": sent(levels.get(name, levels.get(EVENT + name, nothing))),
        "plasticity": sent(line.plasticity(times_min)),
        "condition_level": sent(levels["condition"]),
    }
    if line.protocol.drugs and find_drug(name).kinetics:
        seen = line.course(name, times_min)
        found["plasma_ng_ml"] = sent(seen.plasma_ng_ml)
        found["effect_site_ng_ml"] = sent(seen.effect_site_ng_ml)
    return found


def _dissociation(crowd: Crowd) -> Json | None:
    """None where no drug is given, or one of which none is known."""
    for name in crowd.protocol.drugs:
        drug = find_drug(name)
        if drug.dissociation is not None:
            body = crowd.people.disposition(drug)
            doses = crowd.protocol.dosing(name)
            seen = concentration(drug, doses, crowd.times_min, person=body)
            points = dissociation(drug, seen, crowd.people.traits)
            return _band(points, CADSS_MOST, "CADSS points (0 to 92)")
    return None


def _mood(crowd: Crowd, asked: Asked) -> Json | None:
    """None for healthy people, and for treatments whose course of mood was not fitted."""
    drugs, sessions = crowd.protocol.drugs, crowd.protocol.sessions
    depressed = bool(find_condition(asked.brain).mechanism().effects)
    if not depressed or (sessions and not drugs) or asked.treatment in WITHOUT_MOOD:
        return None
    drive = np.zeros((len(crowd.times_min), len(crowd.people)))
    for name in drugs:
        body = crowd.people.disposition(find_drug(name))
        doses = crowd.protocol.dosing(name)
        drive += plasticity(find_drug(name), doses, crowd.times_min, person=body)
    begin_min = 0.0 if drugs else np.inf  # no response without a treatment, nor to sessions alone
    days = (crowd.times_min - begin_min) / MINUTES_PER_DAY
    points = mood(crowd.people.baseline_madrs, drive, days, crowd.people.traits)
    return _band(points, MADRS_MOST, "MADRS points (0 to 60)")


def _band(points: Array, most: float, unit: str) -> Json:
    inside = np.clip(points, 0.0, most)
    low, high = np.quantile(inside, BAND, axis=1)
    return {"mean": sent(inside.mean(axis=1)), "low": sent(low), "high": sent(high), "unit": unit}


def _of_mood(asked: Asked, felt: Json | None) -> Sequence[dict[str, str]]:
    """What to know of the curve of mood, or why there is none."""
    if felt is not None:
        return (mark(STEP, ASSUMED),) if asked.dose is not None else ()
    if not find_condition(asked.brain).mechanism().effects:
        return (mark("Mood was fitted to people with depression; healthy ones get none.", ASSUMED),)
    return (mark("No course of mood was fitted for this treatment: none is shown.", ASSUMED),)
