"""What a row of the scoreboard is about: a condition, treatments, ablations, a time since."""

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.clock import MINUTES_PER_DAY, seconds
from defaultmode.simulation.conditions import find_condition
from defaultmode.simulation.doses import parse_dose
from defaultmode.simulation.drugs import all_drugs, find_drug
from defaultmode.simulation.effects import Effect, apply_effects, region_weights
from defaultmode.simulation.events import find_event
from defaultmode.simulation.fixed_point import fixed_point
from defaultmode.simulation.inhibition import balance
from defaultmode.simulation.plasticity import plasticity
from defaultmode.simulation.recovery import recover
from defaultmode.simulation.scoreboard.box import Draw
from defaultmode.simulation.scoreboard.quantities import Ground

Array = NDArray[np.float64]

ABLATIONS = ("feed_forward", "shared_drive", "plasticity")


@dataclass(frozen=True, slots=True)
class Situation:
    """A brain as a statement names it.

    treatments : drugs and events with their mechanism, empty for the default one
    without : ablations; after_min : time since the treatments, None while they act
    """

    condition: str
    treatments: tuple[tuple[str, str], ...] = ()
    without: tuple[str, ...] = ()
    after_min: float | None = None

    @property
    def acting(self) -> tuple[tuple[str, Effect], ...]:
        """Every effect that acts in it with the name of what it is of; raises E511."""
        own = find_condition(self.condition).mechanism().effects
        treated = () if self.after_min is not None else self.treatments
        named = [(self.condition, own), *((name, _effects(name, m)) for name, m in treated)]
        return tuple((name, effect) for name, effects in named for effect in effects)

    @property
    def hypothetical(self) -> bool:
        """Whether anything that acts in it has no source; what outlasts a drug is our own rule."""
        late = self.after_min is not None and "plasticity" not in self.without
        return late or any(effect.hypothetical for _, effect in self.acting)


def parse_situation(text: str) -> Situation:
    """CONDITION [+ TREATMENT[:MECHANISM]] [- ABLATION] [@ TIME]; raises E510."""
    condition, *rest = re.split(r"\s+([+@-])\s+", text.strip())
    treatments, without, after = [], [], None
    for sign, word in zip(rest[::2], rest[1::2], strict=True):
        if sign == "+":
            name, _, mechanism = word.partition(":")
            treatments.append((name, mechanism))
        elif sign == "@":
            after = seconds(word, f"situation {text!r}") / 60.0
        elif word in ABLATIONS:
            without.append(word)
        else:
            known = ", ".join(ABLATIONS)
            msg = f"situation {text!r} is without {word!r}; there are {known}."
            raise DefaultModeError("E510", msg)
    return Situation(condition, tuple(treatments), tuple(without), after)


def situation_brain(situation: Situation, base: Brain, ground: Ground, draw: Draw) -> Brain:
    """The brain of a situation, made from the healthy one at rest.

    Raises E511 for unknown names, E513 for a missing map, E504 and E506 where it cannot be.
    """
    brain = _ablated(base, situation.without)
    acting = []
    for owner, effect in situation.acting:
        drawn = draw.effect(owner, effect)
        level = draw.level(owner) if owner != situation.condition else kept(situation, draw)
        acting.append((drawn, region_weights(drawn, ground.atlas, ground.maps), level))
    return apply_effects(brain, acting)


def kept(situation: Situation, draw: Draw) -> float:
    """The level of the condition: 1, less what plasticity has undone since the treatment."""
    if situation.after_min is None or "plasticity" in situation.without:
        return 1.0
    recovery = find_condition(situation.condition).recovery
    names = tuple(name for name, _ in situation.treatments)
    undone = _undone(names, recovery, situation.after_min)
    return 1.0 - min(1.0, draw.recovered * undone / _undone(("ketamine",), 1.0, MINUTES_PER_DAY))


@cache
def _undone(drugs: tuple[str, ...], recovery: float, after_min: float) -> float:
    """Share of a condition's level that standard doses have undone in the typical person."""

    def drive(times_min: Array) -> Array:
        found = [find_drug(name) for name in drugs]
        parts = [plasticity(d, [parse_dose(d.standard)], times_min) for d in found]
        return np.asarray(np.sum(parts, axis=0)) if parts else np.zeros((len(times_min), 1))

    course = recover(np.ones(1), drive, (), until_min=(0.0, after_min), pace=recovery)
    return 1.0 - float(course.level[-1, 0])


def _effects(name: str, mechanism: str) -> tuple[Effect, ...]:
    if name in all_drugs():
        return find_drug(name).mechanism(mechanism).effects
    return find_event(name).mechanism(mechanism).effects


def _ablated(base: Brain, without: tuple[str, ...]) -> Brain:
    """Parts taken out; inhibition is tuned again, so that the healthy rates stay what they were."""
    brain = base
    if "shared_drive" in without:
        brain = brain.changed(shared_noise=0.0)
    if "feed_forward" in without:
        routes = {k: m for k, m in brain.routes.items() if k != "feed_forward"}
        cut = Brain(brain.model, brain.regions, brain.values, routes)
        brain = balance(cut, fixed_point(base).rate_hz[:, 0])
    return brain
