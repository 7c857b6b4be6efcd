"""BOLD volumes, read strictly and in one streaming pass, as a recording of regions."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array, Motion, Recording
from defaultmode.sources.atlases.parcels import Parcellation
from defaultmode.sources.bids import RunFiles
from defaultmode.sources.nifti_header import VolumeHeader
from defaultmode.sources.nifti_stream import DECOMPRESSOR, read_header, read_volume, volume_blocks
from defaultmode.sources.sidecars import (
    LARGEST_TR_DIFFERENCE_S,
    processing_from_sidecar,
    repetition_time,
)
from defaultmode.sources.volume_confounds import confounds_of
from defaultmode.sources.volume_grid import KeptVoxels
from defaultmode.sources.volume_signal import (
    MIN_COVERAGE,
    RegionMeans,
    absent_regions,
    check_enough,
    coverage,
    region_means,
)
from defaultmode.sources.volume_weights import (
    DEFAULT_RADIUS_MM,
    RegionVoxels,
    region_voxels,
    same_grid,
)

CONFOUNDS_SIDECAR = "confounds_sidecar"  # where denoising looks for it


def open_volumes(path: Path) -> VolumeHeader:
    """Check everything about a BOLD series that needs no voxel: it must be a 4-D NIfTI image.

    Raises E101 to E103 (the file), E104 and E106 (its size), E105 (not NIfTI), E107 (data type),
    E108 (scale), E109 to E112 (orientation), E113 (not a series), E602 (permission).
    """
    return read_header(Path(path), series=True)


def read_volumes(
    files: RunFiles,
    atlas: Atlas,
    parcels: Parcellation | None = None,
    *,
    min_coverage: float = MIN_COVERAGE,
    maps: bool = False,
) -> Recording:
    """Average every region of an atlas in every volume of a run, never holding the whole run.

    Regions are the labels of `parcels`, or spheres about the centres of the atlas. A region is
    absent (NaN, with its reason) when less than `min_coverage` of its voxels lie in the image, in
    the brain mask and vary over time, or when one of them is not finite. The signal is in scanner
    units, (n_time, n_regions). With `maps` the voxels of the brain come along as a grid, read in
    the same pass and held in memory.

    Raises what `open_volumes` and `read_confounds` raise, E114 and E115 (mask), E116 (space), E140
    (no places in the atlas), E201 to E203 (repetition time) and E302 (no default-mode region left).
    """
    ready = _ready(files, atlas, parcels)
    header, voxels = ready.header, ready.voxels
    digest = hashlib.sha256()
    blocks = volume_blocks(header, digest)
    kept = KeptVoxels.of(header, voxels, ready.brain) if maps else None
    means = region_means(kept.filled(blocks) if kept else blocks, header, voxels)
    absent = absent_regions(atlas.names, means, voxels, min_coverage=min_coverage)
    check_enough(atlas, absent, header.path)
    signal = means.signal
    signal[:, [name in absent for name in atlas.names]] = np.nan
    recording = _recording(files, atlas, ready, signal, absent)
    provenance = (
        {**recording.provenance, "min_coverage": min_coverage}
        | _origin(files, header, digest.hexdigest())
        | _regions(atlas, parcels, means, voxels)
    )
    grid = kept.grid(files.space) if kept else None
    return replace(recording, grid=grid, provenance=provenance)


def look_at_volumes(
    files: RunFiles, atlas: Atlas, parcels: Parcellation | None = None
) -> Recording:
    """Everything that is known of a run without reading its voxels; its signal is 0 throughout.

    For `check` only. Raises what `read_volumes` raises before it reads a voxel.
    """
    ready = _ready(files, atlas, parcels)
    return _recording(files, atlas, ready, np.zeros((ready.header.n_time, len(atlas))), {})


@dataclass(frozen=True, slots=True)
class _Ready:
    """What must be right before a voxel is read."""

    header: VolumeHeader
    tr_s: float
    brain: NDArray[np.bool_] | None
    voxels: RegionVoxels
    confounds: dict[str, Array]
    motion: Motion | None


def _ready(files: RunFiles, atlas: Atlas, parcels: Parcellation | None) -> _Ready:
    header = open_volumes(files.signal)
    tr_s = _repetition_time(files, header)
    _check_space(files, header, parcels)
    brain = _brain(files.mask, header)
    voxels = region_voxels(atlas, parcels, header, brain)
    return _Ready(header, tr_s, brain, voxels, *confounds_of(files.confounds, header.n_time))


def _recording(
    files: RunFiles, atlas: Atlas, ready: _Ready, signal: Array, absent: Mapping[str, Missing]
) -> Recording:
    return Recording(
        signal=signal,
        tr_s=ready.tr_s,
        atlas=atlas,
        entities=files.entities,
        processing=processing_from_sidecar(files.sidecar),
        absent=absent,
        motion=ready.motion,
        confounds=ready.confounds,
        provenance={CONFOUNDS_SIDECAR: files.confounds_sidecar},
    )


def _repetition_time(files: RunFiles, header: VolumeHeader) -> float:
    """The sidecar's; the header can only contradict it. A header that says 0 does contradict it."""
    path = files.signal
    try:
        tr_s = repetition_time(files.sidecar, path)
    except DefaultModeError as error:
        if error.code != "E201":
            raise
        msg = f"{error.detail} The image's header says {header.tr_s:g} s, which is not believed."
        raise DefaultModeError("E201", msg) from error
    if not abs(tr_s - header.tr_s) <= LARGEST_TR_DIFFERENCE_S:
        msg = f"{path}: {tr_s:g} s in the sidecar, {header.tr_s:g} s in the header."
        raise DefaultModeError("E202", msg)
    return tr_s


