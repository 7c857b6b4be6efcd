"""One pass over the volumes of a run: the mean of each region, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array
from defaultmode.sources.nifti_header import VolumeHeader
from defaultmode.sources.nifti_stream import Blocks
from defaultmode.sources.volume_weights import RegionVoxels

MIN_COVERAGE = 0.5  # default of XCP-D (--min-coverage), Mehta et al. 2024
# Scanner units are between about 1 and 1e5; beyond these the bytes are of another data type.
FAINTEST, BRIGHTEST = 1e-12, 1e9


@dataclass(frozen=True, slots=True, eq=False)
class RegionMeans:
    """Mean over the voxels of each region that vary over time.

    signal : (n_time, n_regions) in the image's own units, NaN where no voxel varies
    covered : (n_regions,) voxels in view, in the brain and varying; constant : those that do not
    """

    signal: Array
    covered: Array
    constant: Array


def region_means(blocks: Blocks, header: VolumeHeader, voxels: RegionVoxels) -> RegionMeans:
    """Average the voxels of each region in every volume, in float64.

    A voxel that never changes is left out. Deviations from the first volume are summed, so that a
    constant voxel adds exactly nothing whatever its value. A value that is not finite makes its
    region's signal not finite; nothing is averaged over it.
    """
    n_regions = len(voxels.expected)
    order = np.argsort(voxels.region, kind="stable")  # the voxels of a region side by side
    voxel, region = voxels.voxel[order], voxels.region[order]
    in_view, starts = np.unique(region, return_index=True)
    signal = np.zeros((header.n_time, n_regions))
    first = np.empty(len(voxel))
    still = np.arange(len(voxel))
    t = 0
    with closing(blocks), np.errstate(invalid="ignore", over="ignore"):
        for block in blocks:
            for volume in block:
                now = volume.take(voxel)
                if t == 0:
                    first[:] = now
                still = still[now[still] == first[still]]
                signal[t, in_view] = np.add.reduceat(now - first, starts)
                t += 1
        varies = np.ones(len(first), dtype=bool)
        varies[still] = False
        covered = np.bincount(region[varies], minlength=n_regions).astype(np.float64)
        start = np.bincount(region[varies], first[varies], n_regions)
        total = np.where(covered > 0, signal + start, np.nan)
        means = total / np.maximum(covered, 1) * header.slope + header.inter
    constant = np.bincount(region[still], minlength=n_regions).astype(np.float64)
    _check_brightness(means, header)
    return RegionMeans(means, covered, constant)


def _check_brightness(means: Array, header: VolumeHeader) -> None:
    finite = np.abs(means[np.isfinite(means)])
    if len(finite) and not FAINTEST <= finite.max() <= BRIGHTEST:
        msg = (
            f"{header.path.name}: regional means of up to {finite.max():.3g} cannot be a BOLD "
            f"signal; the data type ({header.dtype.name}) or scale of the header is wrong."
        )
        raise DefaultModeError("E108", msg)


def coverage(means: RegionMeans, voxels: RegionVoxels) -> Array:
    """Share of each region's voxels that carry a signal, (n_regions,)."""
    share: Array = means.covered / np.maximum(voxels.expected, 1)
    return np.minimum(share, 1.0)


def absent_regions(
    names: Sequence[str], means: RegionMeans, voxels: RegionVoxels, *, min_coverage: float
) -> dict[str, Missing]:
    """Which regions have no usable signal, and why."""
    share = coverage(means, voxels)
    absent = {}
    for i, name in enumerate(names):
        if not means.covered[i] or share[i] < min_coverage:
            seen = (means.covered[i] + means.constant[i]) / max(voxels.expected[i], 1)
            code = (
                "E118" if seen >= min_coverage else "E121"
            )  # in view but constant, or not in view
            absent[name] = Missing(_why_uncovered(i, share[i], means, voxels), code)
        elif not np.isfinite(means.signal[:, i]).all():
            absent[name] = Missing("a voxel of the region is not finite", "E117")
        elif not np.ptp(means.signal[:, i]) > 0:
            absent[name] = Missing("the mean of the region does not vary", "E118")
    return absent


def _why_uncovered(i: int, share: float, means: RegionMeans, voxels: RegionVoxels) -> str:
    if not voxels.expected[i]:
        return "no coverage: no voxel of the image belongs to the region"
    parts = (
        (voxels.outside_view[i], "outside the image"),
        (voxels.outside_brain[i], "outside the brain mask"),
        (means.constant[i], "constant over time"),
    )
    counts = ", ".join(f"{count:.0f} {where}" for count, where in parts if round(count))
    return f"no coverage: {share:.0%} of {voxels.expected[i]:.0f} voxels have a signal ({counts})"


def check_enough(atlas: Atlas, absent: Mapping[str, Missing], path: Path) -> None:
    """Raise E302 where no region of the atlas, or none of its default mode, has a signal."""
    default = [atlas.names[i] for i in atlas.members("default")]
    for regions, which in ((default, "default-mode regions"), (list(atlas.names), "regions")):
        if regions and all(name in absent for name in regions):
            reason = absent[regions[0]].reason
            msg = (
                f"{path}: none of the {len(regions)} {which} of {atlas.name!r} has a "
                f"signal ({regions[0]}: {reason})."
            )
            raise DefaultModeError("E302", msg)
