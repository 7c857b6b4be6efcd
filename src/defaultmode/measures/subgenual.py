"""How the subgenual cingulate, which lies outside the default mode network, goes with it."""

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Recording
from defaultmode.measures._connectivity import connectivity, mean_between
from defaultmode.measures._regions import carrying, regions
from defaultmode.measures._registry import SHAPE_ONLY, measure

# Read in table 1 of PMC4631618, there with a radius of 5 mm; (6, 16, −10) of Fox (2012), which one
# public script repeats and whose paper was not seen, lies 8 mm from it.
CENTRE_MM = (0.0, 21.0, -10.0)
REACH_MM = 10.0  # our choice: nearer than any region of AAL, Schaefer 100, Dosenbach or Seitzman
# The subgenual cingulate and nothing else. AAL's anterior cingulate is mostly pregenual, and its
# olfactory cortex and gyrus rectus are neighbours.
NAMES = ("subcallosal", "subgenual", "sgacc", "acc_sub")


@measure(unit="Fisher z", cites=("Hamilton2015", "Destrieux2010"), unchanged_by=SHAPE_ONLY)
def subgenual_default_mode(recording: Recording) -> float:
    """Mean Fisher-z correlation between subgenual cingulate and the core of the default mode.

    Fisher z; mean over all pairs of one subgenual region and one region of the core, or of the
    whole network where the atlas names no core. Missing where no region is called subgenual or
    subcallosal or lies within 10 mm of MNI (0, 21, −10); a region of the default mode network
    never counts as subgenual.
    """
    ours = subgenual_regions(recording.atlas)
    present = np.intersect1d(ours, carrying(recording))
    if not len(present):
        names = ", ".join(recording.atlas.names[i] for i in ours)
        raise DefaultModeError("E302", f"The subgenual region has no signal: {names}.")
    core = "core" if len(recording.atlas.members("default", subsystem="core")) else ""
    theirs = regions(recording, "default", subsystem=core)
    return mean_between(connectivity(recording).z, present, theirs)


def subgenual_regions(atlas: Atlas) -> NDArray[np.intp]:
    """Columns of the subgenual cingulate, (k,); raises E306 for an atlas without one."""
    found = [i for i, region in enumerate(atlas.regions) if _is_subgenual(region)]
    if not found:
        x, y, z = CENTRE_MM
        msg = (
            f"atlas {atlas.name!r} has no region called subgenual or subcallosal, and none centred "
            f"within {REACH_MM:g} mm of MNI ({x:g}, {y:g}, {z:g})."
        )
        raise DefaultModeError("E306", msg)
    return np.array(found, dtype=np.intp)


def _is_subgenual(region: Region) -> bool:
    if region.role == "default":
        return False
    if any(word in name.lower() for name in (region.name, *region.aliases) for word in NAMES):
        return True
    away_mm = np.linalg.norm(np.subtract(region.xyz_mm or np.inf, CENTRE_MM))
    return bool(away_mm <= REACH_MM)
