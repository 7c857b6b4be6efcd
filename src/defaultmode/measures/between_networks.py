"""How the default mode network stands to the networks that it is said to alternate with."""

from defaultmode.core.recording import Recording
from defaultmode.measures._connectivity import connectivity, mean_between
from defaultmode.measures._regions import regions
from defaultmode.measures._registry import SHAPE_ONLY, measure


def _between(recording: Recording, role: str | None = None, *, network: str = "") -> float:
    ours = regions(recording, "default")
    theirs = regions(recording, role, network=network)
    return mean_between(connectivity(recording).z, ours, theirs)


@measure(unit="Fisher z", cites=("Fox2005", "Murphy2009"), unchanged_by=SHAPE_ONLY)
def default_mode_task_positive(recording: Recording) -> float:
    """Mean Fisher-z correlation between default-mode and task-positive regions.

    Fisher z, negative where the two alternate; mean over all pairs across the two (M2). Global
    signal regression pushes it below zero whatever the brain does (Murphy 2009): read both presets.
    """
    return _between(recording, "task-positive")


@measure(unit="Fisher z", cites=("Fox2005",), unchanged_by=SHAPE_ONLY)
def default_mode_dorsal_attention(recording: Recording) -> float:
    """Mean Fisher-z correlation between default-mode and dorsal attention regions.

    Fisher z; M2 with the network DorsalAttention alone, without the control network.
    """
    return _between(recording, network="DorsalAttention")


@measure(unit="Fisher z", cites=("Menon2011",), unchanged_by=SHAPE_ONLY)
def default_mode_salience(recording: Recording) -> float:
    """Mean Fisher-z correlation between default-mode and salience regions.

    Fisher z; M2 with the regions whose role is salience.
    """
    return _between(recording, "salience")
