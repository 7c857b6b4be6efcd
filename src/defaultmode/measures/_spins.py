"""Sets of regions that never were: as many, turned about each hemisphere or drawn at random."""

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.recording import Array

Places = NDArray[np.intp]
SPINS = 1000  # rotations, the fewest that SCIENCE.md asks for (M20)
SPUN = "are the same set rotated over each hemisphere"
SHUFFLED = "are random sets of as many regions"
MIRROR = np.array([-1.0, 1.0, 1.0])


def null_sets(
    atlas: Atlas, members: Places, among: Places, rng: np.random.Generator, *, n: int = SPINS
) -> tuple[Places, str]:
    """Sets of as many regions as `members`, all of them in `among`, (n, k), and what they are.

    Rotations where every region has a centre in one of two hemispheres, else at random.
    """
    sides = [np.array([i for i in among if atlas.regions[i].hemisphere == s]) for s in "LR"]
    centred = bool(np.isfinite(atlas.centres_mm[among]).all())
    if not centred or sum(map(len, sides)) < len(among) or not all(map(len, sides)):
        return among[np.argsort(rng.random((n, len(among))), axis=1)[:, : len(members)]], SHUFFLED
    turns = rotations(n, rng)
    found = [
        spun(atlas.centres_mm[side] * mirror, np.flatnonzero(np.isin(side, members)), turns)
        for side, mirror in zip(sides, (np.ones(3), MIRROR), strict=True)
    ]
    return np.hstack([side[places] for side, places in zip(sides, found, strict=True)]), SPUN


def rotations(n: int, rng: np.random.Generator) -> Array:
    """Random rotations of space, each as likely as any other, (n, 3, 3)."""
    q, r = np.linalg.qr(rng.standard_normal((n, 3, 3)))
    q = q * np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None, :]
    q[:, :, 0] *= np.linalg.det(q)[:, None]  # a mirror image becomes a rotation
    return np.asarray(q)


def spun(centres_mm: Array, members: Places, turns: Array) -> Places:
    """Where the members of a set come to lie after each rotation of one hemisphere, (n, k).

    centres_mm : (n_regions, 3); members : (k,); turns : (n, 3, 3). Centres are projected on a
    sphere about their mean, the members' are rotated, and each takes the nearest region that no
    member has taken yet, so that sets keep their size (Alexander-Bloch 2018; one region for each
    as Váša 2018). Approximate: the sphere of these authors is that of the inflated surface.
    """
    away = centres_mm - centres_mm.mean(axis=0)
    sphere = away / np.linalg.norm(away, axis=1, keepdims=True)
    taken = np.zeros((len(turns), len(sphere)), dtype=bool)
    places = np.empty((len(turns), len(members)), dtype=np.intp)
    for column, member in enumerate(members):
        nearness = (turns @ sphere[member]) @ sphere.T
        places[:, column] = np.where(taken, -np.inf, nearness).argmax(axis=1)
        taken[np.arange(len(turns)), places[:, column]] = True
    return places
