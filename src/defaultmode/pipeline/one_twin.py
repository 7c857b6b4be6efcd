"""One run → its twin, and how far it can be believed."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.fitting.belief import Agreement, Belief, Verdict, agreement, believable
from defaultmode.fitting.priors import group_samples, standard_deviations, steps, stretches
from defaultmode.fitting.search import Aim, search
from defaultmode.fitting.shrinkage import shrunk
from defaultmode.fitting.target import Complex, Target, observed
from defaultmode.fitting.uncertainty import draws
from defaultmode.pipeline.twin_ground import STRUCTURE_SD, Ground, ground_aim
from defaultmode.pipeline.twin_targets import Shown
from defaultmode.simulation.fixed_point import fixed_point
from defaultmode.simulation.twin import Twin
from defaultmode.simulation.twin_columns import Summary, summaries

Array = NDArray[np.float64]
STRUCTURE_STEPS = 40
DRAW_STEPS = 40
PUBLISHED = (
    "held_out_r",
    "held_out_mean_absolute_error",
    "held_out_lagged_r",
    "held_out_log_variance_r",
    "held_out_global_share_difference",
    "ceiling_r",
    "noiseless_ceiling_r",
    "ceiling_lagged_r",
    "other_run_r",
    "group_average_r",
    "structure_only_r",
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TwinWork:
    """Everything that decides the twin of one run.

    others : what the other participants' first halves show on average, or an embedded group; None
        without either
    again : another run of the same participant, None without one
    """

    shown: Shown
    ground: Ground
    others: Target | None
    again: Shown | None
    count: int
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class FittedTwin:
    """A twin with what was found of it.

    belief : name → number, or why there is none; verdict : whether it may be used
    columns : what a study keeps of it; first_half : connectivity (k, k) of the first half's twin
    """

    key: str
    twin: Twin
    belief: Mapping[str, float | Missing]
    columns: tuple[Summary, ...]
    first_half: Array
    verdict: Verdict

    @property
    def failed(self) -> Missing | None:
        """Why it is not to be used, None where it may be."""
        return self.verdict.failed

    @property
    def personal(self) -> bool:
        """Whether it says more of its person than the others' average does, as far as is known."""
        return self.verdict.personal is True


def fit_twin(work: TwinWork) -> FittedTwin:
    """Fit the first half, test it on the second, then fit the whole and what else is plausible."""
    ground, shown = work.ground, work.shown
    space = ground.space(ground.group, standard_deviations())
    model = ground.model(space)
    half_aim, aim = aim_at(ground, shown, shown.first), aim_at(ground, shown, shown.whole)
    half = search(model, half_aim, steps=steps())
    whole = search(model, aim, steps=steps(), start=half.scores)
    rng = np.random.default_rng([work.seed, zlib.crc32(shown.key.encode())])
    drawn = draws(model, aim, whole, rng, count=work.count, steps=DRAW_STEPS)
    drawn = drawn.reshape(-1, len(space))
    twin = Twin(ground.atlas.names, ground.point, space, whole.scores, drawn)
    growth = growth_per_s(twin)
    alone = Missing("there is no other participant", "E515")
    seen = _seen(half_aim, half.crossed)
    seen_whole = _seen(aim, whole.crossed)
    belief = belief_in(work, seen, seen_whole)
    around = group_brain_r(ground, shown, half_aim) if ground.others else alone
    return FittedTwin(
        key=shown.key,
        twin=twin,
        belief={
            "n_regions": float(len(shown.regions)),
            "samples": shown.whole.samples,
            "fitted_r": agreement(seen_whole, shown.whole).r,
            **_published(belief),
            "blend_r": agreement(half_aim.target, shown.second).r if ground.others else alone,
            "group_brain_r": around,
            "evaluations": float(half.evaluations + whole.evaluations),
            "growth_per_s": growth,
        },
        columns=columns_of(twin, ground),
        first_half=seen.connectivity,
        verdict=believable(belief, growth, group_brain_r=around),
    )


def columns_of(twin: Twin, ground: Ground) -> tuple[Summary, ...]:
    """What a study keeps of a twin, with intervals as wide as simulated people need."""
    found = summaries(
        twin.space,
        twin.scores,
        twin.draws,
        open_sd=ground.open_sd,
        roles=ground.roles,
        stretch=stretches(),
    )
    return tuple(found)


