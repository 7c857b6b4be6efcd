"""How a person moves between phase states, of which one is most like the default mode network.

A phase state is a recurring pattern of which regions fluctuate in step: a cluster of the leading
eigenvectors of the phase coherence of single frames (LEiDA, Cabral 2017), learnt over a study.
Frames within 10 s of either end of the run are left out, for their phases are not sound.
"""

from defaultmode.core.recording import Recording
from defaultmode.core.reference import Reference
from defaultmode.core.tested import Tested
from defaultmode.measures._phase_dynamics import phase_statistics
from defaultmode.measures._registry import SHAPE_ONLY, measure
from defaultmode.measures._state_frames import feature_columns
from defaultmode.measures._state_scoring import defined, known_states

SOURCES = ("Cabral2017", "Prichard1994")
NEEDED = ("states", "stream")
UNCHANGED = ("scale", "offset", "region order")


def _statistic(recording: Recording, reference: Reference, name: str) -> Tested:
    """One statistic of the states; raises E301, E302, E306, E307."""
    feature_columns(recording, known_states(reference, "leida").features)  # raises what is amiss
    return defined(phase_statistics(recording, reference), name)


@measure(unit="share", cites=SOURCES, unchanged_by=SHAPE_ONLY, premises=NEEDED)
def leida_default_occupancy(recording: Recording, reference: Reference) -> Tested:
    """Share of the frames in the phase state most like the default mode network.

    Share from 0 to 1 (fractional occupancy).
    """
    return _statistic(recording, reference, "occupancy")


@measure(unit="s", cites=SOURCES, unchanged_by=UNCHANGED, premises=NEEDED)
def leida_default_dwell_s(recording: Recording, reference: Reference) -> Tested:
    """Mean length of the visits to the phase state most like the default mode network.

    s; time in the state divided by the number of times it was left, where visits that a gap or an
    end of the run cuts count as long as they were seen. A filter alone makes visits last,
    and longer at a longer repetition time: only what its surrogates do not reach is dynamics.
    """
    return _statistic(recording, reference, "dwell_s")


@measure(unit="1/min", cites=SOURCES, unchanged_by=SHAPE_ONLY, premises=NEEDED)
def leida_switching_rate(recording: Recording, reference: Reference) -> Tested:
    """Changes of phase state per minute.

    1/min, of the time in which successive frames are known.
    """
    return _statistic(recording, reference, "switching_rate")


@measure(unit="bits", cites=SOURCES, unchanged_by=UNCHANGED, premises=NEEDED)
def leida_transition_entropy(recording: Recording, reference: Reference) -> Tested:
    """Uncertainty of the next phase state, given the present one.

    bits per frame, from 0 to log2 of the number of states: the entropy rate of the chain of
    observed steps. It depends on the repetition time and rises with the length of the run, for
    steps not seen yet count as impossible: compare runs of one length.
    """
    return _statistic(recording, reference, "transition_entropy")


@measure(unit="s", cites=SOURCES, unchanged_by=UNCHANGED, premises=NEEDED)
def leida_mixing_time_s(recording: Recording, reference: Reference) -> Tested:
    """Time constant by which the slowest memory of the present phase state fades.

    s; −TR / ln |λ2|, with λ2 the second largest eigenvalue of the matrix of observed transitions.
    """
    return _statistic(recording, reference, "mixing_time_s")


@measure(unit="probability", cites=SOURCES, unchanged_by=UNCHANGED, premises=NEEDED)
def leida_default_return(recording: Recording, reference: Reference) -> Tested:
    """How much likelier the default-mode phase state is 10 s after itself.

    Difference of two probabilities, from −1 to 1: of being in it 10 s after being in it, and of
    being in it at all. 0 is not what chance gives: the filter acts at
    this lag too, as the surrogates show.
    """
    return _statistic(recording, reference, "return")
