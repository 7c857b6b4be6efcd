"""What a run's signal does beyond its mean connectivity, gathered for a comparison with a model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.recording import Array, Recording
from defaultmode.measures._connectivity import connectivity
from defaultmode.measures._phases import phases_of, settled, synchrony
from defaultmode.measures._windows import window_correlations, windows_of
from defaultmode.measures.window_connectivity import apart, recurrence


@dataclass(frozen=True, slots=True, eq=False)
class Dynamics:
    """Connectivity and its wandering in numbers that do not depend on the signal's unit.

    z : (n_pairs,) Fisher z of every pair of regions
    recurrences : (n_pairs_of_windows,) sorted; how alike the connectivity of two windows of 60 s
        is that share no frame (functional connectivity dynamics; Hansen 2015)
    metastability : standard deviation over time of the phase synchrony (Shanahan 2010)
    global_spread : standard deviation of the mean signal, of the root mean square one of regions
    """

    z: Array
    recurrences: Array
    metastability: float
    global_spread: float


def dynamics(recording: Recording) -> Dynamics:
    """The dynamics of a recording whose every region carries a signal.

    Raises E301, E305 and E306 as `connectivity`, `windows_of` and `window_correlations` do.
    """
    pairs: tuple[NDArray[np.intp], ...] = np.triu_indices(len(recording.atlas), k=1)
    windows = windows_of(recording.usable, recording.tr_s)
    again = recurrence(window_correlations(recording.signal, windows))[apart(windows)]
    in_step = synchrony(phases_of(recording.signal))[settled(recording)]
    kept = recording.kept
    return Dynamics(
        z=connectivity(recording).z[pairs],
        recurrences=np.sort(again),
        metastability=float(in_step.std()),
        global_spread=float(kept.mean(axis=1).std() / np.sqrt(kept.var(axis=0).mean())),
    )
