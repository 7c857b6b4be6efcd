"""The course of a clinical score: change from baseline, response and remission of every visit."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.result import Result
from defaultmode.core.scales import Scale, all_scales
from defaultmode.core.study import Study
from defaultmode.statistics.carry_over import carry_over
from defaultmode.statistics.groups_named import CONTROLS
from defaultmode.statistics.occasions import BASELINE, Occasions
from defaultmode.statistics.time_course import time_course

Array = NDArray[np.float64]
CODE = "E418"
EARLY_DROP, EARLY_DAYS = 0.2, 14.0  # Szegedi 2009: improved by 20 % within two weeks
VISIT = ["participant_id", "group", "session_id", "treatment", "phase", "days", "period"]


@dataclass(frozen=True, slots=True, eq=False)
class ClinicalCourse:
    """What became of everybody, of the groups, and of the second period of a crossover.

    outcomes : one row per participant and later visit: VISIT, score, baseline, change (points),
        percent_change, response, remission, early_response (1 or 0, NaN where not defined)
    course : one row per group, treatment and visit; carry_over : one row per test of a crossover,
        empty where nobody had two treatments
    """

    scale: str
    outcomes: pd.DataFrame
    course: Result
    carry_over: Result
    notes: tuple[str, ...] = ()


def clinical_course(
    study: Study, occasions: Occasions, column: str, *, baseline: str = ""
) -> ClinicalCourse | Missing:
    """Follow one clinical score from its baseline; nothing that is missing is filled in.

    column : a clinical number column of the study; baseline : the session that changes are counted
    from, where several come before treatment
    Missing with E418 where no visit is a baseline, or several are. Raises E418 for two scores of
    one participant at one visit, E410 for a column that is not there.
    """
    visits = visits_of(study, occasions, column)
    scale = all_scales().get(study.columns[column].scale)
    outcomes = outcomes_of(visits, scale, baseline=baseline)
    if isinstance(outcomes, Missing):
        return outcomes
    notes = (*occasions.notes, *_about(visits, outcomes, scale, column))
    unit = study.columns[column].unit
    return ClinicalCourse(
        scale=scale.name if scale else "",
        outcomes=outcomes,
        course=time_course(outcomes, unit=unit),
        carry_over=carry_over(outcomes, unit=unit),
        notes=notes,
    )


def visits_of(study: Study, occasions: Occasions, column: str) -> pd.DataFrame:
    """One row per participant and session: VISIT and score, NaN where there is none.

    Raises E410 (no such number column) and E418 (one visit has two scores).
    """
    if column not in study.columns or study.columns[column].kind != "number":
        raise DefaultModeError("E410", f"the study has no number column {column!r}.")
    rows = pd.DataFrame(
        {
            "participant_id": np.array(occasions.people, dtype=object)[occasions.participant],
            "group": occasions.group[occasions.participant],
            "session_id": occasions.session,
            "treatment": occasions.treatment,
            "phase": occasions.phase,
            "days": occasions.days,
            "period": occasions.period,
            "score": study.table[column].to_numpy(np.float64)[occasions.rows],
        }
    )
    whose = ["participant_id", "session_id"]
    scores = rows.dropna(subset="score").drop_duplicates([*whose, "score"])
    twice = scores.duplicated(whose)
    if twice.any():
        person, session = scores.loc[twice, whose].iloc[0]
        both = scores.loc[(scores[whose] == [person, session]).all(axis=1), "score"]
        listed = " and ".join(f"{value:g}" for value in both)
        raise DefaultModeError(CODE, f"{column} of {person} {session} is {listed}.")
    known_first = rows.sort_values("score", kind="stable", na_position="last").index
    return rows.loc[known_first].drop_duplicates(whose).sort_index().reset_index(drop=True)


def outcomes_of(
    visits: pd.DataFrame, scale: Scale | None, *, baseline: str = ""
) -> pd.DataFrame | Missing:
    """Change, response and remission at every visit after baseline.

    visits : as `visits_of` gives them; baseline : a session, "" for the visits of that phase
    A treatment with a baseline of its own is counted from that, every other from the visit before
    all treatments. Percentages are of the distance to the scale's least score. They, response and
    remission are not defined for controls; the last two neither for columns without a scale, nor
    where the baseline is in remission already.
    """
    first = visits["session_id"] == baseline if baseline else visits["phase"] == BASELINE
    if not first.any():
        what = f"session {baseline!r} is not there" if baseline else "no visit is a baseline"
        return Missing(f"{what}, so there is nothing to count a change from", CODE)
    starts = visits.loc[first, ["participant_id", "treatment", "session_id", "score"]]
    if starts.duplicated(["participant_id", "treatment"]).any():
        listed = ", ".join(sorted(set(starts["session_id"])))
        return Missing(f"several visits are baselines ({listed}); say which one counts", CODE)
    later = _with_missed(visits, visits[~first]).reset_index(drop=True)
    start = _baselines(starts, later)
    score = later["score"].to_numpy(np.float64)
    control = later["group"].to_numpy() == CONTROLS
    low = scale.low if scale else 0.0
    drop = (start - score) / np.where((start > low) & ~control, start - low, np.nan)
    rules = _rules(scale, control, start)
    early = np.where(later["days"].to_numpy(np.float64) <= EARLY_DAYS, EARLY_DROP, np.nan)
    return later.assign(
        baseline=start,
        change=score - start,
        percent_change=-100 * drop,
        response=_reached(drop, rules.response),
        remission=_reached(-score, -rules.remission),
        early_response=_reached(drop, early + 0 * rules.response),
    )


def _with_missed(visits: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    """The later visits, with a row more for each that somebody of the treatment did not come to.

    Whoever has any row of a treatment was to come to all visits that others have under it.
    """
    when = ["treatment", "session_id", "phase", "days"]
    planned = later.loc[later["treatment"] != "", when].drop_duplicates("session_id")
    who = visits[["participant_id", "group", "treatment", "period"]]
    who = who[who["treatment"] != ""].drop_duplicates(["participant_id", "treatment"])
    wanted = who.merge(planned, on="treatment")
    came = set(zip(later["participant_id"], later["session_id"], strict=True))
    pairs = zip(wanted["participant_id"], wanted["session_id"], strict=True)
    missed = wanted[[pair not in came for pair in pairs]].assign(score=np.nan)
    return pd.concat([later, missed[later.columns]], ignore_index=True) if len(missed) else later


@dataclass(frozen=True, slots=True, eq=False)
class _Rules:
    """Thresholds of every row, NaN where none applies."""

    response: Array
    remission: Array


def _rules(scale: Scale | None, control: NDArray[np.bool_], start: Array) -> _Rules:
    response = scale.response if scale else math.nan
    remission = scale.remission if scale else math.nan
    ill = ~control & ~np.isnan(start) & ~(start <= remission)
    return _Rules(np.where(ill, response, np.nan), np.where(ill, remission, np.nan))


def _reached(values: Array, threshold: Array) -> Array:
    """1 where a value reaches its threshold, 0 where not, NaN where either is not known."""
    # 10 to 5 points is a drop of half, whatever the last bit of the division says
    reached = (values >= threshold - 1e-12).astype(np.float64)
    return np.where(np.isnan(values) | np.isnan(threshold), np.nan, reached)


def _baselines(starts: pd.DataFrame, later: pd.DataFrame) -> Array:
    """The baseline score of each later visit, (n_visits,)."""
    score = starts.set_index(["participant_id", "treatment"])["score"].to_dict()
    pairs = zip(later["participant_id"], later["treatment"], strict=True)
    return np.array([score.get(key, score.get((key[0], ""), np.nan)) for key in pairs], np.float64)


def _about(
    visits: pd.DataFrame, outcomes: pd.DataFrame, scale: Scale | None, column: str
) -> list[str]:
    """What a reader must know of the rules and of who is left out."""
    if scale is None:
        return [f"{column} is on no known scale: no response and no remission is stated."]
    said = [f"{column} is taken for the {scale.title} ({scale.range}). {scale.note}".strip()]
    if not math.isnan(scale.response):
        said.append(f"Response: a drop of at least {scale.response:.0%} from baseline.")
    if math.isnan(scale.remission):
        said.append("Remission is not stated: the name of the column does not settle a threshold.")
    else:
        checked = "" if scale.remission_verified else ", not checked there"
        source = f"{scale.remission_source}{checked}"
        said.append(f"Remission: a score of at most {scale.remission:g} ({source}).")
    without = set(visits["participant_id"]) - set(
        outcomes.loc[outcomes["baseline"].notna(), "participant_id"]
    )
    if without:
        said.append(f"Participants without a baseline score or a later visit: {len(without)}.")
    return said
