"""A few global factors of one brain, fitted to dynamics that the linear model cannot see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Recording
from defaultmode.fitting.evolution import Evolved, evolve
from defaultmode.fitting.surface import surface
from defaultmode.measures import Dynamics, dynamics
from defaultmode.pipeline.dynamic_loss import (
    TERMS,
    Model,
    distances,
    halves,
    usual_distances,
)
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.engine import Plan, whole_ms
from defaultmode.simulation.fixed_point import fixed_point

Array = NDArray[np.float64]

MOVES = {  # factor → what of the brain it multiplies
    "coupling": ("coupling", "feed_forward"),
    "local_excitation": ("local_excitation",),
    "shared_drive": ("shared_noise",),
    "private_noise": ("noise",),
}
RANGES = {  # of each factor, our own: beyond 1.5 times the coupling most brains are lost
    "coupling": (0.5, 1.6),
    "local_excitation": (0.6, 1.4),
    "shared_drive": (0.25, 4.0),
    "private_noise": (0.25, 4.0),
}
PENALTY = 1e6  # loss of a candidate that is lost, in usual distances: more than any that is not
SHORTEST_S = 240.0  # of a usable half: what seven windows need
COVERED = 0.95
REGIONS, HALVES, TOO_SHORT = "E516", ("fitted", "held out"), "E516"


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicSettings:
    """How the factors are sought.

    ranges : factor of `MOVES` → lowest and highest value; a factor left out stays 1
    generations, population : of the search; two generations more are simulated for its intervals.
        The engine carries 32 people in a batch, and one batch on a thread
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


@dataclass(frozen=True, slots=True, eq=False)
class DynamicFit:
    """The fitted brain, its factors, and how near it comes.

    brain : inhibition balanced; evolved : the search, in logarithms of the factors
    table : one row per factor: parameter, value, low, high (95 % interval), unit, prior_low,
        prior_high, identified (whether the interval is narrower than half the prior's range)
    losses : one row per half ("fitted", "held out") and term: half, term, before, after (means over
        runs of the brain as it came and as fitted), other_half (of the recording, in their place),
        usual (mean distance of two runs of one brain); the term "loss" is the mean of the four,
        each in usual distances, so that 1 is as near as another run of the same brain comes
    lost : candidates that lost the balanced branch or were unstable, each at the loss `PENALTY`
    """

    brain: Brain
    table: pd.DataFrame
    losses: pd.DataFrame
    evolved: Evolved
    lost: int


class _Loss:
    """The loss of a generation, which keeps every run for the intervals."""

    def __init__(self, model: Model, measured: Dynamics, rng: np.random.Generator) -> None:
        self.model, self.measured, self._rng = model, measured, rng
        self.tried: list[Dynamics | Missing] = []
        self.usual = np.ones(len(TERMS))

    def __call__(self, logs: Array) -> Array:
        """Losses (population,) of logarithms of factors (population, n_factors)."""
        runs = self.runs(logs)
        self.tried += runs
        found = self.of(runs, self.measured)
        return np.where(np.isnan(found), PENALTY, found)

    def runs(self, logs: Array) -> list[Dynamics | Missing]:
        """One run for each row, each with noise of its own."""
        seeds = self._rng.integers(2**63, size=len(logs)).tolist()
        return self.model.runs(np.exp(logs), seeds)

    def replicates(self, logs: Array, count: int) -> list[Dynamics]:
        """Runs of one brain; raises E515 where it is lost."""
        runs = self.runs(np.tile(logs, (count, 1)))
        lost = [run for run in runs if isinstance(run, Missing)]
        if lost:
            msg = f"a brain with factors {np.exp(logs).round(3)} is lost: {lost[0].reason}."
            raise DefaultModeError("E515", msg)
        return [run for run in runs if isinstance(run, Dynamics)]

    def of(self, runs: Sequence[Dynamics | Missing], measured: Dynamics) -> Array:
        """Mean of the distances, in usual ones, (n_runs,); NaN for those that are lost."""
        return np.array(
            [
                np.nan
                if isinstance(run, Missing)
                else (distances(run, measured) / self.usual).mean()
                for run in runs
            ]
        )


