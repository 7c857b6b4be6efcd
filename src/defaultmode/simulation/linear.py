"""The linear noise approximation: how noise moves a brain around its rest, not simulated."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.fixed_point import (
    FixedPoint,
    fixed_point,
    jacobian_of,
    reached_by_noise,
    slopes_of,
)
from defaultmode.simulation.models import Slopes, find_model

__all__ = [
    "FixedPoint",
    "Linear",
    "connectivity",
    "correlation",
    "covariance",
    "fixed_point",
    "global_signal_removed",
    "linearise",
    "relaxation_s",
]

Array = NDArray[np.float64]

DOUBLINGS = 60  # 2^60 steps: what has not died out by then grows


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """A brain of one person, linear around its rest; m counts the states that noise reaches.

    jacobian : (m, m) change per ms of every state by every state, state by state
    noise : (m, m) covariance that noise adds per ms
    observed : (n_regions, m) what blood flow follows, by every state
    slopes : what the Jacobian is made of, region by region
    """

    brain: Brain
    point: FixedPoint
    slopes: Slopes
    jacobian: Array
    noise: Array
    observed: Array


def linearise(brain: Brain, point: FixedPoint | None = None) -> Linear:
    """The brain, linear around a fixed point (found first where it is None).

    Raises E504 where there is no stable one, and E506 for a brain of several people.
    """
    point = fixed_point(brain) if point is None else point
    model = find_model(brain.model)
    slopes = slopes_of(model, brain, point.state[..., None])
    kinds = reached_by_noise(model, brain, slopes)
    kept = np.repeat(kinds, brain.n_regions)
    private = model.noise(brain)[kinds].ravel()
    shared = model.shared_noise(brain)[kinds].ravel()
    observed = [np.diag(row) for row in slopes.drive[kinds][..., 0]]
    return Linear(
        brain=brain,
        point=point,
        slopes=slopes,
        jacobian=jacobian_of(brain, slopes)[np.ix_(kept, kept)],
        noise=np.diag(private**2) + np.outer(shared, shared),
        observed=np.hstack(observed),
    )


def covariance(linear: Linear) -> Array:
    """Stationary covariance of what blood flow follows, S_E in the mean field, (n_regions,) * 2."""
    slowest_per_ms = -linear.point.growth_per_s / 1000.0
    states = _lyapunov(linear.jacobian, linear.noise, slowest_per_ms)
    return np.asarray(linear.observed @ states @ linear.observed.T)


def connectivity(linear: Linear) -> Array:
    """Stationary correlations between regions, (n_regions, n_regions), 1 on the diagonal."""
    return correlation(covariance(linear))


def relaxation_s(linear: Linear) -> float:
    """Time constant in seconds of the slowest disturbance: −1 / largest real part."""
    return -1.0 / linear.point.growth_per_s


def correlation(covariance: Array) -> Array:
    """Correlations of a covariance matrix, (n, n), 1 on the diagonal."""
    sd = np.sqrt(np.diagonal(covariance))
    matrix = covariance / np.outer(sd, sd)
    np.fill_diagonal(matrix, 1.0)
    return np.asarray(matrix)


def global_signal_removed(covariance: Array) -> Array:
    """Covariance left when every region is regressed on the mean of all, (n, n)."""
    with_mean = covariance.mean(axis=1)
    return np.asarray(covariance - np.outer(with_mean, with_mean) / with_mean.mean())


def _lyapunov(jacobian: Array, noise: Array, slowest_per_ms: float) -> Array:
    """X with A X + X Aᵀ + Q = 0, by doubling the Cayley-transformed map (Smith 1968).

    doi 10.1137/0116017. Made of matrix products, it is several times faster than the Schur
    solution; raises E504 where it does not converge, which means that A is not stable.
    """
    fastest_per_ms = np.abs(jacobian).sum(axis=0).max()
    shift = np.sqrt(slowest_per_ms * fastest_per_ms)
    identity = np.eye(len(jacobian))
    inverse = np.linalg.inv(shift * identity - jacobian)
    step = 2.0 * shift * inverse - identity
    solution = 2.0 * shift * inverse @ noise @ inverse.T
    for _ in range(DOUBLINGS):
        added = step @ solution @ step.T
        solution = solution + added
        size = np.abs(added).max()
        if size <= np.finfo(float).eps * np.abs(solution).max():
            return np.asarray((solution + solution.T) / 2.0)
        if not np.isfinite(size):
            break
        step = step @ step
    raise DefaultModeError("E504", "noise around the fixed point grows without limit.")
