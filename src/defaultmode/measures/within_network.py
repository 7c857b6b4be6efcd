"""How tightly the default mode network, its subsystems and its counterpart hold together."""

from defaultmode.core.recording import Recording
from defaultmode.measures._connectivity import connectivity, mean_within
from defaultmode.measures._regions import regions
from defaultmode.measures._registry import SHAPE_ONLY, measure


def _within(recording: Recording, role: str, *, subsystem: str = "") -> float:
    members = regions(recording, role, subsystem=subsystem)
    return mean_within(connectivity(recording).z, members)


@measure(unit="Fisher z", cites=("Greicius2003",), unchanged_by=SHAPE_ONLY)
def within_default_mode(recording: Recording) -> float:
    """Mean Fisher-z correlation over all pairs of default-mode regions.

    Fisher z; mean over unordered pairs, each pair once (M1).
    """
    return _within(recording, "default")


@measure(unit="Fisher z", cites=("AndrewsHanna2010",), unchanged_by=SHAPE_ONLY)
def within_default_mode_core(recording: Recording) -> float:
    """Mean Fisher-z correlation over all pairs of core regions of the default mode network.

    Fisher z; M1 over the core (anterior medial prefrontal and posterior cingulate hubs).
    """
    return _within(recording, "default", subsystem="core")


@measure(unit="Fisher z", cites=("AndrewsHanna2010",), unchanged_by=SHAPE_ONLY)
def within_default_mode_dmpfc(recording: Recording) -> float:
    """Mean Fisher-z correlation over all pairs of dorsal medial prefrontal subsystem regions.

    Fisher z; M1 over the dMPFC subsystem of the default mode network.
    """
    return _within(recording, "default", subsystem="dMPFC")


@measure(unit="Fisher z", cites=("AndrewsHanna2010",), unchanged_by=SHAPE_ONLY)
def within_default_mode_mtl(recording: Recording) -> float:
    """Mean Fisher-z correlation over all pairs of medial temporal subsystem regions.

    Fisher z; M1 over the MTL subsystem of the default mode network, weak at rest.
    """
    return _within(recording, "default", subsystem="MTL")


@measure(unit="Fisher z", cites=("Fox2005",), unchanged_by=SHAPE_ONLY)
def within_task_positive(recording: Recording) -> float:
    """Mean Fisher-z correlation over all pairs of task-positive regions.

    Fisher z; M1 over the regions whose role is task-positive.
    """
    return _within(recording, "task-positive")
