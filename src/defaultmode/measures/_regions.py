"""Which regions a measure may use, and what is kept between measures of one recording."""

from collections.abc import Callable
from functools import wraps
from math import ceil
from typing import TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Region
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.core.reference import Reference

LEAST_FRAMES = 4  # the standard error of a Fisher z is 1/√(n − 3)
LEAST_SHARE = 0.5  # our choice: under half of a network, its mean is of something else
FLAT = 1e-9  # a range below this share of the largest value is rounding, not signal
DEFAULT_MODE = "default mode"
NO_NETWORK = ("", "unassigned", "none", "other", "n/a")
T = TypeVar("T")


def once_per_recording(function: Callable[[Recording], T]) -> Callable[[Recording], T]:
    """Remember the result for as long as the recording lives; recordings are frozen."""
    kept: WeakKeyDictionary[Recording, T] = WeakKeyDictionary()

    @wraps(function)
    def remembered(recording: Recording) -> T:
        if recording not in kept:
            kept[recording] = function(recording)
        return kept[recording]

    return remembered


def once_per_reference(
    function: Callable[[Recording, Reference], T],
) -> Callable[[Recording, Reference], T]:
    """Remember the result for as long as the recording and the reference live."""
    kept: WeakKeyDictionary[Recording, WeakKeyDictionary[Reference, T]] = WeakKeyDictionary()

    @wraps(function)
    def remembered(recording: Recording, reference: Reference) -> T:
        known = kept.setdefault(recording, WeakKeyDictionary())
        if reference not in known:
            known[reference] = function(recording, reference)
        return known[reference]

    return remembered


@once_per_recording
def carrying(recording: Recording) -> NDArray[np.intp]:
    """Columns of the regions that vary over the usable frames, shape (k,).

    Raises E301 when fewer than four frames are usable.
    """
    if recording.usable.sum() < LEAST_FRAMES:
        msg = f"{recording.usable.sum()} frames are usable; at least {LEAST_FRAMES} are needed."
        raise DefaultModeError("E301", msg)
    present = recording.columns()
    kept = recording.kept[:, present]
    varies = np.ptp(kept, axis=0) > FLAT * np.abs(kept).max(axis=0)
    return np.asarray(present[varies], dtype=np.intp)


def regions(
    recording: Recording,
    role: str | None = None,
    *,
    network: str = "",
    subsystem: str = "",
    at_least: int = 2,
) -> NDArray[np.intp]:
    """Columns of the regions asked for that carry a signal, shape (k,).

    Raises E302 when fewer than `at_least`, or fewer than half of those the atlas has, are left, and
    E306 when the atlas has none.
    """
    asked = recording.atlas.members(role, network=network, subsystem=subsystem)
    found = np.intersect1d(asked, carrying(recording))
    needed = max(at_least, ceil(LEAST_SHARE * len(asked)))
    if len(found) >= needed:
        return found
    words = f"{role or ''} {subsystem} {network}".split()
    if not len(asked):
        msg = f"atlas {recording.atlas.name!r} has no region called {' '.join(words)}."
        raise DefaultModeError("E306", msg)
    lost = ", ".join(recording.atlas.names[i] for i in asked if i not in found)
    msg = (
        f"{len(found)} of the {len(asked)} {' '.join(words)} regions of atlas "
        f"{recording.atlas.name!r} carry a signal; at least {needed} are needed"
        f"{f' (without a signal: {lost})' if lost else ''}."
    )
    raise DefaultModeError("E302", msg)


def network_of(region: Region) -> str:
    """Network of a region, "" for none: the default mode network by role, others by the atlas."""
    if region.role == "default":
        return DEFAULT_MODE
    return "" if region.network.lower() in NO_NETWORK else region.network


def partition(recording: Recording) -> tuple[NDArray[np.intp], NDArray[np.str_]]:
    """Columns that carry a signal and belong to a network, and the network of each, both (k,).

    The default mode network is the regions of that role; the others keep the network of the atlas,
    and those without one ("unassigned") are left out. Raises E302 for fewer than two networks.
    """
    regions(recording, "default")
    names = [network_of(region) for region in recording.atlas.regions]
    found = [i for i in carrying(recording) if names[i]]
    labels = np.array([names[i] for i in found], dtype=np.str_)
    if len(set(labels.tolist())) < 2:
        msg = f"Atlas {recording.atlas.name!r} has no network beside the default mode network."
        raise DefaultModeError("E302", msg)
    return np.array(found, dtype=np.intp), labels


def spread(recording: Recording, columns: NDArray[np.intp], values: Array) -> Array:
    """Values of some regions as a vector of all, shape (n_regions,), NaN for the others."""
    whole = np.full(len(recording.atlas), np.nan)
    whole[columns] = values
    return whole
