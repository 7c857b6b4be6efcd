"""The brain states of a study, learnt from all its recordings by three methods."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.core.reference import States
from defaultmode.measures._regions import DEFAULT_MODE, FLAT, LEAST_SHARE, carrying, network_of
from defaultmode.measures._state_frames import (
    METHODS,
    decode,
    ends_of,
    frame_source,
    network_shares,
)
from defaultmode.measures._state_models import hidden_markov, k_means

MOST_FRAMES = 10_000  # of a study, that a method learns from: more take time and change little
MARKOV_RUNS = 100  # the fewer, the longer the blocks that tell how states follow one another
LEAST_STRETCH = 10  # frames of an unbroken stretch that "hmm" learns from
FRAMES_PER_STATE = 20  # our own: with fewer, the centre of a state is mostly noise
GLOBAL = "global"


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """What one recording gives to learning: unbroken stretches of frames (n, n_features)."""

    key: str
    person: str
    stretches: list[Array]


def learn_states(
    recordings: Sequence[Recording],
    *,
    n_states: int,
    seed: int,
    methods: Sequence[str] = METHODS,
) -> dict[str, States]:
    """States of a study by method: "leida", "cap", and "hmm" where hmmlearn is installed.

    recordings : denoised, of one atlas and preset, in any order. Regions, and networks, that one of
    them lacks are left out for all. A method has no entry where fewer than 20 frames are there for
    each state, or where all or none of the regions left are of the default mode network. At most
    10 000 frames are learnt from: of each run an equal share, evenly spaced. "hmm" needs their
    order in time: it learns from blocks in the middle of at most 100 runs, of stretches of ten
    frames and more, and only from runs of one repetition time. States come in the order of how
    many of these frames they take.
    """
    runs = sorted(filter(_carries, recordings), key=lambda r: r.entities.stem)
    able = [m for m in methods if m != "hmm" or find_spec("hmmlearn")]
    found = {method: _learn(method, runs, n_states, seed) for method in able if runs}
    return {method: states for method, states in found.items() if states is not None}


def _carries(recording: Recording) -> bool:
    try:
        return bool(len(carrying(recording)))
    except DefaultModeError:  # too few usable frames, as its own measures say
        return False


def _learn(method: str, runs: Sequence[Recording], n_states: int, seed: int) -> States | None:
    features = _networks(runs) if method == "hmm" else _regions(runs)
    networks = _networks_of(method, features, runs[0])
    ours = networks == DEFAULT_MODE
    if ours.all() or not ours.any() or (method == "hmm" and len({r.tr_s for r in runs}) > 1):
        return None
    samples = _samples(method, runs, features)
    states = _fitted(method, features, samples, n_states, seed)
    if states is None:
        return None
    people = sorted({s.person for s in samples})
    taught = [[s for s in samples if s.person in half] for half in (people[::2], people[1::2])]
    fitted = [(_fitted(method, features, half, n_states, seed), half) for half in taught]
    halves = [_told(half, networks, by) for half, by in fitted if half is not None]
    steps_s = {run.tr_s for run in runs}
    return replace(
        _told(states, networks, samples),
        tr_s=steps_s.pop() if len(steps_s) == 1 else float("nan"),
        halves=tuple(halves) if len(people) > 1 else (),
        stability=_agreement(halves, samples),
    )


def _told(states: States, networks: NDArray[np.str_], samples: Sequence[_Sample]) -> States:
    """The states with what they are most like, and who taught them."""
    return replace(
        states,
        default=int(np.argmax(_likeness(states.centres, networks == DEFAULT_MODE))),
        names=_names(states, networks),
        learnt_from=tuple(s.key for s in samples),
    )


def _regions(runs: Sequence[Recording]) -> tuple[str, ...]:
    """Names of the regions that carry a signal in every run, in the order of the atlas."""
    carried = [set(np.array(run.atlas.names)[carrying(run)].tolist()) for run in runs]
    shared = set.intersection(*carried)
    return tuple(name for name in runs[0].atlas.names if name in shared)


def _networks(runs: Sequence[Recording]) -> tuple[str, ...]:
    """The networks of which enough regions carry a signal in every run, by name."""
    shares = [network_shares(run) for run in runs]
    return tuple(n for n in sorted(shares[0]) if all(s.get(n, 0) >= LEAST_SHARE for s in shares))


def _networks_of(method: str, features: tuple[str, ...], run: Recording) -> NDArray[np.str_]:
    if method == "hmm":
        return np.array(features, dtype=np.str_)
    known = {region.name: network_of(region) for region in run.atlas.regions}
    return np.array([known[name] for name in features], dtype=np.str_)


def _samples(method: str, runs: Sequence[Recording], features: tuple[str, ...]) -> list[_Sample]:
    if method == "hmm":
        runs = runs[:: -(-len(runs) // MARKOV_RUNS)]
    most = max(1, MOST_FRAMES // len(runs))
    found = []
    for run in runs:
        try:
            usable, frames_of = frame_source(run, method, features)
            frames = frames_of(run.signal[:, carrying(run)])
        except DefaultModeError:  # its own measures say why
            continue
        cut = _middle(frames, usable, most) if method == "hmm" else [_spaced(frames, most)]
        found.append(_Sample(run.entities.stem, run.entities.participant, cut))
    return [sample for sample in found if sample.stretches]


def _spaced(frames: Array, most: int) -> Array:
    n = len(frames)
    return frames[np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(np.intp))]


def _middle(frames: Array, usable: NDArray[np.bool_], most: int) -> list[Array]:
    """Stretches of a block in the middle of the usable frames, split where they are broken."""
    first = max(0, (len(frames) - most) // 2)
    ends = ends_of(usable) - first
    block = frames[first : first + most]
    stretches = np.split(block, ends[(ends > 0) & (ends < len(block))])
    return [frames for frames in stretches if len(frames) >= LEAST_STRETCH]


def _fitted(
    method: str, features: tuple[str, ...], samples: Sequence[_Sample], n_states: int, seed: int
) -> States | None:
    stretches = [frames for sample in samples for frames in sample.stretches]
    if sum(map(len, stretches)) < FRAMES_PER_STATE * n_states:
        return None
    if np.ptp(np.concatenate(stretches), axis=0).max() < FLAT:
        return None
    fit = hidden_markov if method == "hmm" else k_means
    fitted = fit(stretches, n_states, seed)
    if fitted is None:
        return None
    states = States(method, features, fitted[0], default=0, names=(), more=fitted[1])
    taken = np.bincount(decode(states, stretches), minlength=n_states)
    return _reordered(states, np.argsort(-taken, kind="stable"))


def _reordered(states: States, order: NDArray[np.intp]) -> States:
    more = {name: values[order] for name, values in states.more.items()}
    if "transitions" in more:
        more["transitions"] = more["transitions"][:, order]
    return replace(states, centres=states.centres[order], more=more)


def _likeness(centres: Array, member: NDArray[np.bool_]) -> Array:
    """Correlation of each centre (n_states, n_features) with membership; 0 for an even centre."""
    pattern, own = centres - centres.mean(axis=1, keepdims=True), member - member.mean()
    spread = np.linalg.norm(pattern, axis=1) * np.linalg.norm(own)
    even = np.zeros(len(centres))
    return np.asarray(np.divide(pattern @ own, spread, out=even, where=spread > FLAT))


def _names(states: States, networks: NDArray[np.str_]) -> tuple[str, ...]:
    """The network that each state is most like; of several of a name, the less alike are numbered.

    In "leida" the regions of a state's network are those against the majority; a state in which no
    region is against it is called global.
    """
    known = sorted(set(networks.tolist()) - {""})
    likeness = np.array([_likeness(states.centres, networks == name) for name in known])
    names = [known[i] for i in likeness.argmax(axis=0)]
    if states.method == "leida":
        highest = states.centres.max(axis=1)
        names = [GLOBAL if top <= 0 else name for top, name in zip(highest, names, strict=True)]
    times: Counter[str] = Counter()
    for n in np.argsort(-likeness.max(axis=0), kind="stable"):
        times[names[n]] += 1
        if times[names[n]] > 1:
            names[n] = f"{names[n]} {times[names[n]]}"
    return tuple(names)


def _agreement(halves: Sequence[States], samples: Sequence[_Sample]) -> float:
    """Adjusted Rand index of the labels that two sets of states give to all frames."""
    from sklearn.metrics import adjusted_rand_score

    stretches = [frames for sample in samples for frames in sample.stretches]
    labels = [decode(half, stretches) for half in halves]
    return float(adjusted_rand_score(*labels)) if len(labels) == 2 else float("nan")
