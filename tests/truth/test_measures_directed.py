"""Regression DCM on made networks: what it finds of their wiring, and what misleads it.

Ten regions, each with a time constant of 2 s, 15 % of the pairs connected, one way only. What is
asserted of recovery is a little under what was computed: the figures stand beside it.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.signal import butter, sosfiltfilt

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Processing
from defaultmode.measures import find
from defaultmode.measures._regression_dcm import regression_dcm
from defaultmode.simulation.hemodynamics import advance, at_rest, percent_signal
from direct_dcm import direct_dcm
from toy_recordings import atlas_of, gappy, lively, recording_of

STEP_S = 0.05
START_S = 60.0  # until blood flow has forgotten how it began
LENGTH_S = 600.0
NAMES = ("default_mode", "task_positive_to_default", "default_to_task_positive", "asymmetry")
GROUPS = (("Default", "default", "core", 8), ("DorsalAttention", "task-positive", "", 8))


def one_way(rng, n=10):
    """Stable wiring (n, n), 1/s: 15 % of the pairs, 0.15 to 0.35, three in ten negative."""
    while True:
        on = rng.random((n, n)) < 0.15
        on &= ~np.eye(n, dtype=bool) & ~np.triu(on.T)
        size = rng.uniform(0.15, 0.35, (n, n)) * rng.choice([-1, 1], (n, n), p=[0.3, 0.7])
        wiring = np.where(on, size, 0) - 0.5 * np.eye(n)
        if np.linalg.eigvals(wiring).real.max() < -0.15:
            return wiring


def activity_of(wirings, length_s, rng):
    """Neural activity of dx/dt = A x + noise, (n_steps, n_networks, n), every 0.05 s."""
    steps = np.array([expm(a * STEP_S) for a in wirings])
    kicks = np.sqrt(STEP_S) * rng.standard_normal((int(length_s / STEP_S), *wirings.shape[:2]))
    found = np.zeros_like(kicks)
    for t in range(1, len(kicks)):
        found[t] = (steps @ found[t - 1][..., None])[..., 0] + kicks[t]
    return found


def blood_flow(activity):
    """BOLD signal (%) of small neural activity, same shape."""
    flow, found = at_rest(activity.shape[2], activity.shape[1]), np.empty_like(activity)
    for t, drive in enumerate(activity):
        flow = advance(flow, 0.05 * drive.T, step_s=STEP_S)
        found[t] = percent_signal(flow).T
    return found


@cache
def networks():
    rng = np.random.default_rng(0)
    wirings = np.array([one_way(rng) for _ in range(12)])
    activity = activity_of(wirings, START_S + LENGTH_S + 10, rng)
    return wirings, activity, blood_flow(activity)


def measured(signal, tr_s, *, noise=0.5, lag_s=None, seed=1, length_s=LENGTH_S):
    """Every tr_s, each region late by its lag, with scanner noise of so many SDs, z-scored."""
    rng, (_, people, n) = np.random.default_rng(seed), signal.shape
    late = np.zeros((people, n)) if lag_s is None else np.broadcast_to(lag_s, (people, n))
    start = np.round((START_S + 5 - late) / STEP_S).astype(int)
    frames = np.round(np.arange(0, length_s, tr_s) / STEP_S).astype(int)
    rows = frames[:, None, None] + start
    sampled = np.take_along_axis(signal, rows, axis=0)
    noisy = sampled / sampled.std(axis=0) + noise * rng.standard_normal(sampled.shape)
    return (noisy - noisy.mean(axis=0)) / noisy.std(axis=0)


def recovery(wirings, signals, tr_s):
    """Correlation with the truth, share of right signs, share of right directions."""
    off, scores = ~np.eye(wirings.shape[1], dtype=bool), []
    for wiring, signal in zip(wirings, signals.transpose(1, 0, 2), strict=True):
        found = regression_dcm(signal, tr_s).mean
        to, origin = np.nonzero((wiring != 0) & off)
        scores.append(
            (
                np.corrcoef(wiring[off], found[off])[0, 1],
                (np.sign(found[to, origin]) == np.sign(wiring[to, origin])).mean(),
                (np.abs(found[to, origin]) > np.abs(found[origin, to])).mean(),
            )
        )
    return np.mean(scores, axis=0)


def two_networks(onto_default, onto_task_positive, people=8):
    """Eight default-mode and eight task-positive regions, (people, 16, 16), 1/s."""
    across = np.zeros((2, 2))
    across[0, 1], across[1, 0] = onto_default / 8, onto_task_positive / 8
    wiring = np.kron(across + 0.035 * np.eye(2), np.ones((8, 8)))
    np.fill_diagonal(wiring, -0.5)
    return np.repeat(wiring[None], people, axis=0)


@cache
def suppression(onto_default, onto_task_positive):
    """BOLD of two networks, (n_steps, 8, 16)."""
    rng = np.random.default_rng(3)
    wirings = two_networks(onto_default, onto_task_positive)
    return blood_flow(activity_of(wirings, START_S + LENGTH_S + 10, rng))


def directed(bold, tr_s, **how):
    """What the measures give for each network of a set, (n_networks, 4), in the order of NAMES."""
    signals = measured(bold, tr_s, **how)
    runs = [recording_of(signals[:, p], atlas_of(GROUPS), tr_s=tr_s) for p in range(signals.shape[1])]
    return np.array([[find(f"effective_{name}")(run) for name in NAMES] for run in runs])
