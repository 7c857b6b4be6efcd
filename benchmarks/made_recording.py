"""A made recording of 1200 frames and 400 regions with planted networks, and a connectome."""

from dataclasses import replace

import numpy as np

from defaultmode.core.atlas import Atlas
from defaultmode.core.connectome import Connectome
from defaultmode.core.recording import Entities, Motion, Recording, TaskEvent
from defaultmode.denoising import all_presets, denoise
from defaultmode.sources.atlases import load_atlas

TR_S = 0.72
N_TIME = 1200
QUARTERS = 4  # each of the 100 regions of Schaefer's atlas is taken four times
STATE_S = 12.0  # mean time that a planted state lasts
BLOCK_S = 20.0  # of task, and of rest between
SIDES = {"default": 1.0, "task-positive": -1.0, "salience": -0.7}


def made_recording(n_time: int = N_TIME) -> Recording:
    """Two planted states that switch, a task in blocks, noise and motion; denoised.

    In one state the default mode network is high and the task-positive ones low, in the other the
    reverse; the task adds to the second.
    """
    rng = np.random.default_rng(0)
    atlas = _atlas()
    networks = sorted({region.network for region in atlas.regions})
    member = np.array([networks.index(region.network) for region in atlas.regions])
    side = np.array([SIDES.get(region.role, 0.5) for region in atlas.regions])
    switches = rng.random(n_time) < TR_S / STATE_S
    state = np.where(np.cumsum(switches) % 2, 1.0, -1.0)
    onsets_s = np.arange(20.0, n_time * TR_S - 2 * BLOCK_S, 2 * BLOCK_S)
    for onset_s in onsets_s:
        state[round(onset_s / TR_S) : round((onset_s + BLOCK_S) / TR_S)] -= 1.0
    slow = _smooth(rng.standard_normal((n_time, len(networks))), 4)
    noise = _smooth(rng.standard_normal((n_time, len(atlas))), 2)
    level = 1.5 * _smooth(state[:, None], 3) * side + 0.7 * slow[:, member] + noise
    supplied = Recording(
        1000 * (1 + 0.01 * level),
        TR_S,
        atlas,
        Entities("01", task="made"),
        motion=Motion(np.r_[0.0, rng.gamma(2.0, 0.05, n_time - 1)]),
        events=tuple(TaskEvent(onset_s, BLOCK_S, "task") for onset_s in onsets_s),
    )
    found = denoise(supplied, all_presets()["as-supplied"])
    if not isinstance(found, Recording):
        raise TypeError(found.reason)
    return found


def made_connectome(atlas: Atlas) -> Connectome:
    """Weights that decay with distance, symmetric, with log-normal spread."""
    rng = np.random.default_rng(1)
    at = np.array([region.xyz_mm for region in atlas.regions])
    distance_mm = np.linalg.norm(at[:, None] - at, axis=-1)
    spread = np.exp(rng.standard_normal(distance_mm.shape))
    weights = np.triu(np.exp(-distance_mm / 30) * spread, 1)
    return Connectome("made", atlas.names, weights + weights.T)


def _atlas() -> Atlas:
    """Four regions a few millimetres apart for each of the 100 of Schaefer's atlas."""
    rng = np.random.default_rng(2)
    regions = [
        replace(
            region,
            name=f"{region.name} {quarter}",
            aliases=(),
            xyz_mm=tuple(np.round(np.array(region.xyz_mm) + rng.normal(0, 4, 3), 1).tolist()),
        )
        for region in load_atlas("schaefer100").regions
        for quarter in range(QUARTERS)
    ]
    return Atlas("quarters", tuple(regions))


def _smooth(values: np.ndarray, frames: int) -> np.ndarray:
    from scipy.ndimage import gaussian_filter1d

    smooth = gaussian_filter1d(values, frames, axis=0)
    return smooth / smooth.std(axis=0)
