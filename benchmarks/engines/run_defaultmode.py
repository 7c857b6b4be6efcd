"""Ours: `simulate` as anybody calls it, checks and random streams' seeding included."""

from collections.abc import Callable

import numpy as np
from work import BOLD_EVERY_S, DT_MS, Work

from defaultmode.core.connectome import Connectome
from defaultmode.simulation.engine import Plan, simulate
from defaultmode.simulation.parameter_sets import parameter_set

BATCHES = THREADS = True
REGION_STEPS = 3e8  # more than half a second of CPU time, and more than one simulated
REGION_STEPS_ALONE = 1e8


def prepare(work: Work) -> tuple[int, Callable[[], np.ndarray]]:
    """The simulated seconds of a run, and the run; compiled by a first second."""
    names = tuple(f"region {i}" for i in range(work.n_regions))
    brain = parameter_set("deco2014", Connectome("benchmark", names, work.weights))
    seeds = range(work.n_people)
    seconds = work.seconds(REGION_STEPS if work.n_people > 1 else REGION_STEPS_ALONE)

    def run(seconds: int = seconds) -> np.ndarray:
        times = {"duration_s": seconds, "settle_s": 0.0, "tr_s": BOLD_EVERY_S, "dt_ms": DT_MS}
        plan = Plan(**times, threads=work.threads)
        return simulate(brain, seeds, plan).bold

    run(1)
    return seconds, run
