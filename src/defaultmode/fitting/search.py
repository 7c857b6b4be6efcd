"""The most plausible point: near what was measured, near where people usually are, and stable."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from defaultmode.fitting.target import Band, Complex, Target, Weights, misfit

Array = NDArray[np.float64]
FURTHEST_SCORE = 6.0  # in prior standard deviations: further out nothing is sought
MEMORY = 20  # gradients that L-BFGS remembers
EDGE = 200.0  # weight of a growth per second beyond the limit, per sample


class Forward(Protocol):
    """A model as a fit sees it: scores → cross-spectra, and derivatives back."""

    def __len__(self) -> int:
        """Number of scores."""
        ...

    def crossed(
        self, scores: Array, frequencies_hz: Array
    ) -> tuple[Complex, Callable[[Complex], Array]]:
        """Cross-spectra (n_frequencies, n, n), and what turns a derivative by them into one by scores."""
        ...

    def growth(self, scores: Array) -> tuple[float, Array]:
        """Growth per second that no disturbance exceeds, and its derivative by the scores."""
        ...


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Aim:
    """Everything that decides a fit but the model.

    slowest_per_s : disturbances must die at least this fast
    usual : (n_scores,) what the prior is centred on, None for 0
    """

    target: Target
    band: Band
    weights: Weights
    slowest_per_s: float
    usual: Array | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Where a fit ended.

    scores : (n_scores,); crossed : (n_frequencies, n, n); misfit : of the target alone
    settled : whether it ended by itself and not after the last step
    """

    scores: Array
    crossed: Complex
    misfit: float
    growth_per_s: float
    evaluations: int
    settled: bool


def search(model: Forward, aim: Aim, *, steps: int, start: Array | None = None) -> Found:
    """The scores that minimise misfit + half their squared distance from the usual ones.

    L-BFGS with exact gradients (Byrd 1995, doi 10.1137/0916069, in scipy). Brains less stable than
    asked are pushed back by the square of what they lack, so that the end may lie beyond the limit
    by a little; `growth_per_s` says.
    """
    from scipy.optimize import minimize

    usual = np.zeros(len(model)) if aim.usual is None else aim.usual
    found = minimize(
        lambda scores: objective(model, aim, scores),
        usual if start is None else start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-FURTHEST_SCORE, FURTHEST_SCORE)] * len(model),
        options={"maxiter": steps, "maxcor": MEMORY},
    )
    crossed, _ = model.crossed(found.x, aim.band.frequencies_hz)
    now, later = aim.band.covariances(crossed, aim.target.lag_s)
    return Found(
        scores=found.x,
        crossed=crossed,
        misfit=misfit(aim.target, now, later, aim.weights)[0],
        growth_per_s=model.growth(found.x)[0],
        evaluations=int(found.nfev),
        settled=bool(found.success),
    )


def objective(model: Forward, aim: Aim, scores: Array) -> tuple[float, Array]:
    """What `search` minimises, and its derivative by the scores."""
    growth, by_growth = model.growth(scores)
    away = scores if aim.usual is None else scores - aim.usual
    beyond = max(0.0, growth + aim.slowest_per_s)
    edge = EDGE * aim.target.samples
    value = edge * beyond**2 + away @ away / 2.0
    gradient = 2.0 * edge * beyond * by_growth + away
    if growth >= 0.0:  # no stationary spectrum: the edge and the prior alone lead back
        return value + edge * (1.0 + growth) * len(aim.target.z) ** 2, gradient + (
            edge * len(aim.target.z) ** 2 * by_growth
        )
    crossed, back = model.crossed(scores, aim.band.frequencies_hz)
    now, later = aim.band.covariances(crossed, aim.target.lag_s)
    missed, by_now, by_later = misfit(aim.target, now, later, aim.weights)
    return value + missed, gradient + back(aim.band.by_crossed(by_now, by_later, aim.target.lag_s))
