"""Recordings that never were: same connectivity and spectra, no dynamics beyond them."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft

from defaultmode.core.recording import Array, Recording
from defaultmode.core.reference import Reference
from defaultmode.core.tested import Tested
from defaultmode.measures._regions import carrying, once_per_reference

NULL = "keep the connectivity and the spectra"
Statistics = Callable[[Array], Mapping[str, float]]


@once_per_reference
def surrogates(recording: Recording, reference: Reference) -> NDArray[np.float32]:
    """Phase-randomised copies of the denoised signal, (n_surrogates, n_time, k).

    One random phase is added to a frequency in all regions alike, so that every spectrum, cross
    spectrum and correlation of the full-length signal stays (Prichard 1994, eq. 8). Columns are
    those of `carrying`. Raises E301 as `carrying` does.
    """
    signal = recording.signal[:, carrying(recording)]
    spectrum = rfft(signal, axis=0)
    rng = reference.stream(recording, "surrogates")
    phases = rng.uniform(0, 2 * np.pi, size=(reference.surrogates, len(spectrum)))
    phases[:, 0] = 0  # the mean stays
    if len(signal) % 2 == 0:
        phases[:, -1] = 0  # the Nyquist frequency has no phase of its own
    turned = np.exp(1j * phases)
    copies = np.empty((reference.surrogates, *signal.shape), dtype=np.float32)
    for copy, turn in zip(copies, turned, strict=True):
        copy[:] = irfft(spectrum * turn[:, None], n=len(signal), axis=0)
    copies.flags.writeable = False
    return copies


def against_surrogates(
    recording: Recording,
    reference: Reference,
    statistics: Statistics,
    *,
    published: Statistics | None = None,
) -> dict[str, Tested]:
    """Statistics of a recording beside those of its surrogates, by name.

    statistics : signal (n_time, k) of the regions in `carrying`, censored frames in, → numbers; a
        surrogate whose number is not finite does not count
    published : what gives the values where these are not what the surrogates are held against
    """
    signal = recording.signal[:, carrying(recording)]
    own = statistics(signal)
    values = own if published is None else published(signal)
    drawn = [statistics(copy.astype(np.float64)) for copy in surrogates(recording, reference)]
    found = {}
    for name, compared in own.items():
        others = np.array([numbers[name] for numbers in drawn], dtype=np.float64)
        kept = others[np.isfinite(others)]
        found[name] = Tested(float(values[name]), kept, NULL, float(compared))
    return found
