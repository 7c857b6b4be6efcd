"""Whether the columns of a model can be told apart, and which of them cannot."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError

Array = NDArray[np.float64]
_SAME = 1e-8  # share of a column's length below which what is left of it is arithmetic


def check_design(x: Array, names: Sequence[str]) -> None:
    """Refuse columns of a model that do not vary or that say the same as others.

    x : (n, p), one of its columns may be the constant; names : of the p columns.
    Raises E437 for a second column that does not vary, E419 for aliased columns, with names.
    """
    if x.ndim != 2 or x.shape[1] != len(names):
        msg = f"the model has shape {x.shape}; expected (n rows, {len(names)} named columns)."
        raise DefaultModeError("E419", msg)
    check_varying(x[:, _not_the_constant(x)], [names[j] for j in _not_the_constant(x)])
    same = aliased(x)
    if same:
        listed = ", ".join(names[j] for j in same)
        msg = f"{len(x)} rows cannot tell these columns apart: {listed}. Leave one of them out."
        raise DefaultModeError("E419", msg)


def check_varying(x: Array, names: Sequence[str]) -> None:
    """Refuse a column of (n, q) that does not vary; raises E437 with its name."""
    for column, name in zip(x.T, names, strict=True):
        known = column[np.isfinite(column)]
        if not len(known) or np.ptp(known) <= _SAME * np.abs(known).max():
            what = f"is {known[0]:g}" if len(known) else "is missing"
            msg = f"column {name!r} {what} in all {len(x)} rows; a covariate must vary."
            raise DefaultModeError("E437", msg)


def aliased(x: ArrayLike) -> tuple[int, ...]:
    """Columns of (n, p) that are linear combinations of one another; empty at full rank."""
    columns = np.asarray(x, dtype=np.float64)
    lengths = np.linalg.norm(columns, axis=0)
    unit = columns / np.where(lengths > 0, lengths, 1.0)
    triangle = np.linalg.qr(unit, mode="r")  # the same null space in p rows at most
    sizes, directions = np.linalg.svd(triangle, full_matrices=True)[1:]
    rank = int((sizes > _SAME * sizes.max(initial=0.0)).sum())
    null = directions[rank:]
    return tuple(int(j) for j in np.flatnonzero((np.abs(null) > 1e-6).any(axis=0)))


def _not_the_constant(x: Array) -> list[int]:
    constant = [j for j in range(x.shape[1]) if np.ptp(x[:, j]) == 0 and x[0, j] != 0]
    return [j for j in range(x.shape[1]) if j not in constant[:1]]
