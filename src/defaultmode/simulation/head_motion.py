"""Virtual head motion: how far the head moves from frame to frame, and what that does to BOLD."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
FRAME_SHAPE = (
    2.0  # of the gamma distribution of a frame about its person's mean: many small, few big
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadMotion:
    """Framewise displacement of a group and its artefact; all of it our own assumption.

    median_mm, log_sd : of the log-normal distribution of people's mean framewise displacement
    under_drug : factor on it at a drug level of 1
    artefact_percent_per_mm : signal lost in every region in proportion to the displacement
    artefact_spread : standard deviation of that loss between regions, as a share of it
    That signal is lost as the head moves is seen in real runs (Power 2012); the sizes are ours and
    in proportion to the model's signal. That the artefact depends on the distance between regions
    is not modelled.
    """

    median_mm: float = 0.12
    log_sd: float = 0.4
    under_drug: float = 1.5
    artefact_percent_per_mm: float = 0.03
    artefact_spread: float = 0.3


def mean_displacement(motion: HeadMotion, n: int, rng: np.random.Generator) -> Array:
    """Mean framewise displacement of n people at rest, mm, (n,)."""
    return np.asarray(motion.median_mm * np.exp(motion.log_sd * rng.standard_normal(n)))


def displacement(
    motion: HeadMotion, mean_mm: float, level: Array, rng: np.random.Generator
) -> Array:
    """Framewise displacement of one run, mm, (n_time,), 0 in the first frame.

    mean_mm : the person's own; level : (n_time,) how strongly a drug acts, 0 to 1
    """
    expected = mean_mm * (1.0 + (motion.under_drug - 1.0) * level)
    moved = expected * rng.gamma(FRAME_SHAPE, 1.0 / FRAME_SHAPE, size=len(level))
    moved[0] = 0.0
    return np.asarray(moved)


def artefact(
    motion: HeadMotion, displacement_mm: Array, n_regions: int, rng: np.random.Generator
) -> Array:
    """What motion adds to the signal, percent signal change, (n_time, n_regions), never above 0."""
    share = np.maximum(1.0 + motion.artefact_spread * rng.standard_normal(n_regions), 0.0)
    return -motion.artefact_percent_per_mm * displacement_mm[:, None] * share
