"""neurolib's Wong–Wang model in chunks, with BOLD; one simulation at a time, one thread.

Its noise is an Ornstein–Uhlenbeck process; with a time constant of one step it is white. It takes
one inhibition for all regions and lets S_I decay as slowly as S_E, which costs no time.
"""

from collections.abc import Callable

import numpy as np
from work import DT_MS, NOISE, Work

BATCHES = THREADS = False
REGION_STEPS = 8e6
CHUNK_S = 2  # BOLD is computed from chunks of two seconds on


def prepare(work: Work) -> tuple[int, Callable[[], np.ndarray]]:
    """The simulated seconds of a run, and the run; compiled by a first chunk."""
    from neurolib.models.ww import WWModel

    seconds = work.seconds(REGION_STEPS, CHUNK_S)
    model = WWModel(Cmat=work.weights, Dmat=np.zeros_like(work.weights), seed=1)
    model.params.update(
        dt=DT_MS,
        K_gl=work.coupling,
        J_I=float(work.inhibition.mean()),
        tau_ou=DT_MS,
        sigma_ou=NOISE / DT_MS,
    )

    def run(seconds: int = seconds) -> np.ndarray:
        model.params["duration"] = 1000.0 * seconds
        model.run(chunkwise=True, chunksize=round(1000 * CHUNK_S / DT_MS), bold=True)
        return np.asarray(model.BOLD.BOLD)

    run(CHUNK_S)
    return seconds, run
