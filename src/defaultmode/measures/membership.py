"""Whether the default-mode regions of the atlas belong together in this person."""

import numpy as np

from defaultmode.core.recording import Array, Recording
from defaultmode.measures._connectivity import connectivity
from defaultmode.measures._regions import DEFAULT_MODE, partition, spread
from defaultmode.measures._registry import SHAPE_ONLY, measure


def _margins(recording: Recording) -> Array:
    """Mean z to the own network less the largest to another, (n_regions,), else NaN."""
    columns, labels = partition(recording)
    ours = columns[labels == DEFAULT_MODE]
    z = connectivity(recording).z
    own = z[np.ix_(ours, ours)].sum(axis=1) / (len(ours) - 1)
    others = [
        z[np.ix_(ours, columns[labels == name])].mean(axis=1)
        for name in np.unique(labels)
        if name != DEFAULT_MODE
    ]
    return spread(recording, ours, own - np.max(others, axis=0))


@measure(unit="share", cites=("AndrewsHanna2010", "Yeo2011"), unchanged_by=SHAPE_ONLY)
def default_mode_membership(recording: Recording) -> float:
    """Share of default-mode regions that correlate more with their own network than with any other.

    Share from 0 to 1 of the regions whose mean Fisher z to the rest of the default mode network is
    above that to every other network of the atlas (claim C2).
    """
    margins = _margins(recording)
    return float((margins[~np.isnan(margins)] > 0).mean())


@measure(
    unit="Fisher z",
    cites=("AndrewsHanna2010", "Yeo2011"),
    unchanged_by=SHAPE_ONLY,
    kind="regions",
)
def default_mode_own_network_margin(recording: Recording) -> Array:
    """Mean correlation of each default-mode region with its own network less the next best.

    Fisher z, shape (n_regions,), above 0 where a region belongs; NaN where a region has no signal
    or is not of the default mode network.
    """
    return _margins(recording)
