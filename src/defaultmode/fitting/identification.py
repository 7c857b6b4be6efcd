"""Whether people are recognised by their twins: by chance, one in n is."""

from dataclasses import dataclass
from math import comb, factorial

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.missing import Missing

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Identification:
    """How n people were recognised.

    accuracy : share whose own recording is the one most like their twin; chance : 1/n
    p : one-sided, exact
    differential_identifiability : own likeness less others', in hundredths of a correlation
    """

    n: int
    accuracy: float
    chance: float
    p: float
    differential_identifiability: float


def identification(likeness: Array) -> Identification | Missing:
    """Recognise people: whose held-out half correlates best with this twin (Finn 2015).

    likeness : (n, n) correlations, row: twin, column: held-out half, in the same order of people.
    p is the share of all n! ways to hand the halves to people in which as many or more would be
    recognised, so that twins which favour the same half are allowed for. A tie recognises nobody.
    The transposed likeness asks the other way round: whose twin is most like this half.
    Differential identifiability: Amico & Goñi 2018. Missing (E515) for fewer than two people.
    """
    n = len(likeness)
    if n < 2:
        return Missing(f"{n} participants; to recognise people among others needs 2", "E515")
    best = likeness == likeness.max(axis=1, keepdims=True)
    chosen = best & (best.sum(axis=1, keepdims=True) == 1)
    right = int(np.diagonal(chosen).sum())
    own = float(np.diagonal(likeness).mean())
    others = float(likeness[~np.eye(n, dtype=bool)].mean())
    return Identification(
        n=n,
        accuracy=right / n,
        chance=1.0 / n,
        p=_at_least(right, [int(count) for count in chosen.sum(axis=0)], n),
        differential_identifiability=100.0 * (own - others),
    )


def _at_least(right: int, times_chosen: list[int], n: int) -> float:
    """Share of the permutations of n halves in which `right` or more twins choose their own.

    times_chosen : how many twins chose each half. Ways to fix k matches are rook numbers, here
    elementary symmetric polynomials; inclusion and exclusion count those with exactly k (Riordan
    1958, chapter 7).
    """
    rooks = [1] + [0] * n
    for times in times_chosen:
        for k in range(n, 0, -1):
            rooks[k] += times * rooks[k - 1]
    fixing = [rooks[k] * factorial(n - k) for k in range(n + 1)]
    exactly = [
        sum((1 - (j - k) % 2 * 2) * comb(j, k) * fixing[j] for j in range(k, n + 1))
        for k in range(n + 1)
    ]
    return sum(exactly[right:]) / factorial(n)
