"""Who responded to a treatment, from a column that says so or from a depression scale."""

import numpy as np

from defaultmode.core.missing import Missing
from defaultmode.pipeline.claim_columns import Array, Ground
from defaultmode.statistics.clinical_course import clinical_course
from defaultmode.statistics.occasions import AFTER


def responders_of(ground: Ground, treatment: str) -> Array | None:
    """1 for responders, 0 for others, NaN where not known, (n_people,); None where nothing tells.

    The first visit after the treatment at which a depression scale says it. A drop of half from
    the baseline, or what the scale's own rule states.
    """
    if treatment not in ground.responders:  # every preset and adjustment asks again
        ground.responders[treatment] = _followed(ground, treatment)
    return ground.responders[treatment]


def _followed(ground: Ground, treatment: str) -> Array | None:
    column = ground.of_construct("depression")
    if column is None:
        return None
    course = clinical_course(ground.study, ground.occasions, column.name)
    if isinstance(course, Missing):
        return None
    table = course.outcomes
    mine = table[(table["treatment"] == treatment) & (table["phase"] == AFTER)]
    mine = mine.dropna(subset="response").sort_values("days", kind="stable", na_position="last")
    first = mine.drop_duplicates("participant_id").set_index("participant_id")["response"]
    if not len(first):
        return None
    return np.array([first.get(name, np.nan) for name in ground.occasions.people], np.float64)
