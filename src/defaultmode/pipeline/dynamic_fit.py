"""A few global factors of one brain, fitted to dynamics that the linear model cannot see."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Recording
from defaultmode.fitting.evolution import Evolved, evolve, finalists, profile
from defaultmode.measures import Dynamics, dynamics
from defaultmode.pipeline.dynamic_loss import PENALTY, TERMS, Loss, Model, distances, halves
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.engine import Plan
from defaultmode.simulation.fixed_point import fixed_point

Array = NDArray[np.float64]

MOVES = {  # factor → what of the brain it multiplies
    "coupling": ("coupling", "feed_forward"),
    "local_excitation": ("local_excitation",),
    "shared_drive": ("shared_noise",),
    "private_noise": ("noise",),
}
RANGES = {  # our own; the graded brain is stable at 1.2 times its coupling, unstable at 1.4 times
    "coupling": (0.5, 1.4),
    "local_excitation": (0.6, 1.4),
    "shared_drive": (0.25, 4.0),
    "private_noise": (0.25, 4.0),
}
SHORTEST_S = 240.0  # of a usable half: what seven windows need
COVERED, OUTER = 0.95, (0.025, 0.975)
FINALISTS = 8  # so that each gets four runs of a generation of 32
HALVES = ("fitted", "held out")
CITES = ("Hansen2001", "Hansen2015", "Shanahan2010")  # search, recurrence, metastability


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicSettings:
    """How the factors are sought.

    ranges : factor of `MOVES` → lowest and highest value; a factor left out stays 1
    generations, population : of the search; three generations more are simulated
        before and after. The engine carries 32 people in a batch, and one batch on a thread
    dt_ms, coupling_every_ms, settle_s : as in `simulation.engine.Plan`
    """

    ranges: Mapping[str, tuple[float, float]] = field(default_factory=lambda: dict(RANGES))
    generations: int = 6
    population: int = 32
    dt_ms: float = 0.5
    coupling_every_ms: float = 1.0
    settle_s: float = 20.0

    def __post_init__(self) -> None:
        for name, (low, high) in self.ranges.items():
            if name not in MOVES or not 0 < low < high < np.inf:
                msg = (
                    f"factor {name!r} from {low} to {high}; expected 0 < low < high of {[*MOVES]}."
                )
                raise DefaultModeError("E411", msg)
        if not self.ranges:
            raise DefaultModeError("E411", f"no factor is sought; there are {[*MOVES]}.")


@dataclass(frozen=True, slots=True, eq=False)
class DynamicFit:
    """The fitted brain, its factors, and how near it comes.

    brain : inhibition balanced; evolved : the search, in logarithms of the factors
    table : one row per factor: parameter, value, low, high (see `fit_dynamics`), unit, prior_low,
        prior_high, identified (whether low to high is less than half the prior's range of logs)
    losses : one row per half ("fitted", "held out") and term: half, term, before, after (means over
        runs of the brain as it came and as fitted), other_half (of the recording, in their place),
        usual (mean distance of two runs of one brain); the term "loss" is the mean of the four,
        each in usual distances, so that 1 is as near as another run of the same brain comes
    profiles : rows of parameter, value, loss and tried: the lowest loss in each tenth of the range,
        NaN where none of the candidates lay
    lost : candidates that lost the balanced branch or were unstable, each at the loss `PENALTY`
    """

    brain: Brain
    table: pd.DataFrame
    losses: pd.DataFrame
    profiles: pd.DataFrame
    evolved: Evolved
    lost: int


def fit_dynamics(
    recording: Recording, brain: Brain, settings: DynamicSettings, *, seed: int, threads: int = 1
) -> DynamicFit:
    """Fit global factors of a balanced brain to the first half of a recording by CMA-ES.

    recording : denoised, its regions in the order of the brain's; simulated runs are as long, and
        get its filter and its censoring
    Compared are connectivity, functional connectivity dynamics (Hansen 2015), metastability and the
    global signal's spread, none of which depends on the signal's unit; see `dynamic_loss`.
    Inhibition control holds every candidate at the rates that `brain` has. Every run has noise of
    its own; the same seed gives the same result on any number of threads. The value is that of
    the finalist nearest to the recording in fresh runs. From low to high lie the middle 95 % of the
    candidates that the recording does not rule out: whose one run came as near to it as all but
    5 % of runs of the fitted brain do. That is wide rather than narrow, and knows nothing of what
    all candidates get wrong.
    Raises E516 for a recording that cannot be compared, E515 where a brain is lost, E519 without
    the library cma, and what `evolve` and `simulate` raise.
    """
    columns = _columns(recording, brain)
    first, second = halves(recording, columns)
    _check_length(first, second)
    model = Model(
        brain=brain,
        moves={name: MOVES[name] for name in settings.ranges},
        rate_hz=fixed_point(brain).rate_hz[:, 0],
        like=first,
        columns=columns,
        plan=_plan(first, settings, threads),
    )
    stream, search = np.random.SeedSequence(seed).spawn(2)
    loss = Loss(model, dynamics(first), np.random.default_rng(stream))
    return _fitted(loss, dynamics(second), settings, int(search.generate_state(1)[0]))


def _fitted(loss: Loss, held_out: Dynamics, settings: DynamicSettings, seed: int) -> DynamicFit:
    before = loss.started(settings.population)
    evolved = evolve(
        loss,
        np.log(list(settings.ranges.values())).T,
        seed=seed,
        generations=settings.generations,
        population=settings.population,
    )
    value = _best_again(loss, evolved, settings.population)
    after = loss.replicates(np.exp(value), settings.population)
    names = list(settings.ranges)
    return DynamicFit(
        brain=loss.model.balanced(np.exp(value)),
        table=_table(evolved, names, value, loss.of(after)),
        losses=_losses(loss.usual, (before, after), (loss.measured, held_out)),
        profiles=_profiles(evolved, names),
        evolved=evolved,
        lost=int((evolved.losses == PENALTY).sum()),
    )


def _best_again(loss: Loss, evolved: Evolved, population: int) -> Array:
    """The finalist of lowest mean loss when a generation is spent on fresh runs of them all."""
    points = finalists(evolved, FINALISTS)
    repeats = max(1, population // FINALISTS)
    losses = loss(np.repeat(points, repeats, axis=0)).reshape(FINALISTS, repeats)
    return np.asarray(points[losses.mean(axis=1).argmin()])


def _columns(recording: Recording, brain: Brain) -> NDArray[np.intp]:
    if recording.processing.global_signal_removed:
        raise DefaultModeError("E516", "the global signal was removed, which is part of the loss.")
    if recording.atlas.names != brain.regions:
        msg = (
            f"the recording has {len(recording.atlas)} regions of atlas {recording.atlas.name!r}; "
            f"expected the {brain.n_regions} of the brain, {brain.regions[0]!r} first."
        )
        raise DefaultModeError("E516", msg)
    return recording.columns()


def _check_length(*parts: Recording) -> None:
    for part, name in zip(parts, HALVES, strict=True):
        if part.usable_s < SHORTEST_S:
            msg = f"the half {name} has {part.usable_s:.0f} usable s; expected {SHORTEST_S:g}."
            raise DefaultModeError("E516", msg)


def _plan(half: Recording, settings: DynamicSettings, threads: int) -> Plan:
    tr_s = round(half.tr_s * 1000) / 1000  # the engine counts whole milliseconds
    return Plan(
        duration_s=round(half.n_time * tr_s, 3),
        tr_s=tr_s,
        settle_s=settings.settle_s,
        dt_ms=settings.dt_ms,
        coupling_every_ms=settings.coupling_every_ms,
        threads=threads,
    )


def _table(evolved: Evolved, names: list[str], value: Array, usual: Array) -> pd.DataFrame:
    """The factors; usual : (n_runs,) losses of the fitted brain's own runs."""
    near = evolved.losses <= max(np.quantile(usual, COVERED), evolved.best_loss)
    low, high = np.quantile(evolved.points[near], OUTER, axis=0)
    low, high = np.minimum(low, value), np.maximum(high, value)
    return pd.DataFrame(
        {
            "parameter": names,
            "value": np.exp(value),
            "low": np.exp(low),
            "high": np.exp(high),
            "unit": "factor",
            "prior_low": np.exp(evolved.low),
            "prior_high": np.exp(evolved.high),
            "identified": high - low < (evolved.high - evolved.low) / 2.0,
        }
    )


def _profiles(evolved: Evolved, names: list[str]) -> pd.DataFrame:
    parts = []
    for k, name in enumerate(names):
        values, lowest, tried = profile(evolved, k)
        columns = {"parameter": name, "value": np.exp(values), "loss": lowest, "tried": tried}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def _losses(
    usual: Array,
    runs: tuple[list[Dynamics], list[Dynamics]],
    measured: tuple[Dynamics, Dynamics],
) -> pd.DataFrame:
    rows = []
    between = distances(*measured)
    for half, own in zip(HALVES, measured, strict=True):
        means = [np.mean([distances(run, own) for run in some], axis=0) for some in runs]
        columns = np.array([*means, between, usual])
        rows += [(half, term, *columns[:, k]) for k, term in enumerate(TERMS)]
        rows.append((half, "loss", *(columns / usual).mean(axis=1)))
    names = ["half", "term", "before", "after", "other_half", "usual"]
    return pd.DataFrame(rows, columns=names)
