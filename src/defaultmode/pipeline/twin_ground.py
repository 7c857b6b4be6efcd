"""What the twins of one atlas share: connectome, band, and the group that they start from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.connectome import Connectome
from defaultmode.core.errors import DefaultModeError
from defaultmode.fitting.priors import standard_deviations
from defaultmode.fitting.search import Aim, Found, held_stable, search
from defaultmode.fitting.target import Band, Target, Weights, average, band
from defaultmode.pipeline.twin_targets import Shown
from defaultmode.simulation.controlled import Control, Parameters, control_at
from defaultmode.simulation.spectrum import blood_flow_response
from defaultmode.simulation.twin_columns import prior_sd
from defaultmode.simulation.twin_model import TwinModel
from defaultmode.simulation.twin_space import OperatingPoint, Space, first_guess

Array = NDArray[np.float64]
BAND_NODES = 3  # a test holds the band's connectivity to that of 12
GROUP_STEPS = 200
GROUP_SAMPLES = 1000.0  # at least: a prior around the first guess knows nothing of brains
PRIOR_DRAWS = 60  # a standard deviation to within a tenth
FEW_PEOPLE = 5  # below it a group of the study's own says little, where a larger one is embedded
# The group's brain may lie far from the first guess: wide on purpose, the data of many decide.
GROUP_SD = {"routing": 3.0, "noise": 0.5, "shared_weight": 1.0, "shared_drive": 1.0}
# the connectome alone: two strengths, or also what every network may differ in
STRUCTURE_SD = (
    {"coupling": 1.0, "shared_drive": 1.0},
    {
        "coupling": 1.0,
        "shared_drive": 1.0,
        "local_excitation": 0.3,
        "local_inhibition": 0.3,
        "noise_of_network": 0.5,
    },
)


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """The group's brain and everything else that people's fits share; frozen, goes to processes.

    structure : the first guess, routes in proportion to the connectome; group : after its fit
    fit : correlation of the group's brain with the connectivity that it was fitted to
    people : whose first halves it was fitted to, or the name of the embedded group
    others : whether anybody but one person is in it
    embedded : whether it is the embedded group
    open_sd : column → its standard deviation under the prior and stability alone
    """

    atlas: Atlas
    connectome: str
    point: OperatingPoint
    control: Control
    exists: NDArray[np.bool_]
    structure: Parameters
    group: Parameters
    target: Target
    fit: float
    people: str
    others: bool
    embedded: bool
    open_sd: Mapping[str, float] = field(default_factory=dict)

    @property
    def roles(self) -> dict[str, NDArray[np.intp]]:
        """Regions of the default and of the task-positive network."""
        return {role: self.atlas.members(role) for role in ("default", "task-positive")}

    def space(self, start: Parameters, sd: Mapping[str, float]) -> Space:
        """Brains around a start."""
        return Space(start, self.exists, *networks_of(self.atlas), sd)

    def model(self, space: Space) -> TwinModel:
        """The space as a fit sees it."""
        return TwinModel(space, self.control)

    def band(self, shown: Shown) -> Band:
        """The band of a run, seen through blood flow."""
        return band_of(self.control, shown.low_hz, shown.high_hz)


def networks_of(atlas: Atlas) -> tuple[tuple[str, ...], Array]:
    """Names of the atlas's networks, and (n_regions, n_networks) 1 where a region belongs."""
    names = tuple(sorted(set(atlas.networks)))
    members = np.array([[float(network == name) for name in names] for network in atlas.networks])
    return names, members


def band_of(control: Control, low_hz: float, high_hz: float) -> Band:
    """A band seen through Balloon–Windkessel blood flow around the rate that control keeps."""

    def response(frequencies_hz: Array) -> NDArray[np.complex128]:
        return blood_flow_response(frequencies_hz, np.array([control.s_e]))[:, 0]

    return band(low_hz, high_hz, response, nodes=BAND_NODES)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """What decides a group's brain.

    shown : runs of one atlas; embedded : connectivity (n, n) of a larger group that is embedded, in
        place of that of a study of fewer than five people
    """

    shown: Sequence[Shown]
    connectome: Connectome
    embedded: Array | None
    point: OperatingPoint


