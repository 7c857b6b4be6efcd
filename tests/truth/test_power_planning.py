"""What `power` takes from a claim: its evidence pooled, its prior, its direction."""

from dataclasses import replace

import numpy as np
import pytest

from defaultmode.claims import find_claim
from defaultmode.pipeline.power_evidence import pooled_evidence, prior
from defaultmode.pipeline.power_ground import OF_CLAIMS
from defaultmode.pipeline.power_planning import plan_power
from defaultmode.pipeline.power_settings import CONTRASTS, PowerSettings
from defaultmode.report.references import all_references
from defaultmode.statistics.comparisons import correlation, paired, prediction, two_groups
from defaultmode.statistics.pooling import pool

CLAIM = find_claim("C9")
TEST = CLAIM.tests[0]
ROW = next(row for row in CLAIM.evidence if row.test == TEST.name and np.isfinite(row.value))


def claim_of(*rows):
    """The claim with these (cohort, value, n in each group) as its evidence."""
    made = [
        replace(
            ROW, cohort_id=cohort, value=value, n=n, n_reference=n, statistic="Hedges g",
            ci_low=float("nan"), ci_high=float("nan"), meta_analysis=False,
        )
        for cohort, value, n in rows
    ]  # fmt: skip
    return replace(CLAIM, evidence=tuple(made))


def test_cohorts_are_pooled_with_what_lies_between_them():
    rows = (("a", -0.5, 100), ("b", 0.3, 200), ("c", 0.1, 50))
    found = pooled_evidence(claim_of(*rows), TEST, two_groups())
    errors = [np.sqrt(2 / n + g**2 / (4 * n)) for _, g, n in rows]
    expected = pool([g for _, g, _ in rows], errors)
    assert found.mean == pytest.approx(expected.estimate.value)
    spread = np.hypot(expected.estimate.se, np.sqrt(expected.tau2))
    assert found.effects.std() == pytest.approx(spread, rel=0.01)
    assert expected.tau2 > 0.05
    assert "3 cohorts pooled" in found.source


def test_a_cohort_counts_once_and_alone_says_that_tau_is_unknown():
    twice = claim_of(("a", 0.1, 20), ("a", 0.4, 200))
    found = pooled_evidence(twice, TEST, two_groups())
    assert found.mean == 0.4  # the more precise
    assert "τ not known" in found.source
    assert found.effects.std() == pytest.approx(np.sqrt(2 / 200 + 0.16 / 800), rel=0.01)


def test_a_mean_over_cohorts_is_named_as_one():
    found = pooled_evidence(CLAIM, TEST, two_groups())
    assert "one meta-analysis of several cohorts (Tozzi2021, I² 0.35)" in found.source


def test_a_claim_of_change_is_supported_on_either_side():
    report = plan_power(PowerSettings(claim="C35", n=200))
    [row, *_] = report.planned
    assert row.effect > 0
    assert row.odds.contradicted == 0
    assert row.odds.supported + row.odds.negligible + row.odds.inconclusive == pytest.approx(1)
    absent = report.planned[-1].odds
    assert absent.supported == pytest.approx(0.05, abs=0.005)


def test_an_effect_in_another_statistic_is_no_evidence():
    assert pooled_evidence(claim_of(("a", 0.4, 20)), TEST, correlation()) is None
    assert pooled_evidence(claim_of(("a", 0.4, 20)), replace(TEST, name="other"), paired()) is None


@pytest.mark.parametrize("direction", ["increase", "decrease"])
@pytest.mark.parametrize("comparison", [two_groups(), correlation(), prediction()])
def test_the_prior_points_where_the_claim_does(direction, comparison):
    belief = prior(replace(TEST, direction=direction, prior_sd=0.1), comparison)
    sign = 1 if direction == "increase" else -1
    assert (sign * (belief.effects - comparison.none) >= 0).all()
    half_normal = 0.1 * np.sqrt(2 / np.pi)
    assert sign * (belief.mean - comparison.none) == pytest.approx(half_normal, rel=0.02)


def test_assurance_is_below_power_where_the_effect_is_uncertain():
    sure = plan_power(PowerSettings(contrast="groups", effect=0.3, effect_sd=1e-6, n=176))
    unsure = plan_power(PowerSettings(contrast="groups", effect=0.3, effect_sd=0.2, n=176))
    assert sure.assurance == pytest.approx(sure.planned[0].power, abs=1e-3)
    assert unsure.assurance < sure.assurance - 0.05
    assert plan_power(PowerSettings(contrast="groups", effect=0.3)).assurance is None


def test_every_contrast_of_a_claim_is_one_that_is_planned():
    assert set(OF_CLAIMS.values()) <= set(CONTRASTS)


@pytest.mark.parametrize("contrast", ["mean", "groups", "paired", "correlation", "moderation"])
def test_sources_are_in_the_reference_list(contrast):
    report = plan_power(PowerSettings(contrast=contrast, effect=0.3, reliability=0.5))
    assert set(report.cites) <= set(all_references())
    assert report.planned[0].power >= 0.8


def test_sources_of_claims_and_models_are_too():
    settings = (
        PowerSettings(claim="C9"),
        PowerSettings(contrast="prediction", effect=0.7, predictors=5),
        PowerSettings(contrast="parallel", effect=0.5, retest=0.5),
    )
    for one in settings:
        assert set(plan_power(one).cites) <= set(all_references())
