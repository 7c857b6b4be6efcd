"""The box of plausible parameters: read, drawn from, and laid on the effects of the registries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.effects import Effect
from defaultmode.simulation.toml_table import Table, parse_toml

KINDS = ("point", "change", "slope", "level", "recovered")


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """One number that nobody knows exactly, uniform between low and high.

    what : as `box.toml` explains; of : drug, condition or event; parameter, how : of its effects
    typical : what the runs over seeds use
    """

    name: str
    what: str
    of: str
    parameter: str
    how: str
    low: float
    high: float
    typical: float
    reason: str
    source: str

    def changes(self, owner: str, effect: Effect) -> bool:
        """Whether this range stands in for a number of an effect of `owner`."""
        if owner != self.of:
            return False
        if self.what == "slope":
            return effect.where.startswith("map:")
        same = (effect.parameter, effect.how) == (self.parameter, self.how)
        return self.what == "change" and same


@dataclass(frozen=True, slots=True)
class Box:
    """All ranges, and the operating points to choose from."""

    ranges: tuple[Range, ...]

    @property
    def continuous(self) -> tuple[Range, ...]:
        """The ranges that are numbers."""
        return tuple(r for r in self.ranges if r.what != "point")


@dataclass(frozen=True, slots=True)
class Draw:
    """One corner of the box: an operating point, and a value for every range."""

    point: str
    box: Box
    values: Mapping[str, float]

    def effect(self, owner: str, effect: Effect) -> Effect:
        """An effect of a drug, condition or event with this draw's numbers in it."""
        for r in self.box.ranges:
            if r.changes(owner, effect):
                value = self.values[r.name]
                slope = r.what == "slope"
                effect = replace(effect, slope=value) if slope else replace(effect, change=value)
        return effect

    def level(self, owner: str) -> float:
        """The level at which a treatment acts, 1 where the box has no range for it."""
        return self._only("level", owner, 1.0)

    @property
    def recovered(self) -> float:
        """Share of a condition's level that the standard dose of ketamine undoes in 24 h."""
        return self._only("recovered", "", 0.0)

    def _only(self, what: str, owner: str, otherwise: float) -> float:
        found = [r.name for r in self.box.ranges if (r.what, r.of) == (what, owner)]
        return self.values[found[0]] if found else otherwise


@cache
def read_box() -> Box:
    """The packaged box; raises E510 where its file is not valid."""
    text = files(__package__).joinpath("box.toml").read_text("utf-8")
    with Table(parse_toml(text, "box.toml"), "box.toml") as whole:
        ranges = whole.table("range")
        return Box(tuple(_range(name, ranges.table(name)) for name in ranges.keys))


def typical(box: Box, point: str) -> Draw:
    """Every number at its typical value."""
    return Draw(point, box, {r.name: r.typical for r in box.continuous})


def draws(box: Box, points: Sequence[str], n: int, *, seed: int) -> tuple[Draw, ...]:
    """A Latin hypercube of `n` draws over the box (McKay 1979), the points in equal shares.

    Raises E411 for fewer than one draw, E511 for no point.
    """
    if n < 1:
        raise DefaultModeError("E411", f"{n} draws; expected 1 or more.")
    if not points:
        raise DefaultModeError("E511", "there is no operating point to draw.")
    rng = np.random.default_rng(seed)
    cells = rng.permuted(np.tile(np.arange(n), (len(box.continuous) + 1, 1)), axis=1)
    where = (cells + rng.random(cells.shape)) / n
    chosen = [points[int(u * len(points))] for u in where[-1]]
    found = []
    for k, point in enumerate(chosen):
        values = {
            r.name: r.low + float(u) * (r.high - r.low)
            for r, u in zip(box.continuous, where[:-1, k], strict=True)
        }
        found.append(Draw(point, box, values))
    return tuple(found)


def _range(name: str, raw: Table) -> Range:
    with raw as t:
        what = t.one_of("what", KINDS)
        number = what != "point"
        of = t.text("of") if what in {"change", "slope", "level"} else ""
        found = Range(
            name=name,
            what=what,
            of=of,
            parameter=t.text("parameter") if what == "change" else "",
            how=t.one_of("how", ("relative", "added")) if what == "change" else "",
            low=t.number("low") if number else 0.0,
            high=t.number("high") if number else 0.0,
            typical=t.number("typical") if number else 0.0,
            reason=t.text("reason"),
            source=t.text("source"),
        )
        if not found.low <= found.typical <= found.high:
            raise t.refuse("typical", "a number from low to high")
    return found
