"""The restricted likelihood of a random intercept as a function of one variance ratio."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.statistics.mixed_fit import Rows

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

_STEP, _END = 0.25, 18.0  # of log(1 + n λ); at its end participants differ e¹⁸ times more than rows
_TOLERANCE = 1e-11
_ITERATIONS = 60
_FLOOR = 1e-26  # share of the squares below which the rest is arithmetic
_NOTHING = 1e-10  # eigenvalues below this share of the largest are arithmetic


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """What the outcomes hold along the eigenvectors of the participants beyond the model.

    The restricted likelihood of the variance ratio λ needs no more than these: residual squares
    are Σ energy / (1 + λ size) + rest, the log determinant is Σ count log(1 + λ size).
    size, count : (r,); energy : (r, k); rest : (k,); freedom : n − p; largest : rows of anybody
    """

    size: Array
    count: Array
    energy: Array
    rest: Array
    freedom: int
    largest: float

    def squares(self, ratio: Array) -> Array:
        """Residual squares at one ratio per outcome, (k,)."""
        return np.asarray(self.rest + (self.energy / (1 + self.size[:, None] * ratio)).sum(axis=0))

    def log_determinant(self, ratio: Array) -> Array:
        """Of the covariance of the error contrasts, shape of `ratio`."""
        return np.asarray(self.count @ np.log1p(np.multiply.outer(self.size, ratio)))

    def slopes(self, ratio: Array) -> tuple[Array, Array, Array, Array]:
        """First and second derivatives by λ of the squares and of the log determinant, (k,)."""
        share = self.size[:, None] / (1 + self.size[:, None] * ratio)
        first = self.energy * share**2 / self.size[:, None]
        squares = -first.sum(axis=0), 2 * (first * share).sum(axis=0)
        return *squares, self.count @ share, -self.count @ share**2


@dataclass(frozen=True, slots=True, eq=False)
class Whitened:
    """The model in an orthonormal basis, summed over participants with equally many rows.

    coefficients : (p, k), of least squares; back : (p, p), from that basis to the columns
    sizes : (d,), rows of a participant; products : (d, p, p), Σ ss′ of their sums s over the rows
    mixed : (d, p, k), the same with the sums of the residuals
    """

    coefficients: Array
    back: Array
    sizes: Array
    products: Array
    mixed: Array


def reduce(rows: Rows) -> tuple[Whitened, Spectrum]:
    """What the coefficients and what the likelihood need of complete rows."""
    q, r = np.linalg.qr(rows.x)
    beta = q.T @ rows.y
    residual = rows.y - q @ beta
    people, left, n = rows.sums(q), rows.sums(residual), rows.sizes
    sizes = np.unique(n)
    members = [n == size for size in sizes]
    white = Whitened(
        beta,
        np.linalg.inv(r),
        sizes.astype(np.float64),
        np.array([people[m].T @ people[m] for m in members]),
        np.array([people[m].T @ left[m] for m in members]),
    )
    size, count, energy = _eigen(people, left, n)
    whole = (residual**2).sum(axis=0)
    rest = np.maximum(whole - energy.sum(axis=0), _FLOOR * (rows.y**2).sum(axis=0))
    freedom = len(residual) - q.shape[1]
    return white, Spectrum(size, count, energy, rest, freedom, float(sizes[-1]))


def _eigen(people: Array, left: Array, n: NDArray[np.intp]) -> tuple[Array, Array, Array]:
    """Eigenvalues of the participants beyond the model, how often each, and the squares on them.

    Among participants of equal size all that is orthogonal to the model's sums has that size as
    its eigenvalue, so that only a matrix of p dimensions for each size is left to decompose.
    people : (n_participants, p), sums of the orthonormal model; left : of the residuals
    """
    size, count, energy, bases = [], [], [], []
    for each in np.unique(n):
        members = np.flatnonzero(n == each)
        u, s, _ = np.linalg.svd(people[members], full_matrices=False)
        basis = u[:, s > np.sqrt(_NOTHING * each)]
        wide = np.zeros((len(n), basis.shape[1]))
        wide[members] = basis
        bases.append(wide)
        if len(members) > basis.shape[1]:
            beyond = left[members] - basis @ (basis.T @ left[members])
            size.append(np.array([float(each)]))
            count.append(np.array([float(len(members) - basis.shape[1])]))
            energy.append((beyond**2).sum(axis=0, keepdims=True) / each)
    basis = np.hstack(bases)
    reach = basis.T @ people
    values, vectors = np.linalg.eigh(basis.T @ (basis * n[:, None]) - reach @ reach.T)
    real = values > _NOTHING * n.max()
    along = vectors[:, real].T @ (basis.T @ left)
    size.append(values[real])
    count.append(np.ones(real.sum()))
    energy.append(along**2 / values[real, None])
    return np.concatenate(size), np.concatenate(count), np.concatenate(energy)


def best_ratio(spectrum: Spectrum, *, negative: bool) -> tuple[Array, Flags]:
    """Variance ratio λ of each outcome at the global optimum, and whether it was reached.

    A grid shared by all outcomes finds the right hill, Newton's steps inside its bracket the top.
    They are taken in log(1 + n λ), which is 0 at λ = 0 and −∞ at the most negative correlation.
    """
    grid = np.arange(-_END if negative else 0.0, _END + _STEP, _STEP)
    ratios = np.expm1(grid) / spectrum.largest
    shrink = 1 / (1 + np.multiply.outer(ratios, spectrum.size))
    squares = shrink @ spectrum.energy + spectrum.rest
    height = spectrum.freedom * np.log(squares) + spectrum.log_determinant(ratios)[:, None]
    top = height.argmin(axis=0)
    low, high = grid[np.maximum(top - 1, 0)], grid[np.minimum(top + 1, len(grid) - 1)]
    at = grid[top]
    for _ in range(_ITERATIONS):
        slope, bend = _bend(spectrum, at)
        low, high = np.where(slope <= 0, at, low), np.where(slope > 0, at, high)
        newton = at - slope / np.where(bend > 0, bend, np.inf)
        inside = (bend > 0) & (newton >= low) & (newton <= high)
        step = np.where(inside, newton, (low + high) / 2) - at
        at = at + step
        if np.abs(step).max() <= _TOLERANCE:
            break
    found = (np.abs(step) <= 1e-6) & (at < grid[-1]) & ((at > grid[0]) | (not negative))
    return np.expm1(at) / spectrum.largest, found


def _bend(spectrum: Spectrum, at: Array) -> tuple[Array, Array]:
    """First and second derivative of −2 log likelihood by log(1 + n λ), (k,)."""
    ratio = np.expm1(at) / spectrum.largest
    squares = spectrum.squares(ratio)
    first, second, log_first, log_second = spectrum.slopes(ratio)
    relative = first / squares
    slope = spectrum.freedom * relative + log_first
    bend = spectrum.freedom * (second / squares - relative**2) + log_second
    scale = ratio + 1 / spectrum.largest
    return scale * slope, scale**2 * bend + scale * slope
