"""Made people around the embedded group, and their recordings by the model or by the simulator."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.denoising.filters import band_pass
from defaultmode.fitting.priors import (
    group_samples,
    independent_share,
    standard_deviations,
    steps,
)
from defaultmode.fitting.recovery import people
from defaultmode.fitting.search import Aim, search
from defaultmode.fitting.shrinkage import shrunk
from defaultmode.fitting.target import Band, Target, Weights, measured, observed
from defaultmode.fitting.uncertainty import draws
from defaultmode.pipeline.one_twin import DRAW_STEPS
from defaultmode.pipeline.twin_ground import GROUP_SD, band_of, networks_of
from defaultmode.simulation.controlled import control_at
from defaultmode.simulation.engine import Plan, simulate
from defaultmode.simulation.twin_columns import summaries
from defaultmode.simulation.twin_model import TwinModel
from defaultmode.simulation.twin_space import OperatingPoint, Space, brain_of, first_guess
from defaultmode.sources.atlases import load_atlas
from defaultmode.sources.connectomes import embedded_connectivity, embedded_connectome

Array = NDArray[np.float64]
LOW_HZ, HIGH_HZ, LAG_S, TR_S = 0.01, 0.1, 2.0, 1.0
GROUP_SAMPLES, GROUP_STEPS = 1000.0, 200
ENGINE_DT_MS = 0.5
SEED = 6


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """The space of brains that people are drawn from, and what a recording is seen through."""

    atlas: Atlas
    point: OperatingPoint
    space: Space
    model: TwinModel
    band: Band
    group: Target

    def aim(self, own: Target) -> Aim:
        """What a fit to a person's own target aims at: that, quietened by the group's."""
        target = shrunk(own, self.group, group_samples=group_samples())
        slowest = self.point.slowest_per_s
        return Aim(target=target, band=self.band, weights=Weights(), slowest_per_s=slowest)

    def summaries(self, scores: Array) -> dict[str, Array]:
        """What a study keeps, factors as logarithms, name → (n,); scores : (n, n_scores)."""
        roles = {role: self.atlas.members(role) for role in ("default", "task-positive")}
        told = summaries(self.space, scores[0], scores, open_sd={}, roles=roles)
        return {s.name: np.log(s.drawn) if s.factor else s.drawn for s in told}

    def quantities(self, scores: Array) -> Array:
        """Every score, then every summary, of one brain."""
        return np.r_[scores, *self.summaries(scores[None]).values()]


@cache
def world() -> World:
    """The group's brain fitted to the embedded connectivity, people as far from it as twins are."""
    atlas, connectome, point = load_atlas("schaefer100"), embedded_connectome(), OperatingPoint()
    control = control_at(point.rate_hz, noise_inhibitory=point.noise)
    start = first_guess(connectome, point, control)
    wide = Space(start, connectome.weights > 0, *networks_of(atlas), GROUP_SD)
    measured_fc = embedded_connectivity()["group706"]
    nothing = np.zeros_like(measured_fc)
    aim = Aim(
        target=observed(measured_fc, nothing, lag_s=LAG_S, samples=GROUP_SAMPLES),
        band=band_of(control, LOW_HZ, HIGH_HZ),
        weights=Weights(variance=0.0, lagged=0.0, global_signal=0.0),
        slowest_per_s=point.slowest_per_s,
    )
    found = search(TwinModel(wide, control), aim, steps=GROUP_STEPS)
    space = replace(wide, start=wide.parameters(found.scores), sd=standard_deviations())
    group = observed(*aim.band.covariances(found.crossed, LAG_S), lag_s=LAG_S, samples=1.0)
    return World(atlas, point, space, TwinModel(space, control), aim.band, group)


def person(index: int) -> tuple[Array, int]:
    """Scores (1, n_scores) of one made person, and how many were refused before."""
    here = world()
    rng = np.random.default_rng([SEED, index])
    made = people(here.model, count=1, slowest_per_s=here.point.slowest_per_s, rng=rng)
    return made.scores, made.refused


def samples(minutes: float) -> float:
    """Independent samples of a band, as many as halves of real recordings bear out."""
    return 2.0 * (HIGH_HZ - LOW_HZ) * 60.0 * minutes * independent_share()


def by_model(scores: Array, minutes: float, rng: np.random.Generator) -> Aim:
    """A Gaussian recording with the model's own cross-spectra, as noisy as real ones are."""
    here = world()
    crossed, _ = here.model.crossed(scores, here.band.frequencies_hz)
    covariances = here.band.covariances(crossed, LAG_S)
    exact = observed(*covariances, lag_s=LAG_S, samples=samples(minutes))
    return here.aim(here.band.sampled(crossed, exact, rng))


def by_simulator(scores: Array, minutes: float, rng: np.random.Generator) -> Aim:
    """A recording of the nonlinear brain, seen through Balloon–Windkessel blood flow and a filter.

    Raises E504, E505 where the brain has no balanced rest or leaves it.
    """
    here = world()
    brain = brain_of(here.space.parameters(scores), here.atlas.names, here.point)
    plan = Plan(duration_s=60.0 * minutes, tr_s=TR_S, dt_ms=ENGINE_DT_MS)
    bold = simulate(brain, [int(rng.integers(2**31))], plan).bold[:, :, 0]
    signal = band_pass(bold, TR_S, band=(LOW_HZ, HIGH_HZ))
    usable = np.ones(len(signal), dtype=bool)
    return here.aim(measured(signal, usable, TR_S, lag_s=LAG_S, samples=samples(minutes)))


def believed(aim: Aim, rng: np.random.Generator, *, count: int) -> Array:
    """What is plausible of one recording, (count, n_scores), as `defaultmode fit` draws it."""
    model = world().model
    found = search(model, aim, steps=steps())
    return draws(model, aim, found, rng, count=count, steps=DRAW_STEPS)
