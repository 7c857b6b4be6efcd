"""How far simulated brains are from a recording in what a linear model cannot see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Recording
from defaultmode.denoising.filters import band_of, band_pass
from defaultmode.measures import Dynamics, dynamics
from defaultmode.simulation.batches import side_by_side
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.engine import Plan, simulate
from defaultmode.simulation.fixed_point import fixed_point
from defaultmode.simulation.inhibition import balance, balanced_state

Array = NDArray[np.float64]
TERMS = ("connectivity", "recurrence", "metastability", "global signal")
LOST = "E504"
PENALTY = 1e6  # loss of a candidate that is lost, in usual distances: more than any that is not


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A brain whose factors are sought, and how it is simulated.

    moves : factor → the parameters of the brain that it multiplies
    rate_hz : (n_regions,) where inhibition control holds every candidate
    like : what a simulated run is to be like: length, repetition time, filter, usable frames,
        regions; columns : of the brain, its regions
    """

    brain: Brain
    moves: Mapping[str, tuple[str, ...]]
    rate_hz: Array
    like: Recording
    columns: NDArray[np.intp]
    plan: Plan

    def balanced(self, factors: Array) -> Brain:
        """The brain with these factors (n_factors,); E504 where inhibition would be below 0."""
        moved = {
            name: self.brain.value(name) * factor
            for names, factor in zip(self.moves.values(), factors, strict=True)
            for name in names
        }
        return balance(self.brain.changed(**moved), self.rate_hz)

    def _stable(self, factors: Array) -> Brain | Missing:
        try:
            balanced = self.balanced(factors)
            fixed_point(balanced, balanced_state(balanced, self.rate_hz)[..., 0])
        except DefaultModeError as problem:
            if problem.code != LOST:
                raise
            return Missing(problem.detail, LOST)
        return balanced

    def runs(self, factors: Array, seeds: Sequence[int]) -> list[Dynamics | Missing]:
        """The dynamics of one simulated run for each row of factors (n_people, n_factors).

        Missing where a region would need inhibition below 0, where the balanced state is unstable,
        and where a region's mean rate leaves the balanced branch.
        """
        balanced = [self._stable(row) for row in factors]
        found: list[Dynamics | Missing] = [b for b in balanced if isinstance(b, Missing)]
        able = {k: brain for k, brain in enumerate(balanced) if isinstance(brain, Brain)}
        if not able:
            return found
        # everybody's rate is judged alone, so that one lost candidate does not end the others
        plan = replace(self.plan, rate_ceiling_hz=np.inf)
        together = side_by_side(list(able.values()), [1] * len(able))
        made = simulate(together, [seeds[k] for k in able], plan)
        for lane, k in enumerate(able):
            found.insert(k, self._seen(made.bold[..., lane], float(made.rate_hz[:, lane].max())))
        return found

    def _seen(self, bold: Array, highest_hz: float) -> Dynamics | Missing:
        if highest_hz > self.plan.rate_ceiling_hz:
            return Missing(f"a region fired at {highest_hz:.1f} Hz on average", "E505")
        processing, tr_s = self.like.processing, self.like.tr_s
        band = band_of(processing.low_cutoff_hz, processing.high_cutoff_hz, tr_s)
        passed = band_pass(bold[:, self.columns], tr_s, band=band)
        return dynamics(replace(self.like, signal=passed))


class Loss:
    """The loss of a generation of candidates against one measured run, in usual distances.

    usual : (4,) mean distance of two runs of the brain as it came, of every term
    """

    def __init__(self, model: Model, measured: Dynamics, rng: np.random.Generator) -> None:
        self.model, self.measured, self._rng = model, measured, rng
        self.usual = np.ones(len(TERMS))

    def __call__(self, logs: Array) -> Array:
        """Losses (population,) of logarithms of factors (population, n_factors)."""
        return self.of(self.model.runs(np.exp(logs), self._seeds(len(logs))))

    def of(self, runs: Sequence[Dynamics | Missing]) -> Array:
        """Mean of the four distances in usual ones, (n_runs,); `PENALTY` for runs that are lost."""
        return np.array(
            [
                PENALTY
                if isinstance(run, Missing)
                else (distances(run, self.measured) / self.usual).mean()
                for run in runs
            ]
        )

    def replicates(self, factors: Array, count: int) -> list[Dynamics]:
        """Runs of one brain with other noise each; raises E515 where one of them is lost."""
        runs = self.model.runs(np.tile(factors, (count, 1)), self._seeds(count))
        for run in runs:
            if isinstance(run, Missing):
                msg = f"the brain with factors {factors.round(3)} is lost: {run.reason}."
                raise DefaultModeError("E515", msg)
        return [run for run in runs if isinstance(run, Dynamics)]

    def started(self, count: int) -> list[Dynamics]:
        """Runs of the brain as it came, from whose distances the usual ones are set."""
        runs = self.replicates(np.ones(len(self.model.moves)), count)
        pairs = zip(*np.triu_indices(count, k=1), strict=True)
        self.usual = np.mean([distances(runs[i], runs[j]) for i, j in pairs], axis=0)
        return runs

    def _seeds(self, count: int) -> list[int]:
        return [int(seed) for seed in self._rng.integers(2**63, size=count)]


def halves(recording: Recording, columns: NDArray[np.intp]) -> tuple[Recording, Recording]:
    """The first and the second half of a run, of some of its regions only."""
    atlas = recording.atlas
    kept = replace(atlas, regions=tuple(atlas.regions[i] for i in columns))
    middle = recording.n_time // 2
    first, second = (
        Recording(
            signal=recording.signal[part][:, columns],
            tr_s=recording.tr_s,
            atlas=kept,
            entities=recording.entities,
            unit=recording.unit,
            processing=recording.processing,
            usable=recording.usable[part],
        )
        for part in (slice(0, middle), slice(middle, 2 * middle))
    )
    return first, second


def distances(one: Dynamics, other: Dynamics) -> Array:
    """How far two runs are apart in each of `TERMS`, (4,), near its lowest a parabola in each.

    1 less the correlation of connectivity; squared Kolmogorov–Smirnov distance of the similarities
    of windows (Hansen 2015; Deco 2017); squared difference of metastability; squared logarithm of
    the ratio of global spreads.
    """
    return np.array(
        [
            1.0 - np.corrcoef(one.z, other.z)[0, 1],
            kolmogorov_smirnov(one.recurrences, other.recurrences) ** 2,
            (one.metastability - other.metastability) ** 2,
            np.log(one.global_spread / other.global_spread) ** 2,
        ]
    )


def kolmogorov_smirnov(one: Array, other: Array) -> float:
    """Largest difference of the distribution functions of two sorted samples."""
    both = np.concatenate([one, other])
    below = [np.searchsorted(x, both, side="right") / len(x) for x in (one, other)]
    return float(np.abs(below[0] - below[1]).max())
