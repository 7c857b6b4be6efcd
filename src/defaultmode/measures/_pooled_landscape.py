"""The energy landscape of many runs taken together, each network cut at its mean in each run."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.recording import Array, Recording
from defaultmode.measures._landscape import Landscape, landscape_of
from defaultmode.measures._maximum_entropy import maximum_entropy, spins
from defaultmode.measures._network_landscape import (
    default_minima,
    network_states,
    nodes,
    shares_of,
)
from defaultmode.measures._regions import carrying


@dataclass(frozen=True, slots=True, eq=False)
class PatternShares:
    """How often each set of networks of a run is up together.

    names : (n,), the default mode network first; task_positive : (n,); shares : (2**n,), sum 1
    """

    names: tuple[str, ...]
    task_positive: NDArray[np.bool_]
    shares: Array


@dataclass(frozen=True, slots=True, eq=False)
class PooledLandscape:
    """A landscape, and its minima.

    up : (m, n), networks above their mean; default : (m,), the default mode's; basins : (m,), share
    of the time; accuracy : as of `landscape_accuracy`
    """

    landscape: Landscape
    up: NDArray[np.bool_]
    default: NDArray[np.bool_]
    basins: Array
    accuracy: float


def pattern_shares(recording: Recording) -> PatternShares:
    """The shares of one run; raises E301, E302 as `nodes` and `carrying` do."""
    chosen = nodes(recording)
    states = network_states(recording.signal[:, carrying(recording)], recording)
    return PatternShares(chosen.names, chosen.task_positive, shares_of(states, recording))


def pooled_landscape(shares: Array, task_positive: NDArray[np.bool_]) -> PooledLandscape:
    """The landscape of mean shares (2**n,), as of runs joined end to end (Watanabe 2013).

    Raises E306 as `maximum_entropy` does.
    """
    model = maximum_entropy(shares)
    landscape = landscape_of(model.energies)
    return PooledLandscape(
        landscape,
        spins(len(task_positive))[landscape.minima] > 0,
        default_minima(landscape, task_positive),
        np.array([shares[landscape.basins == i].sum() for i in range(len(landscape.minima))]),
        model.accuracy,
    )
