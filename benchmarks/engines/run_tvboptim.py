"""tvboptim: streaming BOLD, blocks of one volume, compiled, as many people in a `vmap` as pay.

Its BOLD is a convolution with a haemodynamic response, cheaper than Balloon–Windkessel. Other
generators of random numbers, other blocks and XLA's fast-math were tried: none was faster.
"""

import os
import sys
from collections.abc import Callable

import numpy as np
from work import BOLD_EVERY_S, DT_MS, NOISE, Work

BATCHES = THREADS = True
REGION_STEPS = 2e7
LANES = 6400  # regions × people in one `vmap`; with more, memory slows it

# before JAX is imported: worker.py's last argument is the number of threads
_several = "true" if sys.argv[-1] != "1" else "false"
os.environ["XLA_FLAGS"] = (
    f"--xla_cpu_multi_thread_eigen={_several} intra_op_parallelism_threads={sys.argv[-1]}"
)


def prepare(work: Work) -> tuple[int, Callable[[], np.ndarray]]:
    """The simulated seconds of a run, and the run, compiled ahead of it."""
    import jax
    import jax.numpy as jnp

    seconds = work.seconds(REGION_STEPS)
    model, state = network(work, seconds)

    def one(key: object) -> object:
        own = jax.tree_util.tree_map(lambda leaf: leaf, state)
        own.noise.key = key
        return model(own)

    keys = jax.random.split(jax.random.key(0), work.n_people)
    together = max(1, LANES // work.n_regions)

    def everybody(keys: object) -> object:
        if work.n_people <= together:
            return jax.vmap(one)(keys)
        return jax.lax.map(one, keys, batch_size=together)

    alone = work.n_people == 1
    given = keys[0] if alone else keys
    compiled = jax.jit(one if alone else everybody).lower(given).compile()

    def run() -> np.ndarray:
        arrays = [leaf for leaf in jax.tree_util.tree_leaves(compiled(given)) if jnp.ndim(leaf)]
        return np.asarray(jax.block_until_ready(arrays[0]))

    return seconds, run


def network(work: Work, seconds: int) -> tuple[Callable[..., object], object]:
    """The model as a function of its state, and the state."""
    import jax.numpy as jnp
    from tvboptim.experimental.network_dynamics import Network
    from tvboptim.experimental.network_dynamics import prepare as prepared
    from tvboptim.experimental.network_dynamics.coupling import LinearCoupling
    from tvboptim.experimental.network_dynamics.dynamics.tvb import WongWangExcInh
    from tvboptim.experimental.network_dynamics.graph import DenseGraph
    from tvboptim.experimental.network_dynamics.noise import AdditiveNoise
    from tvboptim.experimental.network_dynamics.solvers import Euler
    from tvboptim.observations.tvb_monitors import HRFBold, SubSampling, streaming_hrf_bold

    made = Network(
        dynamics=WongWangExcInh(J_i=jnp.asarray(work.inhibition), G=work.coupling),
        coupling={"instant": LinearCoupling(incoming_states=["S_e"], G=1.0)},
        graph=DenseGraph(jnp.asarray(work.weights)),
        noise=AdditiveNoise(sigma=NOISE),
    )
    every_ms = 1000.0 * BOLD_EVERY_S
    monitor = HRFBold(
        period=every_ms, downsample_period=4.0, voi=0, downsample=SubSampling(period=4.0)
    )
    return prepared(
        made,
        Euler(block_size=round(every_ms / DT_MS)),
        t1=1000.0 * seconds,
        dt=DT_MS,
        reduce=streaming_hrf_bold(monitor, DT_MS),
    )
