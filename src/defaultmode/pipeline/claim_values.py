"""The values behind a claim's deciding test, person by person, for the figures of the report."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from defaultmode.claims import Claim, Test
from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline.asking import question_of, rows_of, treatment_of
from defaultmode.pipeline.claim_columns import Ground
from defaultmode.report import Behind
from defaultmode.statistics.occasions import ACUTE, AFTER, BASELINE
from defaultmode.statistics.question import Array, Cells, Question
from defaultmode.statistics.setup_parts import arm_level, arms, belongs, responders

Groups = NDArray[np.str_]
Values = tuple[Groups, dict[str, Array]]  # of every person: the group, and moment → value


def values_behind(ground: Ground, claims: Sequence[Claim], table: pd.DataFrame) -> Iterator[Behind]:
    """What was measured behind each row of the claim table that has an estimate.

    Nothing for tests that do not rest on one value per person and moment, such as mediation,
    maps of regions and predictions.
    """
    tests = {(claim.id, test.name): test for claim in claims for test in claim.tests}
    rows = table[["claim", "test", "atlas", "denoise", "estimate", "unit"]]
    for row in (dict(zip(rows.columns, values, strict=True)) for values in rows.to_numpy()):
        test = tests[str(row["claim"]), str(row["test"])]
        if isfinite(float(str(row["estimate"]))) and test.contrast in VALUES:
            found = _behind(ground, test, row)
            if found is not None:
                yield found


def _behind(ground: Ground, test: Test, row: Mapping[str, object]) -> Behind | None:
    denoise, atlas = str(row["denoise"]), str(row["atlas"])
    treatment, _ = treatment_of(ground, test)
    asked = question_of(ground, test, denoise, treatment=treatment, covariates={})
    where = rows_of(ground, test, atlas or ground.atlases[0])
    beside = tuple(t for t in (treatment, test.reference) if t)
    try:
        groups, moments = VALUES[test.contrast](asked, Cells(ground.occasions, where, beside))
    except DefaultModeError:  # the test ran by another way, such as a mixed model
        return None
    pair = test.contrast in PAIRS
    if pair:
        moments = dict(zip((test.partner, test.outcome), moments.values(), strict=True))
    finite = {name: np.isfinite(values) for name, values in moments.items()}
    measured = [known for known in finite.values() if known.any()]
    keep = np.all(measured, axis=0)  # who lacks a moment is not in the test either
    return Behind(
        str(row["claim"]), test.name, atlas, denoise,
        tuple(np.array(ground.occasions.people)[keep]),
        tuple(groups[keep]),
        {name: values[keep] for name, values in moments.items() if finite[name].any()},
        unit="" if pair else str(row["unit"] or ""),
        pair=pair,
    )  # fmt: skip


def untreated(asked: Question, cells: Cells) -> Values:
    """Everybody before or without treatment, by group."""
    groups = cells.occasions.group.astype(np.str_)
    return groups, {"untreated": _of(asked, cells, cells.untreated(asked.outcome))}


def treated(asked: Question, cells: Cells) -> Values:
    """Both treatments of the same people, or each arm before and under its own."""
    pair = (asked.reference, asked.treatment)
    if cells.occasions.crossed(*pair):
        groups = cells.occasions.group.astype(np.str_)
        return groups, {t: _of(asked, cells, cells.at(asked.outcome, t, asked.phase)) for t in pair}
    x = arms(cells, asked.treatment, asked.reference)
    groups = np.where(x == 1, asked.treatment, np.where(x == 0, asked.reference, ""))
    before = np.where(np.isfinite(x), cells.untreated(asked.outcome), np.nan)
    after = arm_level(asked, cells, asked.outcome)
    return groups, {BASELINE: _of(asked, cells, before), asked.phase: _of(asked, cells, after)}


def course(asked: Question, cells: Cells) -> Values:
    """An earlier and a later phase of one treatment."""
    phases = (BASELINE, ACUTE) if asked.phase == ACUTE else (ACUTE, AFTER)
    groups = cells.occasions.group.astype(np.str_)
    levels = (cells.at(asked.outcome, asked.treatment, phase) for phase in phases)
    return groups, {p: _of(asked, cells, v) for p, v in zip(phases, levels, strict=True)}


def both_phases(asked: Question, cells: Cells) -> Values:
    """Each arm before, during and after its treatment."""
    x = arms(cells, asked.treatment, asked.reference)
    groups = np.where(x == 1, asked.treatment, np.where(x == 0, asked.reference, ""))
    moments = {BASELINE: np.where(np.isfinite(x), cells.untreated(asked.outcome), np.nan)}
    for phase in (ACUTE, AFTER):
        levels = [cells.at(asked.outcome, t, phase) for t in (asked.treatment, asked.reference)]
        moments[phase] = np.where(x == 1, *levels)
    return groups, {name: _of(asked, cells, values) for name, values in moments.items()}


def by_response(asked: Question, cells: Cells) -> Values:
    """Responders and others before and after the treatment."""
    x = responders(asked)
    groups = np.where(x == 1, "responders", np.where(x == 0, "others", ""))
    after = cells.at(asked.outcome, asked.treatment, asked.phase)
    known = np.isfinite(x) & np.isfinite(after)
    before = np.where(known, cells.before(asked.outcome, asked.treatment), np.nan)
    moments = {BASELINE: before, asked.phase: np.where(known, after, np.nan)}
    return groups, {name: _of(asked, cells, values) for name, values in moments.items()}


def untreated_pair(asked: Question, cells: Cells) -> Values:
    """The outcome beside what it is set against, before or without treatment."""
    groups = cells.occasions.group.astype(np.str_)
    partner = np.full(len(asked.outcome), np.nan) if asked.partner is None else asked.partner
    return groups, {
        "partner": cells.untreated(partner),
        "outcome": _of(asked, cells, cells.untreated(asked.outcome)),
    }


def treated_pair(asked: Question, cells: Cells) -> Values:
    """The outcome beside what it is set against, under the treatment."""
    partner = np.full(len(asked.outcome), np.nan) if asked.partner is None else asked.partner
    groups = cells.occasions.group.astype(np.str_)
    phase = asked.partner_phase or asked.phase
    return groups, {
        "partner": cells.at(partner, asked.treatment, phase),
        "outcome": _of(asked, cells, cells.at(asked.outcome, asked.treatment, asked.phase)),
    }


def _of(asked: Question, cells: Cells, values: Array) -> Array:
    """The values of those who are asked."""
    return np.where(belongs(asked, cells), values, np.nan)


PAIRS = {"correlation", "change with change"}
VALUES: Mapping[str, Callable[[Question, Cells], Values]] = {
    "mean": untreated,
    "patients - controls": untreated,
    "treatment - reference": treated,
    "treatment course": course,
    "correlation": untreated_pair,
    "change with change": treated_pair,
    "change then change": both_phases,
    "responders - others": by_response,
    "normalisation": treated,
}
