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
    """Directed connection from each region (column) to each other (row).

    1/s, shape (n_regions, n_regions), NaN where a region has no signal: posterior means of
    regression DCM for the resting state (Frässle 2021) of signals of unit variance without
    denoising's filter; self-connections on the diagonal. Pairs of frames that are not both usable
    are left out. All regions are in one model, so a connection is what the others do not explain;
    it shrinks as regions are added: compare within one atlas. In simulated blood flow (10 min at a
    repetition time of 2 s, one haemodynamic response for all) estimates correlate with the true
    wiring at 0.74 among 10 regions and 0.30 among 100, 98 % of the connections that exist have the
    right sign and 89–93 % the right direction; delays of blood flow that differ by 1 s and noise
    that differs e-fold bring directions down to 70–82 %. Missing after global signal regression.
    """
    return _connections(recording)


@measure(unit="1/s", cites=SOURCES, unchanged_by=UNCHANGED, premises=UNFILTERED)
def effective_default_mode(recording: Recording) -> float:
    """Mean directed connection between default-mode regions.

    1/s, over all ordered pairs of two different regions; see `effective_connectivity`.
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
    0 where the default mode is the more suppressed of the two. Direction is told by timing and
    noise, of which blood flow keeps little: in simulations of 10 min, suppression of the default
    mode alone, by 0.025/s, gives −0.015 to −0.017 ± 0.005 (standard deviation over runs), and
    mutual suppression gives 0.000 ± 0.006; but it gives −0.015 too where the default mode has twice
    the scanner noise (repetition time 0.7 s; −0.006 at 2 s), and −0.006 where its blood flow is 1 s
    later. It is evidence of direction only as far as noise and delay are alike.
    """
    return _onto_default(recording) - _onto_task_positive(recording)
