"""How far the default mode network keeps to itself, by two formulas."""

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.measures._connectivity import connectivity, mean_between, mean_within
from defaultmode.measures._regions import DEFAULT_MODE, partition
from defaultmode.measures._registry import SHAPE_ONLY, measure

LEAST_WITHIN = 0.05  # Fisher z, our choice: below it the ratio is noise over noise


def _ratio(within: float, between: float) -> float:
    if within < LEAST_WITHIN:
        msg = (
            f"Connectivity within the network is {within:.3f}; the ratio to it has no meaning "
            f"below {LEAST_WITHIN}."
        )
        raise DefaultModeError("E306", msg)
    return (within - between) / within


@measure(unit="ratio", cites=("Chan2014",), unchanged_by=SHAPE_ONLY)
def segregation_default_mode(recording: Recording) -> float:
    """System segregation of the default mode network, with negative correlations set to zero.

    Ratio, 1 where nothing links it to other networks and 0 where links out are as strong as links
    within: (W − B)/W with W the mean over edges within and B over all edges leaving it, of Fisher z
    with negatives set to zero, as its author computed it (Chan 2014). Missing for W < 0.05.
    """
    columns, labels = partition(recording)
    z = np.maximum(connectivity(recording).z, 0.0)
    ours = labels == DEFAULT_MODE
    within = mean_within(z, columns[ours])
    return _ratio(within, mean_between(z, columns[ours], columns[~ours]))


def _mean_over_networks(z: Array, recording: Recording) -> float:
    columns, labels = partition(recording)
    ours = columns[labels == DEFAULT_MODE]
    others = [columns[labels == name] for name in np.unique(labels) if name != DEFAULT_MODE]
    return float(np.mean([mean_between(z, ours, other) for other in others]))


@measure(unit="ratio", cites=("Chan2014",), unchanged_by=SHAPE_ONLY)
def segregation_default_mode_signed(recording: Recording) -> float:
    """System segregation of the default mode network, negative correlations included.

    Ratio, above 1 where the network is anticorrelated with the others: (W − B)/W with B the mean
    over the other networks of the mean Fisher z to each (M3). Missing for W < 0.05.
    """
    columns, labels = partition(recording)
    z = connectivity(recording).z
    within = mean_within(z, columns[labels == DEFAULT_MODE])
    return _ratio(within, _mean_over_networks(z, recording))
