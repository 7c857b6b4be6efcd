"""Answering a question on a study: one estimate, or the reason why there is none."""

from dataclasses import replace

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.result import Estimate
from defaultmode.statistics.effects import CONFIDENCE, SMALLEST_N_CORRELATION
from defaultmode.statistics.linear import FLAT, PAIRED, Kind, centred, coefficient
from defaultmode.statistics.question import Array, Cells, Question, Setup
from defaultmode.statistics.setups import set_up


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
        found = partial_correlation(setup.y, setup.x, setup.covariates)
    else:
        found = coefficient(setup.y, setup.x, setup.covariates, kind=setup.kind)
    n, n_reference = _counts(setup.x, setup.kind)
    return replace(found, how=setup.how, n=n, n_reference=n_reference)


def partial_correlation(y: Array, x: Array, covariates: Array) -> Estimate:
    """Correlation of what the covariates leave of both, with Fisher's interval (Fisher 1924).

    y, x : (n,); covariates : (n, q) without the constant. The interval has n − q − 3 and the test
    n − q − 2 degrees of freedom.
    """
    from scipy.special import ndtri
    from scipy.stats import t as student

    n, q = len(y), covariates.shape[1]
    if n - q < SMALLEST_N_CORRELATION:
        needed = SMALLEST_N_CORRELATION + q
        reason = f"{n} participants with both values; {needed} are needed"
        return Estimate("Pearson r", n=n, code="E439", reason=reason)
    design = np.column_stack([np.ones(n), centred(covariates)])
    left = [v - design @ np.linalg.lstsq(design, v, rcond=None)[0] for v in (y, x)]
    sizes = [float(np.linalg.norm(v)) for v in left]
    whole = [float(np.linalg.norm(v)) for v in (y, x)]
    if any(size <= FLAT * of for size, of in zip(sizes, whole, strict=True)):
        return Estimate("Pearson r", n=n, code="E437", reason="one of the two does not vary")
    r = float(np.clip(left[0] @ left[1] / (sizes[0] * sizes[1]), -1, 1))
    freedom, se = n - q - 2, 1 / np.sqrt(n - q - 3)
    reach = float(ndtri((1 + CONFIDENCE) / 2)) * se
    with np.errstate(divide="ignore"):  # |r| = 1: the interval is that one point
        z, t = np.arctanh(r), abs(r) * np.sqrt(freedom / (1 - r**2))
    return Estimate(
        "Pearson r",
        value=r,
        ci_low=float(np.tanh(z - reach)),
        ci_high=float(np.tanh(z + reach)),
        se=float(se),
        p=float(2 * student.sf(t, freedom)),
        df=float(freedom),
        n=n,
        raw=r,
    )


def _counts(x: Array, kind: Kind | None) -> tuple[int, int]:
    if kind is None or np.ptp(x) == 0:
        return len(x), len(x) if kind is PAIRED else 0
    return int((x == 1).sum()), int((x == 0).sum())
