"""How a recording is scored by states that are known: its labels, and what they tell."""

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array, Recording
from defaultmode.core.reference import Reference, States
from defaultmode.core.tested import Tested
from defaultmode.measures._regions import carrying
from defaultmode.measures._state_frames import decode, ends_of, frame_source
from defaultmode.measures._state_sequence import (
    UNKNOWN,
    Labels,
    dwell_time_s,
    fractional_occupancy,
    mixing_time_s,
    return_probability,
    step_counts,
    switching_rate,
    transition_entropy,
)
from defaultmode.measures._surrogates import Statistics, against_surrogates

# Our own: the first round lag beyond the 8 s for which a signal of 0.01–0.1 Hz keeps its sign. The
# filter still acts there (its autocorrelation is about −0.1), so 0 is not what chance gives.
RETURN_LAG_S = 10.0
TOO_FEW = "E3"
SAME_TR_S = 1e-3
TAUGHT_ALONE = "nobody but this participant taught the states"
NOT_LEARNT = "No states were learnt by {method!r} for this atlas and preset."
NO_LIBRARY = "To learn them takes the library hmmlearn, which is not installed for this Python."
UNDEFINED = {
    "occupancy": "No frame is known.",
    "dwell_s": "The default-mode state was never left, or never entered.",
    "switching_rate": "No two successive frames are known.",
    "transition_entropy": "No two successive frames are known.",
    "mixing_time_s": "There is one state only, or some are never reached from others.",
    "return": "The default-mode state was never entered early enough to see a return.",
}


def known_states(reference: Reference, method: str) -> States:
    """The states of this method; raises E307."""
    if method in reference.states:
        return reference.states[method]
    reasons = [NOT_LEARNT.format(method=method)]
    if method == "hmm":
        reasons.append("It needs runs of one repetition time.")
    if method == "hmm" and find_spec("hmmlearn") is None:
        reasons.append(NO_LIBRARY)
    reasons.append(reference.no_states)
    raise DefaultModeError("E307", " ".join(reasons).strip())


def labeller(recording: Recording, states: States) -> Callable[[Array], Labels]:
    """What turns a signal (n_time, k) of the regions in `carrying` into states (n_time,).

    −1 in frames that are not known. Raises E301, E302.
    """
    usable, frames_of = frame_source(recording, states.method, states.features)
    return lambda signal: in_time(states, frames_of(signal), usable)


def in_time(states: States, frames: Array, usable: NDArray[np.bool_]) -> Labels:
    """States of the usable frames (n_usable, n_features) at their places, shape (n_time,)."""
    labels = np.full(len(usable), UNKNOWN, dtype=np.intp)
    labels[usable] = decode(states, np.split(frames, ends_of(usable)))
    return labels


def state_labels(recording: Recording, states: States) -> Labels | Missing:
    """State of every frame, counted from 0 and −1 where unknown, shape (n_time,); or Missing.

    A frame is unknown where it is censored, and for "leida" in the 10 s at either end of the run.
    Missing with E301 or E302 where too few frames, or not all of the regions, carry a signal.
    """
    try:
        return labeller(recording, states)(recording.signal[:, carrying(recording)])
    except DefaultModeError as error:
        if not error.code.startswith(TOO_FEW):
            raise
        return Missing(error.detail, error.code)


def sequence_statistics(labels: Labels, states: States, tr_s: float) -> dict[str, float]:
    """What a sequence of states (n_time,) tells, by the names in `UNDEFINED`; NaN where nothing."""
    n, default = len(states), states.default
    counts = step_counts(labels, n)
    lag = max(1, round(RETURN_LAG_S / tr_s))
    return {
        "occupancy": float(fractional_occupancy(labels, n)[default]),
        "dwell_s": float(dwell_time_s(counts, tr_s)[default]),
        "switching_rate": switching_rate(counts, tr_s),
        "transition_entropy": transition_entropy(counts),
        "mixing_time_s": mixing_time_s(counts, tr_s),
        "return": return_probability(labels, default, lag),
    }


def state_statistics(recording: Recording, reference: Reference, method: str) -> dict[str, Tested]:
    """Statistics of the states of a recording beside those of its surrogates, by name.

    The values are by the states of the whole study. Those fit the frames that taught them better
    than any surrogate, so the test is by states that the participant did not teach.
    Raises E301, E302 and E307 where it cannot be scored by the states of this method.
    """
    states = known_states(reference, method)
    if method == "hmm" and not abs(states.tr_s - recording.tr_s) < SAME_TR_S:
        msg = f"The states step every {states.tr_s:g} s, the frames every {recording.tr_s:g} s."
        raise DefaultModeError("E307", msg)
    unseen = states.unseen(recording)
    found = against_surrogates(
        recording,
        reference,
        _statistics_by(recording, unseen or states),
        published=_statistics_by(recording, states),
    )
    return found if unseen else taught_alone(found)


def _statistics_by(recording: Recording, states: States) -> Statistics:
    labels = labeller(recording, states)
    return lambda signal: sequence_statistics(labels(signal), states, recording.tr_s)


def taught_alone(statistics: dict[str, Tested]) -> dict[str, Tested]:
    """The statistics without a test, for nobody else taught the states."""
    return {
        name: replace(tested, surrogates=np.empty(0), untested=TAUGHT_ALONE)
        for name, tested in statistics.items()
    }


def defined(statistics: dict[str, Tested], name: str) -> Tested:
    """One of them; raises E306 with the reason where it is not a number."""
    if np.isnan(statistics[name].value):
        raise DefaultModeError("E306", UNDEFINED[name])
    return statistics[name]
