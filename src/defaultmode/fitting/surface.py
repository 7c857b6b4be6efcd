"""How far a noisy loss pins its parameters down, from points where it is known already."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.fitting.evolution import Evolved

Array = NDArray[np.float64]
KEPT = 0.5  # our own: of the points, those of lower loss; a parabola holds near the lowest only
POINTS_PER_NUMBER = 2.0  # our own: fewer points for each number of a parabola do not make one


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A parabola through losses, over the box around its points; n counts parameters.

    low, high : (n,), beyond which no point lay; centre : (n,) of lowest loss between them
    lowest : the loss there; scatter : standard deviation of the losses around the parabola
    level, slope, curvature : of the parabola in the middle of the box, in widths of it: a number,
        (n,) and (n, n), which may be bent downwards where the loss says little
    """

    low: Array
    high: Array
    centre: Array
    lowest: float
    scatter: float
    level: float
    slope: Array
    curvature: Array

    def profile(self, parameter: int, values: Array) -> Array:
        """Lowest loss that the others can reach with one parameter held, shape as `values`.

        values : of that parameter, within the box
        """
        middle, width = (self.low + self.high) / 2.0, self.high - self.low
        away = (np.asarray(values, dtype=np.float64) - middle[parameter]) / width[parameter]
        return np.array([self._lowest(parameter, float(x)) for x in away])

    def _lowest(self, parameter: int, away: float) -> float:
        bounds = [(-0.5, 0.5)] * len(self.low)
        bounds[parameter] = (away, away)
        return _bottom(self.level, self.slope, self.curvature, bounds)[1]


def surface(evolved: Evolved, losses: Array | None = None) -> Surface | None:
    """The parabola through the better half of the points that a search tried.

    losses : (n_evaluations,) in place of the search's own, such as of the same points held against
        other data; not finite where a point has none
    None where too few points are left for a parabola.
    """
    found = evolved.losses if losses is None else losses
    able = np.isfinite(found)
    kept = able & (found <= np.quantile(found[able], KEPT)) if able.any() else able
    points, n = evolved.points[kept], len(evolved.low)
    if len(points) < POINTS_PER_NUMBER * (n + 1) * (n + 2) / 2:
        return None
    low, high = points.min(axis=0), points.max(axis=0)
    middle, width = (low + high) / 2.0, high - low
    terms = _terms((points - middle) / width)
    numbers, *_ = np.linalg.lstsq(terms, found[kept], rcond=None)
    level, slope, upper = float(numbers[0]), numbers[1 : 1 + n], np.zeros((n, n))
    upper[np.triu_indices(n)] = numbers[1 + n :]
    away, lowest = _bottom(level, slope, upper + upper.T, [(-0.5, 0.5)] * n)
    return Surface(
        low=low,
        high=high,
        centre=middle + width * away,
        lowest=lowest,
        scatter=float((terms @ numbers - found[kept]).std()),
        level=level,
        slope=slope,
        curvature=upper + upper.T,
    )


def _terms(away: Array) -> Array:
    """1, every coordinate and every product of two, (n_points, n_numbers)."""
    rows, columns = np.triu_indices(away.shape[1])
    return np.column_stack([np.ones(len(away)), away, away[:, rows] * away[:, columns]])


def _bottom(
    level: float, slope: Array, curvature: Array, bounds: list[tuple[float, float]]
) -> tuple[Array, float]:
    """Where a parabola is lowest between bounds, and how low; downhill from their middle."""
    from scipy.optimize import minimize

    def parabola(away: Array) -> tuple[float, Array]:
        bent = curvature @ away
        return level + float(slope @ away + bent @ away / 2.0), slope + bent

    found = minimize(parabola, np.mean(bounds, axis=1), jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x), float(found.fun)
