"""Whether the regions of five inward functions act together, at rest and in a task."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import ceil

import numpy as np

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.core.reference import Reference
from defaultmode.core.spins import SPINS, Places, null_sets
from defaultmode.core.tested import Tested
from defaultmode.measures._connectivity import connectivity
from defaultmode.measures._regions import LEAST_SHARE, carrying
from defaultmode.measures._registry import SHAPE_ONLY, measure
from defaultmode.measures._task_model import task_fit
from defaultmode.measures.task_deactivation import PREMISES as OF_A_TASK

REACH_MM = 25.0  # the radius of a disc of 19 cm², as large as a region where there are 100
LEAST_NODES = 2


@dataclass(frozen=True, slots=True)
class NodeSet:
    """The places of one function, foci_mm in MNI space.

    caution : what a reader must know of them, may be empty; verified : checked against the source
    """

    name: str
    words: str
    cites: tuple[str, ...]
    caution: str
    confidence: str
    verified: bool
    foci_mm: tuple[tuple[float, float, float], ...]


@cache
def node_sets() -> dict[str, NodeSet]:
    """The node sets of `functions.toml` by name."""
    text = files(__package__).joinpath("functions.toml").read_text("utf-8")
    return {
        name: NodeSet(
            name,
            raw["words"],
            tuple(raw["cites"]),
            raw.get("caution", ""),
            raw["confidence"],
            raw["verified"],
            tuple((x, y, z) for x, y, z in raw["foci_mm"]),
        )
        for name, raw in tomllib.loads(text).items()
    }


def nodes_in(atlas: Atlas, places: NodeSet) -> Places:
    """Regions whose centre is nearest to a focus and within 25 mm of it, (k,), each once.

    A focus on the midline has a region in each hemisphere. Raises E306 where no centre is known or
    fewer than half of the foci have a region.
    """
    centres = atlas.centres_mm
    if not np.isfinite(centres).all():
        msg = f"atlas {atlas.name!r} does not state the centres of its regions."
        raise DefaultModeError("E306", msg)
    found = [near for focus in places.foci_mm if (near := _nearest(atlas, centres, focus))]
    if len(found) < LEAST_SHARE * len(places.foci_mm):
        msg = (
            f"{len(found)} of {len(places.foci_mm)} places of {places.words} have a region of "
            f"{atlas.name!r} within {REACH_MM:g} mm; at least half are needed."
        )
        raise DefaultModeError("E306", msg)
    return np.unique(np.concatenate(found).astype(np.intp))


def _nearest(atlas: Atlas, centres: Array, focus: tuple[float, float, float]) -> list[int]:
    far = np.linalg.norm(centres - focus, axis=1)
    sides = ("LM", "RM") if focus[0] == 0 else ("LRM",)
    found = []
    for side in sides:
        here = np.array([r.hemisphere in side for r in atlas.regions])
        distance = np.where(here, far, np.inf)
        if distance.min() <= REACH_MM:
            found.append(int(distance.argmin()))
    return found


def _tested(
    recording: Recording,
    reference: Reference,
    places: NodeSet,
    statistic: Callable[[Places], Array],
) -> Tested:
    """A statistic of the node set beside the same of sets that are as large elsewhere.

    statistic : sets as places among the regions in `carrying`, (n, k) → (n,)

    Rotations keep the distances within a set only roughly. In noise over 100 regions smoothed with
    a Gaussian of 10 mm, an activation had p ≤ 0.05 in 5 to 10 % of maps, most in theory of mind;
    the connectivity of theory of mind had it in 48 % of runs, of moral judgement in 22 %, and
    of the other sets in 2 to 5 %.
    """
    columns = carrying(recording)
    nodes = nodes_in(recording.atlas, places)
    there = np.intersect1d(nodes, columns)
    needed = max(LEAST_NODES, ceil(LEAST_SHARE * len(nodes)))
    if len(there) < needed:
        msg = (
            f"{len(there)} of the {len(nodes)} regions of {places.words} carry a signal; at least "
            f"{needed} are needed."
        )
        raise DefaultModeError("E302", msg)
    if len(there) == len(columns):
        raise DefaultModeError("E302", f"No region beside those of {places.words} has a signal.")
    n = SPINS if reference.surrogates else 0
    drawn, how = null_sets(recording.atlas, there, columns, seed=reference.seed, n=n)
    values = statistic(np.searchsorted(columns, np.vstack([there, drawn])))
    return Tested(float(values[0]), values[1:], how)


def _activation(recording: Recording, reference: Reference, places: NodeSet) -> Tested:
    activation = task_fit(recording).activation

    def difference(sets: Places) -> Array:
        inside = activation[sets]
        outside = (activation.sum() - inside.sum(axis=1)) / (len(activation) - sets.shape[1])
        return np.asarray(inside.mean(axis=1) - outside)

    return _tested(recording, reference, places, difference)


def _connectivity(recording: Recording, reference: Reference, places: NodeSet) -> Tested:
    columns = carrying(recording)
    z = connectivity(recording).z[np.ix_(columns, columns)]

    def mean(sets: Places) -> Array:
        k = sets.shape[1]
        return np.asarray(z[sets[:, :, None], sets[:, None, :]].sum(axis=(1, 2)) / (k * (k - 1)))

    return _tested(recording, reference, places, mean)


def _enter(places: NodeSet) -> None:
    """Enter the two measures of one function; its places are data, so its measures are too."""
    cites = (*places.cites, "AlexanderBloch2018", "Markello2021")

    def activation(recording: Recording, reference: Reference) -> Tested:
        return _activation(recording, reference, places)

    def together(recording: Recording, reference: Reference) -> Tested:
        return _connectivity(recording, reference, places)

    cautions = (places.caution, "" if places.verified else "places not verified")
    said = "; ".join(filter(None, cautions))
    named = f"{places.words} ({said})" if said else places.words
    activation.__name__ = f"function_{places.name}"
    activation.__doc__ = (
        f"Change from rest to task in regions of {named} less that in all other regions, which "
        "tests the function only where the task engages it."
    )
    together.__name__ = f"function_{places.name}_connectivity"
    together.__doc__ = f"Mean Fisher-z correlation over all pairs of regions of {named}."
    measure(unit="%", cites=cites, unchanged_by=("offset",), premises=(*OF_A_TASK, "stream"))(
        activation
    )
    measure(unit="Fisher z", cites=cites, unchanged_by=SHAPE_ONLY, premises=("stream",))(together)


for _places in node_sets().values():
    _enter(_places)
