"""Made recordings that switch between two known states, and ones that do not."""

import numpy as np

from defaultmode.core.recording import Entities
from toy_recordings import atlas_of, recording_of

ATLAS = atlas_of(
    (
        ("Default", "default", "", 6),
        ("DorsalAttention", "task-positive", "", 5),
        ("Visual", "other", "", 6),
    ),
    name="switching",
)
NETWORKS = np.array(ATLAS.networks)
TR_S = 2.0


def chain(n_time, stay, seed):
    """States (n_time,) of a Markov chain; `stay` holds each state's probability to stay."""
    draws = np.random.default_rng(seed).random(n_time)
    states = np.zeros(n_time, dtype=int)
    for t in range(1, n_time):
        states[t] = states[t - 1] if draws[t] < stay[states[t - 1]] else 1 - states[t - 1]
    return states


def activation(states, noise, seed):
    """Default-mode regions up in state 1 and down in state 0, task-positive ones the reverse."""
    sign = np.where(states == 1, 1.0, -1.0)[:, None]
    pattern = np.select([NETWORKS == "Default", NETWORKS == "DorsalAttention"], [1.0, -1.0], 0.0)
    rng = np.random.default_rng(seed)
    return sign * pattern + noise * rng.standard_normal((len(states), len(ATLAS)))


def phase_locked(states, noise, seed):
    """Waves of 0.05 Hz in all regions, those of the default mode reversed while in state 1."""
    wave = np.cos(2 * np.pi * 0.05 * TR_S * np.arange(len(states)))[:, None]
    reversed_ = (states[:, None] == 1) & (NETWORKS == "Default")
    rng = np.random.default_rng(seed)
    return np.where(reversed_, -wave, wave) + noise * rng.standard_normal(reversed_.shape)


def gaussian(n_time, seed):
    """Stationary Gaussian noise, smooth in time and alike within a network."""
    rng = np.random.default_rng(seed)
    names = sorted(set(NETWORKS.tolist()))
    shared = rng.standard_normal((n_time + 8, len(names)))[:, np.searchsorted(names, NETWORKS)]
    rough = shared + rng.standard_normal((n_time + 8, len(ATLAS)))
    kernel = np.hanning(11)[1:-1]
    return np.apply_along_axis(np.convolve, 0, rough, kernel, mode="valid")


def person(name, signal, **fields):
    return recording_of(signal, ATLAS, entities=Entities(name), tr_s=TR_S, **fields)
