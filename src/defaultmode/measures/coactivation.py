"""How a person moves between co-activation patterns, of which one is the default mode network's.

A co-activation pattern is a recurring pattern of which regions are high and low at once: a cluster
of single frames, standardised over regions (Liu 2013), learnt over a study. A frame belongs to the
nearest centre; in 95 of 100 frames or more that is the one it correlates with most.
"""

from defaultmode.core.recording import Recording
from defaultmode.core.reference import Reference
from defaultmode.core.tested import Tested
from defaultmode.measures._regions import once_per_reference
from defaultmode.measures._registry import SHAPE_ONLY, measure
from defaultmode.measures._state_scoring import defined, state_statistics

SOURCES = ("Liu2013", "Prichard1994")
NEEDED = ("states", "stream")
UNCHANGED = ("scale", "offset", "region order")


@once_per_reference
def _statistics(recording: Recording, reference: Reference) -> dict[str, Tested]:
    return state_statistics(recording, reference, "cap")


def _statistic(recording: Recording, reference: Reference, name: str) -> Tested:
    """One statistic of the states; raises E301, E302, E306, E307."""
    return defined(_statistics(recording, reference), name)


@measure(unit="share", cites=SOURCES, unchanged_by=SHAPE_ONLY, premises=NEEDED)
def cap_default_occupancy(recording: Recording, reference: Reference) -> Tested:
    """Share of the frames in the co-activation pattern most like the default mode network.

    Share from 0 to 1 (fractional occupancy).
    """
    return _statistic(recording, reference, "occupancy")


@measure(unit="s", cites=SOURCES, unchanged_by=UNCHANGED, premises=NEEDED)
def cap_default_dwell_s(recording: Recording, reference: Reference) -> Tested:
    """Mean length of the visits to the co-activation pattern most like the default mode network.

    s; time in the state divided by the number of times it was left, where visits that a gap or an
    end of the run cuts count as long as they were seen. A filter alone makes visits last,
    and longer at a longer repetition time: only what its surrogates do not reach is dynamics.
    """
    return _statistic(recording, reference, "dwell_s")


@measure(unit="1/min", cites=SOURCES, unchanged_by=SHAPE_ONLY, premises=NEEDED)
def cap_switching_rate(recording: Recording, reference: Reference) -> Tested:
    """Changes of co-activation pattern per minute.

    1/min, of the time in which successive frames are known.
    """
    return _statistic(recording, reference, "switching_rate")


@measure(unit="bits", cites=SOURCES, unchanged_by=UNCHANGED, premises=NEEDED)
def cap_transition_entropy(recording: Recording, reference: Reference) -> Tested:
    """Uncertainty of the next co-activation pattern, given the present one.

    bits per frame, from 0 to log2 of the number of states: the entropy rate of the chain of
    observed steps. It depends on the repetition time and rises with the length of the run, for
    steps not seen yet count as impossible: compare runs of one length.
    """
    return _statistic(recording, reference, "transition_entropy")


@measure(unit="s", cites=SOURCES, unchanged_by=UNCHANGED, premises=NEEDED)
def cap_mixing_time_s(recording: Recording, reference: Reference) -> Tested:
    """Time constant by which the slowest memory of the present co-activation pattern fades.

    s; −TR / ln |λ2|, with λ2 the second largest eigenvalue of the matrix of observed transitions.
    """
    return _statistic(recording, reference, "mixing_time_s")


@measure(unit="probability", cites=SOURCES, unchanged_by=UNCHANGED, premises=NEEDED)
def cap_default_return(recording: Recording, reference: Reference) -> Tested:
    """How much likelier the default-mode co-activation pattern is 10 s after itself.

    Difference of two probabilities, from −1 to 1: of being in it 10 s after being in it, and of
    being in it at all. 0 is not what chance gives: the filter acts at
    this lag too, as the surrogates show.
    """
    return _statistic(recording, reference, "return")
