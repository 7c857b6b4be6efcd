"""LEiDA: the leading eigenvector of every frame, in closed form and by a sparse eigensolver.

python -m jobs.leading_eigenvectors ROUNDS (in the folder benchmarks)
"""

import sys

import numpy as np
from jobs.answering import alternating, answer
from made_recording import made_recording
from scipy.signal import hilbert
from scipy.sparse.linalg import eigsh

N_TIME = 300


def sparse(phase: np.ndarray) -> np.ndarray:
    """ARPACK on the coherence matrix of every frame, each matrix formed and let go."""
    vectors = np.empty_like(phase)
    for vector, angles in zip(vectors, phase, strict=True):
        coherence = np.cos(angles[:, None] - angles)
        vector[:] = eigsh(coherence, k=1, which="LA", v0=np.ones(len(angles)))[1][:, 0]
    return vectors


def main(rounds: int) -> None:
    """Compare both on the phases of a made recording."""
    from defaultmode.measures._phases import leading_eigenvectors

    phase = np.angle(hilbert(made_recording().signal[:N_TIME], axis=0))
    ours, _ = leading_eigenvectors(phase)
    theirs = sparse(phase)
    signs = np.sign((ours * theirs).sum(axis=1, keepdims=True))
    works = {
        "closed form": lambda: [leading_eigenvectors(phase) for _ in range(20)],
        "cosine and sine": lambda: [(np.cos(phase), np.sin(phase)) for _ in range(20)],
        "eigsh": lambda: sparse(phase),
    }
    taken, ratios = alternating(works, rounds)
    answer(
        ours_s=taken["closed form"] / 20,
        theirs_s=taken["eigsh"],
        ratio=20 * ratios["eigsh"],
        difference=float(np.abs(ours - signs * theirs).max()),
        share=ratios["cosine and sine"],
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
