"""Where the brain follows the posterior cingulate: the seed map of the default mode network."""

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.measures._grid import Mask, correlations, dice, grid_of, in_regions, laterality
from defaultmode.measures._regions import carrying, once_per_recording, regions
from defaultmode.measures._registry import measure

UNCHANGED = ("region order", "time reversal")


def seed(recording: Recording) -> NDArray[np.intp]:
    """Columns of the posterior cingulate of the default mode network, (k,).

    Its core where the atlas tells subsystems apart; the precuneus where no parcel of the core is
    called posterior cingulate, for then one parcel holds both. Raises E301, and E306 for an atlas
    that has neither.
    """
    for subsystem in ("core", ""):
        for place in ("posterior cingulate", "precuneus"):
            found = recording.columns("default", subsystem=subsystem, place=place)
            found = np.intersect1d(found, carrying(recording))
            if len(found):
                return found
    msg = f"Atlas {recording.atlas.name!r} has no posterior cingulate with a signal."
    raise DefaultModeError("E306", msg)


@once_per_recording
def seed_map(recording: Recording) -> Array:
    """Fisher z of the correlation of each place with the posterior cingulate, (n_places,).

    The seed is the mean signal of its regions over the usable frames (Greicius 2003). Raises E301
    and E306 as `seed` does.
    """
    course = recording.kept[:, seed(recording)].mean(axis=1, keepdims=True)
    return np.asarray(np.arctanh(correlations(recording, course)[:, 0]))


def _looked_at(recording: Recording) -> tuple[Mask, Mask]:
    """Places in a region of the atlas, and those of its default mode; the seed's own in neither.

    They follow the seed by construction.
    """
    z = seed_map(recording)
    others = np.setdiff1d(carrying(recording), seed(recording))
    among = in_regions(recording, others) & np.isfinite(z)
    default = regions(recording, "default", at_least=1)
    return among, among & in_regions(recording, default)


@measure(
    unit="Dice",
    cites=("Greicius2003", "Dice1945"),
    unchanged_by=UNCHANGED,
    premises=("grid known",),
)
def seed_map_overlap_default(recording: Recording) -> float:
    """Overlap of the map that follows the posterior cingulate with the atlas' default mode network.

    Dice coefficient, 0 to 1: of the voxels or vertices in regions of the atlas as many as the
    network has are taken, those of the highest correlation with the seed (Greicius 2003), the
    seed's own left out.
    """
    among, known = _looked_at(recording)
    strength = np.where(among, seed_map(recording), -np.inf)
    chosen = np.zeros(len(strength), dtype=bool)
    chosen[np.argsort(-strength, kind="stable")[: known.sum()]] = True
    return dice(chosen, known)


@measure(
    unit="index",
    cites=("Greicius2003", "Seghier2008"),
    unchanged_by=UNCHANGED,
    premises=("grid known",),
)
def seed_map_laterality_default(recording: Recording) -> float:
    """Laterality of what follows the posterior cingulate: above 0 where the left follows it more.

    Index from −1 (all right) to 1 (all left): (left − right) / (left + right), each the mean
    Fisher z over its side of the atlas' default mode network, negative values as 0 and the seed's
    own places left out; no threshold on a correlation decides it (Seghier 2008).
    """
    _, known = _looked_at(recording)
    return laterality(grid_of(recording), np.maximum(seed_map(recording), 0.0), known)
