"""Small connectomes and brains for tests of the simulator."""

import numpy as np

from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.connectome import Connectome
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.models import find_model

ROLES = ("default", "task-positive", "other")


def small_connectome(n_regions: int = 12, seed: int = 0) -> Connectome:
    """Log-normal weights, symmetric."""
    rng = np.random.default_rng(seed)
    upper = np.triu(np.exp(rng.normal(size=(n_regions, n_regions))), 1)
    names = tuple(f"region {k}" for k in range(n_regions))
    return Connectome("small", names, upper + upper.T)


def small_atlas(n_regions: int = 12) -> Atlas:
    """A third of the regions in each role, in turn."""
    roles = [ROLES[k % 3] for k in range(n_regions)]
    regions = tuple(Region(f"region {k}", role, role=role) for k, role in enumerate(roles))
    return Atlas("small", regions)


def default_brain(model: str, n_regions: int = 12, **values) -> Brain:
    """A model with its defaults, and every one of its routes, of mean strength 1."""
    weights = small_connectome(n_regions).weights
    defaults = {p.name: p.value for p in find_model(model).parameters}
    routes = {r: weights / weights.sum(axis=1).mean() for r in find_model(model).routes}
    names = tuple(f"region {k}" for k in range(n_regions))
    return Brain(model, names, {**defaults, **values}, routes)
