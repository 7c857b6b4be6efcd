"""A brain under shares of studied drug levels and under steady currents."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.clock import MINUTES_PER_DAY
from defaultmode.simulation.doses import Dose
from defaultmode.simulation.drugs import find_drug
from defaultmode.simulation.effects import Effect, apply_effects, region_weights
from defaultmode.simulation.pharmacology import concentration
from defaultmode.simulation.twin_protocol import Stimulation, TwinCondition

Array = NDArray[np.float64]
Maps = Mapping[str, ArrayLike]


@cache
def highest_studied_level(drug: str) -> float:
    """The level, 0 to 1, that a share of 1 stands for; 0 for a placebo.

    The peak, within a day, that the drug's default kinetics give the typical person after the
    largest amount of a studied range over its shortest time, by whichever range peaks highest. A
    share is linear in this level, not in amount or concentration: half of it is half the effect
    on every parameter. Raises E511 for an unknown drug.
    """
    of = find_drug(drug)
    minutes = np.arange(MINUTES_PER_DAY)
    peaks = []
    for studied in of.studied:
        dose = Dose(
            amount=studied.high,
            unit=studied.unit,
            route=studied.route,
            over_min=studied.over_min[0],
        )
        peaks.append(float(of.level(concentration(of, [dose], minutes)).max()))
    return max(peaks)


def exposed(brain: Brain, condition: TwinCondition, atlas: Atlas, maps: Maps) -> Brain:
    """The brain while a condition acts on it steadily.

    maps : name → (n_regions,) in the order of the brain; an effect whose map is not there acts
        everywhere alike (`acts_evenly` says where that is so)
    Raises E506 (nowhere in this atlas, a parameter turned negative) and E513 (a map does not fit).
    """
    return apply_effects(brain, _acting(condition, atlas, maps))


def acts_evenly(condition: TwinCondition, maps: Maps) -> tuple[str, ...]:
    """Maps that effects of the condition follow and that are not there."""
    found = (effect for effect, _ in _drug_effects(condition))
    return tuple(dict.fromkeys(_map_of(e) for e in found if _lacks_map(e, maps)))


def hypothetical(condition: TwinCondition) -> tuple[str, ...]:
    """Sentences of its effects that no source bears out."""
    return tuple(effect.sentence for effect, _ in _drug_effects(condition) if effect.hypothetical)


def _acting(
    condition: TwinCondition, atlas: Atlas, maps: Maps
) -> Iterator[tuple[Effect, Array, float]]:
    for effect, level in _drug_effects(condition):
        placed = replace(effect, where="all") if _lacks_map(effect, maps) else effect
        yield effect, region_weights(placed, atlas, maps), level
    for stimulation in condition.stimulations:
        effect = Effect(parameter="current_na", change=stimulation.current_na, how="added")
        yield effect, _stimulated(stimulation, atlas), 1.0


def _drug_effects(condition: TwinCondition) -> Iterator[tuple[Effect, float]]:
    for exposure in condition.exposures:
        level = exposure.share * highest_studied_level(exposure.drug)
        for effect in find_drug(exposure.drug).mechanism(exposure.mechanism).effects:
            yield effect, level


def _map_of(effect: Effect) -> str:
    kind, _, name = effect.where.partition(":")
    return name if kind == "map" else ""


def _lacks_map(effect: Effect, maps: Maps) -> bool:
    name = _map_of(effect)
    return bool(name) and name not in maps and effect.receptor not in maps


def _stimulated(stimulation: Stimulation, atlas: Atlas) -> Array:
    kind, _, name = stimulation.where.partition(":")
    if kind != "region":
        return region_weights(Effect(parameter="", change=0.0, where=stimulation.where), atlas, {})
    if name not in atlas.names:
        msg = f"atlas {atlas.name!r} has no region {name!r}; such as {atlas.names[0]!r} it has."
        raise DefaultModeError("E506", msg)
    return np.asarray([float(region == name) for region in atlas.names])
