"""From an estimate to a verdict, and from the verdicts of all presets to one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal

from defaultmode.claims.claim import Claim, Test
from defaultmode.core.result import Estimate

Word = Literal[
    "supported",
    "contradicted",
    "negligible",
    "inconclusive",
    "pipeline-dependent",
    "not testable",
]
WORDS: tuple[Word, ...] = (
    "supported",
    "contradicted",
    "negligible",
    "pipeline-dependent",
    "inconclusive",
    "not testable",
)
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a study says of a claim, and why."""

    word: Word
    reason: str


def sign(test: Test) -> int:
    """The sign of the effect that the claim states, 0 where it names no side."""
    return {"increase": 1, "decrease": -1, "change": 0}[test.direction]


def judge(test: Test, estimate: Estimate, *, inside: bool, p: float) -> Verdict:
    """The verdict of one test in one preset.

    inside : whether the 90 % interval lies inside the smallest effect of interest, which is a test
        of equivalence at 5 %; p : two-sided, corrected or not
    Negligible goes before supported: an effect that is surely there and surely too small is small.
    A claim of change is supported by an effect to either side, and contradicted by none.
    """
    if not isfinite(estimate.value):
        return Verdict("not testable", estimate.reason or "there is no value")
    shown = f"{estimate.statistic} {estimate.value:.2f}"
    if isfinite(estimate.ci_low):
        shown += f" [{estimate.ci_low:.2f}, {estimate.ci_high:.2f}]"
    if inside:
        said = f"{shown} lies inside ±{test.smallest:g}, the smallest effect of interest"
        return Verdict("negligible", said)
    zero = test.null if estimate.statistic == "AUC" else 0.0  # others are counted from the null
    beyond = estimate.ci_low > zero or estimate.ci_high < zero or not isfinite(estimate.ci_low)
    if p < ALPHA and beyond:
        agrees = sign(test) == 0 or (estimate.value - zero) * sign(test) > 0
        side = "as claimed" if agrees else f"the claim says {test.direction}"
        return Verdict("supported" if agrees else "contradicted", f"{shown}: {side}")
    if p < ALPHA or beyond:
        return Verdict("inconclusive", f"{shown}: interval and p (p = {p:.3f}) disagree")
    return Verdict("inconclusive", f"{shown} includes {zero:g} and more than ±{test.smallest:g}")


def of_claim(claim: Claim, verdicts: Mapping[str, Verdict]) -> tuple[str, Verdict]:
    """The verdict of a claim in one preset from those of its tests, and the test that decides.

    The first test decides, or, where all must hold, the weakest of them: one that fails refutes
    the whole, and only all together support it.
    """
    if claim.rule == "first":
        name = claim.tests[0].name
        return name, verdicts[name]
    order: tuple[Word, ...] = (
        "contradicted",
        "negligible",
        "not testable",
        "inconclusive",
        "supported",
    )
    name = min(verdicts, key=lambda n: order.index(verdicts[n].word))
    weakest = verdicts[name]
    if weakest.word == "supported":
        return name, Verdict("supported", f"all {len(verdicts)} tests hold")
    others = "; ".join(f"{n}: {v.word}" for n, v in verdicts.items() if n != name)
    return name, Verdict(weakest.word, f"{name}: {weakest.reason} ({others})")


def over_presets(claim: Claim, verdicts: Mapping[str, Verdict], deciding: Sequence[str]) -> Verdict:
    """One verdict over the denoising presets that decide.

    verdicts : preset → verdict; deciding : those that the plan names, or all that keep the global
        signal where the claim's sign would be forced by its regression
    """
    asked = {name: verdicts[name] for name in deciding if name in verdicts}
    if not asked:
        said = "no measured preset keeps the global signal, and its removal would force the sign"
        return Verdict(
            "not testable", said if claim.keeps_global_signal else "nothing was measured"
        )
    tested = {name: v for name, v in asked.items() if v.word != "not testable"}
    if not tested:
        return next(iter(asked.values()))
    words = {v.word for v in tested.values()}
    if len(words) == 1:
        word = words.pop()
        first = next(iter(tested.values()))
        many = f" in all {len(tested)} presets" if len(tested) > 1 else ""
        return Verdict(
            word, f"{first.reason}{many and ' (first preset; the same verdict' + many + ')'}"
        )
    said = "; ".join(f"{name}: {v.word}" for name, v in tested.items())
    return Verdict("pipeline-dependent", said)
