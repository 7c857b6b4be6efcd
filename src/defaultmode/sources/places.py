"""A run of vertices or CIFTI places, averaged into a recording of regions."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.grid import Grid
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array, Recording
from defaultmode.sources.bids import RunFiles
from defaultmode.sources.sidecars import processing_from_sidecar
from defaultmode.sources.volume_confounds import confounds_of
from defaultmode.sources.volume_signal import MIN_COVERAGE, check_enough

CONFOUNDS_SIDECAR = "confounds_sidecar"  # where denoising looks for it


@dataclass(frozen=True, slots=True)
class Laid:
    """An atlas laid on the places of a run: column of each place, −1 for none; how it was done."""

    atlas: Atlas
    column: NDArray[np.intp]
    how: str


def recording_of_places(
    files: RunFiles, laid: Laid, grid: Grid, *, tr_s: float, maps: bool
) -> Recording:
    """The mean over the places of each region, (n_time, n_regions), in the file's own units.

    grid : the places that are alive, kept with the recording if `maps`. A region is absent when
    less than half of its places are alive. Raises E204, E208 and E302 as `read_volumes` does.
    """
    names = laid.atlas.names
    expected = np.bincount(laid.column[laid.column >= 0], minlength=len(names))
    covered = np.bincount(grid.region[grid.region >= 0], minlength=len(names))
    signal = _means(grid, len(names))
    absent = _absent(names, signal, expected=expected, covered=covered)
    check_enough(laid.atlas, absent, files.signal)
    signal[:, [name in absent for name in names]] = np.nan
    confounds, motion = confounds_of(files.confounds, len(signal))
    share = covered / np.maximum(expected, 1)
    return Recording(
        signal=signal,
        tr_s=tr_s,
        atlas=laid.atlas,
        entities=files.entities,
        processing=processing_from_sidecar(files.sidecar),
        grid=grid if maps else None,
        absent=absent,
        motion=motion,
        confounds=confounds,
        provenance={
            "source": files.signal.name,
            "kind": files.kind,
            "space": files.space,
            "regions_from": laid.how,
            "min_coverage": MIN_COVERAGE,
            "coverage": {name: round(float(share[i]), 4) for i, name in enumerate(names)},
            CONFOUNDS_SIDECAR: files.confounds_sidecar,
        },
    )


def _means(grid: Grid, n_regions: int) -> Array:
    """Mean of each region, (n_time, n_regions), NaN where none of its places is alive."""
    means = np.full((grid.signal.shape[1], n_regions), np.nan)
    for region in np.unique(grid.region[grid.region >= 0]):
        means[:, region] = grid.signal[grid.region == region].mean(axis=0, dtype=np.float64)
    return means


def _absent(
    names: tuple[str, ...],
    signal: Array,
    *,
    expected: NDArray[np.intp],
    covered: NDArray[np.intp],
) -> Mapping[str, Missing]:
    absent = {}
    for i, name in enumerate(names):
        if not covered[i] or covered[i] < MIN_COVERAGE * expected[i]:
            reason = f"no coverage: {covered[i]} of its {expected[i]} places have a signal"
            absent[name] = Missing(reason, "E121")
        elif not np.ptp(signal[:, i]) > 0:
            absent[name] = Missing("the mean of the region does not vary", "E118")
    return absent
