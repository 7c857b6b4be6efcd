"""One run → its twin, and how far it can be believed."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.fitting.priors import standard_deviations, steps
from defaultmode.fitting.search import Aim, Found, search
from defaultmode.fitting.target import Target
from defaultmode.fitting.uncertainty import draws
from defaultmode.pipeline.twin_ground import STRUCTURE_SD, Ground, ground_aim
from defaultmode.pipeline.twin_targets import Shown
from defaultmode.simulation.fixed_point import fixed_point
from defaultmode.simulation.twin import Twin
from defaultmode.simulation.twin_columns import Summary, summaries
from defaultmode.simulation.twin_space import Space

Array = NDArray[np.float64]
STRUCTURE_STEPS = 40
DRAW_STEPS = 40
PRIOR_DRAWS = 100


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TwinWork:
    """Everything that decides the twin of one run.

    others : connectivity (n, n) of the other participants' first halves, None without any
    again : another run of the same participant, None without one
    """

    shown: Shown
    ground: Ground
    others: Array | None
    again: Shown | None
    count: int
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class FittedTwin:
    """A twin with what was found of it.

    belief : name → number, or why there is none; failed : why it is not to be used, None otherwise
    columns : what a study keeps of it
    """

    key: str
    twin: Twin
    belief: Mapping[str, float | Missing]
    columns: tuple[Summary, ...]
    connectivity: Array
    first_half: Array
    failed: Missing | None = None
    personal: bool = True
    extra: Mapping[str, object] = field(default_factory=dict)


def fit_twin(work: TwinWork) -> FittedTwin:
    """Fit the first half, test it on the second, then fit the whole and what else is plausible."""
    ground, shown = work.ground, work.shown
    space = ground.space(ground.group, standard_deviations())
    half = _fitted(ground, space, shown, shown.first)
    whole = _fitted(ground, space, shown, shown.whole, start=half.scores)
    aim = _aim(ground, shown, shown.whole)
    rng = np.random.default_rng([work.seed, zlib.crc32(work.shown.key.encode())])
    model = ground.model(space)
    drawn = draws(model, aim, whole, rng, count=work.count, steps=DRAW_STEPS)
    drawn = drawn.reshape(-1, len(space))
    twin = Twin(ground.atlas.names, ground.point, space, whole.scores, drawn)
    seen = {"first": _seen(aim, half), "whole": _seen(aim, whole)}
    belief = _belief(work, half, whole, seen) | _growth(twin)
    failed, personal = judged(belief)
    roles = {role: ground.atlas.members(role) for role in ("default", "task-positive")}
    prior = rng.standard_normal((PRIOR_DRAWS, len(space)))
    columns = summaries(space, whole.scores, drawn, prior=prior, roles=roles)
    return FittedTwin(
        key=shown.key,
        twin=twin,
        belief=belief,
        columns=tuple(columns),
        connectivity=seen["whole"],
        first_half=seen["first"],
        failed=failed,
        personal=personal,
    )


def judged(belief: Mapping[str, float | Missing]) -> tuple[Missing | None, bool]:
    """Whether a twin failed, and whether it says more of its person than the others' average does.

    Our own rules: it failed where it is unstable, or shows the second half no better than the
    structure alone does. It is personal where it shows it better than the other participants'
    average.
    """
    growth, held_out = belief["growth_per_s"], belief["held_out_r"]
    if isinstance(growth, Missing):
        return growth, False
    structure, average = belief["structure_only_r"], belief["group_average_r"]
    if not isinstance(held_out, float) or not isinstance(structure, float):
        return Missing("its second half cannot be compared", "E515"), False
    if held_out <= structure:
        msg = f"shows the second half at r = {held_out:.2f}, structure alone at {structure:.2f}"
        return Missing(msg, "E515"), False
    return None, not isinstance(average, float) or held_out > average


def _aim(ground: Ground, shown: Shown, target: Target) -> Aim:
    return ground_aim(ground, target, shown)


def _fitted(
    ground: Ground, space: Space, shown: Shown, target: Target, start: Array | None = None
) -> Found:
    aim = _aim(ground, shown, target)
    return search(ground.model(space), aim, steps=steps(), start=start)


def _seen(aim: Aim, found: Found) -> Array:
    """Connectivity of the fitted brain in the regions that were shown, (k, k)."""
    now, _ = aim.shown(found.crossed)
    sd = np.sqrt(np.diagonal(now))
    return np.asarray(now / np.outer(sd, sd))


def _belief(
    work: TwinWork, half: Found, whole: Found, seen: Mapping[str, Array]
) -> dict[str, float | Missing]:
    """How well the twin shows what it was fitted to, what it was not, and what others say of it."""
    shown, ground = work.shown, work.ground
    k = shown.regions
    second = shown.second.connectivity
    alone = ground.space(ground.structure, STRUCTURE_SD)
    aim = _aim(ground, shown, shown.first)
    structure = search(ground.model(alone), aim, steps=STRUCTURE_STEPS)
    nobody = Missing("there is no other participant", "E515")
    no_run = Missing("there is no other run of this participant", "E515")
    return {
        "n_regions": float(len(k)),
        "samples": shown.whole.samples,
        "fitted_r": agreement(seen["whole"], shown.whole.connectivity),
        "first_half_r": agreement(seen["first"], shown.first.connectivity),
        "held_out_r": agreement(seen["first"], second),
        "ceiling_r": agreement(shown.first.connectivity, second),
        "group_average_r": nobody
        if work.others is None
        else agreement(work.others[np.ix_(k, k)], second),
        "structure_only_r": agreement(_seen(aim, structure), second),
        "other_run_r": no_run if work.again is None else _again(work.again, shown, seen["whole"]),
        "evaluations": float(half.evaluations + whole.evaluations),
    }


def _again(again: Shown, shown: Shown, seen: Array) -> float:
    """Agreement with another run, in the regions that both show."""
    both, here, there = np.intersect1d(shown.regions, again.regions, return_indices=True)
    if len(both) < 3:
        return float("nan")
    return agreement(seen[np.ix_(here, here)], again.whole.connectivity[np.ix_(there, there)])


def agreement(modelled: Array, measured: Array) -> float:
    """Correlation of two connectivities above the diagonal."""
    above = np.triu_indices(len(measured), 1)
    return float(np.corrcoef(modelled[above], measured[above])[0, 1])


def _growth(twin: Twin) -> dict[str, float | Missing]:
    """Growth per second of the slowest disturbance of the fitted brain, by the simulator itself."""
    try:
        return {"growth_per_s": fixed_point(twin.brain()).growth_per_s}
    except DefaultModeError as problem:
        return {"growth_per_s": Missing(f"{problem.code}: {problem.detail}", "E515")}
