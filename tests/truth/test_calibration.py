"""Where nothing is there, tests reject as often as they promise; intervals hold what is planted.

A small version of benchmarks/ledger_calibration.py, which has 20,000 simulations of every world.
"""

from functools import cache
from zlib import crc32

import numpy as np
import pytest
from nulls.all_worlds import all_worlds
from nulls.judging import coverage_word, rate_word
from nulls.world import ALPHA, Found, Tally, World, only_p, tallied
from scipy.stats import binom

# One tail of a normal at 4 standard errors: what a right test passes but once in 30,000 times.
TAIL = 3.2e-5
LIKE_THE_LEDGER = "mixed model, as the ledger shows it"
EXACT = {
    "two groups: 12 patients, 36 controls, age and motion given": 1000,
    "one sample: 15 people": 1000,
    "crossover: 10 people, equal orders, an effect of the period": 1000,
    "paired: 20 people before and during": 1000,
    "parallel arms given the baseline: 10 and 30 people": 1000,
    "responders − others: 40 people, some 12 responders": 1000,
    "moderation: 48 people, four cells of unequal size, given the baseline": 2000,
    "correlation: 10 people, age and motion given": 1000,
    "change with change: 25 people, traits apart": 1000,
    "change then change: arms of 20 and 20, traits, equal effects on all": 1000,
    "partial correlation: within people, 12 of 4 sessions (rmcorr)": 2000,
    f"{LIKE_THE_LEDGER}: crossover of 12 with period": 4000,
    f"{LIKE_THE_LEDGER}: two groups with sessions, 12 people": 4000,
    "permutation: groups of 8 and 8, all 12,870 arrangements drawn from": 4000,
    "permutation: within 4 sites that differ in mean and in their share of patients": 4000,
    "permutation: whole people of 3 rows each change places": 4000,
    "permutation, family-wise: 20 outcomes that correlate, groups of 10": 600,
    "network-based statistic: by intensity, 16 regions, groups of 10": 600,
    "normalisation against an arm: ancova, 20 and 20 patients, ICC 0.3": 800,
}
NOT_LIBERAL = {
    f"{LIKE_THE_LEDGER}: crossover of 12 with period, 15 % of the rows missing": 4000,
    "mixed model, variance zero or more: within people, 30, 15 % of the rows missing, "
    "trait variance 1": 4000,
    "edge-wise: 14 people × 4 sessions, 15 % missing, 9 columns": 4000,
    "permutation: groups of 8 and 16, unequal variances (1 to 3)": 4000,
    "permutation: Freedman–Lane: 20 people, two covariates that go with the groups": 4000,
    "permutation: sign flips of 10, all 1,024": 4000,
    "network-based statistic: by extent, 16 regions, groups of 10": 600,
    "equivalence (TOST) at the bound: g 0.5, groups of 200": 800,
    "pooling over cohorts: mean of 5, τ² 0.04": 800,
    "normalisation against an arm: distance, 20 and 20 patients, ICC 0.7": 800,
    "normalisation against a retest: 20 patients, 40 retested, 30 controls, ICC 0.7": 250,
    "mediation between arms: a alone, 40 people": 200,
    "mediation within people: both paths absent, crossover of 24": 200,
}
HELD = {
    "two groups: 12 patients, 36 controls, planted g 0.8": 1000,
    "one sample: 15 people, planted d_z 0.8": 1000,
    "parallel arms given the baseline: 20 and 20 people, planted g 0.8": 1000,
    "correlation: 40 people, planted r 0.6": 1000,
    f"{LIKE_THE_LEDGER}: crossover of 30 with period, planted d_z 0.8": 2000,
    "intraclass correlation: one_way, 15 people × 3, ICC 0.5": 4000,
    "intraclass correlation: consistency, 15 people × 3, ICC 0.9": 4000,
    "mediation between arms: planted a 0.8, b 0.6, 40 people": 200,
}
UNBALANCED = "crossover: 21 people, one third in the other order, an effect of the period"
MOVED = (
    "crossover: 10 people, equal orders, an effect of the period, motion that the drug raises "
    "is given"
)
LIBERAL = (
    "assumptions broken: 12 patients who vary twice as much as 36 controls, pooled t"  # it is known
)


