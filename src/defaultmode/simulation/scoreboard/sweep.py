"""The linear model over the box: every row at every draw, each brain solved once per draw."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.scoreboard.box import Draw
from defaultmode.simulation.scoreboard.judging import value_of
from defaultmode.simulation.scoreboard.quantities import LINEAR, Ground, Rest, Value, rest_of
from defaultmode.simulation.scoreboard.situations import parse_situation, situation_brain
from defaultmode.simulation.scoreboard.statements import Row

Array = NDArray[np.float64]
T = TypeVar("T")
LOST = ("E504", "E505")  # no stable rest; off the balanced branch


@dataclass(frozen=True, slots=True, eq=False)
class Swept:
    """Values of rows over draws.

    values : (n_rows, n_draws), NaN where a brain of the row came to no stable rest
    lost : error code → how many situations of all draws ended with it
    solved : how many situations were looked at
    """

    values: Array
    points: tuple[str, ...]
    lost: Mapping[str, int]
    solved: int


class _Looking:
    """What one draw shows, solved when first looked at."""

    def __init__(self, draw: Draw, base: Brain, ground: Ground) -> None:
        self._draw, self._base, self._ground = draw, base, ground
        self._rests: dict[str, Rest | DefaultModeError] = {}
        self._values: dict[tuple[str, str, str], Value | DefaultModeError] = {}

    def __call__(self, situation: str, quantity: str, preset: str) -> Array:
        key = (situation, quantity, preset)
        if key not in self._values:
            self._values[key] = _kept(lambda: LINEAR[quantity](self._rest(situation), preset))
        return np.asarray(_given(self._values[key]))

    def _rest(self, situation: str) -> Rest:
        if situation not in self._rests:
            self._rests[situation] = _kept(lambda: self._solve(situation))
        return _given(self._rests[situation])

    def _solve(self, situation: str) -> Rest:
        named = parse_situation(situation)
        brain = situation_brain(named, self._base, self._ground, self._draw)
        return rest_of(brain, self._ground)

    @property
    def codes(self) -> tuple[str, ...]:
        """Error code of every situation looked at, empty where it rests."""
        found = self._rests.values()
        return tuple(r.code if isinstance(r, DefaultModeError) else "" for r in found)


def sweep(
    rows: Sequence[Row],
    drawn: Sequence[Draw],
    bases: Mapping[str, Brain],
    ground: Ground,
    *,
    progress: Callable[[float], None] | None = None,
) -> Swept:
    """Every row that the linear model can answer, at every draw.

    bases : operating point → its healthy brain; progress : told the share done, 0 to 1
    Raises what is neither E504 nor E505: those are counted, and the row's value is NaN.
    """
    values = np.full((len(rows), len(drawn)), np.nan)
    codes: list[str] = []
    for k, draw in enumerate(drawn):
        looking = _Looking(draw, bases[draw.point], ground)
        for i, row in enumerate(rows):
            values[i, k] = _value(row, looking)
        codes += looking.codes
        if progress is not None:
            progress((k + 1) / len(drawn))
    lost = {code: codes.count(code) for code in sorted(set(codes) - {""})}
    return Swept(values, tuple(draw.point for draw in drawn), lost, len(codes))


def joined(parts: Sequence[Swept]) -> Swept:
    """The same rows over the draws of all parts, in their order."""
    codes = sorted({code for part in parts for code in part.lost})
    return Swept(
        np.concatenate([part.values for part in parts], axis=1),
        tuple(point for part in parts for point in part.points),
        {code: sum(part.lost.get(code, 0) for part in parts) for code in codes},
        sum(part.solved for part in parts),
    )


def answers(row: Row) -> bool:
    """Whether the linear model has an answer to a row."""
    return row.statement.asks == "network" and row.statement.quantity in LINEAR


def _value(row: Row, looking: _Looking) -> float:
    quantity, preset = row.statement.quantity, row.preset
    try:
        value = float(value_of(row, lambda situation: looking(situation, quantity, preset)))
    except DefaultModeError as problem:
        if problem.code not in LOST:
            raise
        return float("nan")
    return value if np.isfinite(value) else float("nan")


def _kept(solve: Callable[[], T]) -> T | DefaultModeError:
    try:
        return solve()
    except DefaultModeError as problem:
        return problem


def _given(found: T | DefaultModeError) -> T:
    if isinstance(found, DefaultModeError):
        raise found
    return found