def aim_at(ground: Ground, shown: Shown, target: Target) -> Aim:
    """What a fit aims at: the person's own target, quietened by the group's."""
    regions = None if shown.complete else shown.regions
    group = group_samples() if ground.others else 0.0
    said = shrunk(target, ground.target, group_samples=group, regions=regions)
    return ground_aim(ground, said, shown)


def belief_in(work: TwinWork, half: Target, whole: Target) -> Belief:
    """What the twin of the first half shows, and what else would have shown it.

    half, whole : what the twins of the first half and of the whole run show
    """
    shown = work.shown
    others: Agreement | Missing = Missing("there are fewer than five other participants", "E515")
    if work.others is not None:
        others = _where_known(work.others.of(shown.regions), shown.second)
    again: Agreement | Missing = Missing("there is no other run of this participant", "E515")
    if work.again is not None:
        again = _again(work.again, shown, whole)
    return Belief(
        fitted=agreement(half, shown.first),
        held_out=agreement(half, shown.second),
        ceiling=agreement(shown.first, shown.second),
        other_run=again,
        group_average=others,
        structure_only=_structure_only(work.ground, shown),
    )


def _structure_only(ground: Ground, shown: Shown) -> Agreement:
    """The best that the connectome alone shows of the second half, chosen there in its favour.

    Its weights themselves, their logarithms, and brains with routes in proportion to them in which
    two strengths, or what every network may differ in, are fitted to the first half.
    """
    aim = ground_aim(ground, shown.first, shown)
    found = []
    for sd in STRUCTURE_SD:
        space = ground.space(ground.structure, sd)
        fitted = search(ground.model(space), aim, steps=STRUCTURE_STEPS)
        found.append(agreement(_seen(aim, fitted.crossed), shown.second))
    weights = ground.structure.net[np.ix_(shown.regions, shown.regions)]
    weights = (weights + weights.T) / (2.0 * weights.max())
    nothing = np.zeros_like(weights)
    for z in (weights, np.log1p(weights / np.median(weights[weights > 0]))):
        flat = replace(shown.first, z=z, lagged=nothing, log_variance=nothing[0])
        found.append(agreement(flat, shown.second))
    return max(found, key=lambda a: a.r if isinstance(a.r, float) else -1.0)


def group_brain_r(ground: Ground, shown: Shown, aim: Aim) -> float | Missing:
    """What the group's own brain, which the twin starts from, shows of the second half."""
    space = ground.space(ground.group, {})
    crossed, _ = ground.model(space).crossed(np.zeros(0), aim.band.frequencies_hz)
    return agreement(_seen(aim, crossed), shown.second).r


def _where_known(others: Target, second: Target) -> Agreement | Missing:
    """Agreement in the regions that some of the others show, each together with all the rest."""
    known = np.flatnonzero(~np.isnan(others.log_variance))
    if np.isnan(others.z[np.ix_(known, known)]).any():
        return Missing("no other participant shows some pairs of regions", "E515")
    return agreement(others.of(known), second.of(known))


def growth_per_s(twin: Twin) -> float | Missing:
    """Growth of the slowest disturbance of the fitted brain, as the simulator finds it."""
    try:
        return fixed_point(twin.brain()).growth_per_s
    except DefaultModeError as problem:
        return Missing(f"{problem.code}: {problem.detail}", "E515")


def _seen(aim: Aim, crossed: Complex) -> Target:
    """What a brain with these cross-spectra shows of the regions that were shown."""
    return observed(*aim.shown(crossed), lag_s=aim.target.lag_s, samples=aim.target.samples)


def _again(again: Shown, shown: Shown, seen: Target) -> Agreement:
    """Agreement with another run, in the regions that both show."""
    _, here, there = np.intersect1d(shown.regions, again.regions, return_indices=True)
    return agreement(seen.of(here), again.whole.of(there))


def _published(belief: Belief) -> dict[str, float | Missing]:
    """The columns of twins.tsv that `belief` fills."""
    found = belief.columns()
    first = {"first_half_r": found["fitted_r"]}
    return first | {name: found[name] for name in PUBLISHED}
