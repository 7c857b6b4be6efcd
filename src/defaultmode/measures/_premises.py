"""What a measure takes for granted about a recording, one predicate and one sentence each."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from defaultmode.core.missing import Missing
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


def corners_hz(recording: Recording) -> tuple[float, float]:
    """Band (Hz) that is left in the signal which measures of the spectrum and of a task look at."""
    done = recording.processing
    corners = (done.low_cutoff_hz, done.high_cutoff_hz)
    if recording.unfiltered is not None:
        corners = (done.supplied_low_cutoff_hz, done.supplied_high_cutoff_hz)
    return corners[0] or 0.0, corners[1] or inf


def _whole_spectrum(recording: Recording) -> bool:
    low_hz, high_hz = corners_hz(recording)
    return low_hz <= LOW_HZ and high_hz == inf


def _low_frequencies_kept(recording: Recording) -> bool:
    low_hz, high_hz = corners_hz(recording)
    return low_hz <= LOW_HZ and high_hz >= HIGH_HZ


def _motion_known(recording: Recording) -> bool:
    return recording.motion is not None


def _frames_judged(recording: Recording) -> bool:
    return _motion_known(recording) or not recording.usable.all()


def _task_known(recording: Recording) -> bool:
    return bool(recording.events)


def _grid_known(recording: Recording) -> bool:
    return recording.grid is not None


def _not_low_passed(recording: Recording) -> bool:
    return corners_hz(recording)[1] == inf


def _slow_changes_kept(recording: Recording) -> bool:
    return corners_hz(recording)[0] == 0


def _concentration_known(recording: Recording) -> bool:
    exposure = recording.exposure
    return exposure is not None and not isinstance(exposure.plasma, Missing)


PREMISES = {
    premise.name: premise
    for premise in (
        Premise(
            "percent scale",
            "The signal is not in percent signal change: it came without a mean to scale it by.",
            _percent_scale,
        ),
        Premise(
            "global signal kept",
            "The global signal was regressed out, so nothing can be said of its size or of what it "
            "sets.",
            _global_signal_kept,
        ),
        Premise(
            "whole spectrum",
            f"The signal was low-passed, or high-passed above {LOW_HZ} Hz, before it came here, so "
            "the share of its low frequencies in the whole spectrum is lost.",
            _whole_spectrum,
        ),
        Premise(
            "low frequencies kept",
            f"A filter before it came here cut into the band {LOW_HZ}–{HIGH_HZ} Hz that is to be "
            "measured.",
            _low_frequencies_kept,
        ),
        Premise(
            "motion known",
            "Head motion is not known: the recording came without motion parameters.",
            _motion_known,
        ),
        Premise(
            "frames judged",
            "Head motion is not known and no frame was marked unusable: nobody judged the frames.",
            _frames_judged,
        ),
        Premise(
            "task known",
            "No events of a task are known: there is no events.tsv for this run.",
            _task_known,
        ),
        Premise(
            "grid known",
            "No voxels or vertices were read; --maps reads them, where the input has any.",
            _grid_known,
        ),
        Premise(
            "not low-passed",
            "The signal was low-passed before it came here, which sets its own timescale and "
            "regularity.",
            _not_low_passed,
        ),
        Premise(
            "slow changes kept",
            "The signal was high-passed before it came here, which takes away what rises and falls "
            "with a concentration.",
            _slow_changes_kept,
        ),
        Premise(
            "concentration known",
            "No concentration of a drug is known for this run: it has no dose with amount and time "
            "of a drug with kinetics, and no plasma samples.",
            _concentration_known,
        ),
    )
}
