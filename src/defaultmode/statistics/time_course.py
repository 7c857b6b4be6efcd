"""Means and proportions of a clinical score at each visit, with what is missing counted."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from defaultmode.core.result import Result
from defaultmode.statistics.effects import CONFIDENCE, SMALLEST_N
from defaultmode.statistics.groups_named import CONTROLS, PATIENTS

Array = NDArray[np.float64]
KEYS = ["group", "treatment", "session_id", "days"]
SHARES = ("response", "remission", "early_response")
MEANS = ("score", "change")


def time_course(outcomes: pd.DataFrame, *, unit: str = "") -> Result:
    """One row per group, treatment and visit, in the order of days.

    outcomes : as `clinical_course.outcomes_of` gives them
    n, n_missing : participants under the treatment with and without score and baseline;
    score_mean, change_mean : with sd and 95 % interval of Student's t; n_ and share_response,
    _remission, _early_response : of those for whom it is defined, with Wilson's interval (1927)
    """
    with_start = outcomes[outcomes["baseline"].notna()]
    rows = []
    for keys, visit in with_start.groupby(KEYS, sort=False, dropna=False):
        group, treatment = keys[:2]
        same = (with_start["group"] == group) & (with_start["treatment"] == treatment)
        people = with_start.loc[same, "participant_id"].nunique()
        rows.append(dict(zip(KEYS, keys, strict=True)) | _at(visit, people))
    table = pd.DataFrame(rows, columns=[*KEYS, *_at(with_start.iloc[:0], 0)])
    table = table.sort_values(["group", "treatment", "days"], kind="stable", ignore_index=True)
    return Result(
        table=table,
        sentence=_sentence(table, unit),
        cites=("Wilson1927", "Szegedi2009"),
        settings={"confidence": CONFIDENCE},
        notes=("Scores that are missing are counted and not filled in.",),
    )


def _at(visit: pd.DataFrame, n_people: int) -> dict[str, float]:
    known = visit.dropna(subset="change")
    row: dict[str, float] = {"n": len(known), "n_missing": n_people - len(known)}
    for name in MEANS:
        row |= _mean(name, known[name].to_numpy(np.float64))
    row |= _mean("percent_change", known["percent_change"].dropna().to_numpy(np.float64))
    for name in SHARES:
        row |= _share(name, known[name].dropna().to_numpy(np.float64))
    return row


def _mean(name: str, values: Array) -> dict[str, float]:
    from scipy.stats import t

    n = len(values)
    mean = float(values.mean()) if n else np.nan
    sd = float(values.std(ddof=1)) if n > 1 else np.nan
    half = float(t.ppf((1 + CONFIDENCE) / 2, n - 1)) * sd / np.sqrt(n) if n > 1 else np.nan
    return {
        f"{name}_mean": mean,
        f"{name}_sd": sd,
        f"{name}_ci_low": mean - half,
        f"{name}_ci_high": mean + half,
    }


def _share(name: str, values: Array) -> dict[str, float]:
    from scipy.stats import binomtest

    n, hits = len(values), int(values.sum())
    low, high = (
        binomtest(hits, n).proportion_ci(CONFIDENCE, method="wilson") if n else (np.nan, np.nan)
    )
    return {
        f"n_{name}": hits,
        f"n_{name}_of": n,
        f"share_{name}": hits / n if n else np.nan,
        f"share_{name}_ci_low": float(low),
        f"share_{name}_ci_high": float(high),
    }


def _sentence(table: pd.DataFrame, unit: str) -> str:
    ill = table["group"] == PATIENTS
    of_interest = table[ill] if ill.any() else table[table["group"] != CONTROLS]
    known = of_interest[of_interest["n"] >= SMALLEST_N]
    if known.empty:
        return f"No visit after baseline has the scores of {SMALLEST_N} people."
    largest = known.iloc[int(known["change_mean"].abs().argmax())]
    under = f" under {largest['treatment']}" if largest["treatment"] else ""
    interval = f"{largest['change_ci_low']:.1f} to {largest['change_ci_high']:.1f}"
    return (
        f"The largest mean change is {largest['change_mean']:+.1f} {unit or 'points'} (95 % "
        f"{interval}, n = {largest['n']}) at {largest['session_id']}{under}."
    )
