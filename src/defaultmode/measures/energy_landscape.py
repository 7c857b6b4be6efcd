"""How the activity of whole networks moves between the valleys of an energy landscape."""

from math import inf, nan

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.core.reference import Reference
from defaultmode.core.tested import Tested
from defaultmode.measures._network_landscape import Fitted, energy_landscape, fit
from defaultmode.measures._regions import once_per_reference
from defaultmode.measures._registry import measure
from defaultmode.measures._state_sequence import UNKNOWN, dwell_time_s, step_counts
from defaultmode.measures._surrogates import against_surrogates

LEAST_ACCURACY = 0.8  # SCIENCE.md §4.3
SOURCES = ("Watanabe2013", "Ezaki2017")
UNCHANGED = ("scale", "offset", "region order")


@once_per_reference
def _tested(recording: Recording, reference: Reference) -> dict[str, Tested]:
    accuracy = energy_landscape(recording).model.accuracy
    if not accuracy > LEAST_ACCURACY:
        msg = (
            f"The pairwise model explains {accuracy:.2f} of what independent networks leave; above "
            f"{LEAST_ACCURACY} is needed. A longer run fits better."
        )
        raise DefaultModeError("E306", msg)
    return against_surrogates(recording, reference, lambda signal: _numbers(signal, recording))


def _numbers(signal: Array, recording: Recording) -> dict[str, float]:
    try:
        fitted = fit(signal, recording)
    except DefaultModeError:  # a surrogate without a best fit does not count
        return dict.fromkeys(("minima", "basin", "dwell_s", "barrier"), nan)
    exists = fitted.default.any()
    inside = fitted.default[fitted.landscape.basins[fitted.states]].astype(np.intp)
    steps = step_counts(np.where(recording.usable, inside, UNKNOWN), n_states=2)
    return {
        "minima": float(len(fitted.landscape.minima)),
        "basin": float(inside[recording.usable].mean()) if exists else nan,
        "dwell_s": float(dwell_time_s(steps, recording.tr_s)[1]),
        "barrier": _barrier(fitted),
    }


def _barrier(fitted: Fitted) -> float:
    """Lowest climb (nats) out of the lowest default-mode minimum, NaN where there is none."""
    if not fitted.default.any():
        return nan
    height = fitted.landscape.barrier(int(np.argmax(fitted.default)))
    return nan if height == inf else height


@measure(
    unit="share",
    cites=SOURCES,
    unchanged_by=(*UNCHANGED, "time reversal"),
    role="quality",
)
def landscape_accuracy(recording: Recording) -> float:
    """Share of the structure of network states that pairwise couplings explain.

    Share up to 1: (D1 − D2) / D1 with the divergences of the observed states from independent
    networks and from the pairwise maximum-entropy model (Watanabe 2013). States are which of up to
    seven networks are above their own mean. It rises with the length of the run: with T independent
    frames of s states, chance alone adds about (s − 1 − number of parameters) / 2T to D2.
    """
    return energy_landscape(recording).model.accuracy


@measure(
    unit="count",
    cites=SOURCES,
    unchanged_by=(*UNCHANGED, "time reversal"),
    premises=("stream",),
)
def landscape_minima(recording: Recording, reference: Reference) -> Tested:
    """Number of local minima of the energy landscape of network states.

    Count; states of up to seven networks, of which each is above its own mean or not, so that the
    landscape says nothing of how active a network is: its fields h are near 0 by construction and
    are not offered. A minimum has a lower energy than all states that differ in one network
    (Ezaki 2017). The model holds means and correlations only, which surrogates keep: a landscape
    that differs from theirs is one of activity that is not Gaussian.
    """
    return _tested(recording, reference)["minima"]


@measure(
    unit="share",
    cites=SOURCES,
    unchanged_by=(*UNCHANGED, "time reversal"),
    premises=("stream",),
)
def landscape_default_basin(recording: Recording, reference: Reference) -> Tested:
    """Share of frames in basins of default-mode minima of the energy landscape; rough in one run.

    Share from 0 to 1 of the usable frames. In a default-mode minimum the default mode network is
    above its mean and at least half of the task-positive networks are not; a basin is what
    steepest descent leads there. Each network is cut at its own mean, so that a state and its
    mirror image are about as frequent: after global signal regression such minima hold about half
    of the frames in most runs, whoever it is. Missing where no minimum is of that kind: without
    global signal regression those of some runs are all networks up and all down. One run gives a
    rough value: without global signal regression, five of the eleven embedded runs of 14 min have
    such a minimum in one half only.
    """
    return _defined(_tested(recording, reference)["basin"])


@measure(unit="s", cites=SOURCES, unchanged_by=UNCHANGED, premises=("stream",))
def landscape_default_dwell_s(recording: Recording, reference: Reference) -> Tested:
    """Mean visit to basins of default-mode minima of the energy landscape; rough in one run.

    Seconds: frames in those basins over exits from them, both counted where the next frame is
    usable, so that a visit cut by censoring is no exit. Missing where no minimum is of that kind;
    as rough in one run as `landscape_default_basin`.
    """
    return _defined(_tested(recording, reference)["dwell_s"])


@measure(
    unit="nats",
    cites=(*SOURCES, "Becker1997"),
    unchanged_by=(*UNCHANGED, "time reversal"),
    premises=("stream",),
)
def landscape_default_barrier(recording: Recording, reference: Reference) -> Tested:
    """Energy barrier that keeps networks in the deepest default-mode minimum; rough in one run.

    Nats: highest energy on the lowest path of single flips to any other minimum, less the energy of
    the minimum (Becker 1997). Missing where there is no default-mode minimum, or no other. One run
    gives a rough value: the halves of the five embedded runs that have one in both, without global
    signal regression, give barriers that differ by 0.15 to 0.80.
    """
    return _defined(_tested(recording, reference)["barrier"])


def _defined(found: Tested) -> Tested:
    if np.isnan(found.value):
        msg = (
            "The landscape has no minimum with the default mode active and half of the "
            "task-positive networks not, or no way out of it was seen."
        )
        raise DefaultModeError("E306", msg)
    return found
