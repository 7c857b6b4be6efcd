"""How strongly regions fluctuate in the low-frequency band."""

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.measures._premises import HIGH_HZ, LOW_HZ
from defaultmode.measures._regions import regions, spread
from defaultmode.measures._registry import measure
from defaultmode.measures._spectrum import spectrum

UNCHANGED = ("offset", "region order", "time reversal")
AMPLITUDE = ("percent scale", "low frequencies kept")


def _amplitude(recording: Recording) -> Array:
    found = spectrum(recording)
    roots = np.sqrt(found.density[found.low]).mean(axis=0)
    return spread(recording, found.columns, roots * np.sqrt(HIGH_HZ - LOW_HZ))


def _fraction(recording: Recording) -> Array:
    found = spectrum(recording)
    roots = np.sqrt(found.density)
    total = roots.sum(axis=0)
    if not total.all():
        raise DefaultModeError("E306", "A region has no power at any frequency.")
    return spread(recording, found.columns, roots[found.low].sum(axis=0) / total)


@measure(unit="%", cites=("Zang2007", "Lomb1976"), unchanged_by=UNCHANGED, premises=AMPLITUDE)
def alff_default_mode(recording: Recording) -> float:
    """Mean amplitude of low-frequency fluctuations of default-mode regions.

    % (percent signal change): the mean over 0.01–0.08 Hz of the square root of the power density,
    times the root of the band's width, so that the length of a run does not scale it (Zang 2007),
    of the signal without denoising's filter and linear trend; gaps are left as gaps (Lomb 1976).
    Censoring lowers it, for gaps leak power out of the band: on real recordings by 7–8 % where a
    fifth of the frames, scattered, is lost (decision 0005). So under a preset that censors, a drug
    or an illness that moves the head can lower ALFF by itself: read it beside `censored_share`.
    """
    return float(_amplitude(recording)[regions(recording, "default", at_least=1)].mean())


@measure(
    unit="%",
    cites=("Zang2007", "Lomb1976"),
    unchanged_by=UNCHANGED,
    premises=AMPLITUDE,
    kind="regions",
)
def alff_by_region(recording: Recording) -> Array:
    """Amplitude of low-frequency fluctuations of each region.

    %, shape (n_regions,), NaN where a region has no signal; scaled as `alff_default_mode`, and like
    it lowered by censoring.
    """
    return _amplitude(recording)


@measure(
    unit="share",
    cites=("Zou2008", "Lomb1976"),
    unchanged_by=("scale", *UNCHANGED),
    premises=("whole spectrum",),
)
def falff_default_mode(recording: Recording) -> float:
    """Mean share of the amplitude of default-mode regions that lies in the low frequencies.

    Share from 0 to 1: sum of the root of the power over 0.01–0.08 Hz, divided by that over all
    frequencies below Nyquist, of the signal without denoising's filter (Zou 2008). It depends on
    the repetition time, which sets where the spectrum ends: compare runs of one repetition time.
    Censoring lowers it, for gaps leak power upwards: on real recordings by 12–16 % where a fifth of
    the frames, scattered, is lost (decision 0005). So under a preset that censors, a drug or an
    illness that moves the head can lower fALFF by itself: read it beside `censored_share`.
    """
    return float(_fraction(recording)[regions(recording, "default", at_least=1)].mean())


@measure(
    unit="share",
    cites=("Zou2008", "Lomb1976"),
    unchanged_by=("scale", *UNCHANGED),
    premises=("whole spectrum",),
    kind="regions",
)
def falff_by_region(recording: Recording) -> Array:
    """Share of the amplitude of each region that lies in the low frequencies.

    Share from 0 to 1, shape (n_regions,), NaN where a region has no signal; like
    `falff_default_mode` it is lowered by censoring.
    """
    return _fraction(recording)
