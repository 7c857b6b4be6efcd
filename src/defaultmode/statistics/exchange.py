"""What may change places, or sign, if the null hypothesis holds, and the draws of it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import factorial, prod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError

Array = NDArray[np.float64]
Places = NDArray[np.intp]
Signs = NDArray[np.int8]
NOTHING_TO_EXCHANGE = "E422"


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """Exchangeability blocks of n rows (Winkler 2015).

    within : (n,) label of the block of each row, such as its site, or its participant where the
        effect lies within participants; nothing leaves its block
    whole : (n,) label of the unit of each row, such as its participant where the effect lies
        between participants; its rows move together, in the order in which they stand, and change
        places with a unit of as many rows
    flips : signs are flipped, of one sample or of paired differences, and nothing moves
    """

    within: ArrayLike | None = None
    whole: ArrayLike | None = None
    flips: bool = False

    def at(self, rows: Places, n: int) -> "Exchange":
        """What may change places among some of n rows; raises E422 where labels do not fit."""
        given = (self.within, self.whole)
        labels = [None if g is None else _labels(g, n, rows)[rows] for g in given]
        return Exchange(labels[0], labels[1], self.flips)


FREE = Exchange()  # any row with any other


@dataclass(frozen=True, slots=True, eq=False)
class Shuffles:
    """Arrangements of a design of n rows.

    order : (n_shuffles, n), the row of the design that stands beside each row of the data
    sign : (n_shuffles, n), ±1; None where nothing is flipped
    complete : whether these are all the arrangements that differ, each once
    """

    order: Places
    sign: Signs | None
    complete: bool

    def __len__(self) -> int:
        return len(self.order)

    def of(self, column: Array, *, squared: bool = False) -> Array:
        """A column of the design (n,) in every arrangement, (n_shuffles, n).

        squared : it is a product of two columns, whose signs cancel
        """
        moved = column[self.order]
        return moved if squared or self.sign is None else moved * self.sign

    def parts(self, size: int) -> Iterator["Shuffles"]:
        """The same arrangements, `size` at a time."""
        for start in range(0, len(self), size):
            here = slice(start, start + size)
            sign = None if self.sign is None else self.sign[here]
            yield Shuffles(self.order[here], sign, self.complete)

    def p(self, exceeding: NDArray[np.intp]) -> Array:
        """Probability under the null where b = `exceeding` arrangements are as extreme as the data.

        b / m where all m are here, (b + 1) / (m + 1) where m were drawn (Phipson & Smyth 2010).
        """
        if self.complete:
            return np.asarray(exceeding / len(self))
        return np.asarray((exceeding + 1) / (len(self) + 1))


def as_it_is(n: int) -> Shuffles:
    """The one arrangement in which the data came."""
    return Shuffles(np.arange(n)[None], None, complete=False)


def shuffles(
    design: Array, exchange: Exchange, *, n_permutations: int, rng: np.random.Generator
) -> Shuffles:
    """All arrangements of a design (n, n_columns) that differ, or as many random ones.

    All, where they are no more than `n_permutations`; rows, or units of rows, that are alike in
    every column are not told apart. Raises E422 where there is no arrangement but the given one,
    where a unit lies in two blocks, or where labels do not fit the rows.
    """
    classes = _classes(len(design), exchange)
    n_units = sum(len(units) for units in classes)
    kinds = [_kinds(design, units) for units in classes]
    found = 2**n_units if exchange.flips else prod(_arrangements(k) for k in kinds)
    if found < 2:
        msg = (
            f"{len(design)} rows in {n_units} units can be arranged in one way only: what is "
            "tested does not vary between rows that may change places."
        )
        raise DefaultModeError(NOTHING_TO_EXCHANGE, msg)
    complete = found <= n_permutations
    size = found if complete else n_permutations
    if exchange.flips:
        signs = _all_signs(n_units) if complete else _random_signs(n_units, size, rng)
        order = np.broadcast_to(np.arange(len(design)), (size, len(design)))
        return Shuffles(order, _by_row(signs, classes, len(design)), complete)
    if complete:
        every = product(*([*_distinct(k)] for k in kinds))
        sources = [np.array(column) for column in zip(*every, strict=True)]
    else:
        units = (np.tile(np.arange(len(c)), (size, 1)) for c in classes)
        sources = [rng.permuted(u, axis=1, out=u) for u in units]
    return Shuffles(_in_rows(classes, sources), None, complete)


def _classes(n: int, exchange: Exchange) -> list[Places]:
    """Units that may change places with one another, as their rows (n_units, n_rows)."""
    within = _labels(exchange.within, n, np.zeros(n, dtype=np.intp))
    whole = _labels(exchange.whole, n, np.arange(n))
    classes: dict[tuple[int, int], list[Places]] = {}
    ends = np.cumsum(np.bincount(whole))[:-1]
    for rows in np.split(np.argsort(whole, kind="stable"), ends):
        block = within[rows]
        if (block != block[0]).any():
            at = ", ".join(str(r) for r in rows)
            msg = f"rows {at} belong together and lie in different blocks."
            raise DefaultModeError(NOTHING_TO_EXCHANGE, msg)
        classes.setdefault((int(block[0]), len(rows)), []).append(rows)
    return [np.array(units) for units in classes.values()]


def _labels(given: ArrayLike | None, n: int, default: Places) -> Places:
    if given is None:
        return default
    labels = np.asarray(given)
    if labels.shape != (n,):
        msg = f"the labels of blocks have shape {labels.shape}; expected ({n},), one for each row."
        raise DefaultModeError(NOTHING_TO_EXCHANGE, msg)
    return np.asarray(np.unique(labels.astype(str), return_inverse=True)[1], dtype=np.intp)


def _kinds(design: Array, units: Places) -> list[int]:
    """Which units are alike, as one number each, (n_units,)."""
    flat = design[units].reshape(len(units), -1)
    return [int(i) for i in np.unique(flat, axis=0, return_inverse=True)[1].ravel()]


def _arrangements(kinds: Sequence[int]) -> int:
    return factorial(len(kinds)) // prod(factorial(c) for c in Counter(kinds).values())


def _distinct(kinds: Sequence[int]) -> Iterator[list[int]]:
    """Every arrangement of units that differs, each once: which unit stands at each place.

    Units of one kind keep their order; Knuth (2011), The Art of Computer Programming 4A, 7.2.1.2 L.
    """
    members = [[u for u, kind in enumerate(kinds) if kind == k] for k in range(max(kinds) + 1)]
    a = sorted(kinds)
    while True:
        left = [iter(units) for units in members]
        yield [next(left[kind]) for kind in a]
        j = next((i for i in range(len(a) - 2, -1, -1) if a[i] < a[i + 1]), None)
        if j is None:
            return
        k = next(i for i in range(len(a) - 1, j, -1) if a[j] < a[i])
        a[j], a[k] = a[k], a[j]
        a[j + 1 :] = reversed(a[j + 1 :])


def _in_rows(classes: Sequence[Places], sources: Sequence[Places]) -> Places:
    """Row of the design beside each row, from the unit that takes each unit's place, by class."""
    moved = [
        rows[source].reshape(len(source), -1) for rows, source in zip(classes, sources, strict=True)
    ]
    rows = np.concatenate([units.ravel() for units in classes])
    order = moved[0] if len(moved) == 1 else np.hstack(moved)
    return order if (np.diff(rows) > 0).all() else order[:, np.argsort(rows)]


def _all_signs(n_units: int) -> Signs:
    bits = np.arange(2**n_units)[:, None] >> np.arange(n_units) & 1
    return (1 - 2 * bits).astype(np.int8)


def _random_signs(n_units: int, size: int, rng: np.random.Generator) -> Signs:
    return (1 - 2 * rng.integers(0, 2, (size, n_units), dtype=np.int8)).astype(np.int8)


def _by_row(signs: Signs, classes: Sequence[Places], n: int) -> Signs:
    """The sign of each unit at each of its rows, (n_shuffles, n)."""
    unit = np.empty(n, dtype=np.intp)
    first = 0
    for rows in classes:
        unit[rows] = np.arange(first, first + len(rows))[:, None]
        first += len(rows)
    return np.asarray(signs[:, unit])
