"""Power spectra of the regions, with censored frames left out rather than filled in."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.measures._premises import HIGH_HZ, LOW_HZ
from defaultmode.measures._regions import once_per_recording, regions
from defaultmode.measures._unfiltered import unfiltered

ROUNDING_HZ = 1e-9
NO_WAVE = 1e-9  # a cosine or sine with less than this share of its norm left is not in the samples


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """One-sided power density of the regions that carry a signal.

    hz : (n_frequencies,), the Fourier frequencies of the whole run without 0 and Nyquist
    density : (n_frequencies, k), squared signal units per hertz; columns : (k,)
    """

    hz: Array
    density: Array
    columns: NDArray[np.intp]

    @property
    def low(self) -> NDArray[np.bool_]:
        """Which frequencies lie in the low-frequency band."""
        return (self.hz >= LOW_HZ - ROUNDING_HZ) & (self.hz <= HIGH_HZ + ROUNDING_HZ)


def lomb_scargle(signal: Array, time_s: Array, hz: Array) -> Array:
    """Variance explained by a sinusoid at each frequency, shape (n_frequencies, n_regions).

    signal : (n_time, n_regions) of mean zero at the times time_s (n_time,), gaps allowed. Sum of
    squares, of a joint least-squares fit of cosine, sine and mean (Lomb 1976, with floating mean).
    """
    phase = 2 * np.pi * np.outer(hz, time_s)
    cosine, sine = (w - w.mean(axis=1, keepdims=True) for w in (np.cos(phase), np.sin(phase)))
    cross = 2 * (cosine * sine).sum(axis=1)
    excess = (cosine**2).sum(axis=1) - (sine**2).sum(axis=1)
    shift = (np.arctan2(cross, excess) / 2)[:, None]  # the delay that makes the two orthogonal
    waves = (
        cosine * np.cos(shift) + sine * np.sin(shift),
        sine * np.cos(shift) - cosine * np.sin(shift),
    )
    power = np.zeros((len(hz), signal.shape[1]))
    for wave in waves:
        norm = (wave**2).sum(axis=1, keepdims=True)
        present = norm[:, 0] > NO_WAVE * len(time_s)
        power[present] += (wave[present] @ signal) ** 2 / norm[present]
    return power


@once_per_recording
def spectrum(recording: Recording) -> Spectrum:
    """Power density of every region, without denoising's filter where that signal is known.

    Equal to the periodogram of the fast Fourier transform where no frame is censored. White noise
    keeps its density with gaps; of any other signal they spread power over the spectrum, from where
    there is much to where there is little. Raises E301 and E302 as `regions` does, and E306 when
    the run is too short or its frames too far apart for the band.
    """
    columns = regions(recording)
    time_s = np.arange(recording.n_time, dtype=np.float64)[recording.usable] * recording.tr_s
    hz = np.arange(1, (recording.n_time + 1) // 2) / (recording.n_time * recording.tr_s)
    kept = unfiltered(recording)[np.ix_(recording.usable, columns)]
    power = lomb_scargle(kept, time_s, np.asarray(hz, dtype=np.float64))
    found = Spectrum(hz, power * recording.tr_s, columns)
    if not found.low.any() or hz[-1] < HIGH_HZ:
        length_s = recording.n_time * recording.tr_s
        msg = (
            f"{length_s:.0f} s at a repetition time of {recording.tr_s} s do not resolve the band "
            f"{LOW_HZ}–{HIGH_HZ} Hz."
        )
        raise DefaultModeError("E306", msg)
    return found
