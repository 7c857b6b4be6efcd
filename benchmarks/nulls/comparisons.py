"""Groups, conditions and arms, answered as the ledger answers them."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.result import Estimate
from defaultmode.statistics.answers import estimate
from defaultmode.statistics.effects import hedges_g
from defaultmode.statistics.linear import GROUPS, PAIRED, coefficient
from defaultmode.statistics.matching import matched
from defaultmode.statistics.question import Question, Setup
from nulls.designs import (
    ACUTE,
    AFTER,
    BASELINE,
    DRUG,
    OTHER,
    PATIENTS,
    Columns,
    Rows,
    asked,
    crossover,
    groups,
    parallel,
)
from nulls.world import Found, World, of_estimates

EFFECTS = (0.0, 0.3, 0.8)
SHARE = {0.0: 1.0, 0.3: 0.5, 0.8: 0.5}
NOTHING = np.empty(0)
RESPONDING = parallel(40, 0)


def worlds() -> Iterator[World]:
    """Every world of this file."""
    for effect in EFFECTS:
        yield from _groups(effect)
        yield from _within(effect)
        yield from _arms(effect)
    yield from _broken()


def _groups(effect: float) -> Iterator[World]:
    planted = f", planted g {effect:g}" if effect else ""
    raw = effect * np.sqrt(1 + 0.5**2 + 0.7**2)  # in standard deviations within the groups
    for n, m in ((20, 20), (12, 36)):
        rows, question = groups(n, m), Question("patients - controls", NOTHING)
        patient = (rows.group == PATIENTS).astype(float)

        def plain(rng: np.random.Generator, patient=patient) -> Columns:
            return {"outcome": rng.normal(size=len(patient)) + effect * patient}

        def adjusted(rng: np.random.Generator, patient=patient) -> Columns:
            age, motion = rng.normal(size=(2, len(patient)))
            motion = motion + 0.5 * patient  # patients move more
            y = rng.normal(size=len(patient)) + raw * patient + 0.5 * age + 0.7 * motion
            return {"outcome": y, "age": age, "motion": motion}

        people = f"{n} patients, {m} controls"
        yield World(
            "two groups",
            f"{people}{planted}",
            asked(question, rows, plain, truth=effect, verdicts=not effect),
            effect,
            share=SHARE[effect],
        )
        yield World(
            "two groups",
            f"{people}, age and motion given{planted}",
            asked(question, rows, adjusted, truth=effect),
            effect,
            share=SHARE[effect],
        )


def _within(effect: float) -> Iterator[World]:
    planted = f", planted d_z {effect:g}" if effect else ""
    sites = groups(15, 0)
    ones = Question("mean", NOTHING)

    def mean(rng: np.random.Generator) -> Columns:
        return {"outcome": rng.normal(size=15) + effect}

    yield World(
        "one sample",
        f"15 people{planted}",
        asked(ones, sites, mean, truth=effect, verdicts=not effect),
        effect,
        share=SHARE[effect],
    )
    for n, first in ((10, 2), (21, 3)):
        rows = crossover(n, first=first)
        question = Question("treatment - reference", NOTHING, DRUG, OTHER, ACUTE)
        # The difference of two changes has a standard deviation of 2.
        during = 2 * effect * rows.at(DRUG, ACUTE)
        during = during + 1.5 * ((rows.period == 2) & (rows.phase == ACUTE))

        def make(rng: np.random.Generator, rows=rows, during=during) -> Columns:
            return {"outcome": rows.noise(rng, trait=2.0) + during}

        def moved(rng: np.random.Generator, rows=rows, during=during) -> Columns:
            motion = rng.gamma(2, 0.5, len(during)) + 0.5 * rows.at(DRUG, ACUTE)
            return {"outcome": rows.noise(rng, trait=2.0) + during + motion, "motion": motion}

        orders = "equal orders" if first == 2 else "one third in the other order"
        name = f"{n} people, {orders}, an effect of the period"
        yield World(
            "crossover",
            name + planted,
            asked(question, rows, make, truth=effect, verdicts=not effect),
            effect,
            share=SHARE[effect],
        )
        yield World(
            "crossover",
            f"{name}, motion that the drug raises is given{planted}",
            asked(question, rows, moved, truth=effect),
            effect,
            share=SHARE[effect],
        )
    rows = parallel(20, 0)
    course = Question("treatment course", NOTHING, DRUG, "", ACUTE)
    raised = np.sqrt(2) * effect * rows.at(DRUG, ACUTE)

    def later(rng: np.random.Generator) -> Columns:
        return {"outcome": rows.noise(rng) + raised}

    yield World(
        "paired",
        f"20 people before and during{planted}",
        asked(course, rows, later, truth=effect, verdicts=not effect),
        effect,
        share=SHARE[effect],
    )


def _arms(effect: float) -> Iterator[World]:
    planted = f", planted g {effect:g}" if effect else ""
    for n, m in ((20, 20), (10, 30)):
        rows = parallel(n, m)
        question = Question("treatment - reference", NOTHING, DRUG, OTHER, AFTER)
        after = np.sqrt(2) * effect * rows.at(DRUG, AFTER)

        def make(rng: np.random.Generator, rows=rows, after=after) -> Columns:
            return {"outcome": rows.noise(rng) + after}

        yield World(
            "parallel arms given the baseline",
            f"{n} and {m} people{planted}",
            asked(question, rows, make, truth=effect, verdicts=not effect),
            effect,
            share=SHARE[effect],
        )
    rows = RESPONDING
    question = Question("responders - others", NOTHING, DRUG, "", AFTER)

    def responding(rng: np.random.Generator) -> Columns:
        score, y = rows.noise(rng), rows.noise(rng)
        responded = _responded(score, rows)
        on = rows.at(DRUG, AFTER) * responded[rows.participant]
        planted = np.sqrt(2) * effect * on
        return {"outcome": y + planted, "partner": score, "responders": responded}

    yield World(
        "responders − others",
        f"40 people, some 12 responders{planted}",
        asked(question, rows, responding, truth=effect, verdicts=not effect),
        effect,
        share=SHARE[effect],
    )
    yield World(
        "moderation",
        f"48 people, four cells of unequal size, given the baseline{planted}",
        partial(_moderation, effect),
        effect,
        share=SHARE[effect],
    )


def _responded(score: np.ndarray, rows: Rows) -> np.ndarray:
    """1 for people whose score fell by more than half of the standard deviation of its change."""
    drop = score[rows.phase == BASELINE] - score[rows.phase == AFTER]
    return (drop > 0.5 * np.sqrt(2)).astype(np.float64)


def _tied(rng: np.random.Generator) -> Columns:
    """Score and outcome share a person's trait, and nothing else."""
    rows = RESPONDING
    own = rng.normal(size=40)[rows.participant]
    score, y = own + rng.normal(size=(2, len(own)))
    return {"outcome": y, "partner": score, "responders": _responded(score, rows)}


