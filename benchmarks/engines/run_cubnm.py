"""cubnm on the processor: no connectivity computed, no noise repeated, states not kept.

Its noise is drawn when it is initialised, which is not in the time of a run.
"""

from collections.abc import Callable

import numpy as np
from work import BOLD_EVERY_S, DT_MS, Work

BATCHES = THREADS = True
REGION_STEPS = 1e7


def prepare(work: Work) -> tuple[int, Callable[[], np.ndarray]]:
    """The simulated seconds of a run, and the run; noise and memory laid out by a first one."""
    from cubnm import sim

    seconds = work.seconds(REGION_STEPS)
    group = sim.rWWSimGroup(
        duration=seconds,
        TR=BOLD_EVERY_S,
        sc=work.weights,
        dt=str(DT_MS),
        bw_dt="1.0",
        noise_segment_length=None,
        force_cpu=True,
        states_ts=False,
        do_fic=False,
        max_fic_trials=0,
        do_fc=False,
        do_fcd=False,
        gof_terms=[],
    )
    group.N = work.n_people
    group.param_lists["G"] = np.full(work.n_people, work.coupling)
    group._set_default_params()  # there is no public way to set sigma and w to their defaults
    group.param_lists["wIE"] = np.tile(work.inhibition, (work.n_people, 1))
    group.run(force_reinit=True)

    def run() -> np.ndarray:
        group.run()
        return np.asarray(group.sim_bold)

    return seconds, run