def ground_of(group: Group) -> Ground:
    """The group's brain of an atlas, fitted to the first halves of one run of every participant.

    Second halves are never used, so that people's twins can be tested on them. Raises E516 where
    nobody shows some region, E504 where no brain on this connectome is stable.
    """
    shown, connectome, point = group.shown, group.connectome, group.point
    control = control_at(point.rate_hz, noise_inhibitory=point.noise)
    first = first_guess(connectome, point, control)
    one_each = list({s.entities.participant: s for s in reversed(shown)}.values())[::-1]
    target = group_target(one_each)
    people = f"{len(one_each)} participants of the study"
    larger = group.embedded is not None and len(one_each) < FEW_PEOPLE
    if group.embedded is not None and larger:
        n = len(group.embedded)
        z = np.arctanh(np.where(np.eye(n, dtype=bool), 0.0, group.embedded))
        target, people = _filled(replace(target, z=z)), "embedded group"
    refuse_gaps(target, shown[0].atlas)
    ground = Ground(
        atlas=shown[0].atlas,
        connectome=connectome.name,
        point=point,
        control=control,
        exists=np.asarray((connectome.weights + connectome.weights.T) > 0),
        structure=first,
        group=first,
        target=target,
        fit=0.0,
        people=people,
        others=larger or len(one_each) > 1,
        embedded=larger,
    )
    space = ground.space(first, GROUP_SD)
    closely = replace(target, samples=max(target.samples, GROUP_SAMPLES))
    found = search(ground.model(space), ground_aim(ground, closely, shown[0]), steps=GROUP_STEPS)
    fit = _fit(ground, found, shown[0])
    fitted = replace(ground, group=space.parameters(found.scores), fit=fit)
    return replace(fitted, open_sd=_open_sd(fitted))


def _open_sd(ground: Ground) -> dict[str, float]:
    """How far people would differ without any data: by the prior, held where brains are stable."""
    space = ground.space(ground.group, standard_deviations())
    model, rng = ground.model(space), np.random.default_rng(0)
    drawn = [
        held_stable(model, rng.standard_normal(len(space)), ground.point.slowest_per_s)
        for _ in range(PRIOR_DRAWS)
    ]
    return prior_sd(space, np.array(drawn), ground.roles)


def ground_aim(ground: Ground, target: Target, shown: Shown) -> Aim:
    """What a fit to a target in the band of a run aims at."""
    return Aim(
        target=target,
        band=ground.band(shown),
        weights=Weights(),
        slowest_per_s=ground.point.slowest_per_s,
        regions=None if len(target.z) == len(ground.atlas) else shown.regions,
    )


def group_target(shown: Sequence[Shown]) -> Target:
    """The mean of first halves over people; of a pair of regions, over those who show both.

    NaN where nobody does.
    """
    if all(s.complete for s in shown):
        return average([s.first for s in shown])
    n = len(shown[0].atlas)
    wide = [_spread(s.first, s.regions, n) for s in shown]
    return replace(
        wide[0],
        global_share=float(np.mean([t.global_share for t in wide])),
        samples=sum(t.samples for t in wide),
        z=_mean_of_known([t.z for t in wide]),
        log_variance=_mean_of_known([t.log_variance for t in wide]),
        lagged=_mean_of_known([t.lagged for t in wide]),
    )


def _mean_of_known(values: Sequence[Array]) -> Array:
    """Mean over those that are there, NaN where there is none."""
    known = ~np.isnan(values)
    total = np.where(known, values, 0.0).sum(axis=0)
    count = known.sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def refuse_gaps(target: Target, atlas: Atlas) -> None:
    """Raise E516 where nobody shows a region, or a pair of them."""
    unknown = np.isnan(target.z)
    if unknown.any():
        alone = np.flatnonzero(unknown.sum(axis=0) >= len(atlas) - 1)
        places = alone[:3] if len(alone) else np.argwhere(unknown)[0]
        names = ", ".join(atlas.names[i] for i in places)
        said = f"nobody shows {names}" if len(alone) else f"nobody shows both of {names}"
        raise DefaultModeError("E516", f"{said}. Choose an atlas within everybody's coverage.")


def _filled(target: Target) -> Target:
    """Nothing is known of the variances and lags of regions that nobody in the study shows."""
    return replace(
        target,
        log_variance=np.nan_to_num(target.log_variance),
        lagged=np.nan_to_num(target.lagged),
    )


def _spread(target: Target, regions: NDArray[np.intp], n: int) -> Target:
    """A target of some regions laid on all, NaN elsewhere."""
    z, lagged, logs = np.full((n, n), np.nan), np.full((n, n), np.nan), np.full(n, np.nan)
    z[np.ix_(regions, regions)], lagged[np.ix_(regions, regions)] = target.z, target.lagged
    logs[regions] = target.log_variance
    return replace(target, z=z, lagged=lagged, log_variance=logs)


def _fit(ground: Ground, found: Found, shown: Shown) -> float:
    now, _ = ground.band(shown).covariances(found.crossed, ground.target.lag_s)
    sd = np.sqrt(np.diagonal(now))
    above = np.triu_indices(len(now), 1)
    pairs = ((now / np.outer(sd, sd))[above], ground.target.connectivity[above])
    return float(np.corrcoef(*pairs)[0, 1])
