"""Regression DCM as it was published: Fourier coefficients, and one inversion a region and round."""

import numpy as np


def fourier_design(signal, tr_s):
    """Coefficients (n_time, n) and those of the derivative, scaled to keep the sum of squares."""
    activity = np.fft.fft(signal - signal.mean(axis=0), axis=0, norm="ortho")
    turn = np.exp(2j * np.pi * np.arange(len(signal)) / len(signal))
    return activity, (turn - 1)[:, None] * activity / tr_s


def pair_design(signal, tr_s):
    """Activity (n_time − 1, n) and forward differences per second."""
    return (signal - signal.mean(axis=0))[:-1], np.diff(signal, axis=0) / tr_s


def direct_dcm(activity, rate, regions=None, *, weight=1 / 256, rounds=500, settled=1e-10):
    """Posterior means of the connections to `regions` (all of them by default), (k, n), 1/s.

    weight : of a data point for the noise precision; 1/256 at rest in the authors' toolbox
    """
    n_points, n = activity.shape
    square, cross = (activity.conj().T @ activity).real, (activity.conj().T @ rate).real
    found = []
    for region in range(n) if regions is None else regions:
        prior_precision = np.full(n, n / 8)
        prior_precision[region] = 8 * n
        prior_mean = np.zeros(n)
        prior_mean[region] = -0.5
        tau = 2.0
        for _ in range(rounds):
            covariance = np.linalg.inv(tau * square + np.diag(prior_precision))
            mean = covariance @ (tau * cross[:, region] + prior_precision * prior_mean)
            error = np.abs(rate[:, region] - activity @ mean) ** 2
            rest = 1 + (error.sum() + np.trace(square @ covariance)) / 2
            before, tau = tau, (2 + weight * n_points / 2) / rest
            if abs(tau / before - 1) < settled:
                break
        found.append(mean)
    return np.array(found)
