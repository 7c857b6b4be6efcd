"""How many patterns activity runs through, in space and in time."""

from math import log, log2

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.measures._connectivity import connectivity
from defaultmode.measures._regions import regions
from defaultmode.measures._registry import SHAPE_ONLY, measure
from defaultmode.measures._unfiltered import unfiltered

LEAST_FRAMES = 100  # our choice: below it the normalisation by n / log₂ n says little
NEAR_ZERO = 1e-12  # of an eigenvalue, as a share of their sum: rounding


def eigenvalue_entropy(r: Array) -> float:
    """Entropy of the eigenvalues of a matrix (k, k) as shares of their sum, in nats."""
    values = np.linalg.eigvalsh(r)
    shares = values / values.sum()
    shares = shares[shares > NEAR_ZERO]
    return float(-(shares * np.log(shares)).sum())


def _spatial(recording: Recording, columns: NDArray[np.intp]) -> float:
    """Entropy as a share of the largest that so many regions and usable frames allow."""
    largest = min(len(columns), int(recording.usable.sum()) - 1)
    r = connectivity(recording).r[np.ix_(columns, columns)]
    return eigenvalue_entropy(r) / log(largest)


@measure(unit="share", cites=("Siegel2024",), unchanged_by=SHAPE_ONLY)
def spatial_complexity(recording: Recording) -> float:
    """Normalised global spatial complexity: how evenly variance spreads over principal components.

    Share from 0 (one component) to 1 (all alike): entropy of the normalised eigenvalues of the
    correlation matrix over the usable frames, divided by the logarithm of the number of regions,
    or of frames less one where they are fewer (NGSC; after Siegel 2024, who takes vertices). It
    rises with the number of frames and of regions, and falls with each regressor and frequency
    that denoising takes off: compare runs of one atlas, length and preset.
    """
    return _spatial(recording, regions(recording))


@measure(unit="share", cites=("Siegel2024",), unchanged_by=SHAPE_ONLY)
def spatial_complexity_default(recording: Recording) -> float:
    """Normalised spatial complexity of the default-mode regions alone.

    Share from 0 to 1, as `spatial_complexity`.
    """
    return _spatial(recording, regions(recording, "default"))


def lempel_ziv_phrases(symbols: bytes) -> int:
    """Number of phrases of a sequence, one byte a symbol (Lempel 1976).

    Each phrase is the shortest that has not occurred before, its own symbols but the last included
    in what was before; a last phrase that is not new counts as one.
    """
    phrases = start = 0
    while start < len(symbols):
        length, place = 1, 0
        while start + length <= len(symbols):
            place = symbols.find(symbols[start : start + length], place, start + length - 1)
            if place < 0:
                break
            length += 1
        phrases += 1
        start += length
    return phrases


def lempel_ziv_complexity(signal: Array) -> float:
    """Phrases of a signal (n_time,) that is above its median or not, as a share of n / log₂ n."""
    n_time = len(signal)
    above = (signal > np.median(signal)).astype(np.uint8)
    return lempel_ziv_phrases(above.tobytes()) * log2(n_time) / n_time


@measure(
    unit="ratio",
    cites=("Lempel1976", "Schartner2015"),
    unchanged_by=("scale", "offset", "region order"),
    premises=("not low-passed",),
)
def lempel_ziv_default(recording: Recording) -> float:
    """Mean Lempel–Ziv complexity of default-mode regions: how little their past foretells.

    Ratio, near 1 for noise: phrases (LZ76) of each signal, cut at its median into above and below,
    times log₂ n / n for n frames; of the signal without denoising's filter and linear
    trend (Lempel 1976; for the brain Schartner 2015). It depends on the repetition time and the
    length, short runs giving higher ratios: compare runs alike in both. The usable frames are
    joined across gaps, where a join may break a phrase, so censoring raises it for slow signals.
    """
    kept = unfiltered(recording)[recording.usable]
    if len(kept) < LEAST_FRAMES:
        msg = f"{len(kept)} frames are usable; Lempel–Ziv complexity needs {LEAST_FRAMES}."
        raise DefaultModeError("E301", msg)
    columns = regions(recording, "default", at_least=1)
    return float(np.mean([lempel_ziv_complexity(kept[:, i]) for i in columns]))
