"""What each method looks at in every frame, and which state it finds there.

A signal is (n_time, k) of the regions in `carrying`, the recording's own or that of a surrogate;
frames are its usable frames only, (n_usable, n_features).
"""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.core.reference import States
from defaultmode.measures._phases import Phases, leading_patterns, phases_of, settled
from defaultmode.measures._regions import FLAT, LEAST_SHARE, carrying, network_of
from defaultmode.measures._state_sequence import unbroken
from defaultmode.measures._viterbi import gaussian_log_density, viterbi

METHODS = ("leida", "cap", "hmm")


def standardised(signal: Array) -> Array:
    """Every column with mean 0 and standard deviation 1, shape as the signal (n_time, k)."""
    level: Array = signal - signal.mean(axis=0)
    level /= np.abs(level).max(axis=0)  # so that no unit overflows or underflows when squared
    level /= np.sqrt(np.einsum("ij,ij->j", level, level) / len(level))
    return level


def phase_patterns(phases: Phases, columns: NDArray[np.intp], usable: NDArray[np.bool_]) -> Array:
    """Leading eigenvectors of the phase coherence (Cabral 2017), of the regions in `columns`."""
    asked = np.ix_(usable, columns)
    return leading_patterns(Phases(phases.cosine[asked], phases.sine[asked]))[0]


def activation_patterns(
    signal: Array, columns: NDArray[np.intp], usable: NDArray[np.bool_]
) -> Array:
    """Standardised frames, each less its mean over regions and of length 1 (Liu 2013).

    The squared distance of two of them is 2 − 2 r, with r their spatial correlation. Raises E305
    where all regions are alike in a frame, so that it has no pattern.
    """
    frames = standardised(signal[np.ix_(usable, columns)])
    frames -= frames.mean(axis=1, keepdims=True)
    length = np.linalg.norm(frames, axis=1, keepdims=True)
    if length.min() < FLAT:
        raise DefaultModeError("E305", "All regions have the same standardised signal in a frame.")
    frames /= length
    return frames


def network_signals(signal: Array, weights: Array, usable: NDArray[np.bool_]) -> Array:
    """Standardised means of the standardised regions of each network; weights (k, n_networks).

    Raises E305 where the regions of a network cancel out.
    """
    members = weights.any(axis=1)
    means = standardised(signal[np.ix_(usable, members)]) @ weights[members]
    if np.ptp(means, axis=0).min() < FLAT:
        raise DefaultModeError("E305", "Regions of one network are each other's exact reverse.")
    return standardised(means)


def feature_columns(recording: Recording, features: Sequence[str]) -> NDArray[np.intp]:
    """Where the regions of these names stand in `carrying`, shape (n_features,); raises E302."""
    names = recording.atlas.names
    place = {names[i]: n for n, i in enumerate(carrying(recording))}
    lost = [name for name in features if name not in place]
    if lost:
        msg = (
            f"{len(lost)} of the {len(features)} regions by which the states are known carry no "
            f"signal here: {', '.join(lost[:5])}{', …' if len(lost) > 5 else ''}."
        )
        raise DefaultModeError("E302", msg)
    return np.array([place[name] for name in features], dtype=np.intp)


def network_shares(recording: Recording) -> dict[str, float]:
    """Share of the regions of each network that carry a signal."""
    own = [network_of(region) for region in recording.atlas.regions]
    found = Counter(own[i] for i in carrying(recording))
    return {name: found[name] / n for name, n in Counter(own).items() if name}


def network_weights(recording: Recording, networks: Sequence[str]) -> Array:
    """Weights that average the regions in `carrying` by network, shape (k, n_networks).

    Raises E302 where less than half of the regions of one of the networks carry a signal.
    """
    shares = network_shares(recording)
    for name in networks:
        if shares.get(name, 0.0) < LEAST_SHARE:
            msg = (
                f"{shares.get(name, 0.0):.0%} of the regions of the network {name!r}, by which the "
                f"states are known, carry a signal; at least {LEAST_SHARE:.0%} must."
            )
            raise DefaultModeError("E302", msg)
    own = np.array([network_of(recording.atlas.regions[i]) for i in carrying(recording)])
    member = own[:, None] == np.array(networks)
    return np.asarray(member / member.sum(axis=0))


def frame_source(
    recording: Recording, method: str, features: Sequence[str]
) -> tuple[NDArray[np.bool_], Callable[[Array], Array]]:
    """Which frames the method looks at, (n_time,), and what turns a signal into them.

    features : names of the networks for "hmm", else of the regions. Raises E301, E302.
    """
    usable = recording.usable
    if method == "hmm":
        weights = network_weights(recording, features)
        return usable, lambda signal: network_signals(signal, weights, usable)
    columns = feature_columns(recording, features)
    if method == "cap":
        return usable, lambda signal: activation_patterns(signal, columns, usable)
    inner = settled(recording)
    return inner, lambda signal: phase_patterns(phases_of(signal), columns, inner)


def ends_of(usable: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Where to split the usable frames so that each part is unbroken."""
    return np.cumsum([s.stop - s.start for s in unbroken(usable)])[:-1]


def decode(states: States, stretches: Sequence[Array]) -> NDArray[np.intp]:
    """State of every frame of some unbroken stretches, one after another, shape (n_frames,).

    The nearest centre, or for "hmm" the most likely sequence in each stretch.
    """
    frames = np.concatenate(stretches)
    centres = states.centres
    if states.method != "hmm":
        distance = (centres**2).sum(axis=1) - 2 * frames @ centres.T  # less the length of the frame
        return np.asarray(distance.argmin(axis=1))
    density = gaussian_log_density(frames, centres, states.more["covariances"])
    ends = np.cumsum([len(s) for s in stretches])[:-1]
    start, transitions = states.more["start"], states.more["transitions"]
    return np.concatenate([viterbi(d, start, transitions) for d in np.split(density, ends)])
