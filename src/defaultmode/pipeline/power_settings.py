"""What a study is planned with: numbers of the command line, checked before they are used."""

from dataclasses import dataclass
from math import isfinite
from typing import Literal

from defaultmode.core.errors import DefaultModeError
from defaultmode.statistics.attenuation import reliability_checked

EffectIn = Literal["observed", "sd", "true"]
CONTRASTS = (
    "mean", "groups", "paired", "parallel", "correlation", "prediction", "moderation", "mediation",
)  # fmt: skip
EFFECTS_IN: tuple[EffectIn, ...] = ("observed", "sd", "true")


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSettings:
    """A study to plan; None and empty where the claim or the literature says it.

    claim, test : id of a claim and name of one of its tests, its first where empty
    contrast : one of CONTRASTS, the claim's own where empty
    effect : in the statistic of the comparison ("observed"), in standard deviations of one session
        ("sd") or in those without measurement error ("true"), as `effect_in` says
    effect_sd : how uncertain a given effect is, on the scale on which its estimate is normal
    paths : treatment → mediator and mediator → outcome, standardised, for mediation
    reliability, partner_reliability : of the measure and of what it is correlated with
    study : folder of results whose reliability.tsv is read
    n : people to enrol, as the comparison counts them; targets : powers to find n for
    dropout : share that is lost; unblinding : share of a rated effect that is expectation
    attempts : tests that share alpha (Bonferroni); smallest : smallest effect of interest
    ratio : controls per patient; retest : correlation of baseline and end, of parallel arms
    prevalence : share of responders; predictors, explained : of a model, and its Cox–Snell R²
    Raises E432 for a number outside its range.
    """

    claim: str = ""
    test: str = ""
    contrast: str = ""
    effect: float | None = None
    effect_in: EffectIn = "observed"
    effect_sd: float | None = None
    paths: tuple[float, float] | None = None
    reliability: float | None = None
    partner_reliability: float | None = None
    study: str = ""
    n: int | None = None
    targets: tuple[float, ...] = (0.8, 0.9)
    alpha: float = 0.05
    dropout: float = 0.0
    unblinding: float = 0.0
    attempts: int = 1
    smallest: float | None = None
    ratio: float = 1.0
    retest: float | None = None
    prevalence: float = 0.5
    predictors: int = 0
    explained: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("alpha", 0, 1), ("prevalence", 0, 1), ("explained", 0, 1), ("effect_sd", 0, 100),
            ("ratio", 0, 1000), ("attempts", 0, 1e6), ("n", 0, 1e7), ("smallest", 0, 100),
        ):  # fmt: skip
            self._check(name, getattr(self, name), low, high)
        for target in self.targets:
            self._check("power", target, 0, 1)
        for name in ("dropout", "unblinding"):
            share = getattr(self, name)
            if not 0 <= share < 1:
                raise DefaultModeError("E432", f"{name} is {share:g}; expected 0 to below 1.")
        for reliability in (self.reliability, self.partner_reliability):
            if reliability is not None:
                reliability_checked(reliability)
        if self.effect is not None and not isfinite(self.effect):
            raise DefaultModeError("E432", f"effect is {self.effect}; expected a number.")

    def _check(self, name: str, value: float | None, low: float, high: float) -> None:
        if value is not None and not low < value < high:
            msg = f"{name} is {value:g}; expected a number above {low:g} and below {high:g}."
            raise DefaultModeError("E432", msg)

    @property
    def corrected_alpha(self) -> float:
        """Alpha of each of the tests that share it."""
        return self.alpha / self.attempts