@cache
def tried(key: str, n: int) -> Tally:
    return tallied(all_worlds()[key].simulate(n, np.random.default_rng(crc32(key.encode()))))


def most(n: int, limit: float = ALPHA) -> int:
    return int(binom.isf(TAIL, n, limit))


def least(n: int, limit: float = ALPHA) -> int:
    return int(binom.ppf(TAIL, n, limit))


@pytest.mark.parametrize(("key", "n"), EXACT.items(), ids=list(EXACT))
def test_exact_tests_reject_one_in_twenty(key: str, n: int) -> None:
    found = tried(key, n)
    assert found.tested == n
    assert least(n) <= found.rejected <= most(n)


@pytest.mark.parametrize(("key", "n"), NOT_LIBERAL.items(), ids=list(NOT_LIBERAL))
def test_other_tests_reject_no_more_often(key: str, n: int) -> None:
    found = tried(key, n)
    assert found.tested > 0.95 * n
    assert found.rejected <= most(found.tested)


@pytest.mark.parametrize(("key", "n"), HELD.items(), ids=list(HELD))
def test_intervals_hold_what_is_planted(key: str, n: int) -> None:
    found = tried(key, n)
    assert found.spanned == n
    assert found.spanned - found.covered <= most(n)


@pytest.mark.parametrize("key", [UNBALANCED, MOVED])
def test_a_crossover_is_adjusted_for_unequal_orders_and_for_motion(key: str) -> None:
    found = tried(key, 600)
    assert found.rejected <= most(600)
    assert abs(found.mean) <= 4 * found.mean_error


def test_verdicts_without_an_effect_are_seldom_wrong() -> None:
    words = tried("parallel arms given the baseline: 10 and 30 people", 1000).words
    assert sum(words.values()) == 2 * 1000
    assert words.get("supported", 0) + words.get("contradicted", 0) <= most(1000)
    assert words["inconclusive"] > 900
    both = words.get("both: supported", 0) + words.get("both: contradicted", 0)
    assert both <= words.get("supported", 0) + words.get("contradicted", 0)
    assert words["both: pipeline-dependent"] > 0


def test_bayes_factors_without_an_effect_average_one() -> None:
    """What makes them probabilities: their mean under the null is 1 (Good 1985)."""
    found = tried("Bayes factor above 3 without an effect: g, groups of 20", 1500)
    assert found.mean == pytest.approx(1, abs=4 * found.mean_error)
    assert found.rate < 1 / 3


def test_a_liberal_test_would_be_seen() -> None:
    found = tried(LIBERAL, 1000)
    assert found.rejected > most(1000)
    assert rate_word(all_worlds()[LIBERAL], found).startswith("**LIBERAL")


def test_a_rate_is_put_into_plain_words() -> None:
    def word(rejected: int, nature: str) -> str:
        tally = Tally(tested=20_000, rejected=rejected)
        return rate_word(World("a", "b", _nothing, nature=nature), tally)  # type: ignore[arg-type]

    assert word(1000, "exact") == "exact"
    assert word(1092, "exact") == "exact"  # 3 standard errors are 92.5
    assert word(1093, "exact") == "**LIBERAL** by 0.46%"
    assert word(900, "approximate") == "conservative by 0.50%"
    assert word(900, "exact").startswith("**conservative by 0.50%")
    narrow = coverage_word(Tally(spanned=20_000, covered=18_900))
    assert narrow == "**TOO NARROW**: 0.50% more misses than 5 %"


def _nothing(n: int, rng: np.random.Generator) -> Found:
    return only_p(rng.random(n))


def test_counts_add_up() -> None:
    rng = np.random.default_rng(0)
    parts = [_nothing(n, rng) for n in (300, 700)]
    total = Tally()
    for part in parts:
        total += tallied(part)
    together = tallied(only_p(np.concatenate([part.p for part in parts])))
    assert (total.tested, total.rejected) == (together.tested, together.rejected)
