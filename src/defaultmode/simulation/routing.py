"""Which connections excite and which inhibit, so that modelled connectivity is a group's."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.connectome import Connectome
from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.inhibition import balance
from defaultmode.simulation.linear import Linear, correlation, fixed_point, linearise
from defaultmode.simulation.spectrum import band_covariance

Array = NDArray[np.float64]

FROM_FIRST_WEIGHT = 5.0  # a step is so many mean weights per unit of correlation
WEIGHT_STEP, NOISE_STEP = 0.03, 0.02  # of shared weight and private noise, per unit of mean error
LARGEST_SHARED_WEIGHT = 6.0
NOISE_RANGE = (0.3, 3.0)  # of the mean private noise
DAMPING = 0.985  # of all routes, while the brain relaxes more slowly than asked
BAND_HZ = (0.01, 0.1)  # DESIGN.md: the band of connectivity


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingPlan:
    """Where the brain is to be held while its routes are fitted; all of it our own choice.

    local_excitation : w; slowest_per_s : its slowest disturbance dies at least this fast
    shared_share : variance of the shared noise, of the private one; rate_hz : of every region
    step : correlation error → signed weight, in mean weights; iterations : steps of the fit
    """

    local_excitation: float
    slowest_per_s: float
    shared_share: float
    rate_hz: float = 3.0
    step: float = 0.04
    iterations: int = 700


@dataclass(frozen=True, slots=True, eq=False)
class Routed:
    """A fitted brain and how well it fits.

    correlation, mean_absolute_error : of modelled with measured connectivity, above the diagonal
    growth_per_s : of the slowest disturbance; iteration : the step that is kept
    """

    brain: Brain
    correlation: float
    mean_absolute_error: float
    growth_per_s: float
    iteration: int


def fit_routing(brain: Brain, connectome: Connectome, target: Array, plan: RoutingPlan) -> Routed:
    """The brain with signed routes on the connectome's connections, fitted to a connectivity.

    brain : mean field whose noise sets the scale; its routes are replaced
    target : (n_regions, n_regions) correlations of band-passed BOLD
    Each existing connection's net weight moves by the error of its correlation; positive ones are
    long-range excitation, negative ones feed-forward inhibition; private and shared noise follow
    the mean error of a region; local inhibition is balanced at every step (after Schirner 2023,
    doi 10.1038/s41467-023-38626-y, and Deco 2019, on signed effective connectivity). The fitted
    connectivity is that of BOLD in 0.01–0.1 Hz under the linear noise approximation. Raises E504
    where no step is as stable as asked.
    """
    state = _start(brain, connectome, plan)
    best: Routed | None = None
    for iteration in range(plan.iterations):
        now = state.brain(brain, plan)
        growth, modelled = _see(now)
        if -growth < plan.slowest_per_s:
            state.net *= DAMPING
        if modelled is None:
            continue
        error = target - modelled
        np.fill_diagonal(error, 0.0)
        if -growth >= plan.slowest_per_s:
            best = _better(best, Routed(now, *agreement(modelled, target), growth, iteration))
        state.follow(error, plan)
    if best is None:
        msg = f"no routing relaxes at {plan.slowest_per_s:g} /s or faster."
        raise DefaultModeError("E504", msg)
    return best


@dataclass(slots=True)
class _State:
    """What the fit moves."""

    net: Array
    exists: NDArray[np.bool_]
    mean_weight: float
    shared_weight: Array
    noise: Array

    def brain(self, brain: Brain, plan: RoutingPlan) -> Brain:
        """The brain with these routes and noises, inhibition balanced."""
        sigma = float(brain.value("noise").mean())
        routes = {"long_range": np.maximum(self.net, 0), "feed_forward": np.maximum(-self.net, 0)}
        values = {
            **brain.values,
            "coupling": np.ones((1, 1)),
            "feed_forward": np.ones((1, 1)),
            "local_excitation": np.full((1, 1), plan.local_excitation),
            "noise": (sigma * self.noise)[:, None],
            "shared_noise": np.full((1, 1), sigma * np.sqrt(plan.shared_share)),
            "shared_weight": self.shared_weight[:, None],
        }
        return balance(Brain(brain.model, brain.regions, values, routes), plan.rate_hz)

    def follow(self, error: Array, plan: RoutingPlan) -> None:
        """Move every weight by its error, and each region's noises by their mean error."""
        step = plan.step * FROM_FIRST_WEIGHT * self.mean_weight
        self.net = np.where(self.exists, self.net + step * error, 0.0)
        region = error.mean(axis=1)
        moved = self.shared_weight + WEIGHT_STEP * region
        self.shared_weight = np.clip(moved, 0.0, LARGEST_SHARED_WEIGHT)
        self.noise = np.clip(self.noise * np.exp(-NOISE_STEP * region), *NOISE_RANGE)


def _start(brain: Brain, connectome: Connectome, plan: RoutingPlan) -> _State:
    weights = connectome.weights / connectome.weights.sum(axis=1).mean()
    n = brain.n_regions
    # the first guess is halved until it is stable
    state = _State(weights.copy(), weights > 0, float(weights.mean()), np.ones(n), np.ones(n))
    while _see(state.brain(brain, plan))[1] is None:
        state.net /= 2.0
    return state


def _see(brain: Brain) -> tuple[float, Array | None]:
    """Growth per second, and the connectivity of BOLD; None where there is no stable rest."""
    try:
        linear: Linear = linearise(brain, fixed_point(brain))
    except DefaultModeError as problem:
        if problem.code != "E504":
            raise
        return np.inf, None
    seen = correlation(band_covariance(linear, low_hz=BAND_HZ[0], high_hz=BAND_HZ[1]))
    return linear.point.growth_per_s, seen


def agreement(modelled: Array, target: Array) -> tuple[float, float]:
    """Correlation and mean absolute error of two connectivities, above the diagonal."""
    above = np.triu_indices(len(target), 1)
    a, b = modelled[above], target[above]
    return float(np.corrcoef(a, b)[0, 1]), float(np.abs(a - b).mean())


def _better(best: Routed | None, new: Routed) -> Routed:
    gain = new.correlation - new.mean_absolute_error
    kept = best is not None and best.correlation - best.mean_absolute_error >= gain
    return best if kept and best is not None else new
