"""What measures hold a recording against: states learnt over a study, and a connectome."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from defaultmode.core.atlas import Atlas
from defaultmode.core.connectome import Connectome
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.reference import Reference, States
from defaultmode.core.settings import Settings
from defaultmode.sources.connectomes import connectome_for, embedded_connectome, read_connectome

MISFIT = "E133"


def reference_of(
    settings: Settings, atlas: Atlas, states: Mapping[str, States] | None = None
) -> Reference:
    """The reference of every recording with this atlas.

    Raises E133 where the user's own connectome does not fit the atlas, and what reading it raises.
    """
    return Reference(
        states=states or {},
        connectome=connectome_of(settings.connectome, atlas),
        surrogates=settings.surrogates,
        seed=settings.seed,
    )


def connectome_of(path: str, atlas: Atlas) -> Connectome | None:
    """The user's connectome, or the embedded one where it has the regions of the atlas."""
    if path:
        return connectome_for(_own(path), atlas)
    try:
        return connectome_for(embedded_connectome(), atlas)
    except DefaultModeError as error:
        if error.code != MISFIT:
            raise
        return None


@cache
def _own(path: str) -> Connectome:
    return read_connectome(Path(path))
