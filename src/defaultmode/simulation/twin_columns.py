"""The numbers of a twin that join a study as columns, each with its unit and what it means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from defaultmode.simulation.controlled import Parameters
from defaultmode.simulation.twin_space import Space

Array = NDArray[np.float64]
FACTOR = "of the group's"
FEWEST_DRAWS = 8  # below it nothing is said of where others lie
WEIGHTS = "mean absolute weights of the group"
NO_STRETCH: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """One number of a twin.

    value : of the fitted brain
    drawn : (n_draws,) in the plausible others; open_sd : standard deviation under the prior alone
    recovered : whether simulated people's come back at r ≥ 0.8 from 20 minutes, as `RECOVERED` says
    factor : whether it is a ratio, whose logarithm is averaged and spread
    stretch : how much further from the draws' mean the truth lies than the draws do, in simulated
        people; intervals are as much wider
    """

    name: str
    value: float
    drawn: Array
    unit: str
    sentence: str
    recovered: bool
    factor: bool
    open_sd: float = 0.0
    stretch: float = 1.0

    @property
    def mean(self) -> float:
        """Mean over the plausible others, which errs less than the fit where routes are free."""
        return self._back(self._scaled(self.drawn).mean())

    @property
    def learnt(self) -> float:
        """Share of the prior's variance that the recording took away; NaN without a prior."""
        if not self.open_sd > 0.0:
            return float("nan")
        left = self.stretch**2 * float(np.var(self._scaled(self.drawn), ddof=1))
        return 1.0 - left / self.open_sd**2

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Where the truth lies with this probability, if plausible brains are normal."""
        low, high = expected_range(self._scaled(self.drawn), level, stretch=self.stretch)
        return self._back(low), self._back(high)

    def _scaled(self, values: Array) -> Array:
        return np.log(values) if self.factor else values

    def _back(self, value: float) -> float:
        return float(np.exp(value)) if self.factor else float(value)


def expected_range(
    drawn: Array, level: float = 0.95, *, stretch: float = 1.0
) -> tuple[float, float]:
    """Range that one more normal draw falls into: quantiles of a few draws are too narrow.

    stretch : how much wider it is made around the mean
    """
    n = len(drawn)
    half = t.ppf((1.0 + level) / 2.0, n - 1) * drawn.std(ddof=1) * np.sqrt(1.0 + 1.0 / n) * stretch
    return float(drawn.mean() - half), float(drawn.mean() + half)


def summaries(
    space: Space,
    scores: Array,
    draws: Array,
    *,
    open_sd: Mapping[str, float],
    roles: Mapping[str, NDArray[np.intp]],
    stretch: Mapping[str, float] = NO_STRETCH,
) -> list[Summary]:
    """What a study keeps of a twin.

    draws : (n_draws, n_scores), plausible others; open_sd : as `prior_sd` gives it
    roles : "default" and "task-positive" → indices of regions
    stretch : beginning of a name, without `twin_` → how much wider its intervals are, else 1
    """
    points = [space.parameters(s) for s in (scores, *draws)]
    return [
        Summary(
            name=f"twin_{name}",
            value=float(values[0]),
            drawn=values[1:],
            unit=unit,
            sentence=sentence,
            recovered=name.startswith(RECOVERED),
            factor=unit == FACTOR,
            open_sd=open_sd.get(f"twin_{name}", 0.0),
            stretch=next((k for kind, k in stretch.items() if name.startswith(kind)), 1.0),
        )
        for name, unit, sentence, values in _named(space, points, roles)
    ]


def prior_sd(space: Space, prior: Array, roles: Mapping[str, NDArray[np.intp]]) -> dict[str, float]:
    """Standard deviation of every number over brains that the prior gives, (n, n_scores).

    Of the logarithm where the number is a factor.
    """
    points = [space.parameters(s) for s in prior]
    return {
        f"twin_{name}": float((np.log(v) if unit == FACTOR else v).std(ddof=1))
        for name, unit, _, v in _named(space, points, roles)
    }


def sentences(networks: Sequence[str]) -> dict[str, str]:
    """Column → sentence, for every column that a twin with these networks can have."""
    told = dict(WHOLE)
    for network in networks:
        told |= {name.format(slug(network)): s.format(network) for name, s in BY_NETWORK.items()}
    return {f"twin_{name}": f"{sentence} {CAUTION}" for name, sentence in told.items()}


CAUTION = "A parameter of a model fitted to this run, not a measurement."
WHOLE = {
    "coupling": "Strength of all connections between regions.",
    "shared_drive": "Strength of the noise that all regions share.",
    "route_within_default": "Mean net route between default-mode regions.",
    "route_default_task_positive": "Mean net route between default and task-positive regions.",
}
# docs/twin_recovery.md: means over draws of 60 simulated people correlate with the truth at 0.8 or
# more. So does private noise region by region, but not the mean of every network.
RECOVERED = ("coupling", "shared_drive", "route_within_default")
BY_NETWORK = {
    "local_excitation_{}": "Recurrent excitation of the {} network.",
    "local_inhibition_{}": "Drive of local inhibition in the {} network.",
    "noise_{}": "Private noise in the {} network.",
}


def slug(network: str) -> str:
    """A network's name as part of a column name."""
    return "".join(c if c.isalnum() else "_" for c in network).lower()


def _named(
    space: Space, points: Sequence[Parameters], roles: Mapping[str, NDArray[np.intp]]
) -> list[tuple[str, str, str, Array]]:
    """Name, unit, sentence and value at every point, of whatever the space lets differ."""
    start, told = space.start, sentences(space.networks)
    values: dict[str, tuple[str, list[float]]] = {
        "coupling": (FACTOR, [_along(p.net, start.net) for p in points]),
        "shared_drive": (FACTOR, [_along(p.shared, start.shared) for p in points]),
    }
    default, positive = roles["default"], roles["task-positive"]
    pairs = {"route_within_default": (default, default)}
    pairs["route_default_task_positive"] = (default, positive)
    for name, (ours, theirs) in pairs.items():
        routes = [_mean_route(space, p.net, ours, theirs) for p in points]
        values[name] = (WEIGHTS, routes)
    for k, network in enumerate(space.networks):
        here = space.members[:, k] > 0
        for name, field in (
            ("local_excitation_{}", "local_excitation"),
            ("local_inhibition_{}", "nmda_on_inhibitory"),
            ("noise_{}", "noise"),
        ):
            ratios = [_ratio(getattr(p, field)[here], getattr(start, field)[here]) for p in points]
            values[name.format(slug(network))] = (FACTOR, ratios)
    return [
        (name, unit, told[f"twin_{name}"], np.array(row))
        for name, (unit, row) in values.items()
        if np.isfinite(row).all() and (unit != FACTOR or min(row) > 0.0)
    ]


def _ratio(values: Array, start: Array) -> float:
    """Geometric mean of ratios: what scatters around the group's is 1 on average."""
    return float(np.exp(np.mean(np.log(values / start))))


def _along(values: Array, start: Array) -> float:
    """How much of the group's pattern there is; patterns of their own add nothing on average."""
    return float((values * start).sum() / (start**2).sum())


def _mean_route(
    space: Space, net: Array, ours: NDArray[np.intp], theirs: NDArray[np.intp]
) -> float:
    """Mean over existing connections, both ways, in mean absolute weights; NaN without any."""
    block = np.zeros_like(space.exists)
    block[np.ix_(ours, theirs)] = True
    block = (block | block.T) & space.exists
    return float(net[block].mean() / space.weight) if block.any() else float("nan")
