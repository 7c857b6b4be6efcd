"""What the section on quality and the pages of participants are made from."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array
from defaultmode.statistics.qc_fc import QcFc


@dataclass(frozen=True, slots=True, eq=False)
class StateSequence:
    """The states of a run in time, by one method.

    states : (n_time,), −1 where none is known; names : of the states; default : which of them is
    most like the default mode
    """

    method: str
    states: NDArray[np.intp]
    names: tuple[str, ...]
    default: int


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """One run along time, under one preset.

    keys : what the run is, as in the study's table
    signal : (n_time, n_regions), in standard deviations of each region, NaN where absent; columns
        by network, the default mode first; roles : of its columns
    usable : (n_time,), False where censored
    displacement_mm : (n_time,), or why it is not known
    """

    keys: Mapping[str, str]
    denoise: str
    signal: Array
    roles: tuple[str, ...]
    usable: NDArray[np.bool_]
    tr_s: float
    displacement_mm: Array | Missing
    states: StateSequence | None = None


@dataclass(frozen=True, slots=True, eq=False)
class MotionDependence:
    """How connections follow head motion over people, under one preset.

    found : over connections; distance_mm : (n_connections,), NaN where a centre is not known
    """

    atlas: str
    denoise: str
    found: QcFc | Missing
    distance_mm: Array


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """What the section on quality needs beside the study.

    most_moved : the runs with the highest mean framewise displacement, the highest first
    """

    dependence: tuple[MotionDependence, ...] = ()
    most_moved: tuple[Trace, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class SessionMatrix:
    """Mean connectivity of one person in one session: z (n_regions, n_regions), Fisher z."""

    atlas: Atlas
    session: str
    denoise: str
    n_runs: int
    z: Array
