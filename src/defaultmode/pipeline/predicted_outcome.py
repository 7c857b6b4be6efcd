"""Which outcome is predicted: its column, when it was recorded, and who had it."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.scales import Scale, all_scales, scale_of
from defaultmode.core.study import Column, Study
from defaultmode.pipeline.predict_settings import PredictSettings
from defaultmode.prediction.cohort import Array, Kind
from defaultmode.statistics.design import natural, text
from defaultmode.statistics.occasions import BASELINE, Occasions, occasions_of

Objects = NDArray[np.object_]
Flags = NDArray[np.bool_]

CODE = "E428"
# Levels that are the one predicted, whichever way round the alphabet puts them.
POSITIVE_WORDS = (
    "responder", "response", "responded", "remitter", "remission", "remitted", "yes", "y", "true",
    "mdd", "patient", "patients", "depressed",
)  # fmt: skip
NONE = ""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What is predicted: its column, scale, kind and values.

    values : (n_people,), 0 and 1 or numbers, NaN where not known; level : what 1 means
    session : where it was recorded, "" for one value per participant; baseline : of the features
    n_elsewhere : participants with the outcome whom the study has no row of
    """

    column: Column
    kind: Kind
    values: Array
    level: str
    session: str
    baseline: str
    sentence: str
    n_elsewhere: int = 0


def outcome_of(
    study: Study, occasions: Occasions, asked: PredictSettings, baseline: str
) -> Outcome:
    """The outcome that was asked for.

    baseline : session of the features. Raises E410 (no such column), E428 (a key, constant, more
    than two classes, several sessions, no rule for its scale).
    """
    column = _column(study, asked.outcome)
    session = _session(study, occasions, column, asked, baseline)
    values = _per_person(study, occasions, column, session)
    if asked.rule:
        before = _per_person(study, occasions, column, baseline)
        ruled, said = _by_rule(column, asked.rule, before=before, after=values)
        said = f"{asked.rule} by {column.name} at {session}: {said}"
        return Outcome(column, "binary", ruled, asked.rule, session, baseline, said)
    kind, numbers, level = _classes(column, values, asked.positive)
    when = f" at {session}" if session else ""
    said = f"{column.name}{when}" + (f" = {level}" if kind == "binary" else "")
    return Outcome(column, kind, numbers, level, session, baseline, said)


def outcome_among(
    ratings: Study, ours: Occasions, asked: PredictSettings, baseline: str
) -> Outcome:
    """The outcome of the people of a study from all that was rated, at scans and without them.

    ratings : the clinical tables by themselves. Raises what `outcome_of` raises.
    """
    theirs = occasions_of(ratings)
    outcome = outcome_of(ratings, theirs, asked, baseline)
    rated = dict(zip(theirs.people, outcome.values, strict=True))
    values = np.array([rated.get(who, math.nan) for who in ours.people], dtype=np.float64)
    known = {who for who, value in rated.items() if not math.isnan(value)}
    return replace(outcome, values=values, n_elsewhere=len(known - set(ours.people)))


def _column(study: Study, name: str) -> Column:
    scale = all_scales().get(name)
    of_scale = [c for c in study.columns.values() if scale and c.scale == scale.name]
    found = study.columns.get(name) or (of_scale[0] if len(of_scale) == 1 else None)
    if found is None:
        usable = [c.name for c in study.named() if c.role in {"clinical", "design"}]
        msg = f"the study has no column {name!r}; it has {', '.join(usable) or 'no clinical one'}."
        raise DefaultModeError("E410", msg)
    if found.role != "clinical":
        msg = f"{name!r} has the role {found.role}; an outcome is a clinical column."
        raise DefaultModeError(CODE, msg)
    return found


def _session(
    study: Study, occasions: Occasions, column: Column, asked: PredictSettings, baseline: str
) -> str:
    """The session whose values are the outcome; "" where participants have one value each."""
    rows = _known(study, column)[occasions.rows]
    held = sorted({str(s) for s in occasions.session[rows]}, key=natural)
    if asked.session:
        wanted = f"ses-{asked.session.removeprefix('ses-')}"
        if wanted not in held:
            msg = f"{column.name} has no values at {wanted}; it has them at {', '.join(held)}."
            raise DefaultModeError(CODE, msg)
        return wanted
    if column.level == "participant":
        return NONE
    later = [s for s in held if s != baseline]
    if len(later) > 1:
        msg = f"{column.name} was recorded at {', '.join(later)}; say which is the outcome."
        raise DefaultModeError(CODE, msg)
    return later[0] if later else baseline


