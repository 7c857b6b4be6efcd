"""What the linear model says of one brain, under the names of the package's measures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.fixed_point import fixed_point
from defaultmode.simulation.linear import (
    correlation,
    global_signal_removed,
    linearise,
    relaxation_s,
)
from defaultmode.simulation.spectrum import band_covariance

Array = NDArray[np.float64]
Value = float | Array

RAW, REMOVED = "as-supplied", "as-supplied+GSR"
RATE_CEILING_HZ = 15.0  # as in engine.Plan: a higher rate is not the balanced branch
CURRENTS_NA = np.array([0.0, 0.001, 0.002, 0.004, 0.007, 0.012, 0.02, 0.03])
WON_BY_HZ = 1.0
UNASSIGNED = ("", "unassigned", "none", "other", "n/a")  # no network to belong to


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What all brains of a scoreboard stand on.

    weights : (n_regions, n_regions) anatomical connections; maps : name → (n_regions,)
    """

    atlas: Atlas
    weights: Array
    maps: Mapping[str, Array]


@dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """A brain at its rest, with the noise around it.

    rate_hz : (n_regions,) of excitatory cells
    covariance : preset → (n_regions, n_regions) BOLD between .01 and .1 Hz, percent squared
    """

    brain: Brain
    ground: Ground
    rate_hz: Array
    covariance: Mapping[str, Array]
    relaxation_s: float

    def z(self, preset: str) -> Array:
        """Fisher z of the correlations, 0 on the diagonal."""
        r = correlation(self.covariance[preset])
        np.fill_diagonal(r, 0.0)
        return np.asarray(np.arctanh(r))

    def members(self, role: str) -> NDArray[np.intp]:
        """Indices of the regions of a role."""
        return self.ground.atlas.members(role)


def rest_of(brain: Brain, ground: Ground) -> Rest:
    """The linear model around a brain's rest; raises E504 and E505."""
    point = fixed_point(brain)
    rate = point.rate_hz[:, 0]
    if rate.max() > RATE_CEILING_HZ:
        where = brain.regions[int(rate.argmax())]
        raise DefaultModeError("E505", f"region {where!r} rests at {rate.max():.1f} Hz.")
    linear = linearise(brain, point)
    raw = band_covariance(linear)
    covariance = {RAW: raw, REMOVED: global_signal_removed(raw)}
    return Rest(brain, ground, rate, covariance, relaxation_s(linear))


def _within(rest: Rest, preset: str, role: str) -> float:
    ours = rest.members(role)
    block = rest.z(preset)[np.ix_(ours, ours)]
    return float(block[np.triu_indices(len(ours), k=1)].mean())


def within_default_mode(rest: Rest, preset: str) -> float:
    """Mean Fisher z over pairs of default-mode regions."""
    return _within(rest, preset, "default")


def default_mode_task_positive(rest: Rest, preset: str) -> float:
    """Mean Fisher z between default-mode and task-positive regions."""
    pair = np.ix_(rest.members("default"), rest.members("task-positive"))
    return float(rest.z(preset)[pair].mean())


def boundary_contrast(rest: Rest, preset: str) -> float:
    """Mean connectivity within the two networks less that between them."""
    inside = _within(rest, preset, "default") + _within(rest, preset, "task-positive")
    return inside / 2.0 - default_mode_task_positive(rest, preset)


def boundary_silhouette(rest: Rest, preset: str) -> float:
    """Mean silhouette of the two networks as clusters, by the distance 1 − r (Rousseeuw 1987)."""
    far = 1.0 - correlation(rest.covariance[preset])
    sides = (rest.members("default"), rest.members("task-positive"))
    widths = []
    for own, other in (sides, sides[::-1]):
        to_own = far[np.ix_(own, own)].sum(axis=1) / (len(own) - 1)
        to_other = far[np.ix_(own, other)].mean(axis=1)
        widths.append((to_other - to_own) / np.maximum(to_own, to_other))
    return float(np.concatenate(widths).mean())


