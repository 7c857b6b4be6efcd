"""The ledger as tables: one row per claim and preset, one per specification."""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite

import pandas as pd

from defaultmode.claims import ALPHA, WORDS, Claim, Verdict, judge, of_claim, over_presets
from defaultmode.pipeline.asking import CLINICAL
from defaultmode.pipeline.claim_columns import Ground
from defaultmode.pipeline.judging import Judged, inside_smallest
from defaultmode.pipeline.specifying import Specification
from defaultmode.report.verdicts import DIFFERS, over_atlases
from defaultmode.statistics.effects import false_discovery

Place = tuple[str, str, str]  # test, atlas, preset
CLAIM_COLUMNS = (
    "claim", "title", "atlas", "denoise", "verdict", "verdict_corrected", "verdict_over_presets",
    "reason", "test", "outcome", "adjustment", "statistic", "estimate", "ci_low", "ci_high", "p",
    "p_permuted", "p_deciding", "p_corrected", "bayes_factor", "inside_smallest", "n",
    "n_reference", "raw", "unit", "smallest", "direction", "how",
)  # fmt: skip
SPECIFICATION_COLUMNS = (
    "claim", "test", "atlas", "denoise", "global_signal_removed", "adjustment", "treatment",
    "decides", "outcome", "statistic", "estimate", "ci_low", "ci_high", "p", "n", "n_reference",
    "raw", "unit", "verdict", "reason", "code", "how",
)  # fmt: skip


def claim_table(
    ground: Ground, claims: Sequence[Claim], found: Mapping[str, Mapping[Place, Judged]]
) -> pd.DataFrame:
    """One row per claim, atlas and preset; p is corrected over the claims of a preset.

    The plan's primary claim is not corrected. Benjamini & Hochberg (1995).
    """
    rows = [row for claim in claims for row in _rows(claim, found[claim.id])]
    table = pd.DataFrame(rows, columns=list(CLAIM_COLUMNS))
    family = [table["atlas"], table["denoise"], table["claim"] == ground.plan.primary]
    table["p_corrected"] = table.groupby(family)["p_deciding"].transform(false_discovery)
    lost = table["verdict"].isin(["supported", "contradicted"]) & (table["p_corrected"] >= ALPHA)
    table["verdict_corrected"] = table["verdict"].where(~lost, "inconclusive")
    table["verdict_over_presets"] = ""
    for claim in claims:
        for _, part in table[table["claim"] == claim.id].groupby("atlas", sort=False):
            word = _over_presets(ground, claim, part)
            table.loc[part.index, "verdict_over_presets"] = word
    return table


def _rows(claim: Claim, found: Mapping[Place, Judged]) -> Iterator[dict[str, object]]:
    """One row for each atlas and preset; tests of clinical scales alone count in all of them."""
    clinical = {t: j for (t, _, d), j in found.items() if d == CLINICAL}
    deciding = [claim.tests[0].name] if claim.rule == "first" else [t for t, _, _ in found]
    places = dict.fromkeys((a, d) for t, a, d in found if t in deciding)
    measured = [place for place in places if place[1] != CLINICAL]
    for atlas, denoise in measured or places:
        here = {t: j for (t, a, d), j in found.items() if (a, d) == (atlas, denoise)}
        yield _row(claim, clinical | here) | {
            "claim": claim.id,
            "title": claim.title,
            "atlas": "" if denoise == CLINICAL else atlas,
            "denoise": denoise,
        }


def _row(claim: Claim, here: Mapping[str, Judged]) -> dict[str, object]:
    many = len(here) if claim.rule == "all" else 1
    name, verdict = of_claim(claim, {test: j.at(j.among(many)) for test, j in here.items()})
    if verdict.word == "supported" and claim.rule == "all":  # as sure as the least sure of them
        name = max(here, key=lambda test: here[test].p)
    one, estimate = here[name], here[name].estimate
    return {
        "verdict": verdict.word,
        "reason": verdict.reason,
        "test": name,
        "outcome": one.specification.outcome,
        "adjustment": one.specification.adjustment,
        "statistic": estimate.statistic,
        "estimate": estimate.value,
        "ci_low": estimate.ci_low,
        "ci_high": estimate.ci_high,
        "p": estimate.p,
        "p_permuted": one.p_permuted,
        "p_deciding": one.among(many),
        "bayes_factor": one.bayes_factor,
        "inside_smallest": one.inside,
        "n": estimate.n,
        "n_reference": estimate.n_reference,
        "raw": estimate.raw,
        "unit": estimate.unit,
        "smallest": one.test.smallest,
        "direction": one.test.direction,
        "how": estimate.how,
    }


def _over_presets(ground: Ground, claim: Claim, rows: pd.DataFrame) -> str:
    """One word over the presets of an atlas, from what is left of each verdict after correction."""
    presets = deciding(ground, claim, tuple(dict.fromkeys(rows["denoise"])))
    places = [
        f"{atlas} {denoise}" for atlas, denoise in zip(rows["atlas"], rows["denoise"], strict=True)
    ]
    verdicts = {
        place: Verdict(word, reason)
        for place, word, reason in zip(
            places, rows["verdict_corrected"], rows["reason"], strict=True
        )
    }
    asked = [p for p, denoise in zip(places, rows["denoise"], strict=True) if denoise in presets]
    return over_presets(claim, verdicts, asked).word


def deciding(ground: Ground, claim: Claim, presets: Sequence[str]) -> list[str]:
    """The presets that decide a claim: those of the plan, and none that forces the sign."""
    asked = [p for p in presets if not ground.plan.presets or p in (*ground.plan.presets, CLINICAL)]
    removes = ground.presets
    return [p for p in asked if not (claim.keeps_global_signal and removes.get(p, False))]


def specification_table(ground: Ground, rows: Sequence[Specification]) -> pd.DataFrame:
    """One row per test, atlas, preset and adjustment, each with what it would say by itself."""
    removes = ground.presets
    return pd.DataFrame(
        [
            {
                "claim": one.claim.id,
                "test": one.test.name,
                "atlas": "" if one.denoise == CLINICAL else one.atlas,
                "denoise": one.denoise,
                "global_signal_removed": removes.get(one.denoise, False),
                "adjustment": one.adjustment,
                "treatment": one.treatment,
                "decides": one.decides,
                "outcome": one.outcome,
                "statistic": one.estimate.statistic,
                "estimate": one.estimate.value,
                "ci_low": one.estimate.ci_low,
                "ci_high": one.estimate.ci_high,
                "p": one.estimate.p,
                "n": one.estimate.n,
                "n_reference": one.estimate.n_reference,
                "raw": one.estimate.raw,
                "unit": one.estimate.unit,
                "verdict": (said := alone(one)).word,
                "reason": said.reason,
                "code": one.estimate.code,
                "how": one.estimate.how,
            }
            for one in rows
        ],
        columns=list(SPECIFICATION_COLUMNS),
    )


def alone(one: Specification) -> Verdict:
    """What a specification would say by itself."""
    inside = isfinite(one.estimate.value) and inside_smallest(one)
    return judge(one.test, one.estimate, inside=inside, p=one.estimate.p)


def sentence(table: pd.DataFrame) -> str:
    """How many claims came out how, over all presets."""
    if not len(table):
        return "No claim was tested."
    words = table.groupby("claim")["verdict_over_presets"].agg(over_atlases).value_counts()
    said = ", ".join(f"{words[word]} {word}" for word in (*WORDS, DIFFERS) if word in words)
    return f"Of {int(words.sum())} claims: {said}."
