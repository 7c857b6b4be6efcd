"""What a power analysis rests on: claim, comparison, reliability and the effect to plan with."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from defaultmode.claims import Claim, Test, find_claim
from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline.power_effects import expected_beyond_unblinding, observed
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
from defaultmode.statistics import comparisons
from defaultmode.statistics.comparisons import Comparison

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


def effect_of(ground: Ground) -> tuple[float, str, Belief | None]:
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
