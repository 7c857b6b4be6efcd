"""The graded parameter set: routes fitted to measured connectivity, held away from instability."""

import json
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.connectome import Connectome
from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.models import find_model
from defaultmode.simulation.registry import member

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class GradedPoint:
    """One operating point and how well its routing fits.

    local_excitation, slowest_per_s, shared_share : as in `routing.RoutingPlan`
    correlation, held_out_correlation : with the 706 people fitted and with 303 others
    growth_per_s : of the slowest disturbance, below 0
    """

    name: str
    local_excitation: float
    slowest_per_s: float
    shared_share: float
    correlation: float
    held_out_correlation: float
    growth_per_s: float


def graded_points() -> dict[str, GradedPoint]:
    """Every operating point by name, the default one first."""
    chosen, points = default_point(), _toml()["point"]
    order = [chosen, *(name for name in points if name != chosen)]
    kept = ("correlation", "held_out_correlation", "growth_per_s")
    fits = json.loads(files(__package__).joinpath("graded.json").read_text("utf-8"))
    return {n: GradedPoint(n, **points[n], **{k: fits[n][k] for k in kept}) for n in order}


def default_point() -> str:
    """The point that conditions, drugs and trials run on."""
    return str(_toml()["default"])


def graded_brain(connectome: Connectome, *, point: str = "") -> Brain:
    """The brain at one operating point; its inhibition is still to be balanced.

    Raises E511 for an unknown point and E506 for any connectome but the one that the routes
    were fitted on.
    """
    name = point or default_point()
    member(_toml()["point"], name, kind="operating point")
    kept = _arrays(name)
    n = len(kept["noise"])
    fitted_on = str(_toml()["connectome"])
    if connectome.name != fitted_on or len(connectome) != n:
        msg = (
            f"the graded set was fitted on connectome {fitted_on!r} of {n} regions and ignores the "
            f"weights of {connectome.name!r}. Choose deco2014 or two_network for it."
        )
        raise DefaultModeError("E506", msg)
    net = np.zeros((n, n))
    net[np.triu_indices(n, 1)] = kept["net"]
    net += net.T
    return _brain(connectome, name, net, kept)


def _brain(connectome: Connectome, name: str, net: Array, kept: dict[str, Array]) -> Brain:
    numbers, sigma = _toml()["point"][name], float(_toml()["noise"])
    values: dict[str, Any] = {
        p.name: np.array([p.value]) for p in find_model("mean_field").parameters
    }
    values |= {
        "coupling": [1.0],
        "feed_forward": [1.0],
        "local_excitation": [numbers["local_excitation"]],
        "noise": sigma * kept["noise"],
        "noise_inhibitory": [sigma],
        "shared_noise": [sigma * np.sqrt(numbers["shared_share"])],
        "shared_weight": kept["shared"],
    }
    routes = {"long_range": np.maximum(net, 0.0), "feed_forward": np.maximum(-net, 0.0)}
    return Brain("mean_field", connectome.regions, values, routes)


@cache
def _toml() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("graded.toml").read_text("utf-8"))


@cache
def _arrays(name: str) -> dict[str, Array]:
    packed = BytesIO(files(__package__).joinpath("graded.npz").read_bytes())
    with np.load(packed, allow_pickle=False) as archive:
        return {
            key: archive[f"{name}.{key}"].astype(np.float64) for key in ("net", "noise", "shared")
        }
