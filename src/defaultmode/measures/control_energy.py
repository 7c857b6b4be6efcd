"""What it costs to drive the structural connectome from one of a run's own states to another."""

from dataclasses import dataclass

import numpy as np

from defaultmode.core.recording import Array, Recording
from defaultmode.core.reference import Reference
from defaultmode.core.tested import Tested
from defaultmode.measures._regions import carrying, once_per_recording, once_per_reference, regions
from defaultmode.measures._registry import SHAPE_ONLY, measure
from defaultmode.measures._structure import undirected_weights

HORIZON = 1.0  # SCIENCE.md §4.4: T, in units of the decay of an unconnected region
EXTREME = 0.2  # our choice: share of frames, at either end, that make up a state
SOURCES = ("Gu2017", "Karrer2020")
NEEDED = ("connectome", "stream")
NULL = "give the same pattern to other regions of the connectome"


@dataclass(frozen=True, slots=True, eq=False)
class System:
    """dx/dt = A x + u with input u to every region, A being symmetric.

    rates : (n,) eigenvalues of A, all below 0; modes : (n, n) its eigenvectors, in columns
    """

    rates: Array
    modes: Array

    def energy(self, start: Array, end: Array) -> float:
        """Least ∫ u'u dt that takes the state `start` to `end`, both (n,), over the horizon.

        (end − e^{AT} start)' W^{-1} (end − e^{AT} start) with the Gramian W = ∫ e^{At} e^{A't} dt
        from 0 to T (Gu 2017), which is diagonal in the modes.
        """
        missed = self.modes.T @ end - np.exp(self.rates * HORIZON) * (self.modes.T @ start)
        gramian = np.expm1(2 * self.rates * HORIZON) / (2 * self.rates)
        return float((missed**2 / gramian).sum())


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """States of a run, (k,) of length 1 over the regions in `carrying`."""

    default: Array
    task_positive: Array


def system(weights: Array) -> System:
    """The system on symmetric connection strengths (n, n): A = weights / (1 + |λ|max) − I.

    λ are the eigenvalues of the weights, so that A is stable (Karrer 2020).
    """
    values, modes = np.linalg.eigh(weights)
    return System(values / (1 + np.abs(values).max()) - 1, modes)


@once_per_recording
def patterns(recording: Recording) -> Patterns:
    """Mean activity where the default mode exceeds the task-positive regions most, and least.

    Regions are z-scored over the usable frames; the fifth of the frames in which the mean of
    default-mode less that of task-positive regions is highest makes one state, the fifth in which
    it is lowest the other. Raises E301 and E302 as `regions` does.
    """
    ours, theirs = regions(recording, "default"), regions(recording, "task-positive")
    kept = recording.kept - recording.kept.mean(axis=0)
    columns = carrying(recording)
    scores = np.full_like(kept, np.nan)
    scores[:, columns] = kept[:, columns] / kept[:, columns].std(axis=0)
    lead = scores[:, ours].mean(axis=1) - scores[:, theirs].mean(axis=1)
    low, high = np.quantile(lead, [EXTREME, 1 - EXTREME])
    return Patterns(*(_unit(scores[chosen][:, columns]) for chosen in (lead >= high, lead <= low)))


def _unit(scores: Array) -> Array:
    pattern = scores.mean(axis=0)
    return np.asarray(pattern / np.linalg.norm(pattern))


@once_per_reference
def _driven(recording: Recording, reference: Reference) -> System:
    return system(undirected_weights(recording, reference))


def _tested(recording: Recording, reference: Reference, start: Array, end: Array) -> Tested:
    """Energy between two states (k,), and between both with their regions exchanged at random."""
    driven = _driven(recording, reference)
    rng = reference.stream(recording, "control energy")
    orders = [rng.permutation(len(start)) for _ in range(reference.surrogates)]
    elsewhere = np.array([driven.energy(start[order], end[order]) for order in orders])
    return Tested(driven.energy(start, end), elsewhere, NULL)


@measure(unit="a.u.", cites=SOURCES, unchanged_by=SHAPE_ONLY, premises=NEEDED)
def control_energy_default_to_task_positive(recording: Recording, reference: Reference) -> Tested:
    """Least energy that drives the connectome from the default-mode to the task-positive state.

    Arbitrary units: ∫ u'u dt over a horizon of 1 with input to every region, dx/dt = A x + u and
    A = connectome / (1 + |λ|max) − I (Gu 2017, Karrer 2020). The states are the run's own: mean
    z-scored activity, scaled to length 1, of the fifth of the frames in which default-mode regions
    most exceed task-positive ones, and of the fifth in which they least do. They are nearly mirror
    images, so that most of the energy is the distance between them, which no connectome changes,
    and the way back costs about the same. What the connectome saves is the difference from the
    surrogates, which exchange the regions of both states at random. That makes strangers of
    neighbours: an energy below theirs says that connected regions are active together, and no more.
    Connections count alike in both directions; regions without a signal are left out.
    """
    states = patterns(recording)
    return _tested(recording, reference, states.default, states.task_positive)


@measure(unit="a.u.", cites=SOURCES, unchanged_by=SHAPE_ONLY, premises=NEEDED)
def control_energy_default_persistence(recording: Recording, reference: Reference) -> Tested:
    """Least energy that holds the connectome in the default-mode state.

    Arbitrary units, with the state, the surrogates and the reservations of
    `control_energy_default_to_task_positive`: the cost of being there again after a horizon of 1.
    Low where the connectome itself supports the state.
    """
    default = patterns(recording).default
    return _tested(recording, reference, default, default)
