"""Published evidence beside a study's own effect, and both pooled: one estimate per cohort."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan

import pandas as pd

from defaultmode.claims import Claim, Evidence
from defaultmode.core.result import Estimate
from defaultmode.pipeline.asking import CLINICAL
from defaultmode.pipeline.judging import Judged
from defaultmode.pipeline.pooled_evidence import (
    ALONE,
    TOGETHER,
    Effect,
    Row,
    kept_of,
    pooled_of,
    pooled_rows,
    scale_of,
    weights_of,
)
from defaultmode.statistics.effects import small_sample_correction
from defaultmode.statistics.pooling import error_from_interval, error_from_sizes

Place = tuple[str, str, str]  # test, atlas, preset
PUBLISHED, OWN = "published", "your study"
COLUMNS = (
    "claim", "test", "atlas", "denoise", "source", "cite", "cohort", "stance", "statistic",
    "value", "ci_low", "ci_high", "n", "n_reference", "pooled", "weight", "meta_analysis",
    "cohorts", "tau2", "i2", "prediction_low", "prediction_high", "verified", "finding", "note",
)  # fmt: skip
NUMBERS = (
    "value", "ci_low", "ci_high", "n", "n_reference", "weight", "cohorts", "tau2", "i2",
    "prediction_low", "prediction_high",
)  # fmt: skip


def evidence_table(
    claims: Sequence[Claim],
    found: Mapping[str, Mapping[Place, Judged]],
    deciding: Mapping[str, Sequence[str]],
    *,
    cohort: str = "",
) -> pd.DataFrame:
    """One row for each published finding, each effect of the study and each pooled mean.

    found, deciding : by claim, what decides its tests and the presets that decide the claim
    cohort : whose people the study's own are; published rows of it are not pooled with the study
    weight : share of a row in its pool, that of its preset for the study's own, NaN where it is in
        none; cohorts, tau2, i2, prediction : of pooled means, tau2 on the scale of pooling
    With two or three estimates a common-effect mean stands beside that of random effects.
    """
    rows = [
        row
        for claim in claims
        for row in _of_claim(claim, found[claim.id], deciding[claim.id], cohort=cohort)
    ]
    empty = dict.fromkeys(COLUMNS, "") | dict.fromkeys(NUMBERS, nan)
    return pd.DataFrame([empty | row for row in rows], columns=list(COLUMNS))


def _of_claim(
    claim: Claim, found: Mapping[Place, Judged], deciding: Sequence[str], *, cohort: str
) -> Iterator[Row]:
    for test in claim.tests:
        known = {
            place: judged.estimate
            for place, judged in found.items()
            if place[0] == test.name and isfinite(judged.estimate.value)
        }
        rows = [row for row in claim.evidence if row.test == test.name]
        statistic = statistic_of(rows, list(known.values()))
        own = {place: e for place, e in known.items() if e.statistic == statistic}
        beside = _Beside(statistic, rows, deciding, cohort)
        yield from ({"claim": claim.id, "test": test.name} | row for row in beside.rows(own))
    for row in claim.evidence:
        if not row.test:
            said = "speaks to no test of the claim: not pooled" if isfinite(row.value) else ""
            yield {"claim": claim.id} | _published(row, Effect(row.cohort_id, row.value, nan, said))


@dataclass(frozen=True, slots=True)
class _Beside:
    """The published rows of one test, and how the study's own effects stand beside them."""

    statistic: str
    published: Sequence[Evidence]
    deciding: Sequence[str]
    cohort: str

    def rows(self, own: Mapping[Place, Estimate]) -> Iterator[Row]:
        """Published rows, their pooled mean, then each own effect and what it adds up to."""
        scale = scale_of(self.statistic)
        effects = [effect_of(row, self.statistic) for row in self.published]
        kept = kept_of(effects, scale)
        alone = pooled_of([effects[i] for i in kept], scale)
        weights = dict(zip(kept, weights_of([effects[i] for i in kept], alone), strict=True))
        used = set(kept) if alone or own else set()
        for i, (row, effect) in enumerate(zip(self.published, effects, strict=True)):
            spare = effect.usable(scale) and i not in kept
            yield _published(row, effect, spare=spare) | {
                "pooled": i in used,
                "weight": weights.get(i, nan),
            }
        yield from pooled_rows(ALONE, self.statistic, [effects[i] for i in kept], alone)
        others = [effects[i] for i in kept if not self.cohort or effects[i].cohort != self.cohort]
        for (_, atlas, denoise), estimate in own.items():
            place = {"atlas": "" if denoise == CLINICAL else atlas, "denoise": denoise}
            mine = Effect(OWN, estimate.value, estimate.se)
            both = [*others, mine]
            asked = denoise in self.deciding and others and mine.usable(scale)
            together = pooled_of(both, scale) if asked else None
            yield place | _own(estimate, weight=weights_of(both, together)[-1])
            rows = pooled_rows(TOGETHER, self.statistic, both, together)
            yield from (place | row for row in rows)


