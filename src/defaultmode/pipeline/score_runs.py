"""The nonlinear model over seeds: virtual recordings through the package's own measures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Entities, Recording
from defaultmode.core.tested import Tested
from defaultmode.denoising import all_presets, denoise
from defaultmode.measures import all_measures
from defaultmode.pipeline.score_settings import Laid, ScoreSettings, laid
from defaultmode.running import Task, launch, progress, worker_count
from defaultmode.simulation.batches import LANES, side_by_side
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.engine import Simulation, simulate
from defaultmode.simulation.hemodynamics import measurement_noise
from defaultmode.simulation.scoreboard import parse_situation, read_box, situation_brain
from defaultmode.simulation.scoreboard.box import typical

Array = NDArray[np.float64]
Looked = dict[tuple[str, str, str], Array]
LOST = ("E504", "E505")
MEAN_UNITS = 10_000.0  # what the virtual scanner's signal fluctuates about
TASK_MB = 900


@dataclass(frozen=True, slots=True)
class Wanted:
    """One quantity of one situation under one preset; preset is empty where none matters."""

    situation: str
    quantity: str
    preset: str

    @property
    def measurable(self) -> bool:
        """Whether a recording, or the rates behind it, can show it."""
        return self.quantity in {"rate_default_hz", *OWN, *all_measures()}


@dataclass(frozen=True, slots=True)
class RunWork:
    """Situations to simulate side by side, for one process."""

    settings: ScoreSettings
    wanted: tuple[Wanted, ...]

    @property
    def situations(self) -> tuple[str, ...]:
        """Each of them once."""
        return tuple(dict.fromkeys(w.situation for w in self.wanted))


def runs(
    wanted: Sequence[Wanted], settings: ScoreSettings, *, quiet: bool = False
) -> tuple[Looked, dict[str, str]]:
    """What is wanted over seeds, and which situations were lost and why.

    Situations are packed into the lanes of the engine; one that leaves the balanced branch is tried
    by itself, so that it takes no other along.
    """
    works = [RunWork(settings, part) for part in packed(wanted, settings.seeds)]
    tasks = [Task(w.situations[0], w) for w in works]
    processes = worker_count(settings.nprocs, max(1, len(tasks)), task_mb=TASK_MB)
    looked: Looked = {}
    lost: dict[str, str] = {}
    outcomes = launch(run_part, tasks, processes=processes)
    for _, outcome in progress(outcomes, len(tasks), "seeds", quiet=quiet):
        if isinstance(outcome, DefaultModeError):
            raise outcome
        looked |= outcome[0]
        lost |= outcome[1]
    return looked, dict(sorted(lost.items()))


def packed(wanted: Sequence[Wanted], seeds: int) -> Iterator[tuple[Wanted, ...]]:
    """Measurable wants, by situations that fit into the lanes together and share their routes."""
    asked = [w for w in wanted if w.measurable]
    names = tuple(dict.fromkeys(w.situation for w in asked))
    size = max(1, LANES // seeds)
    for cut in (False, True):
        alike = [n for n in names if ("feed_forward" in parse_situation(n).without) == cut]
        for k in range(0, len(alike), size):
            yield tuple(w for w in asked if w.situation in alike[k : k + size])


def run_part(work: RunWork) -> tuple[Looked, dict[str, str]]:
    """Simulate and measure the situations of one piece of work."""
    ground = laid(work.settings)
    brains: dict[str, Brain] = {}
    lost: dict[str, str] = {}
    for text in work.situations:
        try:
            brains[text] = _brain(text, ground)
        except DefaultModeError as problem:
            lost[text] = reason(problem)
    looked: Looked = {}
    for text, outcome in simulated(brains, work.settings):
        if isinstance(outcome, DefaultModeError):
            lost[text] = reason(outcome)
            continue
        wants = [w for w in work.wanted if w.situation == text]
        looked |= _measured(wants, outcome, work.settings, ground.ground.atlas)
    return looked, lost


def reason(problem: DefaultModeError) -> str:
    """Why a brain was lost, in words; raises the problem itself where it is another one."""
    if problem.code not in LOST:
        raise problem
    return f"{problem.code} {problem.detail}"


def _brain(text: str, ground: Laid) -> Brain:
    usual = typical(read_box(), ground.default)
    base = ground.bases[ground.default]
    return situation_brain(parse_situation(text), base, ground.ground, usual)


def simulated(
    brains: dict[str, Brain], settings: ScoreSettings
) -> Iterator[tuple[str, Simulation | DefaultModeError]]:
    """Every situation by itself out of one pass, or each in its own where one left the branch."""
    if not brains:
        return
    n, seeds = settings.seeds, settings.people_seeds
    together = side_by_side(list(brains.values()), [n] * len(brains))
    try:
        whole = simulate(together, [*seeds] * len(brains), settings.plan)
    except DefaultModeError as problem:
        if len(brains) == 1 or problem.code not in LOST:
            yield next(iter(brains)), problem
            return
        for text, brain in brains.items():
            yield from simulated({text: brain}, settings)
        return
    for k, text in enumerate(brains):
        people = slice(k * n, (k + 1) * n)
        bold, rate = whole.bold[:, :, people], whole.rate_hz[:, people]
        yield text, Simulation(bold, whole.tr_s, rate, whole.excitation[:, people])


def _measured(
    wants: Sequence[Wanted], simulation: Simulation, settings: ScoreSettings, atlas: Atlas
) -> Looked:
    rows: list[dict[Wanted, float | Array]] = []
    for k in range(settings.seeds):
        rng = np.random.default_rng([settings.seed, k])  # the same scanner noise in all situations
        noisy = measurement_noise(simulation.bold[:, :, k], settings.noise_percent, rng)
        recording = Recording(
            signal=MEAN_UNITS * (1.0 + noisy / 100.0),
            tr_s=simulation.tr_s,
            atlas=atlas,
            entities=Entities(f"{k + 1:04d}", task="rest"),
        )
        rates = {"rate_default_hz": float(simulation.rate_hz[atlas.members("default"), k].mean())}
        rows.append(_values(wants, recording, rates))
    return {(w.situation, w.quantity, w.preset): np.stack([r[w] for r in rows]) for w in wants}


def _values(
    wants: Sequence[Wanted], recording: Recording, known: dict[str, float]
) -> dict[Wanted, float | Array]:
    cleaned = {
        preset: denoise(recording, all_presets()[preset])
        for preset in dict.fromkeys(w.preset for w in wants if w.preset)
    }
    found: dict[Wanted, float | Array] = {}
    for want in wants:
        if want.quantity in known:
            found[want] = known[want.quantity]
            continue
        clean = cleaned[want.preset]
        if isinstance(clean, Missing):
            raise DefaultModeError(clean.code or "E301", clean.reason)
        ask = OWN.get(want.quantity) or all_measures()[want.quantity]
        value = ask(clean)
        found[want] = float("nan") if isinstance(value, Missing) else _plain(value)
    return found


def _plain(value: float | Array | Tested) -> float | Array:
    return value.value if isinstance(value, Tested) else value


def variability(recording: Recording) -> float:
    """Mean over regions of the standard deviation of their signal, percent."""
    return float(recording.kept.std(axis=0, ddof=1).mean())


OWN = {"variability": variability}
