"""Permutation tests of single outcomes, of families, and of networks."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from defaultmode.statistics.exchange import FREE, Exchange
from defaultmode.statistics.network_based import network_based
from defaultmode.statistics.permutation import permutation_p
from nulls.world import Array, Found, World, only_p

BATCH = 100  # outcomes that share their arrangements
N = 399  # arrangements: (399 + 1) × 5 % is whole, so that the test can be exact
REGIONS = 16


def worlds() -> Iterator[World]:
    """Every world of this file."""
    for name, one, nature in (
        ("groups of 8 and 8, all 12,870 arrangements drawn from", _groups, "exact"),
        ("groups of 5 and 5, all 252 arrangements", _few, "conservative"),
        ("sign flips of 10, all 1,024", _flips, "conservative"),
        ("sign flips of 20", _many_flips, "exact"),
        ("correlation of 15, skewed values", _scores, "exact"),
        ("groups of 8 and 16, unequal variances (1 to 3)", _unequal, "approximate"),
        ("Freedman–Lane: 20 people, two covariates that go with the groups", _given, "approximate"),
        ("Freedman–Lane, skewed values and covariates", _skewed, "approximate"),
        ("within 4 sites that differ in mean and in their share of patients", _sites, "exact"),
        ("whole people of 3 rows each change places", _whole, "exact"),
    ):
        yield World("permutation", name, partial(_batched, one), 0.0, nature)
    yield World(
        "permutation, family-wise",
        "20 outcomes that correlate, groups of 10",
        partial(_family, 0),
        cost=0.01,
    )
    yield World(
        "permutation, family-wise",
        "the same, one covariate",
        partial(_family, 1),
        0.0,
        "approximate",
        cost=0.01,
    )
    for size, design, said, nature, share in (
        ("intensity", "groups", "groups of 10", "exact", 1.0),
        ("extent", "groups", "groups of 10", "conservative", 0.5),
        ("intensity", "given", "one covariate", "approximate", 0.5),
        ("intensity", "flips", "sign flips of 12", "exact", 0.5),
        ("intensity", "sites", "two sites", "exact", 0.5),
    ):
        yield World(
            "network-based statistic",
            f"by {size}, 16 regions, {said}",
            partial(_networks, size, design),
            0.0,
            nature,
            share=share,
            cost=0.003,
        )


def _batched(one, n: int, rng: np.random.Generator) -> Found:
    return only_p(np.concatenate([one(min(BATCH, n - start), rng) for start in range(0, n, BATCH)]))


def _test(y: Array, x: Array, rng: np.random.Generator, **how) -> Array:
    return permutation_p(y, x, n_permutations=how.pop("n", N), rng=rng, **how).p


def _groups(k: int, rng: np.random.Generator) -> Array:
    return _test(rng.normal(size=(16, k)), np.repeat([0.0, 1.0], 8), rng)


def _few(k: int, rng: np.random.Generator) -> Array:
    return _test(rng.normal(size=(10, k)), np.repeat([0.0, 1.0], 5), rng)


def _flips(k: int, rng: np.random.Generator) -> Array:
    return _test(rng.normal(size=(10, k)), np.ones(10), rng, n=1024, exchange=Exchange(flips=True))


def _many_flips(k: int, rng: np.random.Generator) -> Array:
    return _test(rng.standard_t(3, size=(20, k)), np.ones(20), rng, exchange=Exchange(flips=True))


def _scores(k: int, rng: np.random.Generator) -> Array:
    return _test(np.exp(rng.normal(size=(15, k))), np.exp(rng.normal(size=15)), rng)


def _unequal(k: int, rng: np.random.Generator) -> Array:
    x = np.repeat([1.0, 0.0], [8, 16])
    return _test(rng.normal(size=(24, k)) * np.where(x == 1, 3, 1)[:, None], x, rng)


def _given(k: int, rng: np.random.Generator) -> Array:
    x, z = np.repeat([0.0, 1.0], 10), rng.normal(size=(20, 2))
    z[:, 0] += x
    return _test(rng.normal(size=(20, k)) + z.sum(axis=1)[:, None], x, rng, covariates=z)


def _skewed(k: int, rng: np.random.Generator) -> Array:
    x, z = np.repeat([0.0, 1.0], 10), np.exp(rng.normal(size=(20, 2)))
    return _test(np.exp(rng.normal(size=(20, k))) + z.sum(axis=1)[:, None], x, rng, covariates=z)


def _sites(k: int, rng: np.random.Generator) -> Array:
    site = np.repeat(np.arange(4), 6)
    x = np.concatenate([[1.0] * m + [0.0] * (6 - m) for m in (1, 2, 4, 5)])
    y = rng.normal(size=(24, k)) + site[:, None]
    return _test(y, x, rng, exchange=Exchange(within=site))


def _whole(k: int, rng: np.random.Generator) -> Array:
    who = np.repeat(np.arange(16), 3)
    y = rng.normal(size=(16, k))[who] + rng.normal(size=(48, k))
    return _test(y, (who < 8).astype(float), rng, exchange=Exchange(whole=who))


def _family(q: int, n: int, rng: np.random.Generator) -> Found:
    x = np.repeat([0.0, 1.0], 10)
    p = np.empty(n)
    for i in range(n):
        y = rng.normal(size=(20, 20)) + rng.normal(size=(20, 1))
        z = rng.normal(size=(20, q)) + x[:, None] if q else None
        y = y + (z if q else 0)
        found = permutation_p(y, x, covariates=z, n_permutations=N, rng=rng)
        p[i] = found.p_familywise.min()
    return only_p(p)


def _networks(size: str, design: str, n: int, rng: np.random.Generator) -> Found:
    """Connections that share regions, so that chance components have more than one edge."""
    people = 12 if design == "flips" else 20
    groups = np.repeat([0.0, 1.0], 10)
    ends = np.triu_indices(REGIONS, 1)
    exchange = {"flips": Exchange(flips=True), "sites": Exchange(within=np.tile([0, 1], 10))}
    p = np.empty(n)
    for i in range(n):
        hubs = rng.normal(size=(people, REGIONS))
        edges = rng.normal(size=(people, len(ends[0]))) + 0.7 * (
            hubs[:, ends[0]] + hubs[:, ends[1]]
        )
        x = np.ones(people) if design == "flips" else groups
        if design == "given":
            z = rng.normal(size=people) + groups
            edges, x = edges + z[:, None], np.column_stack([groups, z])
        found = network_based(
            edges,
            x,
            threshold_t=2.5,
            exchange=exchange.get(design, FREE),
            n_permutations=N,
            rng=rng,
        )
        p[i] = min(getattr(found, f"p_{size}"), default=1.0)
    return only_p(p)
