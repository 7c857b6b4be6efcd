"""The most plausible point: near what was measured, near where people usually are, and stable."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from defaultmode.fitting.target import Band, Complex, Target, Weights, misfit

Array = NDArray[np.float64]
FURTHEST_SCORE = 6.0  # in prior standard deviations: further out nothing is sought
MEMORY = 60  # gradients that L-BFGS remembers; with 20, 100 steps came no further than 60 do now
STABLE_STEPS = 60
EDGE = 20.0  # weight of a growth per second beyond the limit, per sample; stiffer is slower


class Forward(Protocol):
    """A model as a fit sees it: scores → cross-spectra, and derivatives back."""

    def __len__(self) -> int:
        """Number of scores."""
        ...

    def crossed(
        self, scores: Array, frequencies_hz: Array
    ) -> tuple[Complex, Callable[[Complex], Array]]:
        """Cross-spectra (n_frequencies, n, n), and the way from derivatives by them to scores."""
        ...

    def growth(self, scores: Array) -> tuple[float, Array]:
        """Growth per second that no disturbance exceeds, and its derivative by the scores."""
        ...


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Aim:
    """Everything that decides a fit but the model.

    slowest_per_s : disturbances must die at least this fast
    regions : of the model that the target shows, in its order; None for all
    usual : (n_scores,) what the prior is centred on, None for 0
    """

    target: Target
    band: Band
    weights: Weights
    slowest_per_s: float
    regions: NDArray[np.intp] | None = None
    usual: Array | None = None

    def shown(self, crossed: Complex) -> tuple[Array, Array]:
        """Covariance and lagged covariance of the regions that the target shows."""
        if self.regions is not None:
            crossed = crossed[:, self.regions[:, None], self.regions]
        return self.band.covariances(crossed, self.target.lag_s)

    def sampled(self, crossed: Complex, rng: np.random.Generator) -> Target:
        """The target that one more recording with these cross-spectra would give."""
        if self.regions is not None:
            crossed = crossed[:, self.regions[:, None], self.regions]
        return self.band.sampled(crossed, self.target, rng)

    def by_crossed(self, by_now: Array, by_later: Array, n_regions: int) -> Complex:
        """Derivative by the cross-spectra of all regions, from those by what is shown."""
        by = self.band.by_crossed(by_now, by_later, self.target.lag_s)
        if self.regions is None:
            return by
        everywhere = np.zeros((len(by), n_regions, n_regions), np.complex128)
        everywhere[:, self.regions[:, None], self.regions] = by
        return everywhere


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

    def aimed(scores: Array) -> tuple[float, Array]:
        return objective(model, aim, scores)

    found = minimize(
        aimed,
        usual if start is None else start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-FURTHEST_SCORE, FURTHEST_SCORE)] * len(model),
        options={"maxiter": steps, "maxcor": MEMORY},
    )
    crossed, _ = model.crossed(found.x, aim.band.frequencies_hz)
    now, later = aim.shown(crossed)
    return Found(
        scores=found.x,
        crossed=crossed,
        misfit=misfit(aim.target, now, later, aim.weights)[0],
        growth_per_s=model.growth(found.x)[0],
        evaluations=int(found.nfev),
        settled=bool(found.success),
    )


def held_stable(model: Forward, scores: Array, slowest_per_s: float) -> Array:
    """The scores, moved as little as makes the brain as stable as asked, all but a little."""
    from scipy.optimize import minimize

    def away(at: Array) -> tuple[float, Array]:
        growth, by_growth = model.growth(at)
        beyond = max(0.0, growth + slowest_per_s)
        moved = at - scores
        value = 1000.0 * EDGE * beyond**2 + float(moved @ moved) / 2.0
        return value, 2000.0 * EDGE * beyond * by_growth + moved

    found = minimize(away, scores, jac=True, method="L-BFGS-B", options={"maxiter": STABLE_STEPS})
    return np.asarray(found.x)


def objective(model: Forward, aim: Aim, scores: Array) -> tuple[float, Array]:
    """What `search` minimises, and its derivative by the scores."""
    growth, by_growth = model.growth(scores)
    away = scores if aim.usual is None else scores - aim.usual
    beyond = max(0.0, growth + aim.slowest_per_s)
    edge = EDGE * aim.target.samples
    value = edge * beyond**2 + float(away @ away) / 2.0
    gradient = np.asarray(2.0 * edge * beyond * by_growth + away)
    if growth >= 0.0:  # no stationary spectrum: a wall that leads back
        wall = edge * aim.target.z.size
        return value + wall * (1.0 + growth), gradient + wall * by_growth
    crossed, back = model.crossed(scores, aim.band.frequencies_hz)
    missed, by_now, by_later = misfit(aim.target, *aim.shown(crossed), aim.weights)
    by_crossed = aim.by_crossed(by_now, by_later, crossed.shape[1])
    return value + missed, gradient + back(by_crossed)
