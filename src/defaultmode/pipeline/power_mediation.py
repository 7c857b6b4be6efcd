"""`power` for mediation: both paths of treatment → mediator → outcome, by simulation."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from defaultmode.claims import find_claim
from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline.power_ground import asked_test
from defaultmode.pipeline.power_settings import PowerSettings
from defaultmode.pipeline.power_text import title_of
from defaultmode.statistics.mediation_power import DRAWS, mediation_needed, mediation_power
from defaultmode.statistics.sample_size import completing, enrolled

NOTE = (
    "Both paths are as observed and standardised; with two equal arms the first is half the "
    "difference between them in standard deviations of the mediator."
)
IGNORABILITY = (
    "Power says nothing of confounding: mediator and outcome may share causes that no number of "
    "people removes."
)


@dataclass(frozen=True, slots=True)
class MediationReport:
    """What a study of a mediated effect can find.

    needed, enrol : power → people in both arms who complete, and to enrol; power : at n_complete,
    with its simulation error
    """

    title: str
    paths: tuple[float, float]
    alpha: float
    n: int
    n_complete: int
    needed: dict[str, int]
    enrol: dict[str, int]
    power: float
    error: float
    notes: tuple[str, ...] = (NOTE, IGNORABILITY)
    cites: tuple[str, ...] = ("MacKinnon2002",)


def plan_mediation(settings: PowerSettings) -> MediationReport:
    """Power of the joint significance test, and people in both arms together for each target.

    Raises E433 without paths and E432 for numbers that cannot be used. MacKinnon et al. (2002).
    """
    if settings.paths is None:
        raise DefaultModeError("E433", "mediation needs both paths: give --paths A B.")
    rng = np.random.default_rng(settings.seed)
    alpha = settings.corrected_alpha
    enough = {
        f"{target:g}": mediation_needed(settings.paths, rng=rng, target=target, alpha=alpha)
        for target in settings.targets
    }
    enrol = {target: enrolled(n, settings.dropout) for target, n in enough.items()}
    n = settings.n or next(iter(enrol.values()))
    staying = completing(n, settings.dropout)
    found = mediation_power(staying, settings.paths, rng=rng, alpha=alpha)
    claim = find_claim(settings.claim) if settings.claim else None
    test = asked_test(claim, settings.test) if claim else None
    return MediationReport(
        title=title_of(claim, test),
        paths=settings.paths,
        alpha=alpha,
        n=n,
        n_complete=staying,
        needed=enough,
        enrol=enrol,
        power=found,
        error=sqrt(found * (1 - found) / DRAWS),
    )
