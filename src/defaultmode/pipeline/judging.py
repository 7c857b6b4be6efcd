"""What follows from one specification: equivalence, Bayes factor, permutation, verdict."""

from dataclasses import dataclass
from math import isfinite, nan

import numpy as np

from defaultmode.claims import Test, Verdict, judge, sign
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.result import Estimate
from defaultmode.pipeline.specifying import Specification
from defaultmode.statistics import bayes_factor as bayes
from defaultmode.statistics.equivalence import Equivalence, equivalence
from defaultmode.statistics.exchange import Exchange
from defaultmode.statistics.permutation import permutation_p
from defaultmode.statistics.question import Setup


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """The specification that decides a test in one preset, with what follows from it.

    inside : whether the 90 % interval lies inside the smallest effect of interest
    bayes_factor : of the claimed direction against no effect; p_permuted : of a permutation test
    """

    specification: Specification
    inside: bool
    bayes_factor: float
    p_permuted: float

    @property
    def test(self) -> Test:
        """The test of the claim."""
        return self.specification.test

    @property
    def estimate(self) -> Estimate:
        """Its effect."""
        return self.specification.estimate

    @property
    def p(self) -> float:
        """The larger of the model's p and that of the permutation test, which assumes less."""
        return float(np.fmax(self.estimate.p, self.p_permuted))

    @property
    def verdict(self) -> Verdict:
        """What it says by itself."""
        return self.at(self.p)

    def among(self, n_tests: int) -> float:
        """Its p as one of several tests that must all hold, any of which could refute the claim."""
        against = self.estimate.value * sign(self.test) < 0
        return min(1.0, self.p * n_tests) if against else self.p

    def at(self, p: float) -> Verdict:
        """What it says at another p value, such as a corrected one."""
        return judge(self.test, self.estimate, inside=self.inside, p=p)


def judged(one: Specification, *, permutations: int, rng: np.random.Generator) -> Judged:
    """One specification with its equivalence test, Bayes factor and permutation p."""
    if not isfinite(one.estimate.value):
        return Judged(one, inside=False, bayes_factor=nan, p_permuted=nan)
    return Judged(
        one,
        inside=inside_smallest(one),
        bayes_factor=bayes_factor(one),
        p_permuted=one.estimate.p_permuted
        if one.setup is None
        else permuted(one.setup, permutations=permutations, rng=rng),
    )


def inside_smallest(one: Specification) -> bool:
    """Whether the 90 % interval lies inside the smallest effect of interest."""
    if not one.estimate.se > 0:  # a test by rotations has no error of its own
        return False
    found = equivalence(one.estimate, one.test.smallest, null=null_of(one))
    return isinstance(found, Equivalence) and found.inside


def null_of(one: Specification) -> float:
    """The value of no effect: that of an area under the curve; others are counted from theirs."""
    return one.test.null if one.estimate.statistic == "AUC" else 0.0


def bayes_factor(one: Specification) -> float:
    """How much better the claimed direction predicts the estimate than no effect does."""
    if not one.estimate.se > 0:
        return nan
    claimed = one.test.direction
    asked: bayes.Direction = "either" if claimed == "change" else claimed
    found = bayes.bayes_factor(one.estimate, one.test.prior_sd, direction=asked, null=null_of(one))
    return nan if isinstance(found, Missing) else found.value


def permuted(setup: Setup, *, permutations: int, rng: np.random.Generator) -> float:
    """The p of a permutation test of what was fitted, people exchanged within their site."""
    constant = bool(np.ptp(setup.x) == 0)
    within = setup.blocks if len(set(setup.blocks)) > 1 and not constant else None
    exchange = Exchange(within=within, flips=constant)
    covariates = setup.covariates if setup.covariates.size else None
    try:
        found = permutation_p(
            setup.y, setup.x, covariates=covariates, exchange=exchange,
            n_permutations=permutations, rng=rng,
        )  # fmt: skip
    except DefaultModeError:  # too few people to change places: the estimate stands without it
        return nan
    return float(found.p[0])
