"""Graph measures on the networks of the atlas: participation and modularity."""

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.measures._connectivity import connectivity
from defaultmode.measures._regions import DEFAULT_MODE, partition
from defaultmode.measures._registry import SHAPE_ONLY, measure


def _weights(recording: Recording) -> tuple[Array, NDArray[np.str_], Array]:
    """Positive correlations (k, k), networks (k,) and strengths (k, n_networks)."""
    columns, labels = partition(recording)
    weights = np.maximum(connectivity(recording).r[np.ix_(columns, columns)], 0.0)
    np.fill_diagonal(weights, 0.0)
    members = (labels[:, None] == np.unique(labels)).astype(np.float64)
    return weights, labels, weights @ members


@measure(unit="index", cites=("Guimera2005", "Rubinov2010"), unchanged_by=SHAPE_ONLY)
def participation_default_mode(recording: Recording) -> float:
    """Mean participation coefficient of default-mode regions over the networks of the atlas.

    Index from 0 (all links stay in one network) to 1 − 1/networks (links spread evenly): per region
    1 minus the sum of squared shares of its strength (M4). Weights are the positive correlations r,
    without threshold; negative ones are dropped. A region without positive links has none.
    """
    _, labels, to_networks = _weights(recording)
    strengths = to_networks.sum(axis=1)
    linked = (labels == DEFAULT_MODE) & (strengths > 0)
    if not linked.any():
        raise DefaultModeError("E306", "No default-mode region has a positive correlation.")
    shares = to_networks[linked] / strengths[linked, None]
    return float((1 - (shares**2).sum(axis=1)).mean())


@measure(unit="index", cites=("Newman2004", "Rubinov2010"), unchanged_by=SHAPE_ONLY)
def modularity(recording: Recording) -> float:
    """Modularity of the positive correlations for the networks of the atlas.

    Index from −½ to 1: the share of link strength within networks less the share expected from the
    strengths of the regions (Newman 2004). The partition is given, never searched for; weights are
    the positive correlations r, without threshold; negative ones are dropped.
    """
    weights, labels, _ = _weights(recording)
    strengths = weights.sum(axis=1)
    total = strengths.sum()
    if total <= 0:
        raise DefaultModeError("E306", "No two regions have a positive correlation.")
    same = labels[:, None] == labels
    expected = np.outer(strengths, strengths) / total
    return float((weights - expected)[same].sum() / total)
