"""What a drug, a condition or an event does: a named change of a named parameter somewhere."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.atlas import ROLES, Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.brain import Brain

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One change of one parameter at level 1, scaled by a level that moves in time.

    change : relative (−0.05 lowers by 5 %) or added (in the parameter's unit)
    where : "all", "role:default", "network:NAME" or "map:NAME"
    slope : for a map, a region weighs 1 + slope × its z-score on that map, never below 0
    receptor, receptor_slope : the map that acts instead of `where`, with its slope, wherever the
        user has given it; receptor maps may not be shipped
    hypothetical : no source says that this is what happens
    """

    parameter: str
    change: float
    how: Literal["relative", "added"] = "relative"
    where: str = "all"
    slope: float = 0.0
    receptor: str = ""
    receptor_slope: float = 0.0
    sentence: str = ""
    source: str = ""
    verified: bool = False
    hypothetical: bool = False


def region_weights(effect: Effect, atlas: Atlas, maps: Mapping[str, ArrayLike]) -> Array:
    """How much of the effect each region receives, (n_regions,), ≥ 0; raises E513 and E506."""
    if effect.receptor in maps:
        values = maps[effect.receptor]
        return _map_weights(effect.receptor, values, effect.receptor_slope, len(atlas))
    kind, _, name = effect.where.partition(":")
    if effect.where == "all":
        return np.ones(len(atlas))
    if kind == "map":
        if name not in maps:
            known = ", ".join(sorted(maps)) or "none"
            raise DefaultModeError("E513", f"no region map is called {name!r}; there are {known}.")
        return _map_weights(name, maps[name], effect.slope, len(atlas))
    if kind == "role" and name in ROLES:
        members = atlas.members(name)
    elif kind == "network":
        members = atlas.members(network=name)
    else:
        raise DefaultModeError("E506", f"an effect acts on {effect.where!r}, which is nowhere.")
    if not len(members):
        msg = f"atlas {atlas.name!r} has no region of {effect.where!r}."
        raise DefaultModeError("E506", msg)
    weights = np.zeros(len(atlas))
    weights[members] = 1.0
    return weights


def _map_weights(name: str, values: ArrayLike, slope: float, n_regions: int) -> Array:
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (n_regions,) or not np.isfinite(array).all() or not array.std():
        msg = (
            f"map {name!r} has shape {array.shape}; expected {n_regions} finite values that differ."
        )
        raise DefaultModeError("E513", msg)
    z = (array - array.mean()) / array.std()
    return np.asarray(np.maximum(1.0 + slope * z, 0.0))


def apply_effects(brain: Brain, acting: Iterable[tuple[Effect, ArrayLike, ArrayLike]]) -> Brain:
    """The brain under effects that act at once.

    acting : effect, its region weights (n_regions,), its level: a number or (n_people,)
    Relative changes multiply, added ones add afterwards, in whatever order they come; raises E506
    where a relative change would turn a parameter's sign.
    """
    values: dict[str, Array] = {}
    for effect, weights, level in sorted(acting, key=lambda item: item[0].how == "added"):
        dose = np.asarray(weights)[:, None] * np.atleast_1d(np.asarray(level, dtype=np.float64))
        now = values.get(effect.parameter, brain.value(effect.parameter))
        if effect.how == "added":
            values[effect.parameter] = now + effect.change * dose
            continue
        factor = 1.0 + effect.change * dose
        if (factor < 0).any():
            msg = f"{effect.parameter} would change by {100 * (factor.min() - 1):.0f} %."
            raise DefaultModeError("E506", msg)
        values[effect.parameter] = now * factor
    return brain.changed(**values)
