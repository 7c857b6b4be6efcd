"""How long activity lingers in a region: its intrinsic timescale."""

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.measures._autocorrelation import HALF, area, autocorrelation, decay, half_width
from defaultmode.measures._regions import once_per_recording, regions, spread
from defaultmode.measures._registry import measure
from defaultmode.measures._unfiltered import unfiltered

UNCHANGED = ("scale", "offset", "region order", "time reversal")
PREMISES = ("not low-passed",)
AREA = ("Watanabe2019", "Goldberg2024")


@once_per_recording
def _autocorrelations(recording: Recording) -> Array:
    """Autocorrelation of every region, (n_lags, n_regions), NaN where one has no signal."""
    signal = unfiltered(recording)
    columns = regions(recording)
    found = autocorrelation(signal[:, columns], recording.usable)
    return np.stack([spread(recording, columns, at_lag) for at_lag in found])


def _resolved(recording: Recording, role: str | None = None) -> Array:
    """Autocorrelation of the regions of a role, (n_lags, k).

    Raises E306 where their mean at the first lag is within the error of white noise.
    """
    acf = _autocorrelations(recording)[:, regions(recording, role, at_least=1)]
    first, noise = acf[1].mean(), 2 / np.sqrt(recording.usable.sum())
    if first <= noise:
        msg = (
            f"Frames {recording.tr_s} s apart correlate at {first:.2f}, no more than white noise "
            "may: the timescale is shorter than the repetition time resolves."
        )
        raise DefaultModeError("E306", msg)
    return acf


@measure(unit="s", cites=AREA, unchanged_by=UNCHANGED, premises=PREMISES)
def timescale_default(recording: Recording) -> float:
    """Mean intrinsic timescale of default-mode regions: the area under their autocorrelation.

    s: sum of the autocorrelation before its first zero times the repetition time (after Watanabe
    2019; that lag 0 counts half is ours), of the signal without denoising's filter and linear
    trend. It depends on the repetition time, as the noise of the scanner is all at lag 0, and on
    the length, for a short run cuts slow fluctuations off: compare runs alike in both. Head motion
    raises it over the whole brain, by as much as illness is said to; censored frames are left out
    of the pairs, yet how many are lost shifts it too (Goldberg 2024): see `censored_share`.
    """
    return float(area(_resolved(recording, "default")).mean() * recording.tr_s)


@measure(unit="s", cites=AREA, unchanged_by=UNCHANGED, premises=PREMISES)
def timescale_task_positive(recording: Recording) -> float:
    """Mean intrinsic timescale of task-positive regions: the area under their autocorrelation.

    s, as `timescale_default`.
    """
    return float(area(_resolved(recording, "task-positive")).mean() * recording.tr_s)


@measure(unit="s", cites=AREA, unchanged_by=UNCHANGED, premises=PREMISES, kind="regions")
def timescale_by_region(recording: Recording) -> Array:
    """Intrinsic timescale of each region: the area under its autocorrelation.

    s, shape (n_regions,), NaN where a region has no signal; as `timescale_default`.
    """
    columns = regions(recording)
    return spread(recording, columns, area(_resolved(recording)) * recording.tr_s)


@measure(unit="s", cites=("Honey2012", "Goldberg2024"), unchanged_by=UNCHANGED, premises=PREMISES)
def timescale_half_default(recording: Recording) -> float:
    """Mean lag at which the autocorrelation of default-mode regions has fallen to a half.

    s: the autocorrelation window ACW-0.5 (Honey 2012), between lags along a straight line; depends
    on repetition time, length, motion and censoring as `timescale_default` does. Missing where
    half of the regions come down to it within one repetition time.
    """
    acf = _resolved(recording, "default")
    typical = np.median(acf[1])
    if typical < HALF:
        msg = (
            f"Frames {recording.tr_s} s apart correlate at {typical:.2f} (median): the "
            "autocorrelation falls to a half within one repetition time."
        )
        raise DefaultModeError("E306", msg)
    return float(half_width(acf).mean() * recording.tr_s)


@measure(unit="s", cites=("Murray2014", "Goldberg2024"), unchanged_by=UNCHANGED, premises=PREMISES)
def timescale_exponential_default(recording: Recording) -> float:
    """Time constant of the exponential decay of the mean autocorrelation of default-mode regions.

    s, fitted from lag 1 to before the first zero with an amplitude of its own, so that noise that
    is new in every frame does not shorten it (after Murray 2014, without the offset). Depends on
    repetition time, length, motion and censoring as `timescale_default` does.
    """
    return decay(_resolved(recording, "default").mean(axis=1)) * recording.tr_s
