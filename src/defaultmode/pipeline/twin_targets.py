"""A recording → what its twin is to show: the whole, and either half by itself."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Entities, Recording
from defaultmode.core.settings import Settings
from defaultmode.denoising import denoise_all
from defaultmode.fitting.priors import independent_share
from defaultmode.fitting.target import Target, measured
from defaultmode.pipeline.one_run import Work, choices_of, chosen_presets, recording_of

LAG_S = 2.0  # our own: about the delay at which lagged correlations were followed in BOLD
SHORTEST_HALF_S = 60.0  # below it a half holds some ten independent samples


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What one run shows.

    regions : (k,) indices of the atlas's regions that carry a signal, in whose order targets are
    low_hz, high_hz : the band that is left; lacking : absent region → why
    """

    key: str
    entities: Entities
    atlas: Atlas
    denoise: str
    regions: NDArray[np.intp]
    whole: Target
    first: Target
    second: Target
    low_hz: float
    high_hz: float
    n_volumes: int
    usable_s: float

    @property
    def complete(self) -> bool:
        """Whether every region of the atlas carries a signal."""
        return len(self.regions) == len(self.atlas)


def shown_by(work: Work) -> Shown:
    """Read a run, denoise it under one preset that keeps the global signal, and see what it shows.

    Raises what reading raises, E516 where no such preset applies or too little is usable.
    """
    return shown_in(recording_of(work), work.settings, key=work.key)


def shown_in(recording: Recording, settings: Settings, *, key: str) -> Shown:
    """The same for a recording in memory."""
    cleaned = cleaned_for_twin(recording, settings)
    regions = np.array(
        [i for i, name in enumerate(recording.atlas.names) if name not in cleaned.absent]
    )
    low_hz, high_hz = _band_hz(cleaned)
    usable = np.asarray(cleaned.usable)
    first = np.cumsum(usable) <= usable.sum() // 2
    parts = {
        name: _target(cleaned, regions, usable & where, (low_hz, high_hz))
        for name, where in (("whole", True), ("first", first), ("second", ~first))
    }
    return Shown(
        key=key,
        entities=recording.entities,
        atlas=recording.atlas,
        denoise=cleaned.processing.preset,
        regions=regions,
        low_hz=low_hz,
        high_hz=high_hz,
        n_volumes=int(usable.sum()),
        usable_s=cleaned.usable_s,
        **parts,
    )


def cleaned_for_twin(recording: Recording, settings: Settings) -> Recording:
    """The recording under the first preset, of those asked for, that keeps the global signal.

    Raises E516 where there is none, or too little is usable.
    """
    presets, _ = chosen_presets(recording, settings.denoise)
    kept = [p for p in presets if not p.removes_global_signal]
    if not kept or recording.processing.global_signal_removed:
        msg = "the global signal was removed, which a stationary network of regions cannot show."
        raise DefaultModeError("E516", msg)
    cleaned = next(iter(denoise_all(recording, kept[:1], choices=choices_of(settings))))
    if isinstance(cleaned, Missing):
        raise DefaultModeError("E516", f"{kept[0].name}: {cleaned.code} {cleaned.reason}.")
    if cleaned.usable_s / 2.0 < SHORTEST_HALF_S:
        msg = f"{cleaned.usable_s:.0f} s are usable; expected {2 * SHORTEST_HALF_S:.0f} s or more."
        raise DefaultModeError("E516", msg)
    return replace(cleaned, processing=replace(cleaned.processing, preset=kept[0].name))


def _band_hz(cleaned: Recording) -> tuple[float, float]:
    """The band that is left after every filter that we know of."""
    done = cleaned.processing
    lows = [f for f in (done.low_cutoff_hz, done.supplied_low_cutoff_hz) if f]
    highs = [f for f in (done.high_cutoff_hz, done.supplied_high_cutoff_hz) if f]
    return max(lows, default=0.0), min([*highs, 0.5 / cleaned.tr_s])


def _target(
    cleaned: Recording,
    regions: NDArray[np.intp],
    usable: NDArray[np.bool_],
    band_hz: tuple[float, float],
) -> Target:
    """Two samples per Hz of band and second of usable signal, less what halves differ by beyond."""
    nominal = 2.0 * (band_hz[1] - band_hz[0]) * float(usable.sum()) * cleaned.tr_s
    samples = nominal * independent_share()
    signal = np.nan_to_num(cleaned.signal[:, regions])
    return measured(signal, usable, cleaned.tr_s, lag_s=LAG_S, samples=samples)
