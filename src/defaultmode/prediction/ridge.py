"""Ridge regression, logistic and linear, at many penalties at once."""

import numpy as np
from scipy.special import expit

from defaultmode.prediction.cohort import Array

_TOLERANCE = 1e-6  # of the linear predictor
_MOST_ITERATIONS = 1000
# Share of the mean squared length of a row that is added to the curvature: strongest first.
RELATIVE_PENALTIES = 10.0 ** np.arange(1.0, -2.75, -0.5)


def penalties(squares: Array, n_rows: int) -> Array:
    """Penalty of the mean loss for each relative penalty, (n_penalties,).

    squares : squared singular values of the centred features
    """
    return RELATIVE_PENALTIES * max(float(squares.sum()) / n_rows, np.finfo(float).tiny)


def logistic_ridge(features: Array, outcome: Array) -> tuple[Array, Array]:
    """Slopes (n_features, n_penalties) and intercepts (n_penalties,) at every penalty.

    features : (n_rows, n_features), standardised; outcome : (n_rows,) of 0 and 1. Minimises the
    mean negative log-likelihood plus penalty/2 times the squared slopes, the intercept free: le
    Cessie & van Houwelingen (1992). In the rotated features the curvature is at most a quarter of
    their squares, so that each step goes down without a matrix to invert: Böhning & Lindsay (1988).
    All penalties move together: scikit-learn, one penalty at a time, takes 20 times as long.
    """
    left, size, right = _rotated(features)
    scores, n = left * size, len(outcome)
    penalty = penalties(size**2, n)
    curvature = size[:, None] ** 2 / (4 * n) + penalty
    share = np.clip(outcome.mean(), 1 / (n + 2), 1 - 1 / (n + 2))
    slope = np.zeros((len(size), len(penalty)))
    intercept = np.full(len(penalty), np.log(share / (1 - share)))
    ahead, ahead_intercept, momentum = slope, intercept, 1.0
    for _ in range(_MOST_ITERATIONS):
        error = outcome[:, None] - expit(scores @ ahead + ahead_intercept)
        new = ahead + (scores.T @ error / n - penalty * ahead) / curvature
        new_intercept = ahead_intercept + 4 * error.mean(axis=0)
        step, shift = new - slope, new_intercept - intercept
        slope, intercept = new, new_intercept
        reach = (np.abs(step) * size[:, None]).max(initial=0.0) + np.abs(shift).max()
        if reach < _TOLERANCE:
            break
        # Nesterov's momentum: go on in the direction of the last step, anew where it led uphill
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        uphill = float(((ahead - new) * step * curvature).sum()) > 0
        weight = 0.0 if uphill else (momentum - 1) / following
        momentum = 1.0 if uphill else following
        ahead, ahead_intercept = slope + weight * step, intercept + weight * shift
    return _unrotated(slope, intercept, right, features)


def linear_ridge(features: Array, outcome: Array) -> tuple[Array, Array]:
    """Slopes (n_features, n_penalties) and intercepts (n_penalties,) at every penalty.

    features : (n_rows, n_features), standardised; outcome : (n_rows,). Minimises half the mean
    squared error plus penalty/2 times the squared slopes. Hoerl & Kennard (1970).
    """
    left, size, right = _rotated(features)
    penalty = penalties(size**2, len(outcome))
    centred = outcome - outcome.mean()
    slope = (size * (left.T @ centred))[:, None] / (size[:, None] ** 2 + len(outcome) * penalty)
    intercept = np.full(len(penalty), outcome.mean())
    return _unrotated(slope, intercept, right, features)


def _rotated(features: Array) -> tuple[Array, Array, Array]:
    left, size, right = np.linalg.svd(features - features.mean(axis=0), full_matrices=False)
    kept = size > 1e-10 * size.max(initial=0.0)
    return left[:, kept], size[kept], right[kept]


def _unrotated(
    slope: Array, intercept: Array, right: Array, features: Array
) -> tuple[Array, Array]:
    slopes = right.T @ slope
    return slopes, intercept - features.mean(axis=0) @ slopes
