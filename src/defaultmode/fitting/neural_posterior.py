"""What is left of a prior once a summary was seen, learnt by a network from simulations."""

from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError

Array = NDArray[np.float64]
DRAWS = 2000  # of the posterior: quantiles of 2.5 % then rest on 50


@dataclass(frozen=True, slots=True, eq=False)
class NeuralPosterior:
    """A posterior as its draws.

    draws : (n_draws, n_parameters), within the prior
    simulated : (simulations, n_parameters) and summaries : (simulations, n_summaries), learnt from
    """

    draws: Array
    simulated: Array
    summaries: Array


def neural_posterior(
    simulate: Callable[[Array], Array],
    prior_low: ArrayLike,
    prior_high: ArrayLike,
    observed: ArrayLike,
    *,
    simulations: int,
    seed: int,
) -> NeuralPosterior:
    """Posterior under a flat prior by neural posterior estimation (Greenberg 2019; library sbi).

    simulate : (simulations, n_parameters) → (simulations, n_summaries), all at once; a row that is
        not finite is left out: the prior is then that of parameters which have summaries
    prior_low, prior_high : (n_parameters,); observed : (n_summaries,)
    The same seed gives the same draws on one machine; torch's own stream is left as it was. Raises
    E506 for a prior or summaries that are none, E519 without the library.
    """
    low, high = (np.atleast_1d(np.asarray(edge, np.float64)) for edge in (prior_low, prior_high))
    seen = np.atleast_1d(np.asarray(observed, np.float64))
    if low.shape != high.shape or not (high > low).all() or not np.isfinite(seen).all():
        msg = f"a prior from {low} to {high}, or a summary that is not finite."
        raise DefaultModeError("E506", msg)
    _check_installed()
    drawing, learning = np.random.SeedSequence(seed).spawn(2)
    points = np.random.default_rng(drawing).uniform(low, high, size=(simulations, len(low)))
    summaries = np.asarray(simulate(points), dtype=np.float64)
    if summaries.shape != (simulations, len(seen)):
        shape = (simulations, len(seen))
        raise DefaultModeError("E506", f"summaries of shape {summaries.shape}; expected {shape}.")
    able = np.isfinite(summaries).all(axis=1)
    draws = _learnt(
        points[able],
        summaries[able],
        seen,
        prior=(low, high),
        seed=int(learning.generate_state(1)[0]),
    )
    return NeuralPosterior(draws, points, summaries)


def _check_installed() -> None:
    from importlib.util import find_spec

    if find_spec("sbi") is None:
        msg = "sbi is not installed, which the extra `posterior` brings."
        raise DefaultModeError("E519", f"{msg} pip install 'defaultmode[posterior]'.")


class _Silent:
    """Keeps no record of the training, which the library would write into the working directory."""

    log_dir = None

    def log_metric(self, *_: object, **__: object) -> None: ...

    def log_metrics(self, *_: object, **__: object) -> None: ...

    def log_params(self, *_: object, **__: object) -> None: ...

    def add_figure(self, *_: object, **__: object) -> None: ...

    def flush(self) -> None: ...


def _learnt(
    points: Array, summaries: Array, seen: Array, *, prior: tuple[Array, Array], seed: int
) -> Array:
    import torch
    from sbi.inference import NPE
    from sbi.utils import BoxUniform

    def single(values: Array) -> torch.Tensor:
        return torch.as_tensor(values, dtype=torch.float32)

    with torch.random.fork_rng(devices=[]), redirect_stdout(StringIO()):  # it prints
        torch.manual_seed(seed)
        box = BoxUniform(single(prior[0]), single(prior[1]))
        learner = NPE(prior=box, tracker=_Silent(), show_progress_bars=False)
        learner.append_simulations(single(points), single(summaries)).train()
        posterior = learner.build_posterior()
        drawn = posterior.sample((DRAWS,), x=single(seen), show_progress_bars=False)
    return np.asarray(drawn.numpy(), dtype=np.float64)
