"""What a measure takes for granted about a recording, one predicate and one sentence each."""

from collections.abc import Callable
from dataclasses import dataclass

from defaultmode.core.recording import Recording

LOW_HZ, HIGH_HZ = 0.01, 0.08  # the low-frequency band of Zang 2007 and Zou 2008


@dataclass(frozen=True, slots=True)
class Premise:
    """A condition on a recording; `sentence` is why a measure is Missing where it fails."""

    name: str
    sentence: str
    holds: Callable[[Recording], bool]


def _percent_scale(recording: Recording) -> bool:
    return recording.unit == "percent"


def _global_signal_kept(recording: Recording) -> bool:
    return not recording.processing.global_signal_removed


def _high_pass_below_band(recording: Recording) -> bool:
    return (recording.processing.low_cutoff_hz or 0.0) <= LOW_HZ


def _whole_spectrum(recording: Recording) -> bool:
    low_passed = recording.unfiltered is None and recording.processing.high_cutoff_hz is not None
    return not low_passed and _high_pass_below_band(recording)


def _low_frequencies_kept(recording: Recording) -> bool:
    corner_hz = recording.processing.high_cutoff_hz
    whole = recording.unfiltered is not None or corner_hz is None
    return (whole or (corner_hz is not None and corner_hz >= HIGH_HZ)) and _high_pass_below_band(
        recording
    )


def _motion_known(recording: Recording) -> bool:
    return recording.motion is not None


PREMISES = {
    premise.name: premise
    for premise in (
        Premise(
            "percent scale",
            "The signal is not in percent signal change: its mean was removed before it came here.",
            _percent_scale,
        ),
        Premise(
            "global signal kept",
            "The global signal was regressed out, so nothing can be said of its size.",
            _global_signal_kept,
        ),
        Premise(
            "whole spectrum",
            "The signal was band-passed before it came here, so the share of its low frequencies "
            "in the whole spectrum is lost.",
            _whole_spectrum,
        ),
        Premise(
            "low frequencies kept",
            f"An earlier filter cut into the band {LOW_HZ}–{HIGH_HZ} Hz that is to be measured.",
            _low_frequencies_kept,
        ),
        Premise(
            "motion known",
            "Head motion is not known: the recording came without motion parameters.",
            _motion_known,
        ),
    )
}
