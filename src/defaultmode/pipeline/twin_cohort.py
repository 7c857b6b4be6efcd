"""Twins of many people under one condition: the mean change, and patients against controls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.plan import Plan
from defaultmode.core.settings import read_settings
from defaultmode.core.study import Study
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.twin_change import Change
from defaultmode.pipeline.twin_looks import Look
from defaultmode.sources.clinical import read_clinical, study_of_tables
from defaultmode.statistics.effects import CONFIDENCE, SMALLEST_N, false_discovery, hedges_g
from defaultmode.statistics.groups_named import CONTROLS, PATIENTS, groups_named

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CohortChange:
    """One number's change under one condition over people; NaN where there are too few of them.

    n : participants with a value; left_out : those without; mean, low, high : with the 95 %
        interval over people (t), which holds how they differ and not what a single twin leaves open
    same_sign : share of people that agree with the mean's sign
    n_patients, n_controls; g, g_low, g_high, p, p_fdr : Hedges g of patients less controls;
        reason : why there is no g, empty where there is one
    """

    condition: str
    look: Look
    n: int
    left_out: int
    mean: float
    low: float
    high: float
    same_sign: float
    n_patients: int
    n_controls: int
    g: float
    g_low: float
    g_high: float
    p: float
    p_fdr: float
    reason: str
    mark: str


def cohort_of(
    changes: Mapping[str, Sequence[Sequence[Change]]], sides: Mapping[str, str]
) -> list[CohortChange]:
    """The cohort's change in every number.

    changes : participant → the changes of each of their twins, which are averaged, so that
        everybody counts once; sides : participant → "patients", "controls" or ""
    Hedges (1981); p is Welch's, corrected over all rows by Benjamini & Hochberg (1995).
    """
    first = next(iter(changes.values()))[0]
    rows = [_row(k, about, changes, sides) for k, about in enumerate(first)]
    adjusted = false_discovery(np.array([row.p for row in rows]))
    return [replace(row, p_fdr=float(p)) for row, p in zip(rows, adjusted, strict=True)]


def sides_of(folder: Path) -> tuple[dict[str, str], tuple[str, ...]]:
    """Participant → "patients", "controls" or "", and how the groups were told; empty without one.

    From participants.tsv of the twins' folder, or of the recordings that they were fitted to.
    """
    where = [folder]
    settings = Folder(folder).settings_file
    if settings.is_file() and (source := read_settings(settings).source):
        where.append(Path(source))
    tables = [f / "participants.tsv" for f in where if (f / "participants.tsv").is_file()]
    if not tables:
        return {}, ()
    study = Study(*study_of_tables(read_clinical([], tables[:1])))
    notes: list[str] = []
    named = groups_named(study, Plan(), np.zeros(0, dtype=np.intp), notes)
    people = study.table["participant_id"].astype(str)
    return dict(zip(people, map(str, named), strict=True)), tuple(notes)


def _row(
    k: int,
    about: Change,
    changes: Mapping[str, Sequence[Sequence[Change]]],
    sides: Mapping[str, str],
) -> CohortChange:
    """One number over people; `p_fdr` is still to come."""
    by_person = {who: _average([run[k] for run in runs]) for who, runs in changes.items()}
    people = {who: value for who, value in by_person.items() if np.isfinite(value)}
    values = np.array(list(people.values()))
    patients, controls = (
        np.array([v for who, v in people.items() if sides.get(who, "") == side])
        for side in (PATIENTS, CONTROLS)
    )
    mean, low, high, same_sign = _mean(values)
    contrast = hedges_g(patients, controls)
    return CohortChange(
        condition=about.condition,
        look=about.look,
        n=len(values),
        left_out=len(by_person) - len(values),
        mean=mean,
        low=low,
        high=high,
        same_sign=same_sign,
        n_patients=len(patients),
        n_controls=len(controls),
        g=float(contrast.value[0]),
        g_low=float(contrast.ci_low[0]),
        g_high=float(contrast.ci_high[0]),
        p=float(contrast.p[0]),
        p_fdr=float("nan"),
        reason=str(contrast.reason[0]),
        mark=about.mark,
    )


def _average(runs: Sequence[Change]) -> float:
    kept = [run.value for run in runs if run.missing is None and np.isfinite(run.value)]
    return float(np.mean(kept)) if kept else float("nan")


def _mean(values: Array) -> tuple[float, float, float, float]:
    """Mean, its 95 % interval over people, share of the same sign."""
    from scipy.stats import t

    n, nothing = len(values), float("nan")
    if not n:
        return nothing, nothing, nothing, nothing
    mean = float(values.mean())
    same = float(np.mean(np.sign(values) == np.sign(mean)))
    if n < SMALLEST_N:
        return mean, nothing, nothing, same
    reach = float(t.ppf((1 + CONFIDENCE) / 2, n - 1) * values.std(ddof=1) / np.sqrt(n))
    return mean, mean - reach, mean + reach, same