def statistic_of(rows: Sequence[Evidence], own: Sequence[Estimate]) -> str:
    """The statistic of a test: the study's own, or the commonest of what is published."""
    stated = [e.statistic for e in own] or [r.statistic for r in rows if isfinite(r.value)]
    return Counter(stated).most_common(1)[0][0] if stated else ""


def effect_of(row: Evidence, statistic: str) -> Effect:
    """A published row in this statistic, NaN in any other and where it was not read in its source.

    Cohen's d of two groups becomes Hedges' g by the small-sample correction, and nothing else is
    converted: a change in standard deviations of the change is not one in those of people.
    """
    if not isfinite(row.value):
        return Effect(row.cohort_id, nan, nan)
    if not row.verified:
        return Effect(row.cohort_id, nan, nan, "not read in its source: not pooled")
    if row.statistic == statistic:
        value = row.value
    elif (row.statistic, statistic) == ("d", "Hedges g") and min(row.n, row.n_reference) > 1:
        value = row.value * float(small_sample_correction(row.n + row.n_reference - 2))
    else:
        said = f"published as {row.statistic}, not the study's {statistic}: not pooled"
        return Effect(row.cohort_id, nan, nan, said)
    itself_pooled = row.cite if row.meta_analysis else ""
    return Effect(row.cohort_id, value, *standard_error(row, statistic), itself_pooled)


def standard_error(row: Evidence, statistic: str) -> tuple[float, str]:
    """Standard error of a row on the scale of pooling, and the rule where it has no interval."""
    if isfinite(row.ci_low) and isfinite(row.ci_high):
        return error_from_interval(row.ci_low, row.ci_high, scale=scale_of(statistic)), ""
    grouped = statistic in ("d", "d_z") and row.n_reference > 0  # no effect of one sample
    error = nan if grouped else error_from_sizes(statistic, row.value, row.n, row.n_reference)
    if isfinite(error):
        return error, "no published interval: standard error from n"
    return error, "neither an interval nor the numbers of people it needs: not pooled"


def _heterogeneity(row: Evidence) -> str:
    return f" (published I² {row.i2:.2f})" if isfinite(row.i2) else ""


def _published(row: Evidence, effect: Effect, *, spare: bool = False) -> Row:
    """A row as published, in its own statistic; spare : whether another stands for its cohort."""
    other = "another estimate of the same cohort is more precise: not pooled"
    mean = f"itself a mean over several cohorts{_heterogeneity(row)}" if row.meta_analysis else ""
    notes = (mean, row.note, effect.note, other if spare else "")
    return {
        "source": PUBLISHED,
        "cite": row.cite,
        "cohort": row.cohort_id,
        "stance": row.stance,
        "statistic": row.statistic if isfinite(row.value) else "",
        "value": row.value,
        "ci_low": row.ci_low,
        "ci_high": row.ci_high,
        "n": row.n or nan,
        "n_reference": row.n_reference or nan,
        "pooled": False,
        "weight": nan,
        "meta_analysis": row.meta_analysis,
        "i2": row.i2,
        "verified": row.verified,
        "finding": row.finding,
        "note": "; ".join(note.rstrip(".") for note in notes if note),
    }


def _own(estimate: Estimate, *, weight: float) -> Row:
    return {
        "source": OWN,
        "statistic": estimate.statistic,
        "value": estimate.value,
        "ci_low": estimate.ci_low,
        "ci_high": estimate.ci_high,
        "n": estimate.n,
        "n_reference": estimate.n_reference or nan,
        "pooled": isfinite(weight),
        "weight": weight,
        "note": estimate.how,
    }
