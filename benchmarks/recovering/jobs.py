"""What is computed person by person, and kept so that a run that was cut off goes on."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.fitting.calibration import rank
from defaultmode.fitting.priors import steps
from defaultmode.fitting.recovery import recover
from recovering.world import believed, by_model, by_simulator, person, world

RECORDINGS = {"model": by_model, "simulator": by_simulator}


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is computed.

    minutes : lengths of recordings by the model; people, simulated, ranked : how many people are
        recorded by the model, by the simulator at `standard` minutes, and ranked among `draws`
    """

    minutes: tuple[float, ...] = (3.0, 5.0, 8.0, 12.0, 20.0, 60.0)
    people: int = 100
    simulated: int = 100
    ranked: int = 60
    draws: int = 19
    standard: float = 20.0


QUICK = Plan(minutes=(8.0, 20.0), people=12, simulated=8, ranked=6)


def jobs(plan: Plan) -> Iterator[tuple[str, int, float]]:
    """What, whom, how many minutes; people in turn, so that a run that is cut off is balanced."""
    for index in range(max(plan.people, plan.simulated, plan.ranked)):
        if index < plan.people:
            yield from (("model", index, minutes) for minutes in plan.minutes)
        if index < plan.simulated:
            yield "simulator", index, plan.standard
        if index < plan.ranked:
            yield "ranks", index, plan.standard


def compute(plan: Plan, folder: Path, *, share: int, shares: int) -> None:
    """Every job of one share of the people that is not kept yet."""
    for what, index, minutes in jobs(plan):
        path = folder / f"{what}_{minutes:g}_{index:03d}.npz"
        if index % shares == share and not path.exists():
            found = _ranked(index, plan) if what == "ranks" else _recovered(what, index, minutes)
            written = path.with_suffix(f".{share}.part")
            with written.open("wb") as file:
                np.savez(file, **found)
            written.rename(path)


def gathered(folder: Path, what: str, minutes: float) -> dict[str, np.ndarray]:
    """What is kept of all people, (n_people, ...) each, without those whose brain was lost."""
    parts = [dict(np.load(p)) for p in sorted(folder.glob(f"{what}_{minutes:g}_*.npz"))]
    found = [part for part in parts if "lost" not in part]
    together = {key: np.array([part[key] for part in found]) for key in (found or [{}])[0]}
    return together | {"lost": np.array(len(parts) - len(found))}


def _stream(what: str, index: int, minutes: float) -> np.random.Generator:
    return np.random.default_rng([zlib.crc32(what.encode()), index, round(60.0 * minutes)])


def _recovered(what: str, index: int, minutes: float) -> dict[str, np.ndarray]:
    scores, refused = person(index)
    record = partial(_recorded, what, minutes)
    try:
        found = recover(
            world().model, record, scores, steps=steps(), rng=_stream(what, index, minutes)
        )
    except DefaultModeError as problem:
        return {"lost": np.array(problem.code)}
    return {
        "true": found.true[0],
        "fitted": found.fitted[0],
        "settled": found.settled[0],
        "refused": np.array(refused),
    }


def _ranked(index: int, plan: Plan) -> dict[str, np.ndarray]:
    found = rank(
        partial(believed, count=plan.draws),
        partial(_recorded, "model", plan.standard),
        person(index)[0],
        quantities=world().quantities,
        rng=_stream("ranks", index, plan.standard),
    )
    return {name: getattr(found, name)[0] for name in ("ranks", "middle", "spread", "true")}


def _recorded(what: str, minutes: float, scores: np.ndarray, rng: np.random.Generator):
    return RECORDINGS[what](scores, minutes, rng)
