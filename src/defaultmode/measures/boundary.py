"""How sharp the boundary between the default mode and task-positive networks is."""

import numpy as np

from defaultmode.core.recording import Array, Recording
from defaultmode.measures._connectivity import connectivity, mean_between, mean_within
from defaultmode.measures._regions import regions
from defaultmode.measures._registry import SHAPE_ONLY, measure


@measure(unit="Fisher z", cites=("Fox2005", "Murphy2009"), unchanged_by=SHAPE_ONLY)
def boundary_contrast(recording: Recording) -> float:
    """Mean connectivity within the default mode and task-positive networks less that between them.

    Fisher z; half of both within-network means minus the between-network mean (M4). It falls
    whenever noise rises: judge a blurred boundary by `boundary_silhouette` too.
    """
    ours, theirs = regions(recording, "default"), regions(recording, "task-positive")
    z = connectivity(recording).z
    inside = (mean_within(z, ours) + mean_within(z, theirs)) / 2
    return inside - mean_between(z, ours, theirs)


def _widths(own: Array, other: Array) -> Array:
    """Silhouettes (k,) from distances to the own (k, k) and to the other (k, m) network."""
    to_own = own.sum(axis=1) / (len(own) - 1)
    to_other = other.mean(axis=1)
    return np.asarray((to_other - to_own) / np.maximum(to_own, to_other))


@measure(unit="index", cites=("Rousseeuw1987",), unchanged_by=SHAPE_ONLY)
def boundary_silhouette(recording: Recording) -> float:
    """Mean silhouette of default-mode and task-positive regions as two clusters.

    Index from −1 to 1, above 0 where regions are nearer to their own network; the distance is
    1 − r, the mean is over all regions of both (Rousseeuw 1987). Stretching all distances alike
    leaves it as it is.
    """
    ours, theirs = regions(recording, "default"), regions(recording, "task-positive")
    far = 1 - connectivity(recording).r
    across = far[np.ix_(ours, theirs)]
    widths = (
        _widths(far[np.ix_(ours, ours)], across),
        _widths(far[np.ix_(theirs, theirs)], across.T),
    )
    return float(np.concatenate(widths).mean())
