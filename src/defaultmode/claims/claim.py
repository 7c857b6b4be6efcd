"""What a claim is: a sentence, the tests that decide it, the evidence for and against it."""

from dataclasses import dataclass
from typing import Literal

from defaultmode.core.notebook import Shown

Direction = Literal["increase", "decrease", "change"]  # change: to either side
Stance = Literal["for", "against", "null", "mixed"]
Statistic = Literal["d", "Hedges g", "d_z", "Pearson r", "ratio", "odds ratio", "AUC", "other"]
Contrast = Literal[
    "mean",  # of everybody, against zero
    "patients - controls",  # untreated
    "treatment - reference",  # its change, or its level where no baseline was measured
    "treatment course",  # later less earlier phase of the same treatment
    "correlation",  # over people, untreated
    "change with change",  # change of the outcome with the change of `with`, under the treatment
    "change then change",  # acute change of the outcome with its own later change
    "responders - others",  # change of the outcome under the treatment
    "normalisation",  # distance from controls: how much more it shrinks than without treatment
    "mediation",  # treatment → change of the outcome → change of `with`
    "moderation",  # treatment effect with and without psychotherapy
    "prediction",  # of response, from what was measured before treatment
    "overlap",  # of maps of change between two treatments
    "enrichment",  # of a map's strength in the default mode network
    "within scan",  # windows of the outcome with ratings, given concentration
]

DIRECTIONS: tuple[Direction, ...] = ("increase", "decrease", "change")
STANCES: tuple[Stance, ...] = ("for", "against", "null", "mixed")
PARTS = ("definition", "depression", "ketamine, acute", "afterwards", "implications")
RULES = ("first", "all")
PHASES = ("acute", "after")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One published estimate, or one finding without a number.

    cite : key of report/references.bib; cohort_id : the people behind it, so that nobody counts
    twice; test : name of the claim's test that it speaks to, empty where it speaks to none
    statistic, value, ci_low, ci_high : the effect with its 95 % interval in the direction of the
        test's contrast, NaN where not published
    n : people behind this very estimate, 0 where not known
    meta_analysis : whether the value is itself a mean over several cohorts; i2 : share of the
        variance between them in the whole, 0 to 1, NaN where not published
    verified : whether number and source were read in the source itself
    """

    cite: str
    cohort_id: str
    stance: Stance
    finding: str
    source: str
    test: str = ""
    statistic: Statistic = "other"
    value: float = float("nan")
    ci_low: float = float("nan")
    ci_high: float = float("nan")
    n: int = 0
    n_reference: int = 0
    meta_analysis: bool = False
    i2: float = float("nan")
    verified: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Test:
    """One runnable question of a claim.

    outcome : measure, or construct of a clinical scale; `of` says which
    contrast : the comparison; direction : what the claim says of it, "change" where it names no
        side
    treatment, reference, phase : for contrasts under a drug
    partner : measure or construct that the outcome is set against; `partner_of` says which;
        partner_phase : when it is taken, `phase` where empty
    group : "patients", "controls" or "responders" where only they are asked, empty for everybody
    path : "increase" or "decrease", how a mediation says that the treatment moves the outcome
    log : the outcome's logarithm is taken, so that differences are ratios
    smallest : smallest effect of interest, in the statistic of the contrast
    prior_sd : scale of the prior of the Bayes factor, in the same unit: half-normal on the side of
        the claim, normal where it names none
    """

    __test__ = False  # not one of pytest's

    name: str
    sentence: str
    outcome: str
    contrast: Contrast
    direction: Direction
    smallest: float
    prior_sd: float
    why_smallest: str
    of: Literal["measure", "construct"] = "measure"
    treatment: str = ""
    reference: str = ""
    phase: str = ""
    partner: str = ""
    partner_of: Literal["measure", "construct"] = "construct"
    partner_phase: str = ""
    path: str = ""
    group: str = ""
    log: bool = False
    null: float = 0.0


@dataclass(frozen=True, slots=True, repr=False)
class Claim(Shown):
    """A statement about the default mode network as data.

    id : such as "C19"; part : the part of the account; rule : "first" (the first test decides)
    or "all" (every test must hold)
    falsifiable : whether the sentence can fail as worded; proxy : what is tested in its place
    keeps_global_signal : only presets that keep the global signal decide, as its regression forces
        the sign
    needs : the design that a study must have, in words; aims : what the tests' numbers would be
    """

    id: str
    title: str
    sentence: str
    part: str
    rule: str
    falsifiable: bool
    proxy: str
    keeps_global_signal: bool
    needs: str
    aims: str
    caveats: tuple[str, ...]
    tests: tuple[Test, ...]
    evidence: tuple[Evidence, ...]

    @property
    def order(self) -> int:
        """Position of the claim in the account."""
        return int(self.id.removeprefix("C"))

    def about(self) -> dict[str, object]:
        """What a notebook shows of it."""
        stances = [row.stance for row in self.evidence]
        return {
            "id": self.id,
            "title": self.title,
            "sentence": self.sentence,
            "tests": tuple(test.sentence for test in self.tests),
            "evidence": tuple(f"{stances.count(s)} {s}" for s in STANCES if s in stances),
            "needs": self.needs,
        }
