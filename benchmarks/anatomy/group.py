"""One fit to the connectivity of 706 people, tested on 303 others and on pairs it never saw."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from scipy.optimize import minimize

from anatomy.wirings import Wiring
from defaultmode.core.atlas import Atlas
from defaultmode.core.missing import Missing
from defaultmode.fitting.degrees_of_freedom import (
    connectivity_z,
    freedom_of_connectivity,
    reduced_chi_square,
)
from defaultmode.fitting.search import FURTHEST_SCORE, MEMORY, Aim, Found, objective, search
from defaultmode.fitting.target import Weights, observed
from defaultmode.pipeline.twin_ground import GROUP_SD, STRUCTURE_SD, band_of, networks_of
from defaultmode.simulation.controlled import control_at
from defaultmode.simulation.twin_model import TwinModel
from defaultmode.simulation.twin_space import OperatingPoint, Space, first_guess
from defaultmode.sources.atlases import load_atlas
from defaultmode.sources.connectomes import embedded_connectivity, embedded_connectome

STEPS = 150
FREEDOM_STEPS = 40
UNSEEN = 0.1  # of the pairs choose the shrinkage, as many more judge it
LAG_S = 2.0
BAND_HZ = (0.01, 0.1)
CONNECTIVITY_ALONE = Weights(variance=0.0, lagged=0.0, global_signal=0.0)
NETWORKS_SD = {
    "coupling": 1.0,
    "local_excitation": 0.3,
    "local_inhibition": 0.3,
    "noise_of_network": 0.5,
    "shared_drive": 1.0,
}
FREEDOMS = {
    "routes": GROUP_SD,
    "networks and shared drive": NETWORKS_SD | {"shared_weight": 1.0},
    "networks": NETWORKS_SD,
    "structure alone": STRUCTURE_SD[0],
}


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Three parts of the pairs of regions, (n, n) symmetric each."""

    seen: np.ndarray
    choosing: np.ndarray
    judging: np.ndarray


def group_row(wiring: Wiring, freedom: str, samples: tuple[float, ...], probes: int) -> dict:
    """The best shrinkage of some by pairs left out, and everything about the fit with it.

    samples : how much the data weigh against the prior, each tried; probes : 0 for no degrees
    """
    model = model_of(wiring, FREEDOMS[freedom])
    split = split_of(len(atlas()), np.random.default_rng(6))
    truth = aim_of(1.0).target.connectivity
    tried = {s: said_of_seen(model, aim_of(s), split.seen) for s in samples}
    chosen = max(samples, key=lambda s: alike(tried[s], truth, split.choosing))
    aim, began = aim_of(chosen), time.process_time()
    found = search(model, aim, steps=STEPS)
    cpu_s = time.process_time() - began
    row = {
        "scores": len(model),
        "samples": chosen,
        "unseen_r": alike(tried[chosen], truth, split.judging),
        "cpu_s": cpu_s,
        "growth_per_s": found.growth_per_s,
    }
    return row | _fits(aim, found) | (_freedom(model, aim, found, probes) if probes else {})


def model_of(
    wiring: Wiring, sd: Mapping[str, float], point: OperatingPoint | None = None
) -> TwinModel:
    """Brains of the Schaefer-100 atlas on a wiring."""
    point = point or OperatingPoint()
    control = control_at(point.rate_hz, noise_inhibitory=point.noise)
    connectome = wiring.of(embedded_connectome(), atlas())
    start = first_guess(connectome, point, control)
    return TwinModel(Space(start, connectome.weights > 0, *networks_of(atlas()), sd), control)


def aim_of(samples: float, point: OperatingPoint | None = None) -> Aim:
    """The connectivity of the 706, counted as so many independent samples."""
    point = point or OperatingPoint()
    control = control_at(point.rate_hz, noise_inhibitory=point.noise)
    now = embedded_connectivity()["group706"]
    return Aim(
        target=observed(now, np.zeros_like(now), lag_s=LAG_S, samples=samples),
        band=band_of(control, *BAND_HZ),
        weights=CONNECTIVITY_ALONE,
        slowest_per_s=point.slowest_per_s,
    )


@cache
def atlas() -> Atlas:
    """The atlas of the two groups."""
    return load_atlas("schaefer100")


def split_of(n: int, rng: np.random.Generator) -> Split:
    """Pairs at random in three parts."""
    drawn = np.triu(rng.random((n, n)), 1)
    drawn += drawn.T
    off = ~np.eye(n, dtype=bool)
    choosing = off & (drawn < UNSEEN)
    judging = off & ~choosing & (drawn < 2 * UNSEEN)
    return Split(off & ~choosing & ~judging, choosing, judging)


def alike(one: np.ndarray, other: np.ndarray, where: np.ndarray) -> float:
    """Correlation of two matrices over some pairs."""
    pairs = np.triu(where, 1)
    return float(np.corrcoef(one[pairs], other[pairs])[0, 1])


def said_of_seen(model: TwinModel, aim: Aim, seen: np.ndarray, *, steps: int = STEPS) -> np.ndarray:
    """Correlations (n, n) of a fit to the seen pairs alone.

    An unseen pair's target is put to what the model says, so that it misses nothing there.
    """

    def of_seen(scores: np.ndarray) -> tuple[float, np.ndarray]:
        crossed, _ = model.crossed(scores, aim.band.frequencies_hz)
        said = observed(*aim.shown(crossed), lag_s=LAG_S, samples=aim.target.samples)
        z = np.where(seen, aim.target.z, said.z)
        return objective(model, replace(aim, target=replace(aim.target, z=z)), scores)

    found = minimize(
        of_seen,
        np.zeros(len(model)),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-FURTHEST_SCORE, FURTHEST_SCORE)] * len(model),
        options={"maxiter": steps, "maxcor": MEMORY},
    )
    crossed, _ = model.crossed(found.x, aim.band.frequencies_hz)
    return observed(*aim.shown(crossed), lag_s=LAG_S, samples=1.0).connectivity


def _fits(aim: Aim, found: Found) -> dict[str, float]:
    """Correlation and mean absolute error with the group fitted and the other."""
    said = np.tanh(connectivity_z(aim, found))
    off = ~np.eye(len(said), dtype=bool)
    groups = embedded_connectivity()
    return {
        f"{name}_{what}": value
        for name, group in (("fitted", groups["group706"]), ("held_out", groups["group303"]))
        for what, value in (
            ("r", alike(said, group, off)),
            ("error", float(np.abs(said - group)[off].mean())),
        )
    }


def _freedom(model: TwinModel, aim: Aim, found: Found, probes: int) -> dict[str, float]:
    rng = np.random.default_rng(1)
    spent = freedom_of_connectivity(
        model, aim, found, rng, probes=probes, steps=FREEDOM_STEPS
    ).degrees
    n = len(aim.target.z)
    reduced = reduced_chi_square(found.misfit, n * (n - 1) // 2, spent)
    if isinstance(reduced, Missing):
        return {"degrees": spent}
    return {"degrees": spent, "left_z": float(np.sqrt(reduced / aim.target.samples))}
