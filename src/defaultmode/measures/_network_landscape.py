"""The energy landscape of a recording: which of its networks are active together, and how often."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.measures._landscape import Landscape, landscape_of
from defaultmode.measures._maximum_entropy import MaximumEntropy, maximum_entropy, spins
from defaultmode.measures._regions import (
    DEFAULT_MODE,
    LEAST_SHARE,
    carrying,
    network_of,
    once_per_recording,
    partition,
)

MOST_NETWORKS = 7  # 128 states: with more, a run of ordinary length leaves most of them unseen
LEAST_NETWORKS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """The networks whose activity is made binary.

    names : (n,), the default mode network first, then task-positive ones, then the largest
    averaging : (k, n), what makes means over networks of the regions in `carrying`
    task_positive : (n,), whether most regions of a network are task-positive
    """

    names: tuple[str, ...]
    averaging: Array
    task_positive: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """States of a signal (n_time,), the model of them, its landscape, and the default mode's part.

    default : (m,), of the minima: whether the default mode network is active and at least half of
        the task-positive networks are not
    """

    states: NDArray[np.intp]
    model: MaximumEntropy
    landscape: Landscape
    default: NDArray[np.bool_]


@once_per_recording
def nodes(recording: Recording) -> Nodes:
    """At most seven networks, the same in every run with an atlas.

    Raises E302 where the atlas has fewer than four or none that is task-positive, and where under
    half of the regions of one carry a signal.
    """
    columns, networks = partition(recording)
    atlas = recording.atlas.regions
    sizes = Counter(network_of(r) for r in atlas if network_of(r))
    positive = Counter(network_of(r) for r in atlas if r.role == "task-positive")

    def place(name: str) -> tuple[bool, bool, int, str]:
        return name != DEFAULT_MODE, 2 * positive[name] <= sizes[name], -sizes[name], name

    names = sorted(sizes, key=place)[:MOST_NETWORKS]
    task_positive = np.array([2 * positive[name] > sizes[name] for name in names])
    if len(names) < LEAST_NETWORKS or not task_positive.any():
        has = f"{len(names)} networks, {task_positive.sum()} of them task-positive"
        msg = f"The atlas has {has}; a landscape needs {LEAST_NETWORKS} and 1."
        raise DefaultModeError("E302", msg)
    lost = [name for name in names if (networks == name).sum() < LEAST_SHARE * sizes[name]]
    if lost:
        msg = f"Under half of the regions of {', '.join(lost)} carry a signal."
        raise DefaultModeError("E302", msg)
    belongs = networks[:, None] == np.array(names)
    averaging = np.zeros((len(carrying(recording)), len(names)))
    averaging[np.isin(carrying(recording), columns)] = belongs / belongs.sum(axis=0)
    return Nodes(tuple(names), averaging, task_positive)


def network_states(signal: Array, recording: Recording) -> NDArray[np.intp]:
    """Which networks are active in each frame, as bits, (n_time,), of the regions in `carrying`.

    A network is active where its mean signal is above its own mean over the run (Ezaki 2017).
    """
    activity = signal @ nodes(recording).averaging
    active = activity > activity[recording.usable].mean(axis=0)
    return np.asarray(active @ (1 << np.arange(active.shape[1])))


def shares_of(states: NDArray[np.intp], recording: Recording) -> Array:
    """Share of the usable frames in each state of the networks, (2**n,)."""
    seen = np.bincount(states[recording.usable], minlength=2 ** len(nodes(recording).names))
    return np.asarray(seen / seen.sum())


def default_minima(landscape: Landscape, task_positive: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Minima with the default mode active and at least half of the task-positive not, (m,)."""
    minima = spins(len(task_positive))[landscape.minima]
    inactive = (minima[:, task_positive] < 0).mean(axis=1)
    return np.asarray((minima[:, 0] > 0) & (inactive >= 0.5))


def fit(signal: Array, recording: Recording) -> Fitted:
    """Landscape of the regions in `carrying` (n_time, k) over the usable frames of a recording.

    Raises E306 as `maximum_entropy` does.
    """
    states = network_states(signal, recording)
    model = maximum_entropy(shares_of(states, recording))
    landscape = landscape_of(model.energies)
    default = default_minima(landscape, nodes(recording).task_positive)
    return Fitted(states, model, landscape, default)


@once_per_recording
def energy_landscape(recording: Recording) -> Fitted:
    """The landscape of a recording, whatever its accuracy of fit.

    Raises E301 for fewer usable frames than the networks have states, and E302 and E306 as `nodes`
    and `fit` do.
    """
    n_states = 2 ** len(nodes(recording).names)
    if recording.usable.sum() < n_states:
        msg = f"{recording.usable.sum()} usable frames are too few for {n_states} states."
        raise DefaultModeError("E301", msg)
    return fit(recording.signal[:, carrying(recording)], recording)
