"""How strongly a region is connected with all others on average."""

import numpy as np

from defaultmode.core.recording import Array, Recording
from defaultmode.measures._connectivity import connectivity
from defaultmode.measures._regions import regions, spread
from defaultmode.measures._registry import SHAPE_ONLY, measure


def _by_region(recording: Recording) -> Array:
    columns = regions(recording)
    z = connectivity(recording).z[np.ix_(columns, columns)]
    return spread(recording, columns, z.sum(axis=1) / (len(columns) - 1))


@measure(unit="Fisher z", cites=("Cole2010",), unchanged_by=SHAPE_ONLY)
def global_brain_connectivity(recording: Recording) -> float:
    """Mean over all regions of the mean Fisher-z correlation with every other region.

    Fisher z (M6); near zero by construction after global signal regression.
    """
    return float(np.nanmean(_by_region(recording)))


@measure(unit="Fisher z", cites=("Cole2010",), unchanged_by=SHAPE_ONLY)
def global_brain_connectivity_default_mode(recording: Recording) -> float:
    """Mean over default-mode regions of the mean Fisher-z correlation with every other region.

    Fisher z (M6), the other default-mode regions included.
    """
    return float(_by_region(recording)[regions(recording, "default", at_least=1)].mean())


@measure(unit="Fisher z", cites=("Cole2010",), unchanged_by=SHAPE_ONLY, kind="regions")
def global_brain_connectivity_by_region(recording: Recording) -> Array:
    """Mean Fisher-z correlation of each region with every other region.

    Fisher z, shape (n_regions,), NaN where a region has no signal (M6).
    """
    return _by_region(recording)
