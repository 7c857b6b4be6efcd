"""The denoised recording and its books: what was done, what is absent now and why."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.grid import Grid
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array, Processing, Recording
from defaultmode.denoising.cleaning import Cleaned, Plan, clean_alike
from defaultmode.denoising.prepared import Prepared
from defaultmode.denoising.presets import Preset

MEAN_OF_REGIONS = "mean_of_regions"
SMALLEST_SD_LEFT = 1e-9  # of a region's own: below it the residual is rounding error


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """What was done: the preset, and the columns of the table it removed."""

    preset: Preset
    columns: tuple[str, ...]

    @property
    def removed(self) -> tuple[str, ...]:
        """Names of all regressors, in order."""
        return (*self.columns, MEAN_OF_REGIONS) if self.preset.from_regions else self.columns


def denoised(prepared: Prepared, cleaned: Cleaned, steps: Steps) -> Recording:
    """The recording with the cleaned signal in its places.

    A region of which the regression left only rounding error is absent (E118).
    """
    recording, scaled, plan = prepared.recording, prepared.scaled, prepared.plan
    names = recording.atlas.names
    empty = cleaned.signal[plan.usable].std(axis=0) <= SMALLEST_SD_LEFT * prepared.supplied_sd
    nothing = Missing(f"{steps.preset.name} leaves nothing of its signal", "E118")
    emptied = {names[i]: nothing for i in prepared.columns[empty]}
    columns = prepared.columns[~empty]
    whole = None if cleaned.unfiltered is None else cleaned.unfiltered[:, ~empty]
    return replace(
        recording,
        signal=_spread(cleaned.signal[:, ~empty], columns, len(names)),
        unfiltered=None if whole is None else _spread(whole, columns, len(names)),
        removed=cleaned.removed,
        grid=_grid(recording.grid, cleaned, plan),
        unit=scaled.unit,
        usable=plan.usable,
        absent={**scaled.absent, **emptied},
        processing=_processing(prepared, steps),
        confounds={},
        provenance=_provenance(prepared, cleaned, steps),
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


def _processing(prepared: Prepared, steps: Steps) -> Processing:
    done = prepared.recording.processing
    low_hz, high_hz = prepared.plan.own_band
    no_mean = prepared.recording.unit == "scanner" and prepared.scaled.unit == "arbitrary"
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


def _provenance(prepared: Prepared, cleaned: Cleaned, steps: Steps) -> dict[str, object]:
    """The input's own, and what was done, in values that JSON can hold."""
    plan, given = prepared.plan, prepared.recording.provenance
    kept = {k: v for k, v in given.items() if k != "confounds_sidecar"}
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
