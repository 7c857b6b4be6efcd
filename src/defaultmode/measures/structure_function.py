"""How closely activity follows the wiring."""

from math import ceil

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.core.reference import Reference
from defaultmode.measures._connectivity import connectivity
from defaultmode.measures._regions import carrying, once_per_reference, regions, spread
from defaultmode.measures._registry import SHAPE_ONLY, measure
from defaultmode.measures._structure import undirected_weights

CONNECTOME = ("connectome",)
LEAST_EDGES = 4  # the standard error of a rank correlation is about 1/√(n − 3)
SMOOTH = 0.1  # our choice: share of the harmonics, fixed so that runs can be compared


def _coupling(recording: Recording, reference: Reference, among: NDArray[np.intp]) -> float:
    """Rank correlation of weights and connectivity over existing edges that touch `among`."""
    from scipy.stats import rankdata  # takes longer to import than the whole package

    columns = carrying(recording)
    weights = undirected_weights(recording, reference)
    function = connectivity(recording).r[np.ix_(columns, columns)]
    chosen = np.isin(columns, among)
    first, second = np.nonzero(np.triu(weights > 0, k=1) & (chosen[:, None] | chosen))
    strength, correlation = weights[first, second], function[first, second]
    if len(strength) < LEAST_EDGES or not np.ptp(strength):
        found = f"{len(strength)} edges with {len(np.unique(strength))} different weights"
        msg = f"{found}: at least {LEAST_EDGES} edges that differ are needed."
        raise DefaultModeError("E306", msg)
    return float(np.corrcoef(rankdata(strength), rankdata(correlation))[0, 1])


@measure(unit="r", cites=("Honey2009", "Baum2020"), unchanged_by=SHAPE_ONLY, premises=CONNECTOME)
def structure_function_coupling(recording: Recording, reference: Reference) -> float:
    """Rank correlation between structural and functional connectivity.

    Spearman's r from −1 to 1 over all pairs of regions that the connectome connects (Honey 2009,
    Baum 2020), functional connectivity being Pearson's r. Global signal regression and the density
    of the connectome change it: compare within one preset and connectome.
    """
    return _coupling(recording, reference, carrying(recording))


@measure(unit="r", cites=("Honey2009", "Baum2020"), unchanged_by=SHAPE_ONLY, premises=CONNECTOME)
def structure_function_coupling_default(recording: Recording, reference: Reference) -> float:
    """Rank correlation between structural and functional connectivity of default-mode regions.

    Spearman's r from −1 to 1 over the connected pairs of which at least one is a default-mode
    region (Baum 2020); see `structure_function_coupling`.
    """
    return _coupling(recording, reference, regions(recording, "default"))


def harmonics(weights: Array) -> Array:
    """Eigenvectors of the normalised Laplacian of a network (k, k), in columns, smoothest first.

    I − D^(−1/2) weights D^(−1/2) with the degrees D, weights being symmetric (Preti 2019).
    """
    degree = weights.sum(axis=1)
    scale = np.divide(1.0, np.sqrt(degree), out=np.zeros_like(degree), where=degree > 0)
    vectors: Array = np.linalg.eigh(np.eye(len(weights)) - scale[:, None] * weights * scale)[1]
    return vectors


def decoupling(signal: Array, waves: Array) -> Array:
    """Log2 of rough over smooth activity of each region, shape (k,), of a signal (n_time, k).

    waves : (k, k), harmonics in columns. The smooth part is that of the first tenth of them, the
        rough part the rest. Preti 2019 split the harmonics where the energy of a whole group is
        halved. Split so by the run itself (the embedded ones: after 1 to 17 of 100 harmonics), one
        that is rougher all over would look like any other.
    """
    loads, n_smooth = signal @ waves, ceil(SMOOTH * len(waves))
    smooth, rough = (
        np.linalg.norm(loads[:, part] @ waves[:, part].T, axis=0)
        for part in (slice(None, n_smooth), slice(n_smooth, None))
    )
    return np.asarray(np.log2(rough / smooth))


@once_per_reference
def _decoupling(recording: Recording, reference: Reference) -> Array:
    columns, weights = carrying(recording), undirected_weights(recording, reference)
    apart = columns[~weights.any(axis=0)]
    if len(apart):
        msg = f"region {recording.atlas.names[apart[0]]!r} is connected to no other."
        raise DefaultModeError("E306", msg)
    kept = recording.kept[:, columns] - recording.kept[:, columns].mean(axis=0)
    waves = harmonics(weights)
    return spread(recording, columns, decoupling(kept / kept.std(axis=0), waves))


@measure(
    unit="log2 ratio",
    cites=("Preti2019",),
    unchanged_by=SHAPE_ONLY,
    premises=CONNECTOME,
    kind="regions",
)
def structural_decoupling(recording: Recording, reference: Reference) -> Array:
    """How rough the activity of each region is across the connectome.

    Log2 of a ratio, shape (n_regions,), NaN where a region has no signal: the norm over time of the
    part of z-scored activity that changes fast across the connectome over that of the part that
    changes slowly, higher where activity is less constrained by structure (Preti 2019). Slow are
    the smoothest tenth of the connectome's harmonics: our choice, the same in every run (Preti 2019
    splits where the energy of a group is halved). 0 means nothing by itself: activity that takes no
    notice of the connectome gives about 1.6, and global signal regression raises all regions, for
    the global signal is smooth. Compare within one preset and connectome.
    """
    return _decoupling(recording, reference)


@measure(unit="log2 ratio", cites=("Preti2019",), unchanged_by=SHAPE_ONLY, premises=CONNECTOME)
def structural_decoupling_default(recording: Recording, reference: Reference) -> float:
    """How rough the activity of default-mode regions is across the connectome.

    Mean over default-mode regions of the log2 ratio of `structural_decoupling` (Preti 2019).
    """
    return float(_decoupling(recording, reference)[regions(recording, "default")].mean())