def default_mode_membership(rest: Rest, preset: str) -> float:
    """Share of default-mode regions that correlate more with their own network than any other."""
    ours, z = rest.members("default"), rest.z(preset)
    regions = rest.ground.atlas.regions
    labels = np.array(["" if r.role == "default" else _network(r.network) for r in regions])
    own = z[np.ix_(ours, ours)].sum(axis=1) / (len(ours) - 1)
    others = [z[np.ix_(ours, labels == n)].mean(axis=1) for n in np.unique(labels) if n]
    return float((own > np.max(others, axis=0)).mean())


def _network(name: str) -> str:
    return "" if name.lower() in UNASSIGNED else name


def global_brain_connectivity_by_region(rest: Rest, preset: str) -> Array:
    """Mean Fisher z of each region with every other, (n_regions,)."""
    z = rest.z(preset)
    return np.asarray(z.sum(axis=1) / (len(z) - 1))


def global_brain_connectivity(rest: Rest, preset: str) -> float:
    """Mean over regions of the same."""
    return float(global_brain_connectivity_by_region(rest, preset).mean())


def global_signal_variance(rest: Rest, preset: str) -> float:
    """Variance of the mean over regions, percent squared."""
    return float(rest.covariance[preset].mean())


def variability(rest: Rest, preset: str) -> float:
    """Mean over regions of the standard deviation of their signal, percent."""
    return float(np.sqrt(np.diagonal(rest.covariance[preset])).mean())


def structure_function(rest: Rest, preset: str) -> float:
    """Correlation over connected pairs of anatomical with functional connectivity."""
    weights = rest.ground.weights
    pairs = np.triu(weights > 0, k=1)
    return float(np.corrcoef(weights[pairs], rest.z(preset)[pairs])[0, 1])


def rate_default_hz(rest: Rest, preset: str) -> float:
    """Mean rate of default-mode regions; no preset changes it."""
    del preset
    return float(rest.rate_hz[rest.members("default")].mean())


def slowest_s(rest: Rest, preset: str) -> float:
    """Time constant of the slowest disturbance; no preset changes it."""
    del preset
    return rest.relaxation_s


def winning_current_na(rest: Rest, preset: str) -> float:
    """Current into task-positive regions at which they lead by 1 Hz; no preset changes it.

    Read off linearly between eight currents up to .03 nA. Raises E504 where they never lead.
    """
    del preset
    driven = np.zeros((len(rest.rate_hz), 1))
    driven[rest.members("task-positive")] = 1.0
    before, base = 0.0, rest.brain.value("current_na")
    lead_before = -np.inf
    state = None
    for current in CURRENTS_NA:
        point = fixed_point(rest.brain.changed(current_na=base + current * driven), state)
        state, rate = point.state, point.rate_hz[:, 0]
        ours, theirs = rest.members("task-positive"), rest.members("default")
        lead = float(rate[ours].mean() - rate[theirs].mean()) - WON_BY_HZ
        if lead >= 0:
            width = current - before
            return float(before + width * -lead_before / (lead - lead_before)) if width else 0.0
        before, lead_before = float(current), lead
    raise DefaultModeError("E504", f"task-positive regions do not lead at {before} nA.")


LINEAR: Mapping[str, Callable[[Rest, str], Value]] = {
    "within_default_mode": within_default_mode,
    "default_mode_task_positive": default_mode_task_positive,
    "boundary_contrast": boundary_contrast,
    "boundary_silhouette": boundary_silhouette,
    "default_mode_membership": default_mode_membership,
    "global_brain_connectivity": global_brain_connectivity,
    "global_brain_connectivity_by_region": global_brain_connectivity_by_region,
    "global_signal_variance": global_signal_variance,
    "variability": variability,
    "structure_function": structure_function,
    "rate_default_hz": rate_default_hz,
    "relaxation_s": slowest_s,
    "winning_current_na": winning_current_na,
}
