"""What a claim knows of the size of its effect, and what is known of a measure's reliability."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot, isfinite, sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from defaultmode.claims import Claim, Evidence, Test, sign
from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.text_tables import is_number, read_text_table
from defaultmode.statistics.comparisons import Comparison
from defaultmode.statistics.pooling import (
    Scale,
    error_from_interval,
    error_from_sizes,
    one_per_cohort,
    pool,
)
from defaultmode.statistics.power import normal_effects
from defaultmode.statistics.reliability import SESSIONS

Array = NDArray[np.float64]
TABLE = "reliability.tsv"
NEEDED = ("measure", "denoise", "group", "repeats", "n", "icc", "ci_low", "ci_high", "reason")
# What a row of evidence may be stated in, to speak of a comparison in this statistic.
SPEAKS_OF = {
    "Hedges g": ("Hedges g", "d"),
    "d": ("d", "d_z"),
    "d_z": ("d_z", "d"),
    "Pearson r": ("Pearson r",),
    "AUC": ("AUC",),
}


@dataclass(frozen=True, slots=True, eq=False)
class Belief:
    """What is believed of an effect before the study, in the statistic of the comparison.

    mean : its best guess; effects : equally likely ones, (k,); source : where it comes from, in
    words; cites : keys of the reference list
    """

    mean: float
    effects: Array
    source: str
    cites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reliability:
    """An intraclass correlation and where it comes from."""

    icc: float
    source: str
    cites: tuple[str, ...] = ()


# Of 17 clusters chosen for a group difference in 82 young adults, 16 had an ICC of .50 to .76 over
# two scans; the lower end, as the choice favours the reliable. Read in the abstract.
USUAL = Reliability(
    0.5,
    "assumed: default-mode connectivity over two scans, lower end of .50 to .76 (Bessette et al. "
    "2018); a single connection has .29 (Noble et al. 2019)",
    ("Bessette2018", "Noble2019"),
)


def pooled_evidence(claim: Claim, test: Test, comparison: Comparison) -> Belief | None:
    """The published effects of a test as a distribution, τ included; None where there is none.

    One row counts for each cohort, the most precise. A single one tells nothing of how much
    studies differ: its own error stands alone. A row that is itself a mean over several cohorts is
    named as such.
    """
    usable = [
        (row, error)
        for row in claim.evidence
        if row.test == test.name
        and row.statistic in SPEAKS_OF[comparison.statistic]
        and isfinite(row.value)
        and (error := _error(row, comparison)) > 0
    ]
    if not usable:
        return None
    kept = one_per_cohort([row.cohort_id for row, _ in usable], [error for _, error in usable])
    rows, errors = [usable[i][0] for i in kept], [usable[i][1] for i in kept]
    cites = tuple(dict.fromkeys(row.cite for row in rows))
    if len(rows) == 1:
        said = f"{_alone(rows[0])}, standard error {errors[0]:.2f}, τ not known"
        effects = normal_effects(rows[0].value, errors[0], comparison)
        return Belief(rows[0].value, effects, said, cites)
    found = pool([row.value for row in rows], errors, scale=_scale(comparison))
    mean, tau = found.estimate.value, sqrt(found.tau2)
    said = f"{len(rows)} cohorts pooled, standard error {found.estimate.se:.2f}, τ {tau:.2f}"
    said += "".join(f"; {_alone(row)}" for row in rows if row.meta_analysis)
    effects = normal_effects(mean, hypot(found.estimate.se, tau), comparison)
    return Belief(mean, effects, said, cites)


def _alone(row: Evidence) -> str:
    """What one row is: a cohort, or itself the mean of several."""
    if not row.meta_analysis:
        return f"one cohort ({row.cite})"
    spread = f", I² {row.i2:.2f}" if isfinite(row.i2) else ""
    return f"one meta-analysis of several cohorts ({row.cite}{spread})"


def given(effect: float, sd: float | None, comparison: Comparison) -> Belief | None:
    """A normal belief around a given effect, None where nobody says how wide it is."""
    if sd is None:
        return None
    said = f"given, with a standard deviation of {sd:g}"
    return Belief(effect, normal_effects(effect, sd, comparison), said)


def prior(test: Test, comparison: Comparison) -> Belief:
    """The half-normal prior of the test's Bayes factor, in the direction that the claim states.

    A claim of change names none: the power of a two-sided test is the same on both sides, and the
    prior is folded to the upper one.
    """
    side = sign(test) or 1
    whole = normal_effects(comparison.none, test.prior_sd, comparison)
    effects = comparison.none + side * np.abs(whole - comparison.none)
    said = f"no published number: half-normal prior of the claim, scale {test.prior_sd:g}"
    return Belief(float(np.mean(effects)), effects, said)


def _scale(comparison: Comparison) -> Scale:
    return "Fisher z" if comparison.statistic == "Pearson r" else "as it is"


def _error(row: Evidence, comparison: Comparison) -> float:
    """Standard error of a row on the scale of pooling, NaN where nothing tells it."""
    if isfinite(row.ci_low) and isfinite(row.ci_high):
        return error_from_interval(row.ci_low, row.ci_high, scale=_scale(comparison))
    return error_from_sizes(comparison.statistic, row.value, row.n, row.n_reference)


def measured_reliability(folder: Path, measure: str) -> Reliability:
    """The reliability that a study found for a measure; raises E434, and E101 as for any table.

    Sessions without treatment between them go before runs of one session, then more people first.
    """
    path = folder / TABLE
    if not path.is_file():
        raise DefaultModeError("E434", f"there is no {path}.")
    table = read_text_table(path)
    lacking = [name for name in NEEDED if name not in table]
    if lacking:
        raise DefaultModeError("E434", f"{path} has no column {lacking[0]!r}.")
    rows = [
        {str(name): str(cell) for name, cell in row.items()}
        for row in table[table["measure"] == measure].to_dict("records")
    ]
    known = [row for row in rows if is_number(row["icc"]) and row["icc"] != "n/a"]
    if not known:
        why = f"{measure}: {rows[0]['reason']}" if rows else f"it has no row for {measure}"
        raise DefaultModeError("E434", f"{path}: {why}.")
    return _chosen(known, path)


def _chosen(rows: Sequence[Mapping[str, str]], path: Path) -> Reliability:
    best = max(rows, key=lambda row: (row["repeats"] == SESSIONS, int(row["n"])))
    icc = float(best["icc"])
    where = ", ".join(filter(None, (best["denoise"], best["group"], best["repeats"])))
    said = f"ICC {icc:.2f} [{best['ci_low']}, {best['ci_high']}] of {best['n']} people ({where})"
    if icc <= 0:
        raise DefaultModeError("E434", f"{path}: {said}: the measure did not repeat itself.")
    return Reliability(min(icc, 1.0), f"{said} in {path.name}")
