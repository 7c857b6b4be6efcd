"""Made recordings whose correlations are known exactly."""

import numpy as np

from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Entities, Motion, Recording

GROUPS = (
    ("Default", "default", "core", 4),
    ("Default", "default", "dMPFC", 3),
    ("Default", "default", "MTL", 3),
    ("DorsalAttention", "task-positive", "", 4),
    ("Control", "task-positive", "", 3),
    ("Salience", "salience", "", 3),
    ("Visual", "other", "", 4),
    ("unassigned", "other", "", 2),
)


def atlas_of(groups=GROUPS, name="toy"):
    """Atlas with as many regions in each (network, role, subsystem) as its last number says."""
    rows = [(network, role, subsystem) for network, role, subsystem, n in groups for _ in range(n)]
    return Atlas(
        name,
        tuple(
            Region(f"r{i:02d}", network, role, subsystem)
            for i, (network, role, subsystem) in enumerate(rows)
        ),
    )


def signal_of(covariance, n_time=200, seed=20240501):
    """Signal (n_time, n_regions) whose sample covariance (divisor n − 1) is exactly this one."""
    noise = np.random.default_rng(seed).standard_normal((n_time, len(covariance)))
    orthonormal, _ = np.linalg.qr(noise - noise.mean(axis=0))
    return orthonormal @ np.linalg.cholesky(covariance).T * np.sqrt(n_time - 1)


def blocks(atlas, within, between):
    """Correlation matrix: `within[network]` inside a network, `between` (or its pairs) across."""
    names = atlas.networks
    r = np.array(
        [
            [within[a] if a == b else between.get(frozenset((a, b)), between[None]) for b in names]
            for a in names
        ]
    )
    np.fill_diagonal(r, 1.0)
    return r


def recording_of(signal, atlas, **fields):
    """Recording of participant 01 in percent signal change, repetition time 2 s."""
    given = {"tr_s": 2.0, "entities": Entities("01"), "unit": "percent", **fields}
    return Recording(signal, atlas=atlas, **given)


def lively(n_time=200, seed=20240501):
    """Recording with everything a measure may ask for, and every network well apart."""
    atlas = atlas_of()
    within = dict.fromkeys(atlas.networks, 0.5)
    between = {None: 0.1, frozenset(("Default", "DorsalAttention")): -0.2}
    rng = np.random.default_rng(seed)
    noise = 0.3 * rng.standard_normal((n_time, len(atlas)))
    signal = signal_of(blocks(atlas, within, between), n_time=n_time, seed=seed) + noise
    motion = Motion(np.concatenate([[0.0], rng.gamma(2.0, 0.05, n_time - 1)]))
    return recording_of(signal, atlas, unfiltered=signal + noise, motion=motion)


def gappy(seed=20240501):
    """The same with censored frames, a region that is absent and one that does not vary."""
    whole = lively(seed=seed)
    signal, unfiltered = whole.signal.copy(), whole.unfiltered.copy()
    signal[:, [2, 21]] = unfiltered[:, [2, 21]] = np.nan
    signal[:, 22] = unfiltered[:, 22] = 3.0
    usable = np.ones(whole.n_time, dtype=bool)
    usable[[0, 5, 6, 7, 40, 41, 90, 150, 151, 199]] = False
    signal[~usable] += 50.0
    reason = Missing("outside the field of view", "E118")
    return recording_of(
        signal,
        whole.atlas,
        unfiltered=unfiltered,
        usable=usable,
        absent={whole.atlas.names[2]: reason, whole.atlas.names[21]: reason},
        motion=whole.motion,
    )