def fit_dynamics(
    recording: Recording, brain: Brain, settings: DynamicSettings, *, seed: int, threads: int = 1
) -> DynamicFit:
    """Fit global factors of a balanced brain to the first half of a recording by CMA-ES.

    recording : denoised, its regions in the order of the brain's; simulated runs are as long, and
        get its filter and its censoring
    Compared are connectivity, functional connectivity dynamics (Hansen 2015; their distribution by
    the Kolmogorov–Smirnov distance, as Deco 2017), metastability and the global signal's spread,
    none of which depends on the signal's unit. Inhibition control holds every candidate at the
    rates that `brain` has. Every run has noise of its own; the same seed gives the same result on
    any number of threads. The interval of a factor is where the loss's profile has risen by no more
    than it does, in 95 % of runs of the fitted brain held against the same candidates, from there
    to the fitted value: it knows of chance, not of what every candidate gets wrong.
    Raises E516 for a recording that cannot be compared, E515 where a brain is lost, E519 without
    the library cma, and what `evolve` and `simulate` raise.
    """
    columns = _columns(recording, brain)
    first, second = halves(recording, columns)
    _check_length(first, second)
    moves = {name: MOVES[name] for name in settings.ranges}
    plan = _plan(first, settings, threads)
    model = Model(brain, moves, fixed_point(brain).rate_hz[:, 0], first, columns, plan)
    stream, search = np.random.SeedSequence(seed).spawn(2)
    loss = _Loss(model, dynamics(first), np.random.default_rng(stream))
    before = loss.replicates(np.zeros(len(moves)), settings.population)
    loss.usual = usual_distances(before)
    low, high = np.log(np.array(list(settings.ranges.values()))).T
    evolved = evolve(
        loss,
        (low, high),
        seed=int(search.generate_state(1)[0]),
        generations=settings.generations,
        population=settings.population,
    )
    value = _estimate(evolved, loss.of(loss.tried, loss.measured))
    after = loss.replicates(value, settings.population)
    fitted = model.candidate(np.exp(value))
    if isinstance(fitted, Missing):  # which the runs just made have told already
        raise DefaultModeError("E515", fitted.reason)
    return DynamicFit(
        brain=fitted,
        table=_table(loss, evolved, value, after),
        losses=_losses(loss, (before, after), (loss.measured, dynamics(second))),
        evolved=evolved,
        lost=sum(isinstance(run, Missing) for run in loss.tried),
    )


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


def _estimate(evolved: Evolved, losses: Array) -> Array:
    """Logarithms of the factors that these losses of all candidates speak for, (n_factors,)."""
    found = surface(evolved, losses)
    return evolved.centre if found is None else found.centre


def _table(loss: _Loss, evolved: Evolved, value: Array, after: Sequence[Dynamics]) -> pd.DataFrame:
    """The factors with their intervals; each run after the fit stands in for the recording once."""
    again = np.array([_estimate(evolved, loss.of(loss.tried, run)) for run in after])
    reach = np.quantile(np.abs(again - value), COVERED, axis=0)
    low, high = np.maximum(evolved.low, value - reach), np.minimum(evolved.high, value + reach)
    return pd.DataFrame(
        {
            "parameter": list(loss.model.moves),
            "value": np.exp(value),
            "low": np.exp(low),
            "high": np.exp(high),
            "unit": "factor",
            "prior_low": np.exp(evolved.low),
            "prior_high": np.exp(evolved.high),
            "identified": high - low < (evolved.high - evolved.low) / 2.0,
        }
    )


def _losses(
    loss: _Loss,
    runs: tuple[Sequence[Dynamics], Sequence[Dynamics]],
    measured: tuple[Dynamics, Dynamics],
) -> pd.DataFrame:
    rows = []
    between = distances(*measured)
    for half, own in zip(HALVES, measured, strict=True):
        means = [np.mean([distances(run, own) for run in some], axis=0) for some in runs]
        columns = [*means, between, loss.usual]
        for k, term in enumerate(TERMS):
            rows.append((half, term, *(float(column[k]) for column in columns)))
        rows.append((half, "loss", *(float((c / loss.usual).mean()) for c in columns)))
    names = ["half", "term", "before", "after", "other_half", "usual"]
    return pd.DataFrame(rows, columns=names)
