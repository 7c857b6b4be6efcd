"""Stands in for the engine where a test is about files: noise of each person's seed, at once."""

from collections.abc import Callable, Sequence

import numpy as np

from defaultmode.simulation.brain import Brain
from defaultmode.simulation.engine import Plan, Simulation


def noise(
    brain: Callable[[float], Brain], seeds: Sequence[int], plan: Plan, **_: object
) -> Simulation:
    """What `simulate` would return, of the same shapes; the brain is asked for and not used."""
    shape = (round(plan.duration_s / plan.tr_s), brain(0.0).n_regions)
    drawn = [np.random.default_rng(seed).standard_normal(shape) for seed in seeds]
    bold = np.stack(drawn, axis=2)
    ones = np.ones((shape[1], len(seeds)))
    kept = None if plan.activity_every_s is None else 0.1 * np.abs(bold)
    return Simulation(bold, plan.tr_s, 3 * ones, ones, kept, plan.activity_every_s)
