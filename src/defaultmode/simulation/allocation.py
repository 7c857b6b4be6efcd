"""Who gets what where: arms, orders and sites in equal numbers, and who leaves when."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Seat:
    """One virtual person's place in a trial.

    arms : indices of the arms in the order they are received, one for each period
    site : index of the site
    """

    arms: tuple[int, ...]
    site: int


def williams(n_arms: int) -> tuple[tuple[int, ...], ...]:
    """Orders in which every arm follows every other equally often (Williams 1949).

    n_arms orders for an even number of arms, twice as many for an odd one (the square and its
    mirror image); each order names every arm once.
    """
    first = [0]
    low, high = 1, n_arms - 1
    while len(first) < n_arms:
        first.append(low if len(first) % 2 else high)
        low, high = (low + 1, high) if len(first) % 2 == 0 else (low, high - 1)
    square = [tuple((i + shift) % n_arms for i in first) for shift in range(n_arms)]
    return tuple(square if n_arms % 2 == 0 else [*square, *(order[::-1] for order in square)])


def allocate(
    orders: Sequence[tuple[int, ...]],
    counts: Sequence[int],
    n_sites: int,
    rng: np.random.Generator,
) -> tuple[Seat, ...]:
    """One seat for each person, in a random order of people.

    orders : the arms of each group in the order received; counts : people in each group
    Group sizes are as asked; the sites of a group, and of all people, differ by one person at most.
    """
    groups = [order for order, count in zip(orders, counts, strict=True) for _ in range(count)]
    sites = rng.permutation(n_sites)
    seats = [Seat(order, int(sites[i % n_sites])) for i, order in enumerate(groups)]
    return tuple(seats[int(i)] for i in rng.permutation(len(seats)))


def even_counts(n_people: int, n_groups: int) -> tuple[int, ...]:
    """Sizes of n_groups groups of n_people that differ by one at most."""
    share, rest = divmod(n_people, n_groups)
    return tuple(share + (i < rest) for i in range(n_groups))


def visits_attended(n_visits: int, dropout_per_visit: float, rng: np.random.Generator) -> int:
    """How many of its visits a person comes to: the first, then each with the same chance to leave.

    Who has left does not return, and leaving depends on nothing else (missing completely at random,
    our own assumption).
    """
    leaves = rng.random(max(n_visits - 1, 0)) < dropout_per_visit
    return 1 + int(np.argmax(leaves)) if leaves.any() else n_visits
