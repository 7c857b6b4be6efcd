"""What the outcome is predicted from: columns known at baseline, in blocks that compete."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.study import Column, Study
from defaultmode.pipeline.predict_settings import PredictSettings
from defaultmode.pipeline.predicted_outcome import Outcome
from defaultmode.prediction.cohort import Array
from defaultmode.statistics.design import text
from defaultmode.statistics.occasions import ACUTE, AFTER, SITE_WORDS, Occasions, phase_named

CODE = "E430"
MEASURES, CLINICAL, MOTION, SITE = "measures", "clinical", "motion", "site and arm"
MOTION_MEASURES = (
    "framewise_displacement_mean", "framewise_displacement_max", "censored_share",
)  # fmt: skip
MOST_LEVELS = 6
# Of columns with one value per participant only these are known to be of the time before.
KNOWN_BEFORE = (
    "age sex gender bmi weight height handedness education iq ethnicity race smoking menopause "
    "diagnosis dx group onset duration episodes episode recurrent recurrence failures failure "
    "failed prior previous history family resistance trd severity baseline base bl b0 pre "
    "screening medication medicated antidepressant"
)
KNOWN_AFTER = (
    "change delta diff difference response responder responders remission remitter remitters "
    "outcome endpoint end last final dropout status completed completer guess believes blind"
)


@dataclass(frozen=True, slots=True, eq=False)
class Predictor:
    """One column of numbers: its block, name, and value in each of the rows of the baseline."""

    block: str
    name: str
    values: Array


@dataclass(frozen=True, slots=True, eq=False)
class Predictors:
    """Everything known at baseline.

    rows : positions of the baseline rows in the occasions, (n_rows,); found : columns over these
    left_out : column → why it is no predictor; denoise, atlas : of the measures
    """

    rows: NDArray[np.intp]
    found: tuple[Predictor, ...]
    left_out: Mapping[str, str]
    denoise: str
    atlas: str

    def names(self, block: str) -> list[str]:
        """The predictors of one block."""
        return [p.name for p in self.found if p.block == block]


def predictors_of(
    study: Study, occasions: Occasions, outcome: Outcome, asked: PredictSettings, baseline: str
) -> Predictors:
    """The predictors at baseline in their blocks.

    Raises E410 (no such column) and E430 (a feature that was asked for and is the outcome, or later
    than the baseline).
    """
    measured = [c for c in study.named(role="measure") if c.measure]
    denoise = _one("preset", asked.denoise, [c.denoise for c in measured])
    atlas = _one("atlas", asked.atlas, [str(a) for a in occasions.atlas if a])
    rows = _baseline_rows(occasions, baseline, atlas)
    _check_names(study, asked)
    left_out: dict[str, str] = {}
    found: list[Predictor] = []
    for column in study.columns.values():
        block = _block(column, denoise)
        if not block or not _wanted(column, asked, block):
            continue
        why = _why_not(column, outcome, asked) or _empty(study, column, occasions.rows[rows])
        if why and column.name in asked.features:
            raise DefaultModeError(CODE, f"{column.name!r}: {why}.")
        if why:
            left_out[column.name] = why
        else:
            found += _numbers(study, column, block, occasions.rows[rows])
    found += _indicators("site", SITE, occasions.site[occasions.participant[rows]])
    return Predictors(rows, tuple(found), left_out, denoise, atlas)


def _one(what: str, asked: str, held: Sequence[str]) -> str:
    known = list(dict.fromkeys(held))
    if asked and asked not in known:
        raise DefaultModeError("E410", f"the study has no {what} {asked!r}; it has {known}.")
    return asked or (known[0] if known else "")


def _baseline_rows(occasions: Occasions, baseline: str, atlas: str) -> NDArray[np.intp]:
    """Rows of the baseline session in one atlas, before any dose of that session, at rest."""
    before = ~np.isin(occasions.phase, [ACUTE, AFTER])
    rest = np.array([str(t).removeprefix("task-").startswith("rest") for t in occasions.task])
    wanted = before & (rest if rest.any() else np.ones(len(rest), dtype=bool))
    if baseline:
        wanted &= occasions.session == baseline
    if atlas:
        wanted &= occasions.atlas == atlas
    return np.flatnonzero(wanted)


def _check_names(study: Study, asked: PredictSettings) -> None:
    measures = {c.measure for c in study.columns.values() if c.measure}
    for name in (*asked.features, *asked.without, *asked.regress):
        if name not in study.columns and name not in measures:
            raise DefaultModeError("E410", f"the study has no column or measure {name!r}.")


def _block(column: Column, denoise: str) -> str:
    """The block of a column, "" where it is no predictor of any."""
    if column.role in {"measure", "quality"}:
        block = MEASURES if column.role == "measure" else MOTION
        used = block == MEASURES or column.measure in MOTION_MEASURES
        return block if used and column.denoise in {denoise, ""} else ""
    if column.role == "design" and column.level == "participant":
        return SITE
    if column.role != "clinical" or _words(column.name) & set(SITE_WORDS):
        return ""
    return SITE if column.name.lower() == "arm" else CLINICAL


def _wanted(column: Column, asked: PredictSettings, block: str) -> bool:
    names = {column.name, column.measure} - {""}
    if names & set(asked.without):
        return False
    of_block = block in {MEASURES, CLINICAL}
    return not (asked.features and of_block) or bool(names & set(asked.features))


def _why_not(column: Column, outcome: Outcome, asked: PredictSettings) -> str:
    """Why a column must not predict: it is the outcome, or not known to be of the baseline."""
    if column.role != "clinical":
        return ""
    if column.name == outcome.column.name and outcome.session in {"", outcome.baseline}:
        return "it is the outcome"
    if column.level != "participant":
        return "it varies within the session" if column.level == "run" else ""
    words = _words(column.name)
    after = bool(words & set(KNOWN_AFTER.split())) or phase_named(column.name) in {ACUTE, AFTER}
    if after and not words & {"baseline", "pre"}:
        return "its name speaks of a time after the baseline"
    if (
        words & set(KNOWN_BEFORE.split())
        or column.name in asked.features
        or column.name.lower() == "arm"
    ):
        return ""
    return "nothing says that it was known at baseline; ask for it with --features if it was"


def _empty(study: Study, column: Column, rows: NDArray[np.intp]) -> str:
    """Why a column has nothing to say in the rows of the baseline, "" where it has."""
    if column.kind == "number":
        held = study.table[column.name].to_numpy(dtype=np.float64)[rows]
        levels = np.unique(held[np.isfinite(held)])
    else:
        levels = np.array(sorted({str(v) for v in text(study, column.name)[rows]} - {""}))
        if len(levels) > MOST_LEVELS:
            return f"{len(levels)} levels; at most {MOST_LEVELS} are used"
    if len(levels) == 0:
        return "it has no value at baseline"
    return "" if len(levels) > 1 else "it is the same in everybody at baseline"


def _numbers(
    study: Study, column: Column, block: str, rows: NDArray[np.intp]
) -> Iterator[Predictor]:
    if column.kind == "number":
        values = study.table[column.name].to_numpy(dtype=np.float64)[rows]
        yield Predictor(block, column.name, values)
    else:
        yield from _indicators(column.name, block, text(study, column.name)[rows])


def _indicators(name: str, block: str, labels: NDArray[np.object_]) -> Iterator[Predictor]:
    """One column of 0 and 1 for each level after the first, NaN where there is no label."""
    levels = sorted({str(v) for v in labels if v})
    unknown = np.array([not v for v in labels], dtype=bool)
    for level in levels[1:]:
        is_level = (labels == level).astype(np.float64)
        yield Predictor(block, f"{name}: {level}", np.where(unknown, np.nan, is_level))


def _words(name: str) -> set[str]:
    return set(re.split(r"[\W_]+", name.lower()))
