"""The denoised recording and its books: what was done, what is absent now and why."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.grid import Grid
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array, Processing, Recording
from defaultmode.denoising.cleaning import Cleaned, Plan, clean_alike
from defaultmode.denoising.presets import Preset
from defaultmode.denoising.scale import Scaled

MEAN_OF_REGIONS = "mean_of_regions"
SMALLEST_SD_LEFT = 1e-9  # of a region's own: below it the residual is rounding error


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """What was done: the preset, the filter plan, and the columns of the table it removed."""

    preset: Preset
    plan: Plan
    columns: tuple[str, ...]

    @property
    def removed(self) -> tuple[str, ...]:
        """Names of all regressors, in order."""
        return (*self.columns, MEAN_OF_REGIONS) if self.plan.from_regions else self.columns


def denoised(recording: Recording, scaled: Scaled, cleaned: Cleaned, steps: Steps) -> Recording:
    """The recording with the cleaned signal in its places.

    A region of which the regression left only rounding error is absent (E118).
    """
    names = recording.atlas.names
    present = [i for i, name in enumerate(names) if name not in scaled.absent]
    usable = steps.plan.usable
    supplied_sd = scaled.signal[usable][:, present].std(axis=0)
    empty = cleaned.signal[usable].std(axis=0) <= SMALLEST_SD_LEFT * supplied_sd
    nothing = Missing(f"{steps.preset.name} leaves nothing of its signal", "E118")
    emptied = {names[i]: nothing for i, gone in zip(present, empty, strict=True) if gone}
    columns = np.array([i for i in present if names[i] not in emptied], dtype=np.intp)
    kept = ~empty
    whole = None if cleaned.unfiltered is None else cleaned.unfiltered[:, kept]
    return replace(
        recording,
        signal=_spread(cleaned.signal[:, kept], columns, len(names)),
        unfiltered=None if whole is None else _spread(whole, columns, len(names)),
        removed=cleaned.removed,
        grid=_grid(recording.grid, cleaned, steps.plan),
        unit=scaled.unit,
        usable=usable,
        absent={**scaled.absent, **emptied},
        processing=_processing(recording, scaled, steps),
        confounds={},
        provenance=_provenance(recording, cleaned, steps),
    )


def _grid(grid: Grid | None, cleaned: Cleaned, plan: Plan) -> Grid | None:
    """The places behind the regions, to be cleaned as the regions were when they are looked at."""
    if grid is None:
        return None
    return replace(grid, cleaning=partial(clean_alike, design=cleaned.design, plan=plan))


def _spread(signal: Array, columns: NDArray[np.intp], n_regions: int) -> Array:
    """The columns in their places among all regions, NaN where a region is absent."""
    full = np.full((len(signal), n_regions), np.nan)
    full[:, columns] = signal
    return full


def _processing(recording: Recording, scaled: Scaled, steps: Steps) -> Processing:
    done = recording.processing
    low_hz, high_hz = steps.plan.own_band
    no_mean = recording.unit == "scanner" and scaled.unit == "arbitrary"
    return Processing(
        low_cutoff_hz=done.low_cutoff_hz or low_hz,
        high_cutoff_hz=done.high_cutoff_hz or high_hz,
        demeaned=done.demeaned or no_mean,
        global_signal_removed=done.global_signal_removed or steps.preset.removes_global_signal,
        confounds_removed=(*done.confounds_removed, *steps.removed),
        preset=steps.preset.name,
        supplied_low_cutoff_hz=done.low_cutoff_hz,
        supplied_high_cutoff_hz=done.high_cutoff_hz,
    )


def _provenance(recording: Recording, cleaned: Cleaned, steps: Steps) -> dict[str, object]:
    """The input's own, and what was done, in values that JSON can hold."""
    plan = steps.plan
    kept = {k: v for k, v in recording.provenance.items() if k != "confounds_sidecar"}
    return kept | {
        "denoising": {
            "preset": steps.preset.name,
            "regressors": list(steps.removed),
            "rank": cleaned.rank,
            "n_frames": len(plan.usable),
            "n_censored": int((~plan.usable).sum()),
            "band_hz": list(plan.band),
            "filtered_here_hz": list(plan.own_band),
            "filter_order": plan.order,
            "degrees_of_freedom": cleaned.freedom,
        }
    }
