"""How far a fit can be believed: the same fit to data and priors that chance might have given."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from defaultmode.fitting.search import Aim, Forward, Found, held_stable, search
from defaultmode.fitting.target import observed

Array = NDArray[np.float64]


def draws(
    model: Forward, aim: Aim, found: Found, rng: np.random.Generator, *, count: int, steps: int
) -> Array:
    """Plausible scores around a fit, (count, n_scores).

    Each is the fit to the data moved by the noise of one more recording of the fitted brain, with
    its prior moved by one draw from it (randomise, then optimise: Bardsley 2014, doi
    10.1137/140964023). For a linear model their spread is that of the fit's error over people and
    recordings, whatever the dependence between pairs of regions that the misfit ignores.
    """
    now, later = aim.shown(found.crossed)
    expected = observed(now, later, lag_s=aim.target.lag_s, samples=aim.target.samples)
    usual = np.zeros(len(model)) if aim.usual is None else aim.usual
    drawn = []
    for _ in range(count):
        another = aim.sampled(found.crossed, rng)
        away = rng.standard_normal(len(model))
        moved = replace(aim, target=aim.target.moved(another, expected), usual=usual + away)
        # From here, what the data leave free has its full spread however few the steps are. An
        # unstable start would throw the first steps far off.
        start = held_stable(model, found.scores + away, aim.slowest_per_s)
        drawn.append(search(model, moved, steps=steps, start=start).scores)
    return np.array(drawn)
