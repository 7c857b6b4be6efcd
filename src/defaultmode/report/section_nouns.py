"""What the sections on states, twins and a prediction are made from."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array

Labels = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class LabelledRun:
    """A run by the states of one method.

    keys : as in the study's table; labels : (n_time,), −1 where unknown
    occupancy : (n_states,), share of the known frames; dwell_s : (n_states,), mean visit, NaN where
    none ended; next_state : (n_states, n_states), probability of each state a frame later, by row
    """

    keys: Mapping[str, str]
    tr_s: float
    labels: Labels
    occupancy: Array
    dwell_s: Array
    next_state: Array

    @property
    def person(self) -> str:
        """Whose run it is."""
        return self.keys["participant_id"]


@dataclass(frozen=True, slots=True, eq=False)
class LearntStates:
    """The states of one atlas, preset and method, and every run by them.

    default : index of the state most like the default mode network
    profiles : (n_states, n_networks), mean of each centre over the regions of a network, in
        standard deviations or, of patterns of regions, in units of an even pattern
    stability : adjusted Rand index of the labels by states of either half of the people, NaN where
        there was one person; n_taught : runs that taught the states
    """

    atlas: str
    denoise: str
    method: str
    names: tuple[str, ...]
    default: int
    networks: tuple[str, ...]
    profiles: Array
    stability: float
    n_taught: int
    runs: tuple[LabelledRun, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Valleys:
    """The energy landscape of some runs taken together.

    label : whose; people : participant of each run; networks : (n,), each above its own mean or not
    up : (m, n), which networks are up in each minimum; energies : (m,) nats, lowest first
    basins : (m,), share of the time in each minimum's basin; default : (m,), whether the default
        mode is up and at least half of the task-positive networks are down
    saddles : (m, m), highest energy on the lowest path between two minima, nats
    accuracy : share of the structure that pairwise couplings explain
    """

    label: str
    people: tuple[str, ...]
    networks: tuple[str, ...]
    up: NDArray[np.bool_]
    energies: Array
    basins: Array
    default: NDArray[np.bool_]
    saddles: Array
    accuracy: float


@dataclass(frozen=True, slots=True)
class Lost:
    """Runs of one group and session that gave no landscape, and why.

    whose : group and session; whole : whether all of it is lost, or these runs alone
    """

    whose: str
    n_runs: int
    why: Missing
    whole: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Landscapes:
    """The energy landscapes of one atlas and preset, one for each group and session that has one.

    left_out : runs that were not taken, to save time; lost : those that failed
    """

    atlas: str
    denoise: str
    valleys: tuple[Valleys, ...]
    left_out: int = 0
    lost: tuple[Lost, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class StatesFound:
    """All that a study knows of its brain states.

    learnt : of every atlas, preset and method; landscapes : of every atlas, under its first preset
    untreated : keys of the runs at rest before any treatment or without one
    """

    learnt: tuple[LearntStates, ...]
    landscapes: tuple[Landscapes, ...] = ()
    untreated: frozenset[tuple[str, ...]] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class TwinsFound:
    """The twins of a folder.

    table : twins.tsv; meaning : column → sentence
    parameters : one row per twin and parameter, with the keys of its run
    """

    table: pd.DataFrame
    meaning: Mapping[str, str]
    parameters: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class PredictionFound:
    """What `predict` left in a folder: figures of a cohort, and of nobody by name.

    about : prediction.json; the tables are the files of these names
    """

    about: Mapping[str, object]
    figures: pd.DataFrame
    calibration: pd.DataFrame
    decision_curve: pd.DataFrame
    tripod: pd.DataFrame
