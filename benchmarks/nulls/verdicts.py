"""Whole ledgers of studies in which nothing happens."""

from collections import Counter
from collections.abc import Iterator
from math import nan

import numpy as np
from made_study import Size, made_study

from defaultmode.claims import find_claim
from defaultmode.core.plan import Plan
from defaultmode.pipeline.ledger import ledger
from nulls.world import Found, World

SMALL = Size((20, 16, 14, 20), 0)
DECIDED = ("supported", "contradicted")


def worlds() -> Iterator[World]:
    """The one world of this file; p is 0 where any corrected verdict is more than inconclusive."""
    yield World(
        "whole ledger",
        "a verdict survives the correction in the first preset",
        _ledgers,
        nan,
        "approximate",
        share=0.01,
        cost=1.5,
    )


def _ledgers(n: int, rng: np.random.Generator) -> Found:
    words, p = Counter[str](), np.ones(n)
    for i in range(n):
        book = ledger(made_study(SMALL, rng), Plan(permutations=99), seed=int(rng.integers(2**31)))
        first = book.claims.table.query("denoise != 'plain+GSR'")
        kept = first["verdict_corrected"].isin(DECIDED)
        p[i] = 0.0 if kept.any() else 1.0
        for row in first.itertuples():
            words[f"claims: {row.verdict}"] += 1
            words[f"claims, corrected: {row.verdict_corrected}"] += 1
            words[f"claims, both presets: {row.verdict_over_presets}"] += 1
        tests = book.specifications.table.query("decides and denoise != 'plain+GSR'")
        for row in tests.itertuples():
            test = next(t for t in find_claim(row.claim).tests if t.name == row.test)
            words[f"{test.contrast}: {row.verdict}"] += 1
    return Found(p, np.full(n, nan), np.full(n, nan), dict(words))
