"""How connectivity wanders from minute to minute, and whether it comes back."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.recording import Array, Recording
from defaultmode.core.reference import Reference
from defaultmode.core.tested import Tested
from defaultmode.measures._connectivity import connectivity
from defaultmode.measures._regions import carrying, once_per_reference, regions
from defaultmode.measures._registry import measure
from defaultmode.measures._surrogates import NULL, against_surrogates
from defaultmode.measures._windows import Windows, window_correlations, windows_of

UNCHANGED = ("scale", "offset", "region order")
PREMISES = ("stream",)
WINDOWS = ("Leonardi2015", "Hindriks2016", "Prichard1994")
FLUCTUATION, RECURRENCE = ("Hutchison2013", *WINDOWS), ("Hansen2015", *WINDOWS)
# Our own bound. Surrogates, it seems, spread over a run what interpolation took out of gaps: with
# 35 % of the frames censored in bursts of 20 s, the mean recurrence had p ≤ 0.05 in 17 of 40
# stationary runs, made as in the tests; with none censored in one.
MOST_CENSORED = 0.1
LONGEST_GAP_S = 6.0  # our own, between single frames and the 12 s that were tried
IN_BURSTS = f"frames are censored in bursts of more than {LONGEST_GAP_S:g} s"
UNTESTED = f"more than {100 * MOST_CENSORED:g} % of the frames are censored"
Indices = NDArray[np.intp]


def block_means(r: Array, ours: Indices, theirs: Indices) -> Array:
    """Mean Fisher z between two groups of regions in each window, shape (n_windows,).

    r : (n_windows, k, k); a region and itself count as no pair.
    """
    z = np.arctanh(np.where(ours[:, None] == theirs, 0, r[:, ours[:, None], theirs]))
    pairs = z[0].size - len(np.intersect1d(ours, theirs))
    return np.asarray(z.sum(axis=(1, 2)) / pairs)


def recurrence(r: Array) -> Array:
    """Correlation of the connectivity of every two windows over all pairs of regions (Hansen 2015).

    r : (n_windows, k, k), 1 on the diagonal; returns (n_windows, n_windows). Each pair of regions
    stands in r twice and the diagonal is taken off afterwards: the correlation of the upper
    triangles, without copying them.
    """
    k = r.shape[1]
    pairs = k * (k - 1)
    edges = r.reshape(len(r), -1)
    mean = (edges.sum(axis=1) - k) / pairs
    covariance = (edges @ edges.T - k) / pairs - np.outer(mean, mean)
    spread = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(spread, spread))


def apart(windows: Windows) -> tuple[Indices, Indices]:
    """Pairs of windows that share no frame: the numbers of the later ones, and of the earlier."""
    first, last = (np.array([frames[i] for frames in windows]) for i in (0, -1))
    later, earlier = np.nonzero(first[:, None] > last)
    return later, earlier


@once_per_reference
def window_statistics(recording: Recording, reference: Reference) -> dict[str, Tested]:
    """The four statistics of windows, each beside those of the surrogates, in one pass.

    Not tested where more than 10 % of the frames are censored.

    Raises E301 and E306 as `windows_of` and `window_correlations` do, E302 where either network
    is not there, and E305 where two regions carry the same signal.
    """
    connectivity(recording)  # says which regions are the same, where two are
    found = carrying(recording)
    ours, theirs = (
        np.searchsorted(found, regions(recording, r)) for r in ("default", "task-positive")
    )
    windows = windows_of(recording.usable, recording.tr_s)
    pairs = apart(windows)

    def statistics(signal: Array) -> Mapping[str, float]:
        r = window_correlations(signal, windows)
        again = recurrence(r)[pairs]
        return {
            "within": block_means(r, ours, ours).std(ddof=1),
            "between": block_means(r, ours, theirs).std(ddof=1),
            "recurrence_mean": again.mean(),
            "recurrence_sd": again.std(ddof=1),
        }

    if (~recording.usable).mean() > MOST_CENSORED:
        own = statistics(recording.signal[:, found])
        return {k: Tested(float(v), np.empty(0), NULL, untested=UNTESTED) for k, v in own.items()}
    return against_surrogates(recording, reference, statistics)


@measure(unit="Fisher z", cites=FLUCTUATION, unchanged_by=UNCHANGED, premises=PREMISES)
def window_connectivity_sd_default(recording: Recording, reference: Reference) -> Tested:
    """How much the connectivity within the default mode network varies between windows of 60 s.

    Fisher z: standard deviation over windows, every 30 s, of the mean over pairs of default-mode
    regions (Hutchison 2013). Most of it is the error of an estimate from 60 s, which surrogates of
    the same spectra and constant connectivity have too (Hindriks 2016): only what exceeds them
    speaks for a change, the more so as 60 s is less than the 100 s that Leonardi 2015 asks for at
    0.01 Hz. Missing for fewer than seven windows (240 s) with two thirds usable, and not tested
    where more than 10 % of all frames are censored.
    """
    return window_statistics(recording, reference)["within"]


@measure(unit="Fisher z", cites=FLUCTUATION, unchanged_by=UNCHANGED, premises=PREMISES)
def window_connectivity_sd_default_task_positive(
    recording: Recording, reference: Reference
) -> Tested:
    """How much the connectivity of default mode and task-positive networks varies between windows.

    Fisher z: as `window_connectivity_sd_default`, of the mean over pairs of one region of each.
    """
    return window_statistics(recording, reference)["between"]


@measure(unit="correlation", cites=RECURRENCE, unchanged_by=UNCHANGED, premises=PREMISES)
def functional_connectivity_dynamics_mean(recording: Recording, reference: Reference) -> Tested:
    """Mean similarity of the whole brain's connectivity in one window of 60 s to that in others.

    Correlation from −1 to 1 over all pairs of regions, mean over pairs of windows that share no
    frame (functional connectivity dynamics, FCD; Hansen 2015). It rises with the length of a window
    in frames and falls with noise: compare runs of one repetition time, beside their surrogates.
    Not tested where a burst of over 6 s is censored either: with bursts of 12 s in 10 % of the
    frames or less, 5 of 30 stationary runs had p ≤ 0.05.
    """
    found = window_statistics(recording, reference)["recurrence_mean"]
    if found.untested or _longest_gap_s(recording) <= LONGEST_GAP_S:
        return found
    return Tested(found.value, np.empty(0), NULL, untested=IN_BURSTS)


def _longest_gap_s(recording: Recording) -> float:
    """Seconds of the longest stretch of censored frames."""
    edges = np.flatnonzero(np.diff(np.r_[True, recording.usable, True]))
    return float(np.diff(edges)[::2].max(initial=0)) * recording.tr_s


@measure(unit="correlation", cites=RECURRENCE, unchanged_by=UNCHANGED, premises=PREMISES)
def functional_connectivity_dynamics_sd(recording: Recording, reference: Reference) -> Tested:
    """Spread of the similarity of connectivity between windows of 60 s: some return, some do not.

    Correlation: standard deviation over pairs of windows that share no frame, of the numbers whose
    mean is `functional_connectivity_dynamics_mean` (Hansen 2015).
    """
    return window_statistics(recording, reference)["recurrence_sd"]
