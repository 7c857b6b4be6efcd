"""What a sequence of states tells: how long, how often, how predictably they follow one another.

A sequence holds one state a frame, counted from 0, and −1 where a frame is censored. A step is a
pair of successive frames that are both known: what happened across a gap is not counted as one.
"""

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.recording import Array

Labels = NDArray[np.intp]
UNKNOWN = -1  # the label of a censored frame
ROUNDING = 1e-9  # of an eigenvalue


def unbroken(known: NDArray[np.bool_]) -> list[slice]:
    """The stretches of successive frames that are known, from a mask (n_time,)."""
    padded = np.concatenate([[False], known, [False]])
    starts, stops = np.flatnonzero(np.diff(padded.astype(np.int8))).reshape(-1, 2).T
    return [slice(int(a), int(b)) for a, b in zip(starts, stops, strict=True)]


def fractional_occupancy(labels: Labels, n_states: int) -> Array:
    """Share of the known frames that each state takes, shape (n_states,)."""
    known = labels[labels >= 0]
    return np.asarray(np.bincount(known, minlength=n_states) / len(known))


def step_counts(labels: Labels, n_states: int) -> Array:
    """Number of steps from each state (row) to each state (column), shape (n_states, n_states)."""
    before, after = labels[:-1], labels[1:]
    seen = (before >= 0) & (after >= 0)
    pairs = before[seen] * n_states + after[seen]
    counted = np.bincount(pairs, minlength=n_states**2).reshape(n_states, n_states)
    return np.asarray(counted, dtype=np.float64)


def transition_matrix(counts: Array) -> Array:
    """Probability of each state (column) after each state (row), NaN rows where no step begins."""
    total = counts.sum(axis=1, keepdims=True)
    known = np.full_like(counts, np.nan)
    return np.asarray(np.divide(counts, total, out=known, where=total > 0))


def dwell_time_s(counts: Array, tr_s: float) -> Array:
    """Mean length of the visits to each state, shape (n_states,), s; NaN where none was left.

    Steps that begin in the state ÷ those that leave it, times the repetition time: the
    maximum-likelihood mean of geometric visits of which some are cut by a gap or an end of the run.
    A mean over whole visits only would be too short, for long ones are cut more often.
    """
    begun = counts.sum(axis=1)
    left = begun - np.diagonal(counts)
    steps = np.divide(begun, left, out=np.full(len(counts), np.nan), where=left > 0)
    return np.asarray(tr_s * steps)


def switching_rate(counts: Array, tr_s: float) -> float:
    """Changes of state per minute of observed steps, NaN where there is no step."""
    steps = counts.sum()
    changes = steps - np.trace(counts)
    return float(changes / (steps * tr_s / 60)) if steps else float("nan")


def transition_entropy(counts: Array) -> float:
    """Uncertainty of the next state given this one, −Σ πi Σ Pij log2 Pij, bits per frame.

    π is the share of the steps that begin in each state; NaN where there is no step.
    """
    steps = counts.sum()
    if not steps:
        return float("nan")
    rows, columns = np.nonzero(counts)
    seen = counts[rows, columns]
    return float(-(seen / steps) @ np.log2(seen / counts.sum(axis=1)[rows]))


def mixing_time_s(counts: Array, tr_s: float) -> float:
    """Time after which the present state is forgotten, −TR / ln |λ2| of the transition matrix, s.

    Among the states that are seen to continue; 0 where the next state does not depend on this one.
    NaN where there is one state only, or where states are never reached from others (|λ2| = 1).
    """
    kept = _continuing(counts)
    if len(kept) < 2:
        return float("nan")
    second = np.sort(np.abs(np.linalg.eigvals(transition_matrix(kept))))[-2]
    if second >= 1 - ROUNDING:
        return float("nan")
    return float(-tr_s / np.log(second)) if second > ROUNDING else 0.0


def _continuing(counts: Array) -> Array:
    """Counts among the states from which a step to one of them begins."""
    kept = counts
    while len(kept) and not kept.any(axis=1).all():
        live = kept.any(axis=1)
        kept = kept[np.ix_(live, live)]
    return kept


def return_probability(labels: Labels, state: int, lag: int) -> float:
    """P(state at t + lag | state at t) − P(state at t + lag), NaN where the state never came.

    Over all pairs of known frames that far apart, whatever lies between them.
    """
    before, after = labels[:-lag], labels[lag:]
    seen = (before >= 0) & (after >= 0)
    began = seen & (before == state)
    if not began.any():
        return float("nan")
    return float((after[began] == state).mean() - (after[seen] == state).mean())
