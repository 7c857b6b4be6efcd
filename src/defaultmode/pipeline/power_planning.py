"""`power`: a claim or a comparison, its effect and reliability → what a study can find."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from defaultmode.claims import Claim, Test, find_claim
from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline.power_effects import error_free, expected_beyond_unblinding, observed
from defaultmode.pipeline.power_evidence import (
    USUAL,
    Belief,
    Reliability,
    given,
    measured_reliability,
    pooled_evidence,
    prior,
)
from defaultmode.pipeline.power_settings import PowerSettings
from defaultmode.pipeline.power_text import notes_of, title_of
from defaultmode.statistics import comparisons
from defaultmode.statistics.attenuation import detectable_change_sd
from defaultmode.statistics.comparisons import Comparison
from defaultmode.statistics.power import Odds, assurance, detectable, needed, odds, power
from defaultmode.statistics.sample_size import (
    completing,
    enrolled,
    riley_intercept,
    riley_shrinkage,
)

# How the contrasts of claims are tested; those of maps and of windows are not planned by people.
OF_CLAIMS = {
    "mean": "mean",
    "patients - controls": "groups",
    "treatment - reference": "paired",
    "treatment course": "paired",
    "correlation": "correlation",
    "change with change": "correlation",
    "change then change": "correlation",
    "responders - others": "groups",
    "normalisation": "groups",
    "mediation": "mediation",
    "moderation": "moderation",
    "prediction": "prediction",
}
# Our choice where no claim states one: the conventional small effect of each statistic.
SMALL = {"Hedges g": 0.2, "d": 0.2, "d_z": 0.2, "Pearson r": 0.1, "AUC": 0.05}
CITES = {
    "Hedges g": ("Cohen1988",),
    "d": ("Cohen1988",),
    "d_z": ("Cohen1988", "Lakens2013"),
    "Pearson r": ("Cohen1988", "Fisher1921"),
    "AUC": ("Hanley1982",),
}


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What a study is planned on.

    icc, partner_icc : reliabilities, 1 where nothing is known of a clinical rating
    """

    settings: PowerSettings
    claim: Claim | None
    test: Test | None
    comparison: Comparison
    reliability: Reliability | None

    @property
    def icc(self) -> float:
        """Reliability of the outcome."""
        return self.reliability.icc if self.reliability else 1.0

    @property
    def partner_icc(self) -> float:
        """Reliability of what the outcome is correlated with."""
        return self.settings.partner_reliability or 1.0

    @property
    def smallest(self) -> float:
        """Smallest effect of interest, as a distance from no effect."""
        stated = self.test.smallest if self.test else 0.0
        return self.settings.smallest or stated or SMALL[self.comparison.statistic]

    @property
    def expectation(self) -> float:
        """Share of the effect that is subtracted as expectation: of ratings under a treatment."""
        rated = self.test is None or self.test.of == "construct"
        applies = rated and self.comparison.statistic in ("Hedges g", "d", "d_z")
        return self.settings.unblinding if applies else 0.0


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
    effect, name, belief = _effect(ground)
    sign = _sign(ground, effect)
    n = settings.n or _first_n(ground, effect)
    staying = completing(n, settings.dropout)
    row = partial(_planned, ground, n=staying, sign=sign)
    none = comparison.none
    planned = (
        row(name, effect),
        row("smallest effect of interest", none + sign * ground.smallest),
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


def ground_of(settings: PowerSettings) -> Ground:
    """Claim, test, comparison and reliability of the settings; raises as `plan_power` does."""
    claim = find_claim(settings.claim) if settings.claim else None
    test = asked_test(claim, settings.test) if claim else None
    reliability = _reliability(settings, test)
    comparison = _comparison(settings, comparison_name(settings), reliability)
    return Ground(settings, claim, test, comparison, reliability)


def comparison_name(settings: PowerSettings) -> str:
    """How it is compared: as given, or as the claim's test is; raises E410 and E433."""
    if settings.contrast:
        return settings.contrast
    if not settings.claim:
        raise DefaultModeError("E433", "neither a claim nor a contrast is given.")
    test = asked_test(find_claim(settings.claim), settings.test)
    if test.contrast not in OF_CLAIMS:
        msg = f"{test.name!r} is of {test.contrast!r}, whose power no number of people sets."
        raise DefaultModeError("E433", msg)
    return OF_CLAIMS[test.contrast]


def asked_test(claim: Claim, name: str) -> Test:
    """The test of this name, or the claim's first where none is given; raises E410."""
    for test in claim.tests:
        if name in ("", test.name):
            return test
    known = ", ".join(test.name for test in claim.tests)
    raise DefaultModeError("E410", f"{claim.id} has no test {name!r}; it has {known}.")


def _comparison(settings: PowerSettings, name: str, reliability: Reliability | None) -> Comparison:
    made: dict[str, Callable[[], Comparison]] = {
        "mean": comparisons.one_group,
        "groups": partial(comparisons.two_groups, settings.ratio),
        "paired": comparisons.paired,
        "parallel": partial(_parallel, settings, reliability),
        "correlation": comparisons.correlation,
        "prediction": partial(comparisons.prediction, settings.prevalence),
        "moderation": comparisons.moderation,
    }
    if name not in made:
        msg = f"there is no contrast {name!r}; there are {', '.join(made)} and mediation."
        raise DefaultModeError("E410", msg)
    return made[name]()


def _parallel(settings: PowerSettings, reliability: Reliability | None) -> Comparison:
    """Arms whose baseline goes with the end as --retest says, else as far as both are reliable."""
    if settings.retest is None and reliability is None:
        msg = "parallel arms need --retest, the correlation of baseline and end, or a reliability."
        raise DefaultModeError("E432", msg)
    usual = reliability.icc if reliability else 0.0
    return comparisons.parallel_change(usual if settings.retest is None else settings.retest)


def _reliability(settings: PowerSettings, test: Test | None) -> Reliability | None:
    if settings.reliability is not None:
        return Reliability(settings.reliability, "given")
    if settings.study:
        if test is None or test.of != "measure":
            raise DefaultModeError("E434", "only a claim about a measure names what to look up.")
        return measured_reliability(Path(settings.study), test.outcome)
    return USUAL if test is not None and test.of == "measure" else None


def _effect(ground: Ground) -> tuple[float, str, Belief | None]:
    """The effect to plan with, what it is called, and what is believed of it."""
    settings, comparison = ground.settings, ground.comparison
    evidence = None
    if ground.claim is not None and ground.test is not None:
        evidence = pooled_evidence(ground.claim, ground.test, comparison)
    share = ground.expectation
    if settings.effect is not None:
        entered = observed(
            settings.effect, comparison, given_in=settings.effect_in, icc=ground.icc,
            partner_icc=ground.partner_icc,
        )  # fmt: skip
        belief = given(entered, settings.effect_sd, comparison) or evidence
        effect = float(expected_beyond_unblinding(entered, comparison, share))
        return effect, "given", belief
    if ground.test is None:
        raise DefaultModeError("E433", "without a claim an effect is needed: give --effect.")
    belief = evidence or prior(ground.test, comparison)
    effect = float(expected_beyond_unblinding(belief.mean, comparison, share))
    return effect, "evidence" if evidence else "prior", belief


def _sign(ground: Ground, effect: float) -> int:
    """The direction that supports: the claim's, or that of the effect."""
    if ground.test is not None:
        return 1 if ground.test.direction == "increase" else -1
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
