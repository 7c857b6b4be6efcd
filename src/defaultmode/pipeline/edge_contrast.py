"""A contrast in words, as the same question that the ledger asks of a column."""

import re
from dataclasses import replace

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.plan import unknown_column
from defaultmode.core.treatments import treatment_named
from defaultmode.pipeline.claim_columns import (
    SITE,
    Array,
    Ground,
    between_covariates,
    motion_covariate,
)
from defaultmode.pipeline.edge_settings import EdgesAsked
from defaultmode.statistics.groups_named import CONTROL_WORDS, PATIENT_WORDS
from defaultmode.statistics.question import Question

NO_CONTRAST = "E448"
MINUS = re.compile(r"\s+[-−–]\s+")
GROUPS, TREATMENTS = "patients - controls", "treatment - reference"


def edge_question(ground: Ground, asked: EdgesAsked, denoise: str) -> Question:
    """The contrast as a question without an outcome, with its covariates; raises E448 and E436."""
    first, second = sides(asked.contrast)
    if is_of_groups(asked.contrast):
        question = Question(GROUPS, ground.nothing)
    elif {first, second} & (PATIENT_WORDS | CONTROL_WORDS):
        msg = f"{asked.contrast!r}: groups are compared as {GROUPS!r}."
        raise DefaultModeError(NO_CONTRAST, msg)
    else:
        treatments = [treatment_named(name) or name for name in (first, second)]
        question = Question(
            TREATMENTS,
            ground.nothing,
            treatment=treatments[0],
            reference=treatments[1],
            phase=asked.phase,
        )
        if question.treatment == question.reference:
            msg = f"{asked.contrast!r}: both sides are {question.treatment}."
            raise DefaultModeError(NO_CONTRAST, msg)
    return replace(question, covariates=_covariates(ground, asked, denoise, question.contrast))


def is_of_groups(contrast: str) -> bool:
    """Whether patients are compared with controls, rather than treatments."""
    first, second = sides(contrast)
    return first in PATIENT_WORDS and second in CONTROL_WORDS


def sides(contrast: str) -> tuple[str, str]:
    """The two names of a contrast, in small letters; raises E448."""
    names = [name.strip().lower() for name in MINUS.split(contrast.strip())]
    if len(names) != 2 or not all(names):
        msg = f"{contrast!r} is no contrast; expected {GROUPS!r} or such as 'ketamine - placebo'."
        raise DefaultModeError(NO_CONTRAST, msg)
    return names[0], names[1]


def _covariates(ground: Ground, asked: EdgesAsked, denoise: str, contrast: str) -> dict[str, Array]:
    """As the ledger adjusts: age, sex and site between groups; motion everywhere; what is named."""
    for name in asked.covariates:
        if name not in ground.study.columns:
            raise unknown_column(name, "--covariate")
    names = asked.covariates or ground.plan.covariates
    named = replace(ground, plan=replace(ground.plan, covariates=names), cache=ground.cache)
    found = between_covariates(named) if asked.covariates or contrast == GROUPS else {}
    if contrast != GROUPS:  # a site is the same in both sessions of a person, or a block of arms
        found = {name: v for name, v in found.items() if not name.startswith(f"{SITE} ")}
    if asked.motion and ground.plan.motion:
        found |= motion_covariate(ground, denoise)
    return {name: np.asarray(values) for name, values in found.items()}