def _check_space(files: RunFiles, header: VolumeHeader, parcels: Parcellation | None) -> None:
    """Atlases are in MNI space; a label image on the image's own grid was made for that image."""
    if files.space.upper().startswith("MNI"):
        return
    if parcels is not None and same_grid(header, parcels.labels.shape, parcels.affine):
        return
    stated = f"space {files.space!r}" if files.space else "native space: its name has no space"
    raise DefaultModeError("E116", f"{files.signal} is in {stated}; the atlas is in MNI space.")


def _brain(path: Path | None, header: VolumeHeader) -> NDArray[np.bool_] | None:
    if path is None:
        return None
    mask = read_header(path, series=False)
    if mask.orientation != header.orientation:
        msg = f"{path} runs {mask.orientation}; {header.path.name} runs {header.orientation}."
        raise DefaultModeError("E115", msg)
    if not same_grid(header, mask.shape, mask.affine):
        msg = (
            f"{path} has shape {mask.shape} and affine {mask.affine[:3].tolist()}; "
            f"{header.path.name} has {header.shape[:3]} and {header.affine[:3].tolist()}."
        )
        raise DefaultModeError("E114", msg)
    values = read_volume(mask)
    brain: NDArray[np.bool_] = np.isfinite(values) & (values != 0)
    return brain


def _origin(files: RunFiles, header: VolumeHeader, sha256: str) -> dict[str, object]:
    return {
        "file": files.signal.name,
        "bytes": files.signal.stat().st_size,
        "sha256": sha256,
        "mask": files.mask.name if files.mask else None,
        "confounds": files.confounds.name if files.confounds else None,
        "space": files.space,
        "resolution_mm": list(header.voxel_mm),
        "shape": list(header.shape),
        "orientation": header.orientation,
        "reader": DECOMPRESSOR.name if files.signal.name.endswith(".gz") else "uncompressed",
    }


def _regions(
    atlas: Atlas, parcels: Parcellation | None, means: RegionMeans, voxels: RegionVoxels
) -> dict[str, object]:
    share = coverage(means, voxels)
    return {
        "regions_from": "label image" if parcels is not None else "spheres",
        "default_radius_mm": None if parcels is not None else DEFAULT_RADIUS_MM,
        "coverage": {name: round(float(share[i]), 4) for i, name in enumerate(atlas.names)},
        "voxels_per_region": {
            "least": int(means.covered.min()),
            "median": float(np.median(means.covered)),
            "most": int(means.covered.max()),
        },
    }
