"""`power`: a claim or a comparison, its effect and reliability → what a study can find."""

from dataclasses import dataclass
from functools import partial

from defaultmode.claims import sign as claimed
from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline.power_effects import error_free, expected_beyond_unblinding
from defaultmode.pipeline.power_evidence import Belief, Reliability
from defaultmode.pipeline.power_ground import Ground, effect_of, ground_of
from defaultmode.pipeline.power_settings import PowerSettings
from defaultmode.pipeline.power_text import notes_of, title_of
from defaultmode.statistics.attenuation import detectable_change_sd
from defaultmode.statistics.power import Odds, assurance, detectable, needed, odds, power
from defaultmode.statistics.sample_size import (
    completing,
    enrolled,
    riley_intercept,
    riley_shrinkage,
)

CITES = {
    "Hedges g": ("Cohen1988",),
    "d": ("Cohen1988",),
    "d_z": ("Cohen1988", "Lakens2013"),
    "Pearson r": ("Cohen1988", "Fisher1921"),
    "AUC": ("Hanley1982",),
}


@dataclass(frozen=True, slots=True)
class Planned:
    """One effect that might be the true one, as it would be observed.

    without_error : the same free of measurement error
    needed, enrol : power → people who complete and people to enrol, None where no study is large
        enough; power, odds : at the n of the report
    """

    name: str
    effect: float
    without_error: float
    needed: dict[str, int | None]
    enrol: dict[str, int | None]
    power: float
    odds: Odds


@dataclass(frozen=True, slots=True)
class PowerReport:
    """What a study can find. Effects are as observed, in the statistic.

    n, n_complete : people enrolled and those who stay, as `counted` says; alpha : of each test
    assurance : power in the expected direction, averaged over what is believed of the effect, None
        where nothing is; detectable : smallest effect found with the first power
    detectable_change_sd : of one person, in standard deviations of one session
    equivalence : power to show that an absent effect is smaller than `smallest`
    model : people that a prediction model needs, by criterion
    """

    title: str
    comparison: str
    statistic: str
    counted: str
    alpha: float
    n: int
    n_complete: int
    planned: tuple[Planned, ...]
    smallest: float
    detectable: float
    equivalence: float
    assurance: float | None
    belief: str
    reliability: Reliability | None
    detectable_change_sd: float | None
    model: dict[str, int]
    notes: tuple[str, ...]
    cites: tuple[str, ...]


def plan_power(settings: PowerSettings) -> PowerReport:
    """What a study of these settings can find; nothing is written.

    Raises E410 for a claim or test that is not there, E432 for numbers that cannot be used, E433
    where there is no effect to plan with and E434 where a study does not tell the reliability.
    Cohen (1988); O'Hagan, Stevens & Campbell (2005); Schuirmann (1987); Spearman (1904).
    """
    ground = ground_of(settings)
    comparison = ground.comparison
    effect, name, belief = effect_of(ground)
    sign = _sign(ground, effect)
    n = settings.n or _first_n(ground, effect)
    staying = completing(n, settings.dropout)
    row = partial(_planned, ground, n=staying, sign=sign)
    none, side = comparison.none, sign or 1
    planned = (
        row(name, effect),
        row("smallest effect of interest", none + side * ground.smallest),
        row("no effect", none),
    )
    target, alpha = settings.targets[0], settings.corrected_alpha
    return PowerReport(
        title=title_of(ground.claim, ground.test),
        comparison=comparison.name,
        statistic=comparison.statistic,
        counted=comparison.counted,
        alpha=alpha,
        n=n,
        n_complete=staying,
        planned=planned,
        smallest=ground.smallest,
        detectable=detectable(comparison, staying, target=target, alpha=alpha),
        equivalence=planned[-1].odds.negligible,
        assurance=_assured(ground, belief, staying),
        belief=belief.source if belief else "",
        reliability=ground.reliability,
        detectable_change_sd=detectable_change_sd(ground.icc) if ground.reliability else None,
        model=_model(ground),
        notes=notes_of(settings, ground.test, ground.expectation),
        cites=_cites(ground, belief),
    )


def _sign(ground: Ground, effect: float) -> int:
    """The side that supports: the claim's, or that of the effect; 0 where either does."""
    if ground.test is not None:
        return claimed(ground.test)
    return -1 if effect < ground.comparison.none else 1


def _first_n(ground: Ground, effect: float) -> int:
    settings = ground.settings
    enough = needed(
        ground.comparison, effect, target=settings.targets[0], alpha=settings.corrected_alpha
    )
    return enrolled(enough, settings.dropout)


def _planned(ground: Ground, name: str, effect: float, *, n: int, sign: int) -> Planned:
    settings, comparison, alpha = (
        ground.settings,
        ground.comparison,
        ground.settings.corrected_alpha,
    )
    enough = {f"{t:g}": _reachable(ground, effect, t) for t in settings.targets}
    return Planned(
        name=name,
        effect=effect,
        without_error=error_free(
            effect, comparison, icc=ground.icc, partner_icc=ground.partner_icc
        ),
        needed=enough,
        enrol={t: k and enrolled(k, settings.dropout) for t, k in enough.items()},
        power=float(power(comparison, effect, n, alpha=alpha)),
        odds=odds(comparison, effect, n, smallest=ground.smallest, sign=sign, alpha=alpha),
    )


def _reachable(ground: Ground, effect: float, target: float) -> int | None:
    try:
        return needed(
            ground.comparison, effect, target=target, alpha=ground.settings.corrected_alpha
        )
    except DefaultModeError:  # no study is large enough, which is an answer here
        return None


def _assured(ground: Ground, belief: Belief | None, n: int) -> float | None:
    if belief is None:
        return None
    effects = expected_beyond_unblinding(belief.effects, ground.comparison, ground.expectation)
    sign = 1 if belief.mean >= ground.comparison.none else -1
    return assurance(
        ground.comparison, effects, n, sign=sign, alpha=ground.settings.corrected_alpha
    )


def _model(ground: Ground) -> dict[str, int]:
    settings = ground.settings
    if ground.comparison.statistic != "AUC" or not settings.predictors:
        return {}
    return {
        "shrinkage of at most 10 %": riley_shrinkage(settings.predictors, settings.explained),
        "share of responders to within 5 %": riley_intercept(settings.prevalence),
    }


def _cites(ground: Ground, belief: Belief | None) -> tuple[str, ...]:
    keys = [*CITES[ground.comparison.statistic], "OHagan2005", "Schuirmann1987"]
    keys += ["Spearman1904", "Weir2005", *ground.reliability.cites] if ground.reliability else []
    keys += ["Borm2007"] if ground.comparison.name.startswith("parallel") else []
    keys += ["Riley2019"] if _model(ground) else []
    return tuple(dict.fromkeys([*keys, *(belief.cites if belief else ())]))
