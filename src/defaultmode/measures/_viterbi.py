"""The most likely sequence of states of a hidden Markov model with Gaussian states."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from defaultmode.core.recording import Array


def gaussian_log_density(frames: Array, means: Array, covariances: Array) -> Array:
    """Log density of every frame under every state, shape (n_time, n_states).

    frames : (n_time, n_features); means : (n_states, n_features);
    covariances : (n_states, n_features, n_features), positive definite
    """
    found = np.empty((len(frames), len(means)))
    for state, (mean, covariance) in enumerate(zip(means, covariances, strict=True)):
        root = np.linalg.cholesky(covariance)
        white = solve_triangular(root, (frames - mean).T, lower=True)
        log_determinant = 2 * np.log(np.diagonal(root)).sum()
        constant = log_determinant + frames.shape[1] * np.log(2 * np.pi)
        found[:, state] = -0.5 * ((white**2).sum(axis=0) + constant)
    return found


def viterbi(log_density: Array, start: Array, transitions: Array) -> NDArray[np.intp]:
    """Most likely states of one unbroken stretch, shape (n_time,) (Rabiner 1989, eq. 32–35).

    log_density : (n_time, n_states); start : (n_states,) probabilities of the first state;
    transitions : (n_states, n_states) probabilities, from row to column
    """
    with np.errstate(divide="ignore"):  # a probability of 0 is a logarithm of −∞, as it should be
        reached, log_steps = np.log(start) + log_density[0], np.log(transitions).T
    came_from = np.empty(log_density.shape, dtype=np.intp)
    states = np.arange(len(start))
    for t in range(1, len(log_density)):
        ways = log_steps + reached  # (to, from)
        came_from[t] = ways.argmax(axis=1)
        reached = ways[states, came_from[t]] + log_density[t]
    path = np.empty(len(log_density), dtype=np.intp)
    path[-1] = reached.argmax()
    for t in range(len(path) - 1, 0, -1):
        path[t - 1] = came_from[t, path[t]]
    return path
