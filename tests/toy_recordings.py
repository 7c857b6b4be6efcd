"""Made recordings whose correlations are known exactly."""

import numpy as np
from scipy.signal import lfilter

from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.connectome import Connectome
from defaultmode.core.exposure import Exposure
from defaultmode.core.grid import Grid
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Entities, Motion, Recording, TaskEvent
from defaultmode.core.reference import Reference

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


# Centres (MNI, mm) of the ten default-mode regions, and of the others, spread over the cortex.
CENTRES = (
    *((-6, 52, -2), (-8, -56, 26), (-44, -74, 32), (46, -70, 34)),
    *((0, 52, 26), (-54, -54, 28), (54, -54, 24)),
    *((-14, -52, 8), (-28, -40, -12), (-22, -20, -26)),
    *((-24, -68, 50), (26, -66, 52), (-26, -4, 60), (28, -2, 60)),
    *((-38, -52, 46), (38, -46, 50), (46, 38, 16)),
    *((-38, 12, 6), (40, 8, 2), (8, 6, 52)),
    *((-8, -90, 4), (10, -88, 6), (-30, -84, -8), (32, -82, -8)),
    *((-50, -16, 40), (52, -14, 42)),
)
SUBGENUAL = 24  # the first region without a network


def atlas_of(groups=GROUPS, name="toy"):
    """Atlas with as many regions in each (network, role, subsystem) as its last number says."""
    rows = [(network, role, subsystem) for network, role, subsystem, n in groups for _ in range(n)]
    return Atlas(name, tuple(_region(i, *row) for i, row in enumerate(rows)))


def _region(i, network, role, subsystem):
    centre = CENTRES[i] if i < len(CENTRES) else None
    side = "" if centre is None else "L" if centre[0] < 0 else "R"
    place = "posterior cingulate" if i == 1 else ""
    aliases = ("subgenual cingulate",) if i == SUBGENUAL else ()
    return Region(f"r{i:02d}", network, role, subsystem, place, side, centre, aliases=aliases)


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
    signal = signal + np.outer(block_design(n_time), [_loading(r) for r in atlas.regions])
    return recording_of(
        signal,
        atlas,
        unfiltered=signal + noise + slow_waves(n_time, len(atlas), seed),
        removed=np.ones((n_time, 1)),
        motion=motion,
        events=BLOCKS,
        exposure=infusion(n_time),
        grid=grid_of(signal, rng),
    )


def infusion(n_time, tr_s=2.0):
    """An infusion from a quarter to a half of the run, its plasma up and down by exponentials."""
    time_s, begin_s, end_s = np.arange(n_time) * tr_s, n_time * tr_s / 4, n_time * tr_s / 2
    rise = -np.expm1(-np.clip(time_s - begin_s, 0, end_s - begin_s) / 60.0)
    plasma = 100.0 * rise * np.exp(-np.maximum(time_s - end_s, 0) / 60.0)
    return Exposure("ketamine", ((begin_s, end_s),), plasma)


def slow_waves(n_time, n_regions, seed):
    """What a filter would take off: noise that decays with a time constant of 19 s, at 2 s a frame."""
    noise = np.random.default_rng([seed, 1]).standard_normal((n_time, n_regions))
    return lfilter([1.0], [1.0, -0.9], noise, axis=0)


BLOCKS = tuple(TaskEvent(float(onset), 20.0, "nback", 0.6) for onset in range(20, 360, 40))


def block_design(n_time, tr_s=2.0):
    """1 while a block of the task lasts, 5 s late, else 0; shape (n_time,)."""
    time_s = np.arange(n_time) * tr_s - 5.0
    return sum(((time_s >= e.onset_s) & (time_s < e.onset_s + e.duration_s)) * 1.0 for e in BLOCKS)


def _loading(region):
    return {"default": -1.6, "task-positive": 2.4}.get(region.role, 0.1)


def grid_of(signal, rng, each=6):
    """Voxels of which the regions are about the averages; those of a region are neighbours."""
    n_time, n_regions = signal.shape
    region = np.repeat(np.arange(n_regions), each)
    places = signal[:, region] + 0.5 * rng.standard_normal((n_time, len(region)))
    groups = np.arange(len(region)).reshape(n_regions, each)
    neighbours = np.array([np.delete(groups[r], i % each) for i, r in enumerate(region)])
    return Grid(
        signal=np.ascontiguousarray(places.T, dtype=np.float32),
        region=region,
        neighbours=neighbours,
        kind="voxels",
        index=np.arange(len(region)),
        side=np.tile([-1, 1], len(region) // 2).astype(np.int8),
    )


def connectome_of(atlas):
    """Connection strengths that fall with distance, stronger within networks, by region name."""
    centres = np.array([CENTRES[int(name[1:])] for name in atlas.names], dtype=float)
    distance = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    same = np.array(atlas.networks)[:, None] == np.array(atlas.networks)[None]
    weights = np.exp(-distance / 35.0) * np.where(same, 3.0, 1.0)
    np.fill_diagonal(weights, 0.0)
    return Connectome("toy", atlas.names, weights)


def reference_of(recording, states=None):
    """What measures may ask for beside the recording: a connectome, surrogates, states."""
    return Reference(states=states or {}, connectome=connectome_of(recording.atlas))


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
        removed=whole.removed,
        absent={whole.atlas.names[2]: reason, whole.atlas.names[21]: reason},
        motion=whole.motion,
        events=whole.events,
        exposure=whole.exposure,
        grid=whole.grid,
    )
