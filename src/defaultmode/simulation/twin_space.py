"""What of a brain a twin may differ in from the group, and how large such differences are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.connectome import Connectome
from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.controlled import Control, Parameters, slowest
from defaultmode.simulation.inhibition import balance
from defaultmode.simulation.models import find_model

Array = NDArray[np.float64]

# block of freedom → one number per "brain", "network", "region" or "connection"
BLOCKS = {
    "coupling": "brain",
    "shared_drive": "brain",
    "local_excitation": "network",
    "local_inhibition": "network",
    "noise_of_network": "network",
    "noise": "region",
    "shared_weight": "region",
    "routing": "connection",
    "direction": "connection",
}
FIRST_SHRINK = 0.8  # of the first guess of the routes, until it is as stable as asked
SPARE_PER_S = 0.3  # more stable than asked, so that a fit starts inside


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """Where a brain is held; the default is the point that conditions and drugs were made for.

    local_excitation : w; slowest_per_s : its slowest disturbance dies at least this fast
    shared_share : variance of the shared noise, of the private one; rate_hz : of every region
    noise : private, per √ms
    """

    local_excitation: float = 0.7
    slowest_per_s: float = 2.5
    shared_share: float = 0.2
    rate_hz: float = 3.0
    noise: float = 0.005


def first_guess(connectome: Connectome, point: OperatingPoint, control: Control) -> Parameters:
    """Every connection excites in proportion to its weight, as weakly as stability asks."""
    n = len(connectome)
    net = connectome.weights / connectome.weights.sum(axis=1).mean()
    while True:
        start = Parameters(
            net=net,
            local_excitation=np.full(n, point.local_excitation),
            nmda_on_inhibitory=np.ones(n),
            noise=np.full(n, point.noise),
            shared=np.full(n, point.noise * np.sqrt(point.shared_share)),
        )
        growth, _ = slowest(start, control)
        if growth <= -point.slowest_per_s - SPARE_PER_S:
            return start
        if not net.any() or net.max() < 1e-12:
            w = point.local_excitation
            msg = f"no brain with w = {w:g} relaxes at {point.slowest_per_s:g} /s."
            raise DefaultModeError("E504", msg)
        net = net * FIRST_SHRINK


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """Brains around a start; a point of it is a vector of scores, 0 for the start itself.

    start : of the group, or the first guess
    exists : (n, n) symmetric, which connections may be routed
    networks, members : names, and (n, n_networks) 1 where a region belongs
    sd : block of `BLOCKS` → size of one score; a block that is left out is held at the start.
        Relative on a log scale, but routing and direction (in mean absolute weights of the start)
        and shared_weight (in mean shared noises) are added
    """

    start: Parameters
    exists: NDArray[np.bool_]
    networks: tuple[str, ...]
    members: Array
    sd: Mapping[str, float]
    _rows: NDArray[np.intp] = field(init=False, repr=False)
    _columns: NDArray[np.intp] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        unknown = set(self.sd) - set(BLOCKS)
        if unknown:
            raise DefaultModeError("E506", f"a twin has no block {min(unknown)!r} of parameters.")
        rows, columns = np.nonzero(np.triu(self.exists, 1))
        object.__setattr__(self, "_rows", rows)
        object.__setattr__(self, "_columns", columns)

    @property
    def slices(self) -> dict[str, slice]:
        """Which scores belong to which block, in the order of `BLOCKS`."""
        counts = {
            "brain": 1,
            "network": len(self.networks),
            "region": len(self.members),
            "connection": len(self._rows),
        }
        names = [name for name in BLOCKS if name in self.sd]
        ends = accumulate((counts[BLOCKS[name]] for name in names), initial=0)
        return {name: slice(*edge) for name, edge in zip(names, pairwise(ends), strict=True)}

    def __len__(self) -> int:
        return max((part.stop for part in self.slices.values()), default=0)

    @property
    def weight(self) -> float:
        """Mean absolute weight of the start's connections, the unit of routing."""
        return float(np.abs(self.start.net[self._rows, self._columns]).mean())

    def moves(self, scores: Array) -> dict[str, Array]:
        """Every block's move in its own unit; a block that is held is absent."""
        return {name: self.sd[name] * scores[part] for name, part in self.slices.items()}

    def parameters(self, scores: Array) -> Parameters:
        """The brain at a point of the space."""
        moves, start = self.moves(scores), self.start
        net = start.net + self._added_to_net(moves)
        noise = np.exp(self._of_region(moves, "noise") + self._of_region(moves, "noise_of_network"))
        return Parameters(
            net=net * np.exp(_of_brain(moves, "coupling")),
            local_excitation=start.local_excitation
            * np.exp(self._of_region(moves, "local_excitation")),
            nmda_on_inhibitory=start.nmda_on_inhibitory
            * np.exp(self._of_region(moves, "local_inhibition")),
            noise=start.noise * noise,
            shared=self._shared(moves) * np.exp(_of_brain(moves, "shared_drive")),
        )

    def by_scores(self, scores: Array, by: Parameters) -> Array:
        """Derivative of a number by every score, from those by the parameters there."""
        at, moves, start = self.parameters(scores), self.moves(scores), self.start
        coupling = np.exp(_of_brain(moves, "coupling"))
        drive = np.exp(_of_brain(moves, "shared_drive"))
        there, back = by.net[self._rows, self._columns], by.net[self._columns, self._rows]
        by_noise = by.noise * at.noise
        found = {
            "coupling": (by.net * at.net).sum(),
            "shared_drive": (by.shared * at.shared).sum(),
            "local_excitation": self.members.T @ (by.local_excitation * at.local_excitation),
            "local_inhibition": self.members.T @ (by.nmda_on_inhibitory * at.nmda_on_inhibitory),
            "noise_of_network": self.members.T @ by_noise,
            "noise": by_noise,
            "shared_weight": by.shared * drive * start.shared.mean(),
            "routing": (there + back) * coupling * self.weight,
            "direction": (there - back) * coupling * self.weight,
        }
        gradient = np.zeros(len(self))
        for name, part in self.slices.items():
            gradient[part] = self.sd[name] * found[name]
        return gradient

    def _added_to_net(self, moves: Mapping[str, Array]) -> Array:
        both = moves.get("routing", np.zeros(1)) * self.weight
        forth = moves.get("direction", np.zeros(1)) * self.weight
        added = np.zeros_like(self.start.net)
        added[self._rows, self._columns] = both + forth
        added[self._columns, self._rows] = both - forth
        return added

    def _shared(self, moves: Mapping[str, Array]) -> Array:
        start = self.start.shared
        return np.asarray(start + start.mean() * moves.get("shared_weight", np.zeros(1)))

    def _of_region(self, moves: Mapping[str, Array], name: str) -> Array:
        """A block's move laid on the regions; 0 where it is held."""
        if name not in moves:
            return np.zeros(len(self.members))
        move = moves[name] if BLOCKS[name] == "region" else self.members @ moves[name]
        return np.asarray(move)


def _of_brain(moves: Mapping[str, Array], name: str) -> float:
    return float(moves[name][0]) if name in moves else 0.0


def brain_of(parameters: Parameters, regions: tuple[str, ...], point: OperatingPoint) -> Brain:
    """The brain of fitted parameters as both engines take it, its inhibition balanced.

    Raises E504 where a region would need inhibition below 0, E506 for parameters that do not fit.
    """
    values = {p.name: np.array([[p.value]]) for p in find_model("mean_field").parameters}
    values |= {
        "coupling": np.ones((1, 1)),
        "feed_forward": np.ones((1, 1)),
        "local_excitation": parameters.local_excitation[:, None],
        "nmda_on_inhibitory": parameters.nmda_on_inhibitory[:, None],
        "noise": parameters.noise[:, None],
        "noise_inhibitory": np.full((1, 1), point.noise),
        "shared_noise": np.ones((1, 1)),
        "shared_weight": parameters.shared[:, None],
    }
    routes = {
        "long_range": np.maximum(parameters.net, 0.0),
        "feed_forward": np.maximum(-parameters.net, 0.0),
    }
    return balance(Brain("mean_field", regions, values, routes), point.rate_hz)