def _known(study: Study, column: Column) -> Flags:
    if column.kind == "number":
        return np.asarray(study.table[column.name].notna(), dtype=bool)
    return np.asarray(text(study, column.name) != "", dtype=bool)


def _per_person(study: Study, occasions: Occasions, column: Column, session: str) -> Objects:
    """One value for each participant at a session, None where there is none; (n_people,).

    Raises E428 where somebody has two.
    """
    known = _known(study, column)[occasions.rows]
    if session:
        known &= occasions.session == session
    source = (
        study.table[column.name].to_numpy(dtype=object)
        if column.kind == "number"
        else text(study, column.name)
    )
    found = np.full(occasions.n_people, None, dtype=object)
    for who, value in zip(occasions.participant[known], source[occasions.rows][known], strict=True):
        if found[who] is not None and found[who] != value:
            msg = f"a participant has {column.name} = {found[who]} and {value}; one is needed."
            raise DefaultModeError(CODE, msg)
        found[who] = value
    return found


def _classes(column: Column, values: Objects, positive: str) -> tuple[Kind, Array, str]:
    levels = sorted({v for v in values if v is not None}, key=lambda v: natural(str(v)))
    known = np.array([v is not None for v in values])
    if len(levels) < 2:
        msg = f"{column.name} is {levels[0] if levels else 'unknown'} in everybody."
        raise DefaultModeError(CODE, msg)
    if column.kind == "number" and set(levels) != {0.0, 1.0}:
        return "continuous", np.where(known, values, np.nan).astype(np.float64), ""
    if len(levels) > 2:
        listed = ", ".join(str(v) for v in levels)
        raise DefaultModeError(CODE, f"{column.name} has {len(levels)} classes: {listed}.")
    level = _positive([str(v) for v in levels], positive, column.name)
    return "binary", _indicator(values, known, level), level


def _positive(levels: list[str], asked: str, name: str) -> str:
    """The level that is predicted: as asked, else by its word, else the second by name."""
    if asked:
        if asked not in levels:
            raise DefaultModeError("E410", f"{name} has no level {asked!r}; it has {levels}.")
        return asked
    return next((v for v in levels if v.lower() in POSITIVE_WORDS), levels[1])


def _indicator(values: Objects, known: Flags, level: str) -> Array:
    is_level = np.array([str(v) == level for v in values], dtype=np.float64)
    return np.where(known, is_level, np.nan)


def _by_rule(column: Column, rule: str, *, before: Objects, after: Objects) -> tuple[Array, str]:
    """Response (a drop by the scale's share) or remission (at or below its threshold)."""
    scale = all_scales().get(column.scale) or scale_of(column.name)
    limit = getattr(scale, rule, math.nan)
    if scale is None or math.isnan(limit):
        msg = f"no {rule} is defined for {column.name}; it must be a scale that is known by name."
        raise DefaultModeError(CODE, msg)
    first, last = (pd.to_numeric(pd.Series(v), errors="coerce").to_numpy() for v in (before, after))
    values, said = _ruled(rule, scale, first=first, last=last)
    if len(np.unique(values[np.isfinite(values)])) < 2:
        raise DefaultModeError(CODE, f"everybody has the same {rule} by {column.name}.")
    return values, f"{said} ({scale.name})"


def _ruled(rule: str, scale: Scale, *, first: Array, last: Array) -> tuple[Array, str]:
    if rule == "remission":
        met = np.where(np.isfinite(last), last <= scale.remission, np.nan)
        return met.astype(np.float64), f"at most {scale.remission:g}"
    usable = np.isfinite(first) & np.isfinite(last) & (first > 0)
    drop = np.divide(first - last, first, out=np.full(len(first), np.nan), where=usable)
    met = np.where(usable, drop >= scale.response, np.nan)
    return met.astype(np.float64), f"a drop of at least {100 * scale.response:g} %"


def baseline_session(occasions: Occasions, asked: str) -> str:
    """The session of the features: as asked, else the first by name before any treatment.

    "" where the study names none. Raises E410 for one that it does not have.
    """
    held = sorted({str(s) for s in occasions.session if s}, key=natural)
    if asked:
        wanted = f"ses-{asked.removeprefix('ses-')}"
        if wanted not in held:
            raise DefaultModeError("E410", f"there is no session {wanted}; there are {held}.")
        return wanted
    for phases in ([BASELINE], [BASELINE, NONE]):
        before = set(occasions.session[np.isin(occasions.phase, phases)].astype(str))
        if first := [s for s in held if s in before]:
            return first[0]
    return NONE
