"""Directed connections between regions: who drives whom, as far as blood flow can tell."""

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.measures._regions import carrying, once_per_recording, regions
from defaultmode.measures._registry import measure
from defaultmode.measures._regression_dcm import regression_dcm

SOURCES = ("Frassle2017", "Frassle2021")
UNCHANGED = ("scale", "offset", "region order")
UNFILTERED = ("not low-passed",)
WITHOUT_GLOBAL_SIGNAL = (
    "The global signal was regressed out: the regions then sum to zero, and what a region has of "
    "itself cannot be told from what all the others send it."
)


@once_per_recording
def _connections(recording: Recording) -> Array:
    """Posterior means (n_regions, n_regions), 1/s, NaN where a region has no signal.

    Without denoising's filter: the noise of the model is white, a band-pass leaves most frequencies
    empty. Regions are scaled to unit variance, for their blood vessels set how large a signal is.
    Raises E304 where the global signal was regressed out, and what `regression_dcm` does.
    """
    if recording.processing.global_signal_removed:
        raise DefaultModeError("E304", WITHOUT_GLOBAL_SIGNAL)
    whole = recording.signal if recording.unfiltered is None else recording.unfiltered
    columns, usable = carrying(recording), recording.usable
    centred = whole[:, columns] - whole[np.ix_(usable, columns)].mean(axis=0)
    posterior = regression_dcm(centred / centred[usable].std(axis=0), recording.tr_s, usable)
    found = np.full((len(recording.atlas), len(recording.atlas)), np.nan)
    found[np.ix_(columns, columns)] = posterior.mean
    found.flags.writeable = False
    return found


def _onto_default(recording: Recording) -> float:
    ours, theirs = regions(recording, "default"), regions(recording, "task-positive")
    return float(_connections(recording)[np.ix_(ours, theirs)].mean())


def _onto_task_positive(recording: Recording) -> float:
    ours, theirs = regions(recording, "default"), regions(recording, "task-positive")
    return float(_connections(recording)[np.ix_(theirs, ours)].mean())


@measure(unit="1/s", cites=SOURCES, unchanged_by=UNCHANGED, premises=UNFILTERED, kind="pairs")
def effective_connectivity(recording: Recording) -> Array:
    """Directed connection from region (column) to region (row), shrunk; r 0.7 from run to run.

    1/s, shape (n_regions, n_regions), NaN where a region has no signal: posterior means of
    regression DCM for the resting state (Frässle 2021) of signals of unit variance without
    denoising's filter; self-connections on the diagonal. Pairs of frames that are not both usable
    are left out. All regions are in one model, so a connection is what the others do not explain;
    it shrinks as regions are added: compare within one atlas. Pairs count as 1/256 of a data point
    for the noise, as in the authors' toolbox, so that the prior shrinks the estimates strongly.

    How reliable: between two runs of 14 min of one person, 100 regions, the connections correlate
    at 0.68 and 0.67 (two people), between runs of the two people at 0.48–0.54; counted once each,
    at 0.17 and 0.15, and 0.10–0.16. How valid: in simulated blood flow (10 min, repetition times of
    0.7 and 2 s, one haemodynamic response for all) they correlate with the true wiring at 0.78 and
    0.75 among 10 regions and 0.42 and 0.40 among 100; of the connections that exist 98–100 % have
    the right sign and 93–97 % the right direction. Delays of blood flow that differ by 1 s bring
    directions down to 81–83 %, noise that differs e-fold to 89 %. Missing after global signal
    regression.
    """
    return _connections(recording)


@measure(unit="1/s", cites=SOURCES, unchanged_by=UNCHANGED, premises=UNFILTERED)
def effective_default_mode(recording: Recording) -> float:
    """Mean directed connection between default-mode regions.

    1/s, over all ordered pairs of two different regions; see `effective_connectivity`. Noise lowers
    it: twice the scanner noise gives 0.016 in place of 0.024 in a simulation.
    """
    ours = regions(recording, "default")
    block = _connections(recording)[np.ix_(ours, ours)]
    return float(block[~np.eye(len(ours), dtype=bool)].mean())


@measure(unit="1/s", cites=SOURCES, unchanged_by=UNCHANGED, premises=UNFILTERED)
def effective_task_positive_to_default(recording: Recording) -> float:
    """Mean directed connection from task-positive to default-mode regions.

    1/s; negative where task-positive activity is followed by a fall of the default mode. See
    `effective_asymmetry` for what can look like it.
    """
    return _onto_default(recording)


@measure(unit="1/s", cites=SOURCES, unchanged_by=UNCHANGED, premises=UNFILTERED)
def effective_default_to_task_positive(recording: Recording) -> float:
    """Mean directed connection from default-mode to task-positive regions.

    1/s; negative where default-mode activity is followed by a fall of the task-positive networks.
    """
    return _onto_task_positive(recording)


@measure(unit="1/s", cites=SOURCES, unchanged_by=UNCHANGED, premises=UNFILTERED)
def effective_asymmetry(recording: Recording) -> float:
    """How much stronger task-positive regions drive default-mode regions than the reverse.

    1/s: mean connection from task-positive to default-mode regions less that of the reverse; below
    0 where the default mode is the more suppressed of the two. Direction is told by timing, of
    which blood flow keeps little: in simulations of 10 min, suppression of the default mode alone,
    by 0.025/s, gives −0.007 to −0.009 ± 0.003 (standard deviation over runs), as the prior shrinks
    it and 0.004 to 0.005 of it show the wrong way round; mutual suppression gives 0.000 ± 0.003,
    also where the default mode has twice the scanner noise, but −0.003 where its blood flow is 1 s
    later. It is evidence of direction only as far as delays are alike.
    """
    return _onto_default(recording) - _onto_task_positive(recording)
