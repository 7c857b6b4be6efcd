"""The largest part of a sample in which head motion no longer differs."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from defaultmode.statistics.question import Array, Setup, untestable

TOLERATED = 0.1  # standard deviations: a usual bound of balance (Austin 2009)
LEAST_SHARE = 0.5  # our choice: of the people; what is left says little of the rest


def matched(setup: Setup, motion: Array) -> Setup:
    """The people that remain when those who moved most have gone, one by one.

    motion : (n,), of each person, or the difference between the person's two conditions
    Two groups are matched by dropping whoever moves most in the group that moves more, or least in
    the other, whichever helps more; paired conditions by dropping whoever has the largest
    difference in the direction of the mean; until the standardised difference is at most 0.1.
    Raises E438 where fewer than half of a group would remain.
    """
    keep = np.ones(len(motion), dtype=bool)
    while abs(imbalance(setup.x[keep], motion[keep])) > TOLERATED:
        keep[_worst(setup.x, motion, keep)] = False
        for value in np.unique(setup.x):
            if keep[setup.x == value].mean() < LEAST_SHARE:
                raise untestable("matching for motion would leave fewer than half of the people")
    dropped = int((~keep).sum())
    return replace(
        setup,
        y=setup.y[keep],
        x=setup.x[keep],
        covariates=setup.covariates[keep],
        blocks=setup.blocks[keep],
        people=setup.people[keep],
        how=f"{setup.how}; {dropped} who moved most left out, so that motion is alike",
    )


def imbalance(x: Array, motion: Array) -> float:
    """Standardised difference of motion between two groups, or from zero where x is one."""
    if np.ptp(x) == 0:
        spread = float(motion.std(ddof=1)) if len(motion) > 1 else 0.0
        return float(motion.mean()) / spread if spread else 0.0
    sides = [motion[x == value] for value in (1, 0)]
    variances = [float(side.var(ddof=1)) if len(side) > 1 else 0.0 for side in sides]
    spread = float(np.sqrt(sum(variances) / 2))
    return float(sides[0].mean() - sides[1].mean()) / spread if spread else 0.0


def _worst(x: Array, motion: Array, keep: NDArray[np.bool_]) -> int:
    """Position of the person without whom motion differs least."""
    sign = np.sign(imbalance(x[keep], motion[keep]))
    if np.ptp(x) == 0:
        return _largest(motion * sign, keep)
    upper, lower = (keep & (x == value) for value in ((1, 0) if sign > 0 else (0, 1)))
    candidates = (_largest(motion, upper), _largest(-motion, lower))
    return min(candidates, key=lambda who: abs(_without(x, motion, keep, who)))


def _without(x: Array, motion: Array, keep: NDArray[np.bool_], who: int) -> float:
    others = keep.copy()
    others[who] = False
    return imbalance(x[others], motion[others])


def _largest(values: Array, among: NDArray[np.bool_]) -> int:
    return int(np.flatnonzero(among)[np.argmax(values[among])])
