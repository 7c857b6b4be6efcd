"""The structural connectome of the regions that carry a signal in a recording."""

from defaultmode.core.connectome import Connectome
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.core.reference import Reference
from defaultmode.measures._regions import carrying


def connectome_and_rows(
    recording: Recording, reference: Reference
) -> tuple[Connectome, tuple[int, ...]]:
    """The connectome, and which of its rows are the regions in `carrying`; the others are left out.

    Raises E308 where there is none, or where it lacks one of the regions.
    """
    connectome = reference.connectome
    if connectome is None:
        raise DefaultModeError("E308", "there is no structural connectome.")
    row = {name: i for i, name in enumerate(connectome.regions)}
    names = [recording.atlas.names[i] for i in carrying(recording)]
    lacking = [name for name in names if name not in row]
    if lacking:
        msg = f"connectome {connectome.name!r} has no region called {lacking[0]!r}."
        raise DefaultModeError("E308", msg)
    return connectome, tuple(row[name] for name in names)


def undirected_weights(recording: Recording, reference: Reference) -> Array:
    """Connection strengths among the regions in `carrying`, (k, k), the mean of both directions."""
    connectome, rows = connectome_and_rows(recording, reference)
    among = connectome.weights[list(rows)][:, list(rows)]
    return (among + among.T) / 2
