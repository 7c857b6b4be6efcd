"""Smooth maps that have nothing to do with one another, on the regions of an atlas."""

from collections.abc import Iterator
from functools import cache, partial
from math import nan

import numpy as np

from defaultmode.core.atlas import Atlas
from defaultmode.core.missing import Missing
from defaultmode.sources.atlases import load_atlas
from defaultmode.statistics.overlap import overlap
from defaultmode.statistics.spin import map_correlation, map_enrichment
from nulls.world import Array, Found, World, only_p

ATLAS = "schaefer100"
SEEDS = 12  # sets of rotations that the simulations share
PEOPLE = 12


def worlds() -> Iterator[World]:
    """Every world of this file."""
    for mm in (0, 10, 20, 30):
        smooth = f"maps smoothed over {mm} mm (SD)" if mm else "maps of unrelated regions"
        yield World(
            "spin test",
            f"correlation of two, {smooth}",
            partial(_pairs, mm),
            nan,
            "approximate",
            share=0.25,
            cost=0.006,
        )
        yield World(
            "spin test",
            f"place of the default mode network, {smooth}",
            partial(_places, mm),
            nan,
            "approximate",
            share=0.25,
            cost=0.006,
        )
    for mm in (0, 20):
        smooth = f"changes smoothed over {mm} mm" if mm else "changes of unrelated regions"
        yield World(
            "overlap of treatments, as the ledger judges it",
            f"{PEOPLE} and {PEOPLE} people without any mean change, {smooth}",
            partial(_overlaps, mm, 0.0),
            nan,
            "conservative",
            share=0.25,
            cost=0.006,
        )
        yield World(
            "overlap of treatments, as the ledger judges it",
            f"{PEOPLE} and {PEOPLE} people, unrelated mean changes, {smooth}",
            partial(_overlaps, mm, 1.0),
            nan,
            "approximate",
            share=0.25,
            cost=0.006,
        )


@cache
def _smoother(mm: float) -> tuple[Atlas, Array]:
    """Weights (n, n) that make maps of noise smooth in each hemisphere, of unit variance."""
    atlas = load_atlas(ATLAS)
    if not mm:
        return atlas, np.eye(len(atlas))
    apart = np.linalg.norm(atlas.centres_mm[:, None] - atlas.centres_mm, axis=2)
    side = np.array([r.hemisphere for r in atlas.regions])
    weights = np.exp(-((apart / mm) ** 2) / 2) * (side[:, None] == side)
    return atlas, weights / np.linalg.norm(weights, axis=1, keepdims=True)


def _map(mm: float, rng: np.random.Generator, *shape: int) -> Array:
    atlas, weights = _smoother(mm)
    return np.asarray(rng.normal(size=(*shape, len(atlas))) @ weights.T)


def _pairs(mm: float, n: int, rng: np.random.Generator) -> Found:
    atlas = _smoother(mm)[0]
    found = [
        map_correlation(_map(mm, rng), _map(mm, rng), atlas, seed=int(rng.integers(SEEDS)))
        for _ in range(n)
    ]
    return only_p(np.array([nan if isinstance(one, Missing) else one.p for one in found]))


def _places(mm: float, n: int, rng: np.random.Generator) -> Found:
    atlas = _smoother(mm)[0]
    members = atlas.members("default")
    found = [
        map_enrichment(_map(mm, rng), members, atlas, seed=int(rng.integers(SEEDS)))
        for _ in range(n)
    ]
    return only_p(np.array([nan if isinstance(one, Missing) else one.p for one in found]))


def _overlaps(mm: float, mean: float, n: int, rng: np.random.Generator) -> Found:
    """The larger of p over people and p over rotations, as `placed` in the ledger takes it."""
    atlas, p = _smoother(mm)[0], np.empty(n)
    for i in range(n):
        changes = [_map(mm, rng, PEOPLE) + mean * _map(mm, rng) for _ in range(2)]
        one = overlap(*changes, atlas, seed=int(rng.integers(SEEDS))).estimate
        p[i] = np.fmax(one.p, one.p_permuted)
    return only_p(p)
