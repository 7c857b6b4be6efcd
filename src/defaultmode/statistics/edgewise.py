"""One coefficient of a linear mixed model at every edge of a connectivity matrix."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.statistics.effects import false_discovery
from defaultmode.statistics.mixed import linear_model, mixed_model
from defaultmode.statistics.mixed_fit import MixedFit

Array = NDArray[np.float64]
FDR = 0.05
BLOCK = 4096  # edges at once: some 30 MB for ten columns


@dataclass(frozen=True, slots=True, eq=False)
class Edgewise:
    """One coefficient at each of e edges; every array has shape (e,), NaN where there is no fit.

    column : the coefficient; coefficient, standard_error : in the unit of the edges, Fisher z
    p : two-sided; p_fdr : Benjamini–Hochberg over the edges; icc : NaN without random participants
    reason : why there is no fit; empty where there is one; seconds : how long the fits took
    """

    column: str
    coefficient: Array
    standard_error: Array
    df: Array
    t: Array
    p: Array
    p_fdr: Array
    icc: Array
    reason: NDArray[np.object_]
    seconds: float

    @property
    def n_tested(self) -> int:
        """Edges with a fit."""
        return int(np.isfinite(self.p).sum())

    @property
    def n_higher(self) -> int:
        """Edges with a positive coefficient at a false discovery rate of 5 %."""
        return int(((self.p_fdr <= FDR) & (self.t > 0)).sum())

    @property
    def n_lower(self) -> int:
        """Edges with a negative coefficient at a false discovery rate of 5 %."""
        return int(((self.p_fdr <= FDR) & (self.t < 0)).sum())


def edgewise(
    edges: ArrayLike,
    x: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    names: Sequence[str],
    column: str,
    block: int = BLOCK,
) -> Edgewise:
    """The same model at every edge, with a random intercept per participant, or none.

    edges : (n, e), one row per recording; x : (n, p), with the constant; names : of its columns
    groups : (n,), whose recording it is; None fits ordinary least squares
    column : the coefficient to return; block : edges fitted at once, which bounds the memory
    Raises E419 for a column that is not there or aliased ones, E437, E439.
    Laird & Ware (1982); Benjamini & Hochberg (1995).
    """
    if column not in names:
        msg = f"the model has no column {column!r}; it has {', '.join(names)}."
        raise DefaultModeError("E419", msg)
    from threadpoolctl import threadpool_limits

    place, began = list(names).index(column), time.perf_counter()
    values = np.asarray(edges, dtype=np.float64)
    with threadpool_limits(1):  # products too small to share: on a busy machine threads only wait
        fits = list(_blocks(values, np.asarray(x, dtype=np.float64), groups, names, block))
    seconds = time.perf_counter() - began
    p = np.concatenate([fit.p[place] for fit in fits])
    return Edgewise(
        column,
        np.concatenate([fit.coefficients[place] for fit in fits]),
        np.concatenate([fit.standard_errors[place] for fit in fits]),
        np.concatenate([fit.df[place] for fit in fits]),
        np.concatenate([fit.t[place] for fit in fits]),
        p,
        false_discovery(p),
        np.concatenate([fit.icc for fit in fits]),
        np.concatenate([fit.reason for fit in fits]),
        seconds,
    )


def _blocks(
    values: Array, x: Array, groups: ArrayLike | None, names: Sequence[str], size: int
) -> Iterator[MixedFit]:
    for start in range(0, values.shape[1], size):
        some = values[:, start : start + size]
        if groups is None:
            yield linear_model(some, x, np.arange(len(x)), names=names)
        else:
            yield mixed_model(some, x, groups, names=names)
