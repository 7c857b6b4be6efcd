"""Filter and regression in one step, on arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.recording import Array
from defaultmode.denoising.filters import Band, band_pass, interpolate
from defaultmode.denoising.regression import regress, remove_trend, without_rounding


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is done to a signal sampled every `tr_s` seconds, whatever is regressed.

    usable : (n_time,) frames to believe
    band : corners of the result (Hz), applied to the regressors
    own_band : those of them that the signal has not been through yet
    order : of the Butterworth filter
    """

    tr_s: float
    usable: NDArray[np.bool_]
    band: Band
    own_band: Band
    order: int = 2

    @property
    def supplied_band(self) -> Band:
        """Those corners (Hz) of the band that the signal came with."""
        (low_hz, high_hz), (own_low_hz, own_high_hz) = self.band, self.own_band
        return (low_hz if own_low_hz is None else None, high_hz if own_high_hz is None else None)

    @property
    def drifts(self) -> bool:
        """Whether the signal still has its line: one that was high-passed has lost it."""
        return self.own_band[0] == self.band[0]

    @property
    def independent_frames(self) -> float:
        """How many independent samples the kept frames hold within the band.

        Twice the bandwidth times the usable time: what a time series of limited band can carry.
        """
        return 2 * self.width_hz * float(self.usable.sum()) * self.tr_s

    @property
    def width_hz(self) -> float:
        """Width of the band up to the Nyquist frequency; 0 or less where there is no band."""
        low_hz, high_hz = self.band
        return (high_hz or 0.5 / self.tr_s) - (low_hz or 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Passed:
    """Series that are ready for regression, before our filter and after it, both (n_time, n)."""

    steady: Array
    filtered: Array


@dataclass(frozen=True, slots=True, eq=False)
class Cleaned:
    """Signal in the band and without our filter, (n_time, n_regions); rank of what went out.

    unfiltered : None where our filter did nothing
    freedom : independent samples in the band less the rank of the regressors
    design : (n_time, n_columns) that `signal` was regressed on
    removed : (n_time, n_columns), trend and regressors that were taken off `unfiltered`, or off
        `signal` where that is None
    """

    signal: Array
    unfiltered: Array | None
    rank: int
    freedom: float
    design: Array
    removed: Array


def pass_signal(signal: Array, plan: Plan) -> Passed:
    """Take the trend and everything outside the band off a signal (n_time, n), units kept.

    Values in censored frames are never looked at. A column does not depend on those beside it.
    """
    steady = interpolate(remove_trend(signal, plan.usable, line=plan.drifts), plan.usable)
    return Passed(steady, band_pass(steady, plan.tr_s, band=plan.own_band, order=plan.order))


def pass_confounds(confounds: Array, plan: Plan) -> Passed:
    """The same steps for confounds (n_time, n), which are in all bands alike to begin with.

    Were only the signal filtered, the fit would bring back the frequencies that the filter took
    (Lindquist 2019).
    """
    level = interpolate(remove_trend(confounds, plan.usable), plan.usable)
    level = without_rounding(level, interpolate(confounds, plan.usable))
    return Passed(_within(level, plan.supplied_band, plan), _within(level, plan.band, plan))


def _within(confounds: Array, band: Band, plan: Plan) -> Array:
    filtered = band_pass(confounds, plan.tr_s, band=band, order=plan.order)
    return without_rounding(filtered, confounds)


def clean(signal: Passed, confounds: Passed, plan: Plan, *, from_regions: bool = False) -> Cleaned:
    """Take the confounds' fit, and with `from_regions` that of the mean over regions, off a signal.

    The signal (n_time, n_regions) and the confounds (n_time, n_confounds) passed the same steps.
    """
    design = _design(signal.filtered, confounds.filtered, from_regions=from_regions)
    result = regress(signal.filtered, design, plan.usable)
    ours = plan.own_band != (None, None)
    wide = _design(signal.steady, confounds.steady, from_regions=from_regions) if ours else design
    whole = regress(signal.steady, wide, plan.usable).signal if ours else None
    line = np.linspace(-1.0, 1.0, len(design))[:, None]
    rank = result.rank - 1  # the constant is not a confound
    drift = 0 if plan.band[0] else 2  # without a high-pass, constant and line cost one sample each
    freedom = plan.independent_frames - rank - drift
    removed = np.column_stack([wide, line]) if plan.drifts else wide
    return Cleaned(result.signal, whole, rank, freedom, design, removed)


def clean_alike(signal: Array, design: Array, plan: Plan) -> Array:
    """Other places of the same run, (n_time, n), cleaned as the regions were by this design."""
    return regress(pass_signal(signal, plan).filtered, design, plan.usable).signal


def _design(signal: Array, confounds: Array, *, from_regions: bool) -> Array:
    design = np.column_stack([np.ones(len(signal)), confounds])
    if from_regions:
        size = np.linalg.norm(signal, axis=1, keepdims=True)
        mean = without_rounding(signal.mean(axis=1, keepdims=True), size)
        design = np.column_stack([design, mean])
    return design
