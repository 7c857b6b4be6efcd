"""The structural connectome of the regions that carry a signal in a recording."""

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.core.reference import Reference
from defaultmode.measures._regions import carrying


def undirected_weights(recording: Recording, reference: Reference) -> Array:
    """Connection strengths among the regions in `carrying`, (k, k), the mean of both directions.

    Regions are matched by name. Raises E308 where there is no connectome, or where it lacks one of
    them.
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
    rows = [row[name] for name in names]
    among = connectome.weights[np.ix_(rows, rows)]
    return np.asarray((among + among.T) / 2)
