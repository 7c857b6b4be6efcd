"""Phase synchrony and phase states of a recording and its surrogates, in one pass over them."""

from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array, Recording
from defaultmode.core.reference import Reference, States
from defaultmode.core.tested import Tested
from defaultmode.measures._phases import phases_of, settled, synchrony
from defaultmode.measures._regions import once_per_reference
from defaultmode.measures._state_frames import feature_columns, phase_patterns
from defaultmode.measures._state_scoring import (
    UNDEFINED,
    in_time,
    sequence_statistics,
    state_labels,
    taught_alone,
)
from defaultmode.measures._surrogates import Statistics, against_surrogates


@once_per_reference
def phase_statistics(recording: Recording, reference: Reference) -> dict[str, Tested]:
    """Mean and standard deviation of the synchrony and, where states are known, their statistics.

    The phases of a surrogate take longest, so they are computed once for all measures of them.
    Raises E301 where too few frames are usable.
    """
    states = reference.states.get("leida")
    if states is not None and isinstance(state_labels(recording, states), Missing):
        states = None  # its own measures say why
    unseen = states.unseen(recording) if states else None
    found = against_surrogates(
        recording,
        reference,
        _statistics_by(recording, unseen or states),
        published=_statistics_by(recording, states),
    )
    if states and not unseen:
        found |= taught_alone({name: found[name] for name in UNDEFINED})
    return found


def _statistics_by(recording: Recording, states: States | None) -> Statistics:
    usable = settled(recording)
    columns = feature_columns(recording, states.features if states else ())

    def statistics(signal: Array) -> dict[str, float]:
        phases = phases_of(signal)
        r = synchrony(phases)[usable]
        found = {"synchrony": float(r.mean()), "metastability": float(r.std())}
        if states:
            labels = in_time(states, phase_patterns(phases, columns, usable), usable)
            found |= sequence_statistics(labels, states, recording.tr_s)
        return found

    return statistics
