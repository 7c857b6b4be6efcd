"""What the linear model says that exposures change in a twin, and how far that can be believed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.pipeline.twin_looks import LOOKS, Look, absent, change, mark, values_of
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.scoreboard.quantities import Ground, rest_of
from defaultmode.simulation.twin import Twin
from defaultmode.simulation.twin_columns import FEWEST_DRAWS, expected_range
from defaultmode.simulation.twin_exposure import exposed
from defaultmode.simulation.twin_protocol import TwinCondition

Array = NDArray[np.float64]
LOST = ("E504", "E505")
DIRECTIONS = 24  # in which the prior is felt out around the fit: its spread is known to 15 %
STEP = 0.01  # of a score, small enough that a brain changes in proportion


@dataclass(frozen=True, slots=True)
class Change:
    """Exposed less baseline in one number of a twin under one condition.

    low, high : 95 % of the plausible brains; same_sign : share of them that agree with the sign
    learnt : 1 − variance over the plausible brains / variance under the prior alone, which is taken
        around the fit, in proportion; at 0 or below the recording says nothing of this change and
        the interval is the prior's
    draws, lost : plausible brains, and how many of them lost their stable branch
    mark, because : whether the direction was put in, as the scoreboard says
    missing : why there is no value, None where there is one; numbers are NaN where they are not
    """

    condition: str
    look: Look
    baseline: float
    value: float
    low: float
    high: float
    same_sign: float
    learnt: float
    draws: int
    lost: int
    mark: str
    because: str
    missing: Missing | None = None

    @property
    def beside(self) -> bool:
        """Whether the fitted brain's change lies outside the interval of the plausible ones."""
        return self.value < self.low or self.value > self.high


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """A brain at its baseline and under every condition, linear.

    values : (1 + n_conditions, n_looks), NaN where the branch is lost; lost : why, None else
    """

    values: Array
    lost: tuple[Missing | None, ...]

    @property
    def changes(self) -> Array:
        """Exposed less baseline, (n_conditions, n_looks)."""
        return change(self.values[:1], self.values[1:])


def looked_at(
    make: Callable[[], Brain], ground: Ground, conditions: Sequence[TwinCondition]
) -> Looked:
    """The brain that `make` gives, at its baseline and under every condition.

    Losing the stable branch (E504, E505) is kept as the reason; any other error is raised.
    """
    values = np.full((1 + len(conditions), len(LOOKS)), np.nan)
    lost: list[Missing | None] = [None] * len(values)
    try:
        brain = make()
    except DefaultModeError as problem:
        return Looked(values, (_reason(problem),) * len(values))
    for k, condition in enumerate((None, *conditions)):
        try:
            under = exposed(brain, condition, ground.atlas, ground.maps) if condition else brain
            values[k] = values_of(rest_of(under, ground))
        except DefaultModeError as problem:
            lost[k] = _reason(problem)
    return Looked(values, tuple(lost))


def changes_of(
    twin: Twin, ground: Ground, conditions: Sequence[TwinCondition], rng: np.random.Generator
) -> list[Change]:
    """Every change in a twin, condition by condition.

    rng : of the directions in which the prior is felt out. Raises E506 and E513 for a condition
    that does not fit the atlas or the maps.
    """
    fitted = looked_at(twin.brain, ground, conditions)
    draws = range(len(twin.draws))
    drawn = [looked_at(partial(twin.brain, k), ground, conditions) for k in draws]
    open_sd = np.full(fitted.changes.shape, np.nan)
    if len(drawn) >= FEWEST_DRAWS:
        open_sd = _prior_sd(twin, ground, conditions, fitted, rng)
    return [
        _change(condition, (c, k), ground.atlas, fitted, drawn, open_sd=float(open_sd[c, k]))
        for c, condition in enumerate(conditions)
        for k in range(len(LOOKS))
    ]


def _change(
    condition: TwinCondition,
    place: tuple[int, int],
    atlas: Atlas,
    fitted: Looked,
    drawn: Sequence[Looked],
    *,
    open_sd: float,
) -> Change:
    """The change in one number; place : which condition, which number."""
    c, k = place
    look = LOOKS[k]
    value = float(fitted.changes[place])
    believed = _believed(value, np.array([d.changes[place] for d in drawn]), open_sd)
    low, high, same_sign, learnt = believed
    label, because = mark(look, condition)
    return Change(
        condition=condition.name,
        look=look,
        baseline=float(fitted.values[0, k]),
        value=value,
        low=low,
        high=high,
        same_sign=same_sign,
        learnt=learnt,
        draws=len(drawn),
        lost=sum(d.lost[0] is not None or d.lost[c + 1] is not None for d in drawn),
        mark=label,
        because=because,
        missing=absent(look, atlas) or fitted.lost[0] or fitted.lost[c + 1],
    )


def _believed(value: float, drawn: Array, open_sd: float) -> tuple[float, float, float, float]:
    """Interval, share of the same sign, share learnt; NaN where too few brains are left."""
    kept = drawn[np.isfinite(drawn)]
    if len(kept) < FEWEST_DRAWS or not np.isfinite(value):
        return (float("nan"),) * 4
    low, high = expected_range(kept)
    same = float(np.mean(np.sign(kept) == np.sign(value)))
    learnt = 1.0 - float(kept.var(ddof=1)) / open_sd**2 if open_sd > 0 else float("nan")
    return float(low), float(high), same, learnt


def _prior_sd(
    twin: Twin,
    ground: Ground,
    conditions: Sequence[TwinCondition],
    fitted: Looked,
    rng: np.random.Generator,
) -> Array:
    """Standard deviation of every change under the prior, in proportion around the fit.

    Scores have variance 1 in the prior, so that the mean square of the derivatives in random
    directions of that law is the variance. (n_conditions, n_looks), NaN without a stable one.
    """
    squares = []
    for _ in range(DIRECTIONS):
        scores = twin.scores + STEP * rng.standard_normal(len(twin.scores))
        near = replace(twin, scores=scores)
        moved = looked_at(near.brain, ground, conditions)
        squares.append(((moved.changes - fitted.changes) / STEP) ** 2)
    return np.asarray(np.sqrt(np.mean(squares, axis=0)))


def _reason(problem: DefaultModeError) -> Missing:
    """Why a branch was lost; raises the problem itself where it is another one."""
    if problem.code not in LOST:
        raise problem
    return Missing(f"the stable branch is lost: {problem.detail}", problem.code)
