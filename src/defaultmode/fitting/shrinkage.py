"""What is most plausible of a person before any model: their recording, and a group's."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from defaultmode.fitting.target import Target


def shrunk(
    own: Target,
    group: Target,
    *,
    group_samples: float,
    regions: NDArray[np.intp] | None = None,
) -> Target:
    """The mean of a person's target and the group's, each weighed by its independent samples.

    group_samples : how many samples of the person's own the group is worth, ≥ 0; people whose
        Fisher z spread by τ around the group make it 1 / τ² (normal prior and likelihood; James &
        Stein 1961). The outcome has as many samples more.
    regions : (k,) the group's regions that the person shows, in the person's order; None for all
    To fit a model to it is to fit the person's own target under the prior that what the model shows
    lies near what the group shows.
    """
    share = own.samples / (own.samples + group_samples)
    here = np.arange(len(group.z)) if regions is None else regions
    pairs = np.ix_(here, here)
    logs = group.log_variance[here]
    return replace(
        own,
        z=share * own.z + (1.0 - share) * group.z[pairs],
        log_variance=share * own.log_variance + (1.0 - share) * (logs - logs.mean()),
        lagged=share * own.lagged + (1.0 - share) * group.lagged[pairs],
        global_share=share * own.global_share + (1.0 - share) * group.global_share,
        samples=own.samples + group_samples,
    )
