"""Correlations over people, of changes with changes, and within people."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from defaultmode.statistics.partial import (
    partial_correlation,
    repeated_measures_correlation,
    semi_partial_correlation,
    within_dose_correlation,
)
from defaultmode.statistics.question import Question
from nulls.designs import (
    ACUTE,
    AFTER,
    DRUG,
    OTHER,
    Columns,
    Rows,
    asked,
    groups,
    parallel,
)
from nulls.world import Found, World, of_estimates

NOTHING = np.empty(0)
CORRELATIONS = (0.0, 0.3, 0.6)
SHARE = {0.0: 1.0, 0.3: 0.5, 0.6: 0.5}


def worlds() -> Iterator[World]:
    """Every world of this file."""
    for r in CORRELATIONS:
        yield from _over_people(r)
        yield from _of_changes(r)
        yield from _within(r)
    yield from _then()


def _named(r: float) -> str:
    return f", planted r {r:g}" if r else ""


def _pair(rng: np.random.Generator, r: float, n: int) -> tuple[np.ndarray, np.ndarray]:
    x, e = rng.normal(size=(2, n))
    return x, r * x + np.sqrt(1 - r**2) * e


def _over_people(r: float) -> Iterator[World]:
    for n in (10, 40):
        rows = groups(n, 0)
        question = Question("correlation", NOTHING, group="patients")

        def plain(rng: np.random.Generator, n=n) -> Columns:
            x, y = _pair(rng, r, n)
            return {"outcome": y, "partner": x}

        def given(rng: np.random.Generator, n=n) -> Columns:
            x, y = _pair(rng, r, n)
            age, motion = rng.normal(size=(2, n))
            return {
                "outcome": y + age + motion,
                "partner": x - motion,
                "age": age,
                "motion": motion,
            }

        # In the null Fisher's z and t agree closely; their interval is approximate at every r.
        yield World(
            "correlation",
            f"{n} people{_named(r)}",
            asked(question, rows, plain, truth=r, verdicts=not r),
            r,
            share=SHARE[r],
        )
        yield World(
            "correlation",
            f"{n} people, age and motion given{_named(r)}",
            asked(question, rows, given, truth=r),
            r,
            share=SHARE[r],
        )
    pooled = groups(25, 25)
    apart = np.repeat([1.0, 0.0], 25)

    def two(rng: np.random.Generator) -> Columns:
        x, y = _pair(rng, r, 50)
        return {"outcome": y + apart, "partner": x + apart}

    yield World(
        "correlation",
        f"50 people of two groups that differ in both{_named(r)}",
        asked(Question("correlation", NOTHING), pooled, two, truth=r, verdicts=not r),
        r,
        share=SHARE[r],
    )


def _of_changes(r: float) -> Iterator[World]:
    rows = parallel(25, 0)
    later = rows.phase == AFTER
    question = Question("change with change", NOTHING, DRUG, "", AFTER)
    truth = r / 1.5  # given the baselines, 1.5 of the variance of 2 are left

    def make(rng: np.random.Generator) -> Columns:
        x, y = _pair(rng, r, len(later))
        x = np.where(later, x, rng.normal(size=len(later)))  # nothing in common before
        traits = rng.normal(size=(2, 25))[:, rows.participant]
        return {"outcome": y + traits[0], "partner": x + traits[1] + 2 * later}

    yield World(
        "change with change",
        f"25 people, traits apart{_named(r)}",
        asked(question, rows, make, truth=truth, verdicts=not r),
        truth,
        share=SHARE[r],
    )


def _within(r: float) -> Iterator[World]:
    nature = "exact"
    for name, procedure in (
        ("partial, 20 people, two covariates", _partial),
        ("semi-partial, 20 people, two covariates", _semi_partial),
        ("within three doses, 24 people", _doses),
        ("within people, 12 of 4 sessions (rmcorr)", _repeated),
    ):
        if r and procedure is _semi_partial:
            continue  # its truth is another number than r
        yield World(
            "partial correlation",
            f"{name}{_named(r)}",
            partial(procedure, r),
            r,
            nature,
            share=SHARE[r],
        )


def _partial(r: float, n: int, rng: np.random.Generator) -> Found:
    def one():
        x, y = _pair(rng, r, 20)
        z = rng.normal(size=(20, 2))
        return partial_correlation(y + z @ [1, 1], x + z @ [1, -1], z)

    return of_estimates((one() for _ in range(n)), r)


def _semi_partial(r: float, n: int, rng: np.random.Generator) -> Found:
    def one():
        x, y = _pair(rng, r, 20)
        z = rng.normal(size=(20, 2))
        return semi_partial_correlation(y + z @ [1, 1], x + z @ [1, -1], z)

    return of_estimates((one() for _ in range(n)), r)


def _doses(r: float, n: int, rng: np.random.Generator) -> Found:
    dose = np.repeat([0.0, 0.5, 1.0], 8)

    def one():
        x, y = _pair(rng, r, 24)
        return within_dose_correlation(y + 3 * dose, x + 3 * dose, dose)

    return of_estimates((one() for _ in range(n)), r)


def _repeated(r: float, n: int, rng: np.random.Generator) -> Found:
    who = np.repeat(np.arange(12), 4)

    def one():
        x, y = _pair(rng, r, 48)
        own = rng.normal(size=12)[who] * 2
        return repeated_measures_correlation(y + own, x + own, who)

    return of_estimates((one() for _ in range(n)), r)


def _then() -> Iterator[World]:
    """What people keep ties their changes together; only beyond a reference's arm is it a null."""
    both, alone = parallel(20, 20), parallel(25, 0)
    beyond = Question("change with change", NOTHING, DRUG, OTHER, AFTER)
    yield World(
        "change with change",
        "arms of 20 and 20, traits in common",
        asked(beyond, both, partial(_in_common, both), verdicts=True),
        nature="approximate",
    )
    yield World(
        "assumptions broken",
        "change with change of 25 people without a reference, traits in common",
        asked(replace(beyond, reference=""), alone, partial(_in_common, alone)),
        nature="approximate",
    )
    question = Question("change then change", NOTHING, DRUG, OTHER)

    def make(rng: np.random.Generator) -> Columns:
        moved = -1.0 * both.at(DRUG, ACUTE) - 0.5 * both.at(DRUG, AFTER)
        return {"outcome": both.noise(rng) + moved}

    def varied(rng: np.random.Generator) -> Columns:
        acute = rng.normal(-1, 1, size=40)[both.participant] * both.at(DRUG, ACUTE)
        return {"outcome": both.noise(rng) + acute}

    yield World(
        "change then change",
        "arms of 20 and 20, traits, equal effects on all",
        asked(question, both, make, verdicts=True),
    )
    yield World(
        "change then change",
        "arms of 20 and 20, acute effects differ between people",
        asked(question, both, varied),
        nature="approximate",
    )


def _in_common(rows: Rows, rng: np.random.Generator) -> Columns:
    """Outcome and partner share a person's trait, and nothing else."""
    own = rng.normal(size=len(rows.group))[rows.participant]
    y, x = own + rng.normal(size=(2, len(own)))
    return {"outcome": y, "partner": x + 2 * rows.at(DRUG, AFTER)}
