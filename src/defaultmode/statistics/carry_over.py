"""Whether the first treatment of a crossover still shows in the second, on plain t tests."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from defaultmode.core.result import Result
from defaultmode.statistics.effects import CONFIDENCE, SMALLEST_N
from defaultmode.statistics.groups_named import CONTROLS, PATIENTS

Array = NDArray[np.float64]
COLUMNS = (
    *("what", "treatment", "reference", "days", "n", "n_reference"),
    *("difference", "ci_low", "ci_high", "t", "df", "p", "reason"),
)


def carry_over(outcomes: pd.DataFrame, *, unit: str = "") -> Result:
    """Tests of a two-period crossover, one row each; no row where nobody had two treatments.

    outcomes : as `clinical_course.outcomes_of` gives them; only patients count where there are any,
        and controls never
    - "start of the second period": its own baseline, or else the latest visit that the first period
      plans, less the first baseline, within people who had both, by the treatment that came first;
      then between the two sequences
    - "sequence": the sum of both periods' changes, between sequences, which carry-over would set
      apart; "treatment": half the difference between sequences of first less second period;
      "period": half their sum (Hills and Armitage 1979); "treatment, first period only"
    Differences in points of the score, 95 % intervals, two-sided p of t tests (Welch between).
    """
    patients = outcomes["group"] == PATIENTS
    counting = patients if patients.any() else outcomes["group"] != CONTROLS
    outcomes = outcomes[counting]
    pairs = _pairs(outcomes)
    rows: list[dict[str, object]] = []
    for treatment, reference in pairs:
        rows += _starts(outcomes, treatment, reference)
        for days in sorted(set(outcomes["days"].dropna())):
            rows += _visit(outcomes, treatment, reference, days)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return Result(
        table=table,
        sentence=_sentence(table, unit),
        cites=("Hills1979",),
        settings={"confidence": CONFIDENCE},
        notes=(
            "A test of carry-over has little power: that it finds nothing is no proof of absence.",
        )
        if pairs
        else (),
    )


def _pairs(outcomes: pd.DataFrame) -> list[tuple[str, str]]:
    """Two treatments of the same people, an active one before a comparison."""
    had = outcomes[(outcomes["treatment"] != "") & (outcomes["period"] > 0)]
    by_person = {tuple(sorted(set(t))) for _, t in had.groupby("participant_id")["treatment"]}
    two = sorted(pair for pair in by_person if len(pair) == 2)
    return [(b, a) if a in {"placebo", "midazolam"} else (a, b) for a, b in two]


def _starts(outcomes: pd.DataFrame, treatment: str, reference: str) -> Iterator[dict[str, object]]:
    """The start of the second period against that of the first, after each treatment."""
    moved = {}
    for first, second in ((treatment, reference), (reference, treatment)):
        shift = _second_start(outcomes, first, second)
        moved[first] = shift.to_numpy(np.float64)
        named = {"what": "start of the second period", "treatment": first, "reference": ""}
        yield named | {"days": np.nan} | _one_sample(moved[first])
    named = {"what": "start of the second period, between sequences"}
    pair = {"treatment": treatment, "reference": reference, "days": np.nan}
    yield named | pair | _two_samples(moved[treatment], moved[reference])


def _second_start(outcomes: pd.DataFrame, first: str, second: str) -> pd.Series:
    """Start of the second period less the first baseline, by participant in this sequence."""
    one = outcomes[(outcomes["treatment"] == first) & (outcomes["period"] == 1)]
    two = outcomes[(outcomes["treatment"] == second) & (outcomes["period"] == 2)]
    start = one.groupby("participant_id")["baseline"].first()
    at_end = one[one["days"] == one["days"].max()] if one["days"].notna().any() else one
    last = at_end.dropna(subset="score").groupby("participant_id")["score"].last()
    own = two.groupby("participant_id")["baseline"].first().reindex(start.index)
    had_second = start.index.isin(two["participant_id"])
    # a baseline that both periods share tells nothing of the second
    shared = own.isna() | (own == start)
    return (own.where(~shared, last.reindex(start.index)) - start)[had_second].dropna()


def _visit(
    outcomes: pd.DataFrame, treatment: str, reference: str, days: float
) -> Iterator[dict[str, object]]:
    """Sequence, treatment and period effects at one number of days after each treatment."""
    at = outcomes[outcomes["days"] == days]
    first = {t: _changes(at, t, 1) for t in (treatment, reference)}
    second = {t: _changes(at, t, 2) for t in (treatment, reference)}
    here = pd.concat([first[treatment], second[reference]], axis=1, join="inner").to_numpy()
    there = pd.concat([first[reference], second[treatment]], axis=1, join="inner").to_numpy()
    named = {"treatment": treatment, "reference": reference, "days": days}
    sums, differences = ([f(x) for x in (here, there)] for f in (_sum, _difference))
    yield {"what": "sequence"} | named | _two_samples(*sums)
    yield {"what": "treatment"} | named | _two_samples(differences[0] / 2, differences[1] / 2)
    yield {"what": "period"} | named | _two_samples(differences[0] / 2, -differences[1] / 2)
    alone = (first[treatment].to_numpy(), first[reference].to_numpy())
    yield {"what": "treatment, first period only"} | named | _two_samples(*alone)


def _changes(at: pd.DataFrame, treatment: str, period: int) -> pd.Series:
    rows = at[(at["treatment"] == treatment) & (at["period"] == period)]
    return rows.groupby("participant_id")["change"].first().dropna()


def _sum(pair: Array) -> Array:
    return pair[:, 0] + pair[:, 1]


def _difference(pair: Array) -> Array:
    return pair[:, 0] - pair[:, 1]


def _one_sample(values: Array) -> dict[str, object]:
    from scipy.stats import ttest_1samp

    if len(values) < SMALLEST_N or np.ptp(values) == 0:
        return _none(len(values), 0)
    test = ttest_1samp(values, 0.0)
    return _tested(len(values), 0, float(values.mean()), test)


def _two_samples(values: Array, reference: Array) -> dict[str, object]:
    from scipy.stats import ttest_ind

    n, m = len(values), len(reference)
    if min(n, m) < SMALLEST_N or np.ptp(values) + np.ptp(reference) == 0:
        return _none(n, m)
    test = ttest_ind(values, reference, equal_var=False)
    return _tested(n, m, float(values.mean() - reference.mean()), test)


def _tested(n: int, m: int, difference: float, test: Any) -> dict[str, object]:
    low, high = test.confidence_interval(CONFIDENCE)
    return {
        "n": n,
        "n_reference": m,
        "difference": difference,
        "ci_low": float(low),
        "ci_high": float(high),
        "t": float(test.statistic),
        "df": float(test.df),
        "p": float(test.pvalue),
        "reason": "",
    }


def _none(n: int, m: int) -> dict[str, object]:
    numbers = dict.fromkeys(("difference", "ci_low", "ci_high", "t", "df", "p"), np.nan)
    reason = f"fewer than {SMALLEST_N} people in a sequence, or no spread among them"
    return {"n": n, "n_reference": m, **numbers, "reason": reason}


def _sentence(table: pd.DataFrame, unit: str) -> str:
    between = table[table["what"] == "start of the second period, between sequences"]
    known = between[between["reason"] == ""]
    if known.empty:
        return "No crossover in which carry-over could be tested."
    row = known.iloc[0]
    return (
        f"After {row['treatment']} the second period began {row['difference']:+.1f} "
        f"{unit or 'points'} from where it began after {row['reference']} (95 % "
        f"{row['ci_low']:.1f} to {row['ci_high']:.1f}, p = {row['p']:.3f}, n = {row['n']} and "
        f"{row['n_reference']})."
    )
