"""Where the brain is held: how well it can fit there, and what a small change does to it."""

from itertools import product

import numpy as np

from anatomy.group import FREEDOMS, aim_of, alike, atlas, model_of
from anatomy.wirings import MEASURED, Wiring
from defaultmode.core.errors import DefaultModeError
from defaultmode.fitting.degrees_of_freedom import connectivity_z
from defaultmode.fitting.search import search
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.fixed_point import FixedPoint, fixed_point
from defaultmode.simulation.inhibition import balanced_state
from defaultmode.simulation.linear import connectivity, linearise
from defaultmode.simulation.twin_space import OperatingPoint, brain_of
from defaultmode.sources.connectomes import embedded_connectivity

LOCAL_EXCITATION = (0.4, 0.7, 1.0, 1.4)
SLOWEST_PER_S = (1.0, 1.5, 2.5, 4.0)
SHARED_SHARE = (0.05, 0.2, 0.5)
SAMPLES, STEPS = 1000.0, 150
OTHER_BRANCH_HZ = 8.0  # regions rest at 3; the branch that they may jump to is at 15 or so
# parameter, factor in the default mode
CHANGES = (
    ("inhibition", 0.99),
    ("inhibition", 0.95),
    ("local_excitation", 1.01),
)


def points() -> list[OperatingPoint]:
    """Every combination, the one that is used first."""
    grid = [
        OperatingPoint(local_excitation=w, slowest_per_s=slow, shared_share=share)
        for share, w, slow in product(SHARED_SHARE, LOCAL_EXCITATION, SLOWEST_PER_S)
    ]
    return sorted(grid, key=lambda point: point != OperatingPoint())


def point_row(point: OperatingPoint) -> dict:
    """The fit at one point, its stability, and what small changes do."""
    try:
        model = model_of(Wiring(MEASURED, 0.0), FREEDOMS["routes"], point)
        found = search(model, aim_of(SAMPLES, point), steps=STEPS)
        brain = brain_of(model.space.parameters(found.scores), atlas().names, point)
        rest = fixed_point(brain, balanced_state(brain, point.rate_hz)[..., 0])
    except DefaultModeError as problem:
        return {"failed": f"{problem.code}: {problem.detail}"}
    said = np.tanh(connectivity_z(aim_of(SAMPLES, point), found))
    off = ~np.eye(len(said), dtype=bool)
    groups = embedded_connectivity()
    return {
        "fitted_r": alike(said, groups["group706"], off),
        "held_out_r": alike(said, groups["group303"], off),
        "bound_per_s": found.growth_per_s,
        "exact_per_s": rest.growth_per_s,
        "within": within(brain, rest),
        "changes": [changed(brain, rest, name, factor) for name, factor in CHANGES],
    }


def changed(brain: Brain, rest: FixedPoint, parameter: str, factor: float) -> dict:
    """Where a brain settles when one parameter of its default mode is changed."""
    here = default_mode()
    values = brain.full(parameter).copy()
    values[here] *= factor
    moved = brain.changed(**{parameter: values})
    try:
        settled = fixed_point(moved, rest.state)
    except DefaultModeError as problem:
        return {"failed": problem.code}
    rates = settled.rate_hz[:, 0]
    return {
        "highest_hz": float(rates.max()),
        "default_mode_hz": float(rates[here].mean()),
        "within": within(moved, settled),
        "jumps": bool(rates.max() > OTHER_BRANCH_HZ),
    }


def within(brain: Brain, rest: FixedPoint) -> float:
    """Mean Fisher z between default-mode regions, linear, of all frequencies."""
    r = connectivity(linearise(brain, rest))[np.ix_(default_mode(), default_mode())]
    return float(np.arctanh(r[np.triu_indices(len(r), 1)]).mean())


def default_mode() -> np.ndarray:
    """Indices of the default-mode regions."""
    return np.flatnonzero([region.role == "default" for region in atlas().regions])
