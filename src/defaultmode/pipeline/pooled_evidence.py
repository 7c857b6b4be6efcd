"""What published estimates and a study's own say together: by random effects, by a common one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite, nan

from defaultmode.claims import ALPHA
from defaultmode.core.missing import Missing
from defaultmode.core.result import Estimate
from defaultmode.statistics.pooling import (
    Pooled,
    Scale,
    common_effect,
    one_per_cohort,
    pool,
    to_scale,
)

Row = dict[str, object]
ALONE, TOGETHER = "pooled", "pooled with your study"
COMMON = {
    ALONE: "pooled, common effect",
    TOGETHER: "pooled, common effect, with your study",
}
SCALES: dict[str, Scale] = {"Pearson r": "Fisher z", "ratio": "log", "odds ratio": "log"}
FEW = 3  # estimates; the spread between so few cannot be told: Bender et al. (2018)
WIDE = "with so few estimates its interval is necessarily very wide"


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect as it can be pooled; error : on the scale of pooling, NaN where nothing tells it.

    note : by which rule the error was found, or why there is none
    meta_analysis : its source where it is itself a mean over several cohorts, else empty
    """

    cohort: str
    value: float
    error: float
    note: str = ""
    meta_analysis: str = ""

    def usable(self, scale: Scale) -> bool:
        """Whether it can be pooled."""
        return isfinite(float(to_scale(self.value, scale))) and self.error > 0


def scale_of(statistic: str) -> Scale:
    """The scale on which a statistic is pooled."""
    return SCALES.get(statistic, "as it is")


def kept_of(effects: Sequence[Effect], scale: Scale) -> list[int]:
    """Positions of the effects that are pooled: the most precise usable one of each cohort."""
    usable = [i for i, effect in enumerate(effects) if effect.usable(scale)]
    chosen = [effects[i] for i in usable]
    if not chosen:
        return []
    places = one_per_cohort([e.cohort for e in chosen], [e.error for e in chosen])
    return [usable[i] for i in places]


def pooled_of(effects: Sequence[Effect], scale: Scale) -> Pooled | None:
    """The random-effects mean, None of fewer than two."""
    if len(effects) < 2:
        return None
    return pool([e.value for e in effects], [e.error for e in effects], scale=scale)


def weights_of(effects: Sequence[Effect], pooled: Pooled | None) -> list[float]:
    """Share of each effect in a pool, NaN where there is none."""
    if pooled is None:
        return [nan] * len(effects)
    weights = [1 / (e.error**2 + pooled.tau2) for e in effects]
    return [weight / sum(weights) for weight in weights]


def pooled_rows(
    source: str, statistic: str, effects: Sequence[Effect], pooled: Pooled | None
) -> Iterator[Row]:
    """The random-effects mean, and for two or three estimates the common-effect one beside it.

    source : ALONE or TOGETHER; pooled : of these effects, None where nothing is pooled
    """
    if pooled is None:
        return
    few, means = len(effects) <= FEW, _means(effects)
    yield _random(source, statistic, pooled, WIDE if few else "", means)
    if few:
        scale = scale_of(statistic)
        one = common_effect([e.value for e in effects], [e.error for e in effects], scale=scale)
        yield _mean(COMMON[source], statistic, one, _assumed(pooled.p_q), means)


def _assumed(p: float) -> str:
    """What a common effect assumes, and whether the estimates bear it; p : of homogeneity."""
    borne = "they contradict" if p < ALPHA else "so few can hardly contradict"
    shown = "< 0.001" if p < 0.001 else f"= {p:.2g}"
    return f"assumes that all of them estimate one effect, which {borne} (Cochran's Q: p {shown})"


def _means(effects: Sequence[Effect]) -> str:
    """Which of the estimates are no single cohort."""
    named = ", ".join(e.meta_analysis for e in effects if e.meta_analysis)
    return f"itself a mean over several cohorts, counted as one estimate: {named}" if named else ""


def _random(source: str, statistic: str, pooled: Pooled, *notes: str) -> Row:
    """A random-effects mean with its heterogeneity and prediction interval."""
    low, high = (nan, nan) if isinstance(pooled.prediction, Missing) else pooled.prediction
    reason = pooled.prediction.reason if isinstance(pooled.prediction, Missing) else ""
    return _mean(source, statistic, pooled.estimate, *notes, reason) | {
        "tau2": pooled.tau2,
        "i2": pooled.i2,
        "prediction_low": low,
        "prediction_high": high,
    }


def _mean(source: str, statistic: str, estimate: Estimate, *notes: str) -> Row:
    return {
        "source": source,
        "statistic": statistic,
        "value": estimate.value,
        "ci_low": estimate.ci_low,
        "ci_high": estimate.ci_high,
        "cohorts": estimate.n,
        "note": "; ".join(part for part in (estimate.how, *notes) if part),
    }
