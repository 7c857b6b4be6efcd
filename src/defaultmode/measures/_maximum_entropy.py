"""Pairwise maximum-entropy model of binary activity, the Ising model, fitted exactly."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.special import xlogy

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array

TOLERANCE = 1e-12  # largest difference between a moment of the model and of the data
MOST_STEPS = 25  # a likelihood without a maximum loses a factor e a step: 28 steps to the tolerance
SUFFICIENT = 1e-4  # share of the promised decrease that a step must bring (Armijo's rule)


@dataclass(frozen=True, slots=True, eq=False)
class MaximumEntropy:
    """The least structured distribution of n binary nodes with given means and correlations.

    fields : (n,) h; couplings : (n, n) J, symmetric, zero on the diagonal
    energies : (2**n,) of every state in the order of `spins`, nats, −log probability
    accuracy : share of the divergence from independent nodes that the couplings explain, r_D
    """

    fields: Array
    couplings: Array
    energies: Array
    accuracy: float


@cache
def spins(n: int) -> Array:
    """Every state of n nodes, shape (2**n, n), ±1: node i is bit i of the number of the state."""
    bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    states = np.asarray(2.0 * bits - 1)
    states.flags.writeable = False
    return states


@cache
def _observables(n: int) -> Array:
    """Spins and products of pairs of spins of every state, shape (2**n, n + n (n − 1) / 2)."""
    first, second = np.triu_indices(n, k=1)
    found = np.hstack([spins(n), spins(n)[:, first] * spins(n)[:, second]])
    found.flags.writeable = False
    return found


def maximum_entropy(shares: Array) -> MaximumEntropy:
    """Fit the pairwise model to the share of time spent in each state, shape (2**n,), sum 1.

    P(σ) ∝ exp(Σ h_i σ_i + ½ Σ J_ij σ_i σ_j) with the means and correlations of the data (Watanabe
    2013), found by Newton's method on the exact likelihood, which is concave. Accuracy is
    (D1 − D2) / D1, D1 and D2 being the Kullback–Leibler divergences of the data from independent
    nodes and from the pairwise model. Raises E306 where the likelihood has no maximum: a node, or a
    combination of nodes, is never seen in one of its states.
    """
    n = len(shares).bit_length() - 1
    observables = _observables(n)
    means = shares @ spins(n)
    if (np.abs(means) == 1).any():
        raise _unbounded()
    start = np.concatenate([np.arctanh(means), np.zeros(observables.shape[1] - n)])
    parameters = _newton(observables, shares @ observables, start)
    couplings = np.zeros((n, n))
    couplings[np.triu_indices(n, k=1)] = parameters[n:]
    alone, paired = (_log_probability(observables @ p) for p in (start, parameters))
    far, near = (float(np.sum(xlogy(shares, shares) - shares * log)) for log in (alone, paired))
    accuracy = (far - near) / far if far > TOLERANCE else float("nan")
    return MaximumEntropy(parameters[:n], couplings + couplings.T, -paired, accuracy)


def _newton(observables: Array, wanted: Array, start: Array) -> Array:
    """Parameters (k,) under which the observables (n_states, k) have the means wanted (k,)."""
    found = start
    for _ in range(MOST_STEPS):
        exponents = observables @ found
        probability = np.exp(_log_probability(exponents))
        means = probability @ observables
        excess = means - wanted
        if np.abs(excess).max() < TOLERANCE:
            return found
        weighted = observables * probability[:, None]
        step = _solved(observables.T @ weighted - np.outer(means, means), excess)
        found = _descend(observables, wanted, found, step, slope=float(excess @ step))
    raise _unbounded()


def _solved(curvature: Array, excess: Array) -> Array:
    try:
        return np.asarray(np.linalg.solve(curvature, excess))
    except np.linalg.LinAlgError as error:
        raise _unbounded() from error


def _descend(
    observables: Array, wanted: Array, start: Array, step: Array, *, slope: float
) -> Array:
    """The start less the longest halving of the step that raises the likelihood enough."""

    def loss(parameters: Array) -> float:
        return _log_sum(observables @ parameters) - float(parameters @ wanted)

    before, length = loss(start), 1.0
    rounding = 8 * np.finfo(float).eps * abs(before)
    while loss(start - length * step) > before - SUFFICIENT * length * slope + rounding:
        length /= 2
    return start - length * step


def _log_sum(exponents: Array) -> float:
    highest = exponents.max()
    return float(highest + np.log(np.exp(exponents - highest).sum()))


def _log_probability(exponents: Array) -> Array:
    return np.asarray(exponents - _log_sum(exponents))


def _unbounded() -> DefaultModeError:
    msg = (
        "The pairwise maximum-entropy model has no best fit: a network, or a combination of "
        "networks, is never seen in one of its states. A longer run is needed."
    )
    return DefaultModeError("E306", msg)
