"""Which presets a recording can bear, and why not the others."""

from defaultmode.core.missing import Missing
from defaultmode.core.recording import Recording
from defaultmode.denoising.censoring import usable_frames
from defaultmode.denoising.confounds import columns_of
from defaultmode.denoising.presets import Preset, all_presets


def presets_for(recording: Recording) -> dict[str, Preset | Missing]:
    """The presets that concern this recording: itself where it can be applied, else why not.

    With a confounds table those that take columns of it, without one those that do not. Raises E134
    when framewise displacement or DVARS has gaps.
    """
    offered = all_presets()
    return {
        name: _itself_or_why(recording, preset)
        for name, preset in offered.items()
        if preset.needs_confounds == bool(recording.confounds)
    }


def _itself_or_why(recording: Recording, preset: Preset) -> Preset | Missing:
    columns = columns_to_remove(recording, preset)
    if isinstance(columns, Missing):
        return columns
    frames = usable_frames(recording, preset.censoring)
    return frames if isinstance(frames, Missing) else preset


def columns_to_remove(recording: Recording, preset: Preset) -> tuple[str, ...] | Missing:
    """Names of the confounds to remove, in the preset's order.

    Missing with code E304 where it was done before the signal was supplied, E205 where a column is
    not in the table.
    """
    done = recording.processing
    if done.preset:
        return Missing(f"the signal was already denoised by {done.preset}", "E304")
    if preset.removes_global_signal and done.global_signal_removed:
        return Missing("the global signal was removed before the signal was supplied", "E304")
    if preset.needs_confounds and done.confounds_removed:
        names = ", ".join(done.confounds_removed)
        return Missing(f"confounds were removed before the signal was supplied: {names}", "E304")
    return columns_of(recording, preset)
