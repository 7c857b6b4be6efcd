"""The contrasts that a design supports, each over all outcomes of a block at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from defaultmode.statistics.block import Block
from defaultmode.statistics.design import Design, Factor
from defaultmode.statistics.effects import Effects, d_av, d_z, hedges_g

Array = NDArray[np.float64]
Kind = Literal["group", "paired", "interaction", "correlation"]
ALL_PAIRS_UP_TO = 6  # levels of a within factor; above it, each is compared with the reference only


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """One comparison, with its effect on each outcome of a block; second : another effect size."""

    kind: Kind
    factor: str
    text: str
    statistic: Literal["Hedges g", "d_z", "Pearson r"]
    effects: Effects
    second: tuple[str, Array] | None = None


def contrasts(block: Block, design: Design) -> Iterator[Contrast]:
    """Everything the design supports: groups, pairs, interactions, change between groups."""
    yield from _groups(block, design)
    for factor in design.within:
        yield from _pairs(block, design, factor)
    for outer, inner in combinations(design.within, 2):
        if frozenset((outer.name, inner.name)) in design.crossed:
            yield from _interactions(block, design, outer, inner)
    for group in design.between:
        for factor in design.within:
            yield from _changes_by_group(block, design, group, factor)


def change(block: Block, design: Design, factor: Factor, *, level: str, reference: str) -> Array:
    """Each participant's values at two levels, shape (2, n_participants, k), NaN where incomplete.

    Averaged over those combinations of the crossed factors at which the participant has both.
    """
    others = design.crossed_with(factor.name)
    means = block.means(factor, *others)
    pair = np.stack([means[:, factor.levels.index(name)] for name in (level, reference)])
    return _average(pair.reshape(2, block.n_participants, -1, len(block.outcomes)))


def compared(factor: Factor) -> list[tuple[str, str]]:
    """Pairs of levels, each (level, the one it is compared with), the reference's first."""
    first = [(level, factor.reference) for level in factor.levels[1:]]
    if len(factor.levels) > ALL_PAIRS_UP_TO:
        return first
    return first + [(b, a) for a, b in combinations(factor.levels[1:], 2)]


def _average(cells: Array) -> Array:
    """Mean over axis −2 of the cells in which everything along axis 0 is known."""
    complete = np.isfinite(cells).all(axis=0)
    count = complete.sum(axis=-2)
    total = np.where(complete, cells, 0.0).sum(axis=-2)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _groups(block: Block, design: Design) -> Iterator[Contrast]:
    where = [(f, f.reference) for f in design.baseline]
    means = block.at(*where).means()
    place = _place(_stated(where))
    for factor in design.between:
        group = block.group(factor)
        for i, level in enumerate(factor.levels[1:], start=1):
            effects = hedges_g(means[group == i], means[group == 0])
            text = f"{level} − {factor.reference}{place}"
            yield Contrast("group", factor.name, text, "Hedges g", effects)


def _pairs(block: Block, design: Design, factor: Factor) -> Iterator[Contrast]:
    """Each pair of levels: over everything, within the levels of crossed factors, within groups."""
    others = design.crossed_with(factor.name)
    everyone = ["all groups together"] if design.between else []
    over = [f"mean over {o.name}" for o in others]
    for level, reference in compared(factor):
        step = f"{level} − {reference}"
        pair = change(block, design, factor, level=level, reference=reference)
        yield _paired(factor, step + _place(over + everyone), pair)
        for other in others:
            for at in other.levels:
                rows = block.at((other, at))
                part = change(rows, design, factor, level=level, reference=reference)
                place = _place(_stated([(other, at)]) + everyone)
                yield _paired(factor, step + place, part)
        for group in design.between:
            belongs = block.group(group)
            for i, name in enumerate(group.levels):
                place = _place([f"{group.name} = {name}", *over])
                yield _paired(factor, step + place, pair[:, belongs == i])


def _paired(factor: Factor, text: str, pair: Array) -> Contrast:
    second = ("d_av", d_av(pair[0], pair[1]))
    return Contrast("paired", factor.name, text, "d_z", d_z(pair[0], pair[1]), second)


def _interactions(block: Block, design: Design, outer: Factor, inner: Factor) -> Iterator[Contrast]:
    others = design.crossed_with(outer.name, inner.name)
    means = block.means(outer, inner, *others)
    flat = means.reshape(*means.shape[:3], -1, means.shape[-1])
    for i, level in enumerate(outer.levels[1:], start=1):
        for j, inside in enumerate(inner.levels[1:], start=1):
            cells = np.stack([flat[:, i, j], flat[:, i, 0], flat[:, 0, j], flat[:, 0, 0]])
            a, b, c, d = _average(cells)
            step = f"{inside} − {inner.reference}"
            text = f"({step}, {level}) − ({step}, {outer.reference})"
            name = f"{outer.name} × {inner.name}"
            yield Contrast("interaction", name, text, "d_z", d_z(a - b, c - d))


def _changes_by_group(
    block: Block, design: Design, group: Factor, factor: Factor
) -> Iterator[Contrast]:
    belongs = block.group(group)
    for level in factor.levels[1:]:
        after, before = change(block, design, factor, level=level, reference=factor.reference)
        for i, name in enumerate(group.levels[1:], start=1):
            step = f"{level} − {factor.reference}"
            text = f"({step}, {name}) − ({step}, {group.reference})"
            effects = hedges_g((after - before)[belongs == i], (after - before)[belongs == 0])
            joint = f"{group.name} × {factor.name}"
            yield Contrast("interaction", joint, text, "Hedges g", effects)


def _stated(where: Sequence[tuple[Factor, str]]) -> list[str]:
    return [f"{factor.name} = {level}" for factor, level in where]


def _place(parts: Sequence[str]) -> str:
    """Where a contrast holds and what it is pooled over, so that nobody takes it for another."""
    return f" ({', '.join(parts)})" if parts else ""
