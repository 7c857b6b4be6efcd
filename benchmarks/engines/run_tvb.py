"""tvb-library's reduced Wong–Wang with its BOLD monitor; one simulation at a time, one thread."""

import logging
from collections.abc import Callable

import numpy as np
from work import BOLD_EVERY_S, DT_MS, NOISE, Work

BATCHES = THREADS = False
REGION_STEPS = 2e6


def prepare(work: Work) -> tuple[int, Callable[[], np.ndarray]]:
    """The simulated seconds of a run, and the run; compiled by a first twentieth of a second."""
    logging.disable(logging.CRITICAL)
    from tvb.simulator import lab

    seconds = work.seconds(REGION_STEPS)
    wires = lab.connectivity.Connectivity(
        weights=work.weights,
        tract_lengths=np.zeros_like(work.weights),
        region_labels=np.array([f"region {i}" for i in range(work.n_regions)]),
        centres=np.zeros((work.n_regions, 3)),
        speed=np.array([np.inf]),
    )
    noise = lab.noise.Additive(nsig=np.array([NOISE**2 / 2]))  # this package's noise is half σ²
    simulator = lab.simulator.Simulator(
        model=lab.models.ReducedWongWangExcInh(G=np.array([work.coupling]), J_i=work.inhibition),
        connectivity=wires,
        coupling=lab.coupling.Linear(a=np.array([1.0])),
        integrator=lab.integrators.EulerStochastic(dt=DT_MS, noise=noise),
        monitors=[lab.monitors.Bold(period=1000.0 * BOLD_EVERY_S)],
    ).configure()
    simulator.run(simulation_length=50.0)
    return seconds, lambda: simulator.run(simulation_length=1000.0 * seconds)[0][1]
