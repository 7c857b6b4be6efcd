"""What it costs to drive the structural connectome from one of a run's own states to another."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.linalg import cho_factor, cho_solve, expm, solve_continuous_lyapunov

from defaultmode.core.connectome import Connectome
from defaultmode.core.recording import Array, Recording
from defaultmode.core.reference import Reference
from defaultmode.measures._regions import carrying, once_per_recording, regions
from defaultmode.measures._registry import SHAPE_ONLY, measure
from defaultmode.measures._structure import connectome_and_rows

HORIZON = 1.0  # SCIENCE.md §4.4: T, in units of the decay of an unconnected region
EXTREME = 0.2  # our choice: share of frames, at either end, that make up a state
SOURCES = ("Gu2017", "Karrer2020")
CONNECTOME = ("connectome",)


@dataclass(frozen=True, slots=True, eq=False)
class System:
    """dx/dt = A x + u over the horizon, every region being driven.

    drift : (n, n) exp(A T), where a state goes by itself; gramian : (n, n) the cost of the rest is
        its inverse
    """

    drift: Array
    gramian: Array

    def energy(self, start: Array, end: Array) -> float:
        """Least ∫ u'u dt that takes the state `start` to `end`, both (n,) (Gu 2017)."""
        missed = end - self.drift @ start
        return float(missed @ cho_solve(cho_factor(self.gramian), missed))


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """States of a run, (k,) of length 1 over the regions in `carrying`."""

    default: Array
    task_positive: Array


def system(weights: Array) -> System:
    """The driven system on connection strengths (n, n), a row receiving from its columns.

    A = weights / (1 + |λ|max) − I, which is stable (Karrer 2020), B = I, T = 1; the Gramian
    ∫ exp(A t) exp(A't) dt from 0 to T is what solves A W + W A' = exp(A T) exp(A'T) − I.
    """
    identity = np.eye(len(weights))
    largest = np.abs(np.linalg.eigvals(weights)).max()
    flow = weights / (1 + largest) - identity
    drift = expm(flow * HORIZON)
    gramian = solve_continuous_lyapunov(flow, drift @ drift.T - identity)
    return System(drift, (gramian + gramian.T) / 2)


@lru_cache(maxsize=2)  # the presets of a run share the connectome and mostly the regions
def _system_of(connectome: Connectome, rows: tuple[int, ...]) -> System:
    return system(connectome.weights[np.ix_(rows, rows)])


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


def _driven(recording: Recording, reference: Reference) -> tuple[System, Patterns]:
    found = patterns(recording)
    return _system_of(*connectome_and_rows(recording, reference)), found


@measure(unit="a.u.", cites=SOURCES, unchanged_by=SHAPE_ONLY, premises=CONNECTOME)
def control_energy_default_to_task_positive(recording: Recording, reference: Reference) -> float:
    """Least energy that drives the connectome from the default-mode to the task-positive state.

    Arbitrary units: ∫ u'u dt over a horizon of 1 with input to every region, dx/dt = A x + u and
    A = connectome / (1 + |λ|max) − I (Gu 2017, Karrer 2020). The states are the run's own: mean
    z-scored activity, scaled to length 1, of the fifth of the frames in which default-mode regions
    most exceed task-positive ones, and of the fifth in which they least do. Regions without a
    signal are left out of the connectome. The two states are nearly mirror images, so most of the
    energy is the distance between them; and one connectome serves everybody unless you give each
    person's own, so that differences between runs are differences of the states.
    """
    driven, states = _driven(recording, reference)
    return driven.energy(states.default, states.task_positive)


@measure(unit="a.u.", cites=SOURCES, unchanged_by=SHAPE_ONLY, premises=CONNECTOME)
def control_energy_task_positive_to_default(recording: Recording, reference: Reference) -> float:
    """Least energy that drives the connectome from the task-positive to the default-mode state.

    Arbitrary units, with the states of `control_energy_default_to_task_positive`. Both directions
    cost the same where the two states are mirror images, as in phase-randomised activity.
    """
    driven, states = _driven(recording, reference)
    return driven.energy(states.task_positive, states.default)


@measure(unit="a.u.", cites=SOURCES, unchanged_by=SHAPE_ONLY, premises=CONNECTOME)
def control_energy_default_persistence(recording: Recording, reference: Reference) -> float:
    """Least energy that holds the connectome in the default-mode state.

    Arbitrary units, with the state of `control_energy_default_to_task_positive`: the cost of being
    there again after a horizon of 1. Low where the connectome itself supports the state.
    """
    driven, states = _driven(recording, reference)
    return driven.energy(states.default, states.default)