def _moderation(effect: float, n: int, rng: np.random.Generator) -> Found:
    arm = np.repeat([0.0, 1.0], [20, 28])
    therapy = np.resize([0.0, 0.0, 1.0], 48)
    both = arm * therapy
    mean = 0.5 * arm - 0.4 * therapy
    apart = sum(float(((mean[both == v] - mean[both == v].mean()) ** 2).sum()) for v in (0, 1))
    raw = effect * np.sqrt(1 + 0.6**2 + apart / 46)  # in standard deviations of those without both

    def one() -> Estimate:
        before = rng.normal(size=48)
        y = mean + 0.6 * before + raw * both + rng.normal(size=48)
        return coefficient(y, both, np.column_stack([arm, therapy, before]), kind=GROUPS)

    return of_estimates((one() for _ in range(n)), effect)


def _broken() -> Iterator[World]:
    """What the tests are asked to bear, though their theory does not promise it."""
    yield World(
        "assumptions broken",
        "responders − others, 40 people, outcome and score share a trait",
        asked(Question("responders - others", NOTHING, DRUG, "", AFTER), RESPONDING, _tied),
        nature="approximate",
    )
    yield World(
        "assumptions broken",
        "two groups of 20, skewed values (log-normal)",
        partial(_two_groups, "skewed"),
        nature="approximate",
    )
    yield World(
        "assumptions broken",
        "12 patients who vary twice as much as 36 controls, pooled t",
        partial(_two_groups, "unequal"),
        nature="approximate",
    )
    yield World(
        "assumptions broken",
        "the same, Welch's t (comparison of all measures)",
        _welch,
        nature="approximate",
    )
    yield World(
        "assumptions broken", "crossover of 12, skewed values", _skewed_pairs, nature="approximate"
    )
    yield World(
        "matched motion",
        "30 patients who move more, 40 controls; values go with motion",
        _matched,
        nature="approximate",
    )


def _two_groups(how: str, n: int, rng: np.random.Generator) -> Found:
    sizes = (20, 20) if how == "skewed" else (12, 36)
    x = np.repeat([1.0, 0.0], sizes)

    def one() -> Estimate:
        if how == "skewed":
            y = np.exp(rng.normal(size=40))
        else:
            y = rng.normal(size=48) * np.where(x == 1, 2, 1)
        return coefficient(y, x, np.empty((0, 0)), kind=GROUPS)

    return of_estimates((one() for _ in range(n)), 0.0)


def _welch(n: int, rng: np.random.Generator) -> Found:
    found = hedges_g(2 * rng.normal(size=(12, n)), rng.normal(size=(36, n)))
    nothing = np.full(n, np.nan)  # its interval is that of the pooled deviation
    return Found(found.p, nothing, nothing)


def _skewed_pairs(n: int, rng: np.random.Generator) -> Found:
    def one() -> Estimate:
        before, after = np.exp(rng.normal(size=(2, 12)))
        return coefficient(after - before, np.ones(12), np.empty((0, 0)), kind=PAIRED)

    return of_estimates((one() for _ in range(n)), 0.0)


def _matched(n: int, rng: np.random.Generator) -> Found:
    x = np.repeat([1.0, 0.0], [30, 40])

    def one() -> Estimate:
        motion = rng.gamma(2, 0.05, 70) + 0.04 * x
        y = rng.normal(size=70) + 10 * motion
        none = np.empty((70, 0))
        blocks = np.zeros(70, dtype=np.intp)
        whole = Setup(y, x, none, GROUPS, blocks, np.arange(70), "", ())
        try:
            return estimate(matched(whole, motion))
        except DefaultModeError:  # too few would be left
            return Estimate("")

    return of_estimates((one() for _ in range(n)), np.nan)
