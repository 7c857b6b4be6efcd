"""Prediction of outcomes that nothing predicts."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from defaultmode.prediction.null import null_data_sets
from nulls.world import Found, World


def worlds() -> Iterator[World]:
    """Every world of this file."""
    yield World(
        "prediction",
        "area under the curve of noise, 60 people, 20 measures",
        partial(_noise, 0),
        0.5,
        "approximate",
        share=0.05,
        cost=0.07,
    )


def _noise(permutations: int, n: int, rng: np.random.Generator) -> Found:
    found = null_data_sets(n, rng=rng, n_permutations=permutations)
    return Found(found.p, found.covered.astype(np.float64), found.auc)
