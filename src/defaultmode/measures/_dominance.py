"""The default mode network's signal less the task-positive networks', frame by frame."""

import numpy as np

from defaultmode.core.recording import Array, Recording
from defaultmode.measures._regions import carrying, regions
from defaultmode.measures._state_frames import network_signals


def role_weights(recording: Recording) -> Array:
    """Weights that average the default-mode and task-positive regions in `carrying`, shape (k, 2).

    Raises E301, E302 and E306 as `regions` does.
    """
    weights = np.zeros((len(carrying(recording)), 2))
    for column, role in enumerate(("default", "task-positive")):
        own = regions(recording, role, at_least=1)
        weights[np.searchsorted(carrying(recording), own), column] = 1 / len(own)
    return weights


def dominance(signal: Array, recording: Recording, weights: Array) -> Array:
    """Default mode less task-positive signal, zD − zP, over the usable frames, shape (n_usable,).

    signal : (n_time, k) of the regions in `carrying`, the recording's own or that of a surrogate;
    each network signal is standardised over the run: its mean is 0 and says nothing of a level
    """
    networks = network_signals(signal, weights, recording.usable)
    return np.asarray(networks[:, 0] - networks[:, 1])
