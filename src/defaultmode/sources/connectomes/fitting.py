"""Brings a connectome into the order of an atlas and onto the scale that the models expect."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.connectome import Connectome
from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.atlases import match_atlas


def connectome_for(connectome: Connectome, atlas: Atlas) -> Connectome:
    """The same connectome with the regions of an atlas: its names, in its order.

    Names are compared as they stand, then as `match_atlas` knows them (7- and 17-network names).
    Raises E133 where a region is missing or is none of the atlas: nothing is dropped or filled in.
    """
    order = positions(connectome.regions, atlas.names)
    if order is None:
        misfit = misfit_of(connectome.regions, atlas.names)
        msg = f"connectome {connectome.name!r} does not fit atlas {atlas.name!r}: {misfit}."
        raise DefaultModeError("E133", msg)
    square, lengths_mm = np.ix_(order, order), connectome.lengths_mm
    return replace(
        connectome,
        regions=atlas.names,
        weights=connectome.weights[square],
        lengths_mm=None if lengths_mm is None else lengths_mm[square],
    )


def with_unit_strength(connectome: Connectome) -> Connectome:
    """The same connectome with weights divided by one number so that the mean row sum is 1.

    The coupling G of the models refers to this scale, whatever the weights were counted in.
    """
    return replace(connectome, weights=connectome.weights / connectome.weights.sum(axis=1).mean())


def positions(found: Sequence[str], wanted: Sequence[str]) -> NDArray[np.intp] | None:
    """Where each wanted name stands among those found, (n,); None unless they are the same regions.

    Where the names differ, both may still be names of one atlas of the package.
    """
    if len(set(found)) != len(found) or len(found) != len(wanted):
        return None
    if set(found) == set(wanted):
        place = {name: i for i, name in enumerate(found)}
        return np.array([place[name] for name in wanted], dtype=np.intp)
    try:
        atlas, wanted_at = match_atlas(wanted)
        other, found_at = match_atlas(found, atlas.name)
    except DefaultModeError:
        return None
    if other.name != atlas.name:
        return None
    order = np.empty(len(wanted), dtype=np.intp)
    order[wanted_at] = found_at
    return order


def misfit_of(found: Sequence[str], wanted: Sequence[str]) -> str:
    """Which names are missing and which are too many, three of each, for an error's detail."""
    missing = [name for name in wanted if name not in set(found)]
    extra = [name for name in found if name not in set(wanted)]
    parts = [
        f"{len(names)} {what} ({', '.join(map(repr, names[:3]))})"
        for what, names in (("missing", missing), ("not among them", extra))
        if names
    ]
    return " and ".join(parts) or "a region appears twice"
