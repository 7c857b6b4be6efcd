"""Maps and sets of regions turned about each hemisphere, where no set or map ever was."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.recording import Array

Places = NDArray[np.intp]
Centres = tuple[tuple[float, ...], ...]  # of regions (mm), as a cache can keep them
SPINS = 199  # our choice: two-sided p in steps of 0.01; 1.2 s for 400 regions, once in a process
SPUN = "are the same set rotated over each hemisphere"
SHUFFLED = "are random sets of as many regions"
MIRROR = np.array([-1.0, 1.0, 1.0])


def null_sets(
    atlas: Atlas, members: Places, among: Places, *, seed: int, n: int = SPINS
) -> tuple[Places, str]:
    """Sets of as many regions as `members`, all of them in `among`, (n, k), and what they are.

    Rotations where every region has a centre in one of two hemispheres, else at random. A seed
    gives every set and every recording of the same regions the same rotations.
    """
    sides = [np.array([i for i in among if atlas.regions[i].hemisphere == s]) for s in "LR"]
    centred = bool(np.isfinite(atlas.centres_mm[among]).all())
    if not centred or sum(map(len, sides)) < len(among) or not all(map(len, sides)):
        order = np.random.default_rng(seed).permuted(np.tile(among, (n, 1)), axis=1)
        return order[:, : len(members)], SHUFFLED
    drawn = []
    for side, mirror in zip(sides, (np.ones(3), MIRROR), strict=True):
        centres = (atlas.centres_mm[side] * mirror).tolist()
        places = spins(tuple(map(tuple, centres)), seed=seed, n=n)
        drawn.append(side[places[:, np.isin(side, members)]])
    return np.hstack(drawn), SPUN


def turned_maps(atlas: Atlas, among: Places, *, seed: int, n: int) -> Places:
    """The region whose value each region takes when a map is turned, (n, n_regions of the atlas).

    among : regions of the left and right hemispheres with centres; others keep their value. Each
    takes the value that comes nearest to it (Vazquez-Rodriguez 2019), so that some are lost and
    some come twice; both hemispheres turn alike, in mirror image. Maps of noise that was smoothed
    over 10 to 30 mm (SD) correlate at p < .05 in 6 to 11 % of 600 pairs on 100 regions, and in 7 to
    15 % where each value must keep one place as in `spins`: such tests are liberal.
    """
    found = np.tile(np.arange(len(atlas)), (n, 1))
    for hemisphere, mirror in (("L", np.ones(3)), ("R", MIRROR)):
        side = np.array([i for i in among if atlas.regions[i].hemisphere == hemisphere], np.intp)
        if len(side):
            centres = (atlas.centres_mm[side] * mirror).tolist()
            found[:, side] = side[nearest(tuple(map(tuple, centres)), seed=seed, n=n)]
    return found


@lru_cache(maxsize=32)
def nearest(centres_mm: Centres, *, seed: int, n: int) -> Places:
    """Which region of one hemisphere comes nearest to each after each rotation, (n, n_regions).

    Read-only; centres as `spun` takes them.
    """
    sphere = on_sphere(np.array(centres_mm))
    drawn = rotations(n, np.random.default_rng(seed))
    found = np.array([((sphere @ turn.T) @ sphere.T).argmax(axis=0) for turn in drawn])
    found.flags.writeable = False
    return found


@lru_cache(maxsize=32)  # two hemispheres of an atlas, and of those that lack some regions
def spins(centres_mm: Centres, *, seed: int, n: int) -> Places:
    """Where each region of one hemisphere comes to lie after each random rotation, (n, n_regions).

    Read-only; centres as `spun` takes them.
    """
    found = spun(np.array(centres_mm), rotations(n, np.random.default_rng(seed)))
    found.flags.writeable = False
    return found


def rotations(n: int, rng: np.random.Generator) -> Array:
    """Random rotations of space, each as likely as any other, (n, 3, 3)."""
    q, r = np.linalg.qr(rng.standard_normal((n, 3, 3)))
    q = q * np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None, :]
    q[:, :, 0] *= np.linalg.det(q)[:, None]  # a mirror image becomes a rotation
    return np.asarray(q)


def spun(centres_mm: Array, turns: Array) -> Places:
    """Where each region comes to lie after each rotation of one hemisphere, (n, n_regions).

    centres_mm : (n_regions, 3); turns : (n, 3, 3). Centres are projected on a sphere about their
    mean and rotated (Alexander-Bloch 2018). All regions then take places at once, one each, so that
    they lie as near as can be to where the rotation puts them: the sum of squared distances is
    least (the assignment "Hungarian" of Markello & Misic 2021, who compare such nulls).

    Approximate, since the sphere of these authors is that of the inflated surface, and a region
    seldom finds a place with the same neighbours as before.
    """
    from scipy.optimize import linear_sum_assignment  # a fifth of a second that lists do not need

    sphere = on_sphere(centres_mm)
    places = np.empty((len(turns), len(sphere)), dtype=np.intp)
    for row, turn in zip(places, turns, strict=True):
        nearness = (sphere @ turn.T) @ sphere.T
        row[:] = linear_sum_assignment(nearness, maximize=True)[1]
    return places


def on_sphere(centres_mm: Array) -> Array:
    """Directions of the centres (n_regions, 3) from their mean, of length one."""
    away = centres_mm - centres_mm.mean(axis=0)
    return np.asarray(away / np.linalg.norm(away, axis=1, keepdims=True))
