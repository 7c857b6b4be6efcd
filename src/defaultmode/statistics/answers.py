"""Answering a question on a study: one estimate, or the reason why there is none."""

from dataclasses import replace

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.result import Estimate
from defaultmode.statistics.linear import PAIRED, Kind, coefficient
from defaultmode.statistics.partial import partial_correlation
from defaultmode.statistics.question import Array, Cells, Question, Setup
from defaultmode.statistics.setups import set_up

CORRELATION = "Pearson r"


def answer(question: Question, cells: Cells) -> tuple[Estimate, Setup | None]:
    """The estimate of a question, and what was fitted; a reason where the study cannot answer."""
    try:
        setup = set_up(question, cells)
    except DefaultModeError as why:
        return Estimate("", reason=why.detail, code=why.code), None
    return estimate(setup), setup


def estimate(setup: Setup) -> Estimate:
    """The effect of x on y beyond the covariates, as its kind asks."""
    if setup.kind is None:
        found = correlated(setup.y, setup.x, setup.covariates)
    else:
        found = coefficient(setup.y, setup.x, setup.covariates, kind=setup.kind)
    n, n_reference = _counts(setup.x, setup.kind)
    return replace(found, how=setup.how, n=n, n_reference=n_reference)


def correlated(y: Array, x: Array, covariates: Array) -> Estimate:
    """Correlation beyond covariates, or the reason why there is none; partial or not it is r."""
    try:
        found = partial_correlation(y, x, covariates)
    except DefaultModeError as why:
        return Estimate(CORRELATION, n=len(y), reason=why.detail, code=why.code)
    return replace(found, statistic=CORRELATION, raw=found.value)


def _counts(x: Array, kind: Kind | None) -> tuple[int, int]:
    if kind is None or np.ptp(x) == 0:
        return len(x), len(x) if kind is PAIRED else 0
    return int((x == 1).sum()), int((x == 0).sum())
