"""The few numbers that a figure shows beside its points."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from defaultmode.core.missing import Missing
from defaultmode.report.choosing import n_recordings
from defaultmode.report.writing import counted, shown

CONFIDENCE = 0.95
FEWEST_FOR_CORRELATION = 4
FEWEST_FOR_INTERVAL = 4  # with 3, Student's t makes it 4.3 standard errors either way


def measured_sentence(table: pd.DataFrame) -> str:
    """How many recordings of how many people were measured; table : the rows that hold numbers."""
    runs, people = n_recordings(table), table["participant_id"].nunique()
    were = "was" if runs == 1 else "were"
    return f"{counted(runs, 'recording')} of {counted(people, 'participant')} {were} measured."


def person_summary(
    people: pd.Series, values: pd.Series
) -> tuple[float | Missing, tuple[float, float] | Missing]:
    """Mean over people with its 95 % interval (Student's t).

    A person's recordings are averaged first, because they are not independent of each other. Fewer
    than four people have no interval.
    """
    from scipy.stats import t

    means = values.groupby(people.to_numpy()).mean().to_numpy(np.float64)
    if not len(means):
        return Missing("no values"), Missing("no values")
    centre = float(means.mean())
    if len(means) < FEWEST_FOR_INTERVAL:
        return centre, Missing(f"fewer than {FEWEST_FOR_INTERVAL} people have no interval")
    half = float(
        t.ppf((1 + CONFIDENCE) / 2, len(means) - 1) * means.std(ddof=1) / len(means) ** 0.5
    )
    return centre, (centre - half, centre + half)


def correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    """Pearson correlation over people in words, or why there is none."""
    if len(x) < FEWEST_FOR_CORRELATION:
        return f"too few people for a correlation (n = {len(x)})."
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return "no correlation, because one of the two does not vary."
    return f"r = {shown(float(np.corrcoef(x, y)[0, 1]), 2)} (n = {len(x)})."
