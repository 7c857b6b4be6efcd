"""Named parameter sets: data, read from `parameter_sets.toml`, laid on a connectome."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.connectome import Connectome
from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.graded import graded_brain
from defaultmode.simulation.inhibition import balance
from defaultmode.simulation.models import find_model
from defaultmode.simulation.registry import member

Array = NDArray[np.float64]
ROUTED = "routed"


@dataclass(frozen=True, slots=True)
class Sourced:
    """A number and where it comes from; not verified until checked against a publication."""

    value: float
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class ParameterSet:
    """What a model needs beside a connectome.

    scaling : what weights are divided by, "mean strength" or "spectral radius"; "routed" where the
        routes were fitted
    retuned : noise is so strong that inhibition must be corrected with the noise on
    feed_forward : the two roles that inhibit each other, or none
    rate_hz : role → excitatory rate that inhibition aims at, "all" for the others
    values : parameter → its number, where it differs from the model's default
    """

    name: str
    sentence: str
    cites: tuple[str, ...]
    model: str
    scaling: str
    feed_forward: tuple[str, ...]
    rate_hz: Mapping[str, Sourced]
    values: Mapping[str, Sourced]
    retuned: bool = False


def all_parameter_sets() -> dict[str, ParameterSet]:
    """Every parameter set by name, in the order of the file."""
    return dict(_packaged())


def find_parameter_set(name: str) -> ParameterSet:
    """One parameter set by name; raises E511 where there is none."""
    return member(_packaged(), name, kind="parameter set")


def parameter_set(
    name: str,
    connectome: Connectome,
    *,
    atlas: Atlas | None = None,
    changed: Mapping[str, ArrayLike] | None = None,
) -> Brain:
    """A named parameter set on a connectome, its inhibition balanced at the noise-free rest.

    name : of the set; "graded:POINT" for another operating point of the graded one
    atlas : needed where the set treats networks differently; its regions are the connectome's
    changed : parameters to set otherwise before inhibition is balanced
    With strong noise the rates lie above the target until `inhibition.retune` has corrected them.
    Raises E511 for an unknown name, E506 for an unknown parameter or a missing or wrong atlas,
    E504 where no inhibition balances it.
    """
    kind, _, point = name.partition(":")
    chosen = find_parameter_set(kind)
    if chosen.scaling == ROUTED:
        brain = graded_brain(connectome, point=point)
    else:
        brain = _scaled_brain(chosen, connectome, atlas)
    brain = brain.changed(**(changed or {}))
    return balance(brain, target_rate_hz(kind, connectome, atlas=atlas))


def target_rate_hz(name: str, connectome: Connectome, *, atlas: Atlas | None = None) -> Array:
    """Excitatory rate that a parameter set aims at, (n_regions,) in Hz."""
    chosen = find_parameter_set(name)
    rate = np.full(len(connectome), chosen.rate_hz["all"].value)
    for role, number in chosen.rate_hz.items():
        if role != "all":
            rate[_fitting(chosen, connectome, atlas).members(role)] = number.value
    return rate


def _scaled_brain(chosen: ParameterSet, connectome: Connectome, atlas: Atlas | None) -> Brain:
    values = {p.name: np.array([p.value]) for p in find_model(chosen.model).parameters}
    values |= {key: np.array([number.value]) for key, number in chosen.values.items()}
    routes = {"long_range": scaled(connectome.weights, chosen.scaling)}
    if chosen.feed_forward:
        routes["feed_forward"] = mutual(chosen.feed_forward, _fitting(chosen, connectome, atlas))
    return Brain(chosen.model, connectome.regions, values, routes)


def scaled(weights: Array, scaling: str) -> Array:
    """Connection weights of "mean strength" 1 or "spectral radius" 1; raises E506 for others."""
    if scaling == "mean strength":
        return np.asarray(weights / weights.sum(axis=1).mean())
    if scaling == "spectral radius":
        return np.asarray(weights / np.abs(np.linalg.eigvals(weights)).max())
    msg = f"no scaling is called {scaling!r}; there are 'mean strength' and 'spectral radius'."
    raise DefaultModeError("E506", msg)


def mutual(roles: tuple[str, ...], atlas: Atlas) -> Array:
    """Every region of one role receives the mean of the other, (n_regions, n_regions)."""
    route = np.zeros((len(atlas), len(atlas)))
    first, second = (atlas.members(role) for role in roles)
    if not len(first) or not len(second):
        msg = f"atlas {atlas.name!r} lacks regions of role {roles[0]!r} or {roles[1]!r}."
        raise DefaultModeError("E506", msg)
    route[np.ix_(first, second)] = 1.0 / len(second)
    route[np.ix_(second, first)] = 1.0 / len(first)
    return route


def _fitting(chosen: ParameterSet, connectome: Connectome, atlas: Atlas | None) -> Atlas:
    if atlas is None:
        msg = f"parameter set {chosen.name!r} treats networks differently; it needs an atlas."
        raise DefaultModeError("E506", msg)
    if atlas.names != connectome.regions:
        msg = f"atlas {atlas.name!r} names other regions than connectome {connectome.name!r}."
        raise DefaultModeError("E506", msg)
    return atlas


@cache
def _packaged() -> dict[str, ParameterSet]:
    raw = tomllib.loads(files(__package__).joinpath("parameter_sets.toml").read_text("utf-8"))
    return {name: _parsed(name, entry) for name, entry in raw.items()}


def _parsed(name: str, entry: dict[str, Any]) -> ParameterSet:
    return ParameterSet(
        name=name,
        sentence=entry["sentence"],
        cites=tuple(entry["cites"]),
        model=entry["model"],
        scaling=entry["scaling"],
        feed_forward=tuple(entry.get("feed_forward", ())),
        rate_hz={role: Sourced(**number) for role, number in entry["rate_hz"].items()},
        retuned=entry.get("retuned", False),
        values={parameter: Sourced(**number) for parameter, number in entry["values"].items()},
    )
