"""From a recording as it was supplied to one that can be measured."""

import numpy as np

from defaultmode.core.missing import Missing
from defaultmode.core.recording import Recording
from defaultmode.denoising.applicable import columns_to_remove
from defaultmode.denoising.bookkeeping import Steps, denoised
from defaultmode.denoising.censoring import Mask, limits_of, usable_frames
from defaultmode.denoising.choices import Choices
from defaultmode.denoising.cleaning import Cleaned, Plan, clean
from defaultmode.denoising.confounds import values_of
from defaultmode.denoising.filters import band_of
from defaultmode.denoising.presets import Preset
from defaultmode.denoising.scale import to_percent

USUAL = Choices()
FEWEST_FRAMES = 3  # a constant and a straight line are fitted to two
ROUNDING_S = 1e-6  # 300 frames of 0.8 s are 240 s, whatever the last bit says


def denoise(
    recording: Recording, preset: Preset, *, choices: Choices = USUAL
) -> Recording | Missing:
    """The recording without the preset's regressors and outside the band, full length.

    The signal is in percent where the input had a mean to scale by; `usable` marks the frames that
    are kept; values in the others are there for plots only. A side of the band that was filtered
    before is not filtered again: its corner stays. The provenance gains "denoising". How: `clean`;
    why: decision 0004.

    Missing with code E205 (a column is not there), E301 (too little usable signal), E302 (no region
    left), E303 (too few degrees of freedom) or E304 (done before); raises E134 for a confound with
    gaps.
    """
    names = columns_to_remove(recording, preset)
    if isinstance(names, Missing):
        return names
    usable = _believed(recording, preset, choices)
    if isinstance(usable, Missing):
        return usable
    scaled = to_percent(recording, usable)
    present = np.array([name not in scaled.absent for name in recording.atlas.names])
    if not present.any():
        return Missing("no region has a signal in the usable frames", "E302")
    plan = _plan(recording, preset, choices, usable)
    if isinstance(plan, Missing):
        return plan
    cleaned = clean(scaled.signal[:, present], values_of(recording, names), plan)
    if cleaned.freedom < choices.min_freedom:
        return _too_few(preset, plan, cleaned, choices)
    return denoised(recording, scaled, cleaned, Steps(preset, plan, names))


def _believed(recording: Recording, preset: Preset, choices: Choices) -> Mask | Missing:
    usable = usable_frames(recording, limits_of(preset.censoring, choices))
    if isinstance(usable, Missing):
        return usable
    usable_s = float(usable.sum()) * recording.tr_s
    needed_s = max(choices.min_usable_s, FEWEST_FRAMES * recording.tr_s)
    if usable_s < needed_s - ROUNDING_S:
        return Missing(f"{usable_s:.0f} s of usable signal; {needed_s:g} s are needed", "E301")
    return usable


def _plan(recording: Recording, preset: Preset, choices: Choices, usable: Mask) -> Plan | Missing:
    low_hz, high_hz = band_of(choices.low_hz, choices.high_hz, recording.tr_s)
    done_low_hz = recording.processing.low_cutoff_hz
    done_high_hz = recording.processing.high_cutoff_hz
    plan = Plan(
        tr_s=recording.tr_s,
        usable=usable,
        band=band_of(done_low_hz or low_hz, done_high_hz or high_hz, recording.tr_s),
        own_band=(None if done_low_hz else low_hz, None if done_high_hz else high_hz),
        order=choices.order,
        from_regions=any(group.from_regions for group in preset.regressors),
    )
    if plan.width_hz <= 0:
        return Missing(f"no band is left between the corners {plan.band} Hz", "E304")
    return plan


def _too_few(preset: Preset, plan: Plan, cleaned: Cleaned, choices: Choices) -> Missing:
    held = plan.independent_frames
    why = (
        f"{preset.name} removes {cleaned.rank} regressors from {held:.0f} independent samples; "
        f"{cleaned.freedom:.0f} degrees of freedom are left and {choices.min_freedom:g} are needed"
    )
    return Missing(why, "E303")
