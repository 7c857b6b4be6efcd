"""From a recording as it was supplied to one that can be measured."""

from collections.abc import Iterable, Iterator

from defaultmode.core.missing import Missing
from defaultmode.core.recording import Recording
from defaultmode.denoising.applicable import columns_to_remove
from defaultmode.denoising.bookkeeping import Steps, denoised
from defaultmode.denoising.censoring import Mask, limits_of, usable_frames
from defaultmode.denoising.choices import Choices
from defaultmode.denoising.cleaning import Cleaned, Plan, clean
from defaultmode.denoising.filters import band_of
from defaultmode.denoising.prepared import Prepared, prepare
from defaultmode.denoising.presets import Preset

USUAL = Choices()
FEWEST_FRAMES = 3  # a constant and a straight line are fitted to two
ROUNDING_S = 1e-6  # 300 frames of 0.8 s are 240 s, whatever the last bit says


def denoise(
    recording: Recording, preset: Preset, *, choices: Choices = USUAL
) -> Recording | Missing:
    """The recording without the preset's regressors and outside the band, full length.

    The signal is in percent where the input had a mean to scale by; `usable` marks the frames that
    are kept; values in the others are there for plots only. A side of the band that was filtered
    before is not filtered again: its corner stays. The provenance gains "denoising". How:
    `cleaning`; why: decision 0004.

    Missing with code E205 (a column is not there), E301 (too little usable signal), E302 (no region
    left), E303 (too few degrees of freedom) or E304 (done before); raises E134 for a confound with
    gaps.
    """
    return next(denoise_all(recording, [preset], choices=choices))


def denoise_all(
    recording: Recording, presets: Iterable[Preset], *, choices: Choices = USUAL
) -> Iterator[Recording | Missing]:
    """The recording under each preset in turn, bit by bit as `denoise` gives it.

    What presets share is done once: scale, trend and filter of the signal for every set of usable
    frames, and those of every confound. A result is made when it is asked for.
    """
    shared: dict[bytes, Prepared | Missing] = {}
    for preset in presets:
        yield _denoise(recording, preset, choices, shared)


def _denoise(
    recording: Recording,
    preset: Preset,
    choices: Choices,
    shared: dict[bytes, Prepared | Missing],
) -> Recording | Missing:
    names = columns_to_remove(recording, preset)
    if isinstance(names, Missing):
        return names
    usable = _believed(recording, preset, choices)
    if isinstance(usable, Missing):
        return usable
    frames = usable.tobytes()
    if frames not in shared:
        shared[frames] = _prepared(recording, usable, choices)
    prepared = shared[frames]
    if isinstance(prepared, Missing):
        return prepared
    confounds = prepared.confounds(names)
    cleaned = clean(prepared.signal, confounds, prepared.plan, from_regions=preset.from_regions)
    if cleaned.freedom < choices.min_freedom:
        return _too_few(preset, prepared.plan, cleaned, choices)
    return denoised(prepared, cleaned, Steps(preset, names))


def _believed(recording: Recording, preset: Preset, choices: Choices) -> Mask | Missing:
    usable = usable_frames(recording, limits_of(preset.censoring, choices))
    if isinstance(usable, Missing):
        return usable
    usable_s = float(usable.sum()) * recording.tr_s
    needed_s = max(choices.min_usable_s, FEWEST_FRAMES * recording.tr_s)
    if usable_s < needed_s - ROUNDING_S:
        return Missing(f"{usable_s:.0f} s of usable signal; {needed_s:g} s are needed", "E301")
    return usable


def _prepared(recording: Recording, usable: Mask, choices: Choices) -> Prepared | Missing:
    low_hz, high_hz = band_of(choices.low_hz, choices.high_hz, recording.tr_s)
    done_low_hz = recording.processing.low_cutoff_hz
    done_high_hz = recording.processing.high_cutoff_hz
    plan = Plan(
        tr_s=recording.tr_s,
        usable=usable,
        band=band_of(done_low_hz or low_hz, done_high_hz or high_hz, recording.tr_s),
        own_band=(None if done_low_hz else low_hz, None if done_high_hz else high_hz),
        order=choices.order,
    )
    if plan.width_hz <= 0:
        return Missing(f"no band is left between the corners {plan.band} Hz", "E304")
    return prepare(recording, plan)


def _too_few(preset: Preset, plan: Plan, cleaned: Cleaned, choices: Choices) -> Missing:
    held = plan.independent_frames
    why = (
        f"{preset.name} removes {cleaned.rank} regressors from {held:.0f} independent samples; "
        f"{cleaned.freedom:.0f} degrees of freedom are left and {choices.min_freedom:g} are needed"
    )
    return Missing(why, "E303")
