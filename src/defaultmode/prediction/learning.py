"""What more participants would bring: the procedure on parts of the cohort."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.prediction.cohort import Cohort
from defaultmode.prediction.nested import Model
from defaultmode.prediction.null import Trials, run_trials
from defaultmode.prediction.splits import check_enough

SHARES = (0.4, 0.6, 0.8, 1.0)
DRAWS = 5


@dataclass(frozen=True, slots=True)
class Point:
    """The leading figure at one number of participants: mean and spread over random parts."""

    n: int
    n_draws: int
    value: float
    sd: float


def learning_curve(people: Cohort, model: Model, *, rng: np.random.Generator) -> list[Point]:
    """Mean figure on random parts of the cohort with the same share of each class.

    Parts too small to be predicted are left out; each is split, tuned and tried anew.
    """
    points = []
    for share in SHARES:
        parts = [people.of(_part(people, share, rng)) for _ in range(DRAWS)]
        if not _enough(parts[0]):
            continue
        streams = np.random.SeedSequence(int(rng.integers(2**63))).spawn(DRAWS)
        values = [
            run_trials(Trials(part, model, 1, (stream,), permuted=False))[0]
            for part, stream in zip(parts, streams, strict=True)
        ]
        points.append(
            Point(parts[0].n, DRAWS, float(np.mean(values)), float(np.std(values, ddof=1)))
        )
    return points


def _part(people: Cohort, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    chosen = np.zeros(people.n, dtype=bool)
    classes = people.outcome if people.kind == "binary" else np.zeros(people.n)
    for level in np.unique(classes):
        members = np.flatnonzero(classes == level)
        chosen[rng.choice(members, size=round(share * len(members)), replace=False)] = True
    return chosen


def _enough(people: Cohort) -> bool:
    try:
        check_enough(people.outcome, people.kind)
    except DefaultModeError:
        return False
    return True
