"""People's twins on a wiring: fitted to one part of a recording, tested on the part after it."""

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np

from anatomy.group import STEPS, alike
from anatomy.wirings import MEASURED, Wiring
from defaultmode.core.recording import Recording
from defaultmode.core.settings import Settings
from defaultmode.fitting.degrees_of_freedom import connectivity_z
from defaultmode.fitting.search import Aim, search
from defaultmode.fitting.target import Band, Target, Weights, average
from defaultmode.pipeline.twin_ground import GROUP_SD, band_of, networks_of
from defaultmode.pipeline.twin_targets import Shown, shown_in
from defaultmode.simulation.controlled import Parameters, control_at
from defaultmode.simulation.twin_model import TwinModel
from defaultmode.simulation.twin_space import OperatingPoint, Space, first_guess
from defaultmode.sources.atlases import load_atlas
from defaultmode.sources.connectomes import embedded_connectome
from defaultmode.sources.embedded import embedded_recordings

ATLASES = ("aal2_94", "schaefer100")
PERSON_STEPS = 60
SHORTEST_S = 600.0  # its quarters choose the shrinkage
# How far a person may lie from the group, before the shrinkage that held-out data choose.
PERSON_SD = {
    "coupling": 0.1,
    "shared_drive": 0.3,
    "local_excitation": 0.05,
    "local_inhibition": 0.05,
    "noise": 0.2,
    "shared_weight": 0.3,
    "routing": 0.5,
    "direction": 0.2,
}
Parts = tuple[tuple[Target, Target], ...]  # what is fitted and what tests it, person by person


def chosen_shrinkage(atlas: str, density: float, scales: tuple[float, ...]) -> dict:
    """The scale of `PERSON_SD` whose twins of first quarters best give second quarters."""
    parts, band = quarters(atlas)
    found = {s: _tested(atlas, Wiring(MEASURED, density), parts, band, s)["r"] for s in scales}
    means = {scale: float(np.mean(r)) for scale, r in found.items()}
    return {"scale": max(means, key=lambda s: means[s]), "tried": list(means.items())}


def person_row(atlas: str, wiring: Wiring, scale: float) -> dict:
    """Twins of first halves against second halves, with one shrinkage."""
    parts, band = halves(atlas)
    return _tested(atlas, wiring, parts, band, scale)


def beside(atlas: str) -> dict:
    """What a twin is to be compared with: first halves themselves, and the others' mean."""
    parts, _ = halves(atlas)
    firsts = [first for first, _ in parts]
    off = ~np.eye(len(firsts[0].z), dtype=bool)
    others = [average([f for f in firsts if f is not own]) for own in firsts]
    return {
        "ceiling_r": [alike(a.connectivity, b.connectivity, off) for a, b in parts],
        "others_r": [
            alike(mean.connectivity, second.connectivity, off)
            for mean, (_, second) in zip(others, parts, strict=True)
        ],
    }


def _tested(atlas: str, wiring: Wiring, parts: Parts, band: Band, scale: float) -> dict:
    point = OperatingPoint()
    control = control_at(point.rate_hz, noise_inhibitory=point.noise)
    measured = embedded_connectome() if atlas == "schaefer100" else embedded_connectome(atlas)
    connectome = wiring.of(measured, load_atlas(atlas))

    def model(start: Parameters, sd: Mapping[str, float]) -> TwinModel:
        names = networks_of(load_atlas(atlas))
        return TwinModel(Space(start, connectome.weights > 0, *names, sd), control)

    def aim(target: Target) -> Aim:
        return Aim(target=target, band=band, weights=Weights(), slowest_per_s=point.slowest_per_s)

    of_all = model(first_guess(connectome, point, control), GROUP_SD)
    group = search(of_all, aim(average([first for first, _ in parts])), steps=STEPS)
    own = model(
        of_all.space.parameters(group.scores), {k: scale * sd for k, sd in PERSON_SD.items()}
    )
    rows, began = [], time.process_time()
    for first, second in parts:
        found = search(own, aim(first), steps=PERSON_STEPS)
        rows.append(_told(np.tanh(connectivity_z(aim(first), found)), first, second))
    took = (time.process_time() - began) / len(parts)
    return {name: [row[name] for row in rows] for name in rows[0]} | {"cpu_s": took}


def _told(said: np.ndarray, first: Target, second: Target) -> dict[str, float]:
    off = ~np.eye(len(said), dtype=bool)
    return {
        "fitted_r": alike(said, first.connectivity, off),
        "r": alike(said, second.connectivity, off),
        "error": float(np.abs(said - second.connectivity)[off].mean()),
    }


def halves(atlas: str) -> tuple[Parts, Band]:
    """First and second half of one run of everybody."""
    return _in_parts(_shown(atlas, first_half=False))


def quarters(atlas: str) -> tuple[Parts, Band]:
    """First and second quarter, cleaned without a look at the second half."""
    return _in_parts(_shown(atlas, first_half=True))


def _in_parts(shown: tuple[Shown, ...]) -> tuple[Parts, Band]:
    point = OperatingPoint()
    control = control_at(point.rate_hz, noise_inhibitory=point.noise)
    band = band_of(control, shown[0].low_hz, shown[0].high_hz)
    return tuple((s.first, s.second) for s in shown), band


@cache
def _shown(atlas: str, *, first_half: bool) -> tuple[Shown, ...]:
    settings = Settings(source="embedded")
    kept: dict[str, Recording] = {}
    for recording in embedded_recordings():
        if recording.atlas.name == atlas and recording.usable_s >= SHORTEST_S:
            kept.setdefault(recording.entities.participant, recording)
    runs = [_first_half(run) if first_half else run for run in kept.values()]
    return tuple(shown_in(run, settings, key=run.entities.participant) for run in runs)


def _first_half(recording: Recording) -> Recording:
    usable = np.asarray(recording.usable)
    return replace(recording, usable=usable & (np.cumsum(usable) <= usable.sum() // 2))
