"""What is learnt or given once for a study and held beside every recording of it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.connectome import Connectome
from defaultmode.core.recording import Entities, Recording

Array = NDArray[np.float64]
SURROGATES = 39  # the fewest with which a two-sided p can be 0.05: 2 / (39 + 1)


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """Brain states learnt over a study, frozen, by which any recording can be scored.

    method : "leida", "cap" or "hmm"
    features : names of the columns of `centres`: regions, or networks
    centres : (n_states, n_features)
    default : index of the state most like the default mode network
    names : of the states: the network that each is most like
    more : what else the method needs to score a recording, by name
    learnt_from : keys of the recordings, `Entities.stem`
    tr_s : repetition time of the recordings, NaN where they differ
    halves : the same learnt from either half of the people: a recording that taught the states is
        tested by the half that it did not teach
    stability : agreement of the labels of states learnt from two halves of the people (adjusted
        Rand index), NaN where there was only one person
    """

    method: str
    features: tuple[str, ...]
    centres: Array
    default: int
    names: tuple[str, ...]
    more: Mapping[str, Array] = field(default_factory=dict)
    learnt_from: tuple[str, ...] = ()
    tr_s: float = float("nan")
    halves: tuple["States", ...] = ()
    stability: float = float("nan")

    def __len__(self) -> int:
        return len(self.centres)

    def unseen(self, recording: Recording) -> "States | None":
        """Those of the states and their halves that this participant did not teach, if any."""
        own = Entities(recording.entities.participant).stem
        for states in (self, *self.halves):
            if not any(f"{key}_".startswith(f"{own}_") for key in states.learnt_from):
                return states
        return None


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Reference:
    """What a measure may hold a recording against, beside the recording itself.

    states : method → states learnt over the study; no_states : why there are none, or not all
    connectome : structural connectome of the recording's atlas
    surrogates : how many are drawn for each dynamic measure
    seed : of every random stream
    """

    states: Mapping[str, States] = field(default_factory=dict)
    connectome: Connectome | None = None
    surrogates: int = SURROGATES
    seed: int = 0
    no_states: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "states", MappingProxyType(dict(self.states)))

    def stream(self, recording: Recording, purpose: str) -> np.random.Generator:
        """The random stream of one recording and purpose: the same on any worker, in any order."""
        where = (recording.entities.stem, recording.atlas.name, recording.processing.preset)
        name = "\n".join((*where, purpose)).encode()
        words = np.frombuffer(hashlib.sha256(name).digest(), dtype="<u4").tolist()
        return np.random.default_rng(np.random.SeedSequence([self.seed, *words]))
