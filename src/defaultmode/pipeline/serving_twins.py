"""Twins of real people on the page: shares of studied levels, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline.serving_request import NOTHING, Asked
from defaultmode.pipeline.serving_treatments import treating_drugs, treating_events
from defaultmode.pipeline.twin_finding import (
    EVERYBODY,
    FoundTwin,
    find_twins,
    ground_for,
    load_twin,
)
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.scoreboard.quantities import Ground
from defaultmode.simulation.twin_protocol import Exposure, TwinCondition

PREFIX = "twin:"
SHARES, USUAL_SHARE = (0.25, 0.5, 0.75, 1.0), 0.5


@dataclass(frozen=True, slots=True, eq=False)
class ServedTwin:
    """A twin that can be tried on; order : its regions in the order of the page."""

    found: FoundTwin
    brain: Brain
    ground: Ground
    order: NDArray[np.intp]


def found_twins(folder: Path, atlas: Atlas) -> tuple[Mapping[str, ServedTwin], tuple[str, ...]]:
    """The twins of an atlas by their id, and a sentence on each that was left out.

    Raises E101 (no such folder), E518 (no twin of this atlas) and E515 (all of them failed).
    """
    served, left_out = {}, []
    for found in find_twins(folder, EVERYBODY, atlas.name):
        if found.failed:
            left_out.append(f"{found.key} is left out: {found.failed.reason}")
            continue
        twin = load_twin(found.path)
        ground = ground_for(twin, found.atlas)
        place = {name: k for k, name in enumerate(ground.atlas.names)}
        order = np.array([place[name] for name in atlas.names])
        served[PREFIX + found.key] = ServedTwin(found, twin.brain(), ground, order)
    return served, tuple(left_out)


def exposure_of(asked: Asked) -> TwinCondition | None:
    """What acts on a twin, None where nothing does.

    Raises E517 for an event or a session, E520 for an unknown treatment or a share that is missing,
    and E521 for one outside 0 to 1.
    """
    if asked.therapy_at_min is not None:
        raise DefaultModeError("E517", "a psychotherapy session was asked for on a twin.")
    if asked.treatment in {e.name for e in treating_events()}:
        raise DefaultModeError("E517", f"{asked.treatment} was asked for on a twin.")
    if asked.treatment == NOTHING:
        return None
    if asked.treatment not in {d.name for d in treating_drugs()} or asked.dose is None:
        raise DefaultModeError("E520", "a twin is given a drug of the catalogue and a share of it.")
    if not 0.0 <= asked.dose <= 1.0:
        msg = f"the share is {asked.dose:g}; 0 to 1 of the highest studied level can be tried."
        raise DefaultModeError("E521", msg)
    exposure = Exposure(drug=asked.treatment, share=asked.dose)
    return TwinCondition(name="exposed", exposures=(exposure,))
