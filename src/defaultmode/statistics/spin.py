"""Maps of the cortex against themselves turned about: correlation of two, and place of one."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.spins import turned_maps

Array = NDArray[np.float64]
Places = NDArray[np.intp]
N_SPINS = 1000
OFF_THE_SHEET = ("Subcortical", "Cerebellum")  # networks that no rotation of the cortex moves
LEAST_REGIONS = 10  # our choice: in a hemisphere, below it rotations repeat themselves
LEAST_MEMBERS = 2
_ROUNDING = 1e-12  # spread below this share of the values is arithmetic, not variation
_TIED = 1e-9  # a difference by less is rounding


@dataclass(frozen=True, slots=True, eq=False)
class MapTest:
    """A number of one or two maps, and what rotations of a map give.

    value : Pearson correlation, or a difference in the unit of the map
    p : two-sided, (b + 1) / (n_spins + 1) (Phipson & Smyth 2010); NaN where nothing can be turned
    null : (n_spins,), empty where nothing can be turned; untested : why
    regions : (n_regions,), positions of those that were used
    """

    value: float
    p: float
    regions: Places
    null: Array = field(default_factory=lambda: np.zeros(0))
    untested: Missing | None = None


def map_correlation(
    a: ArrayLike, b: ArrayLike, atlas: Atlas, *, n_spins: int = N_SPINS, seed: int = 0
) -> MapTest | Missing:
    """Spatial correlation of two maps, tested by rotations of the second (Alexander-Bloch 2018).

    a, b : (n_regions,), NaN where missing. Both hemispheres turn alike; each region takes the value
    that comes nearest to it, so that the medial wall leaves no gap. Left out are regions without a
    value in either map, without a centre, on the midline, and those of subcortical or cerebellar
    networks, which do not lie on the sheet that is turned. Where the atlas states no centres there
    is a value and no p: shuffled regions would ignore that neighbours are alike. A seed turns every
    map of the same regions alike. Missing where maps are too small or do not vary.
    """
    first, second = _maps(atlas, a, b)
    regions = _usable(atlas, first, second)
    if isinstance(regions, Missing):
        return regions
    x = first[regions]
    if not (_varies(x) and _varies(second[regions])):
        return Missing("a map does not vary between regions.", "E301")
    return _test(
        atlas, regions, lambda turned: _correlation(second[turned], x), n_spins=n_spins, seed=seed
    )


def map_enrichment(
    values: ArrayLike, members: ArrayLike, atlas: Atlas, *, n_spins: int = N_SPINS, seed: int = 0
) -> MapTest | Missing:
    """Mean of a map in some regions less its mean elsewhere, tested by rotations of the map.

    values : (n_regions,), NaN where missing; members : positions of the regions, such as those of
    the default mode network (`Atlas.members`). What is left out, and the rest, as for
    `map_correlation`.
    """
    (whole,) = _maps(atlas, values)
    regions = _usable(atlas, whole)
    if isinstance(regions, Missing):
        return regions
    inside: NDArray[np.bool_] = np.isin(regions, np.asarray(members))
    n = int(inside.sum())
    if min(n, len(regions) - n) < LEAST_MEMBERS:
        said = f"{n} regions inside and {len(regions) - n} outside; {LEAST_MEMBERS} are needed"
        return Missing(f"{said} of each.", "E302")
    weight = np.where(inside, 1 / n, -1 / (len(regions) - n))
    return _test(atlas, regions, lambda turned: whole[turned] @ weight, n_spins=n_spins, seed=seed)


def _maps(atlas: Atlas, *maps: ArrayLike) -> tuple[Array, ...]:
    arrays = tuple(np.asarray(m, dtype=np.float64) for m in maps)
    for array in arrays:
        if array.shape != (len(atlas),):
            msg = f"a map has shape {array.shape}; expected ({len(atlas)},) for {atlas.name!r}."
            raise DefaultModeError("E131", msg)
    return arrays


def _usable(atlas: Atlas, *maps: Array) -> Places | Missing:
    """Regions on the sheet with a value in every map: those that can be turned, if any can."""
    known = np.isfinite(np.stack(maps)).all(axis=0)
    sheet = np.array([r.network not in OFF_THE_SHEET for r in atlas.regions])
    regions = np.flatnonzero(known & sheet)
    if len(regions) < LEAST_REGIONS:
        said = f"{len(regions)} cortical regions have a value in every map"
        return Missing(f"{said}; {LEAST_REGIONS} are needed.", "E302")
    turning = _turning(atlas, regions)
    return turning if len(turning) else regions


def _turning(atlas: Atlas, regions: Places) -> Places:
    """Those with a centre in a hemisphere that has enough of them."""
    centred = np.isfinite(atlas.centres_mm[:, 0])
    sides = [
        [i for i in regions if centred[i] and atlas.regions[i].hemisphere == side] for side in "LR"
    ]
    kept = sorted(i for side in sides if len(side) >= LEAST_REGIONS for i in side)
    return np.array(kept, dtype=np.intp)


def _varies(values: Array) -> bool:
    return bool(np.ptp(values) > _ROUNDING * np.abs(values).max())


def _correlation(maps: Array, other: Array) -> Array:
    """Pearson correlations of maps (..., n_regions) with another (n_regions,); 0 for flat ones."""
    a, b = maps - maps.mean(axis=-1, keepdims=True), other - other.mean()
    size = np.linalg.norm(a, axis=-1) * np.linalg.norm(b)
    return np.asarray(np.divide(a @ b, size, out=np.zeros_like(size), where=size > 0))


def _test(
    atlas: Atlas, regions: Places, number: Callable[[Places], Array], *, n_spins: int, seed: int
) -> MapTest:
    """A number of the map whose values come from `number(regions)`, and of the turned maps."""
    value = float(number(regions))
    if len(_turning(atlas, regions)) < len(regions):
        why = Missing(
            f"atlas {atlas.name!r} does not state the centres of enough regions to turn its maps, "
            "and shuffling them would ignore that neighbours are alike.",
            "E306",
        )
        return MapTest(value, math.nan, regions, untested=why)
    null = number(turned_maps(atlas, regions, seed=seed, n=n_spins)[:, regions])
    exceeding = int((np.abs(null) >= abs(value) * (1 - _TIED)).sum())
    return MapTest(value, (exceeding + 1) / (n_spins + 1), regions, null)
