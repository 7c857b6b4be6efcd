"""Which connectome goes with an atlas: the user's own table, or the one in the package."""

from pathlib import Path

from defaultmode.core.atlas import Atlas
from defaultmode.core.connectome import Connectome
from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.atlases import load_atlas
from defaultmode.sources.connectomes.embedded import EMBEDDED, embedded_connectome
from defaultmode.sources.connectomes.fitting import (
    connectome_for,
    positions,
    with_unit_strength,
)
from defaultmode.sources.connectomes.own import read_connectome


def connectome_of_atlas(atlas: Atlas, path: Path | None = None) -> Connectome:
    """The connectome of an atlas, (n_regions, n_regions) in its order, mean row sum 1.

    path : the user's table of weights; without one the embedded connectome whose regions are those
        of the atlas, by name

    Raises E514 where there is neither, E133 where the table has other regions than the atlas, and
    what `read_connectome` raises.
    """
    if path is not None:
        return with_unit_strength(connectome_for(read_connectome(path), atlas))
    for name in EMBEDDED:
        if positions(load_atlas(name).names, atlas.names) is not None:
            return connectome_for(embedded_connectome(name), atlas)
    msg = f"none has the {len(atlas.names)} regions of atlas {atlas.name!r}."
    raise DefaultModeError("E514", msg)
