"""Mixed models and intraclass correlations: several rows of everybody, some of them missing."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from defaultmode.statistics.crossover import carry_over_effects, trial_effects
from defaultmode.statistics.edgewise import edgewise
from defaultmode.statistics.intraclass import intraclass
from defaultmode.statistics.mixed import mixed_model
from defaultmode.statistics.mixed_several import mixed_model_several
from defaultmode.statistics.trial_rows import Contrast, TrialRows
from nulls.world import Array, Found, World, holds, of_estimates

BATCH = 100  # data sets that share which sessions are missing
LOST = 0.15


def worlds() -> Iterator[World]:
    """Every world of this file."""
    for people in (12, 30):
        for lost in (0.0, LOST):
            missing = ", 15 % of the rows missing" if lost else ""
            nature = "approximate" if lost else "exact"
            for effect in (0.0, 0.8):
                name = f"crossover of {people} with period{missing}"
                planted = f", planted d_z {effect:g}" if effect else ""
                yield World(
                    "mixed model, as the ledger shows it",
                    name + planted,
                    partial(_crossover, people, lost, effect),
                    effect,
                    nature,
                )
            yield World(
                "mixed model, as the ledger shows it",
                f"arms × phases, {people} people{missing}",
                partial(_arms, people, lost),
                0.0,
                nature,
            )
            yield World(
                "mixed model, as the ledger shows it",
                f"two groups with sessions, {people} people{missing}",
                partial(_groups, people, lost),
                0.0,
                nature,
            )
            yield World(
                "mixed model, variance zero or more",
                f"within people, {people}{missing}, trait variance 0",
                partial(_plain, people, lost, 0.0),
                0.0,
                "approximate",
            )
            yield World(
                "mixed model, variance zero or more",
                f"within people, {people}{missing}, trait variance 1",
                partial(_plain, people, lost, 1.0),
                0.0,
                "approximate",
            )
    yield World(
        "mixed model, as the ledger shows it",
        "crossover of 20, motion that the drug raises is given",
        partial(_moved, 20),
        0.0,
        "approximate",
    )
    yield World(
        "mixed model, several random terms",
        "40 people of 8 sites",
        _sites,
        0.0,
        "approximate",
        share=0.1,
        cost=0.02,
    )
    yield World(
        "mixed model, several random terms",
        "20 people with a random slope, 6 rows",
        _slopes,
        0.0,
        "approximate",
        share=0.1,
        cost=0.02,
    )
    yield World("mixed model, several random terms", "carry-over, crossover of 20", _carry, 0.0)
    yield World(
        "edge-wise", "14 people × 4 sessions, 15 % missing, 9 columns", _edges, 0.0, "approximate"
    )
    for icc in (0.0, 0.5, 0.9):
        for form in ("one_way", "consistency", "agreement"):
            nature = "approximate" if form == "agreement" else "exact"
            yield World(
                "intraclass correlation",
                f"{form}, 15 people × 3, ICC {icc:g}",
                partial(_reliability, form, icc, 0.0),
                icc,
                nature,
            )
        yield World(
            "intraclass correlation",
            f"one_way, 30 people × 3, 15 % missing, ICC {icc:g}",
            partial(_reliability, "one_way", icc, LOST),
            icc,
            "approximate",
        )


def _batched(n: int, rng: np.random.Generator, one) -> Found:
    """The same procedure on batches of data sets, joined."""
    parts = [one(min(BATCH, n - start), rng) for start in range(0, n, BATCH)]
    return Found(
        *(np.concatenate([getattr(p, k) for p in parts]) for k in ("p", "covered", "value"))
    )


def _values(who: Array, k: int, rng: np.random.Generator, *, trait: float, lost: float) -> Array:
    """Traits and noise of k data sets; a share of the rows is lost in all of them."""
    own = rng.normal(size=(int(who.max()) + 1, k)) * np.sqrt(trait)
    y = own[who] + rng.normal(size=(len(who), k))
    y[rng.random(len(who)) < lost] = np.nan
    return np.asarray(y)


def _crossover(people: int, lost: float, effect: float, n: int, rng: np.random.Generator) -> Found:
    who = np.repeat(np.arange(people), 4)
    drug = np.tile(np.repeat(["drug", "none"], 2), people)
    phase = np.tile(["acute", "before"], 2 * people)
    period = np.where((drug == "drug") == (who % 2 == 0), 1, 2)
    rows = TrialRows(who, treatment=drug, phase=phase, period=period)
    contrast = Contrast(("drug", "none"), ("acute", "before"))
    planted = 2 * effect * ((drug == "drug") & (phase == "acute")) + 0.7 * (period == 2)

    def one(k: int, rng: np.random.Generator) -> Found:
        y = _values(who, k, rng, trait=2.0, lost=lost) + planted[:, None]
        return of_estimates(trial_effects(y, rows, contrast), effect)

    return _batched(n, rng, one)


def _moved(people: int, n: int, rng: np.random.Generator) -> Found:
    """A crossover in which the drug makes people move, and values go with motion."""
    who = np.repeat(np.arange(people), 2)
    drug = np.tile(["drug", "none"], people)
    period = np.where((drug == "drug") == (who % 2 == 0), 1, 2)

    def one(k: int, rng: np.random.Generator) -> Found:
        motion = rng.gamma(2, 0.5, len(who)) + 0.5 * (drug == "drug")
        rows = TrialRows(
            who,
            treatment=drug,
            period=period,
            covariates=motion[:, None],
            covariate_names=("motion",),
        )
        y = _values(who, k, rng, trait=2.0, lost=0.0) + motion[:, None]
        return of_estimates(trial_effects(y, rows, Contrast(("drug", "none"))), 0.0)

    return _batched(n, rng, one)


def _arms(people: int, lost: float, n: int, rng: np.random.Generator) -> Found:
    who = np.repeat(np.arange(people), 3)
    arm = np.where(who % 2 == 0, "drug", "none")
    phase = np.tile(["before", "acute", "after"], people)
    rows = TrialRows(who, treatment=arm, phase=phase)
    contrast = Contrast(("drug", "none"), ("acute", "before"))

    def one(k: int, rng: np.random.Generator) -> Found:
        y = _values(who, k, rng, trait=1.0, lost=lost)
        return of_estimates(trial_effects(y, rows, contrast), 0.0)

    return _batched(n, rng, one)


def _groups(people: int, lost: float, n: int, rng: np.random.Generator) -> Found:
    who = np.repeat(np.arange(people), 3)
    group = np.where(who < people // 3, "patients", "controls")
    rows = TrialRows(who, treatment=group)

    def one(k: int, rng: np.random.Generator) -> Found:
        y = _values(who, k, rng, trait=1.0, lost=lost)
        return of_estimates(trial_effects(y, rows, Contrast(("patients", "controls"))), 0.0)

    return _batched(n, rng, one)


def _plain(people: int, lost: float, trait: float, n: int, rng: np.random.Generator) -> Found:
    who = np.repeat(np.arange(people), 4)
    x = np.column_stack(
        [np.ones(len(who)), np.tile([0, 0, 1, 1], people), np.tile([0, 1], 2 * people)]
    )

    def one(k: int, rng: np.random.Generator) -> Found:
        y = _values(who, k, rng, trait=trait, lost=lost)
        fit = mixed_model(y, x, who, names=("constant", "drug", "time"))
        nothing = np.full(k, np.nan)
        return Found(fit.p[1], nothing, nothing)

    return _batched(n, rng, one)


def _sites(n: int, rng: np.random.Generator) -> Found:
    who = np.repeat(np.arange(40), 2)
    site, drug = who % 8, np.tile([0.0, 1.0], 40)
    x = np.column_stack([np.ones(80), drug])

    def one(k: int, rng: np.random.Generator) -> Found:
        y = _values(who, k, rng, trait=1.0, lost=0.1) + rng.normal(size=(8, k))[site]
        fit = mixed_model_several(y, x, who, names=("constant", "drug"), site=site)
        nothing = np.full(k, np.nan)
        return Found(fit.p[1], nothing, nothing)

    return _batched(n, rng, one)


def _slopes(n: int, rng: np.random.Generator) -> Found:
    who = np.repeat(np.arange(20), 6)
    drug = np.tile(np.repeat([0.0, 1.0], 3), 20)
    x = np.column_stack([np.ones(120), drug])

    def one(k: int, rng: np.random.Generator) -> Found:
        own = rng.normal(size=(20, k))[who] * drug[:, None]
        y = _values(who, k, rng, trait=1.0, lost=LOST) + own
        fit = mixed_model_several(y, x, who, names=("constant", "drug"), slope=drug)
        nothing = np.full(k, np.nan)
        return Found(fit.p[1], nothing, nothing)

    return _batched(n, rng, one)


def _carry(n: int, rng: np.random.Generator) -> Found:
    who = np.repeat(np.arange(20), 2)
    drug = np.tile(["drug", "none"], 20)
    period = np.where((drug == "drug") == (who % 2 == 0), 1, 2)
    rows = TrialRows(who, treatment=drug, period=period)

    def one(k: int, rng: np.random.Generator) -> Found:
        y = _values(who, k, rng, trait=1.0, lost=0.0) + 0.5 * (drug == "drug")[:, None]
        return of_estimates(carry_over_effects(y, rows, Contrast(("drug", "none"))), 0.0)

    return _batched(n, rng, one)


def _edges(n: int, rng: np.random.Generator) -> Found:
    who = np.repeat(np.arange(14), 4)

    def one(k: int, rng: np.random.Generator) -> Found:
        x = np.column_stack([np.ones(56), np.tile([0, 1, 0, 1], 14), rng.normal(size=(56, 7))])
        y = _values(who, k, rng, trait=1.0, lost=LOST)
        names = ("constant", "drug", *"abcdefg")
        fit = edgewise(y, x, who, names=names, column="drug")
        nothing = np.full(k, np.nan)
        return Found(fit.p, nothing, nothing)

    return _batched(n, rng, one)


def _reliability(form: str, icc: float, lost: float, n: int, rng: np.random.Generator) -> Found:
    people = 30 if lost else 15

    def one(k: int, rng: np.random.Generator) -> Found:
        own = rng.normal(size=(people, 1, k)) * np.sqrt(icc)
        y = own + rng.normal(size=(people, 3, k)) * np.sqrt(1 - icc)
        if form == "consistency":
            y = y + np.array([0.0, 1.0, 2.0])[None, :, None]
        y[rng.random((people, 3)) < lost] = np.nan
        found = getattr(intraclass(y), form)
        return Found(np.full(k, np.nan), holds(found.ci_low, found.ci_high, icc), found.value)

    return _batched(n, rng, one)
