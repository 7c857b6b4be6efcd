"""How strongly each region follows the task of a run: a general linear model of its events."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array, Recording
from defaultmode.measures._regions import carrying, once_per_recording
from defaultmode.measures._task_design import filtered_alike, task_design

LEAST_SHARE_LEFT = 0.05  # our own: under it the confounds explain the task, not the brain
SMALLEST = 1e-8  # a singular value below this share of the largest is rounding


@dataclass(frozen=True, slots=True, eq=False)
class TaskFit:
    """The contrast task − rest of the regions that carry a signal.

    columns : (k,) of the atlas; activation : (k,), in the signal's unit, of a lasting task
    each : trial type that is a task and can be told from rest → its own activation, (k,)
    residual : (n_usable, k) what the model leaves; spread : standard deviation of the contrast for
        residuals of standard deviation 1; freedom : degrees of freedom of the residual
    """

    columns: NDArray[np.intp]
    activation: Array
    each: Mapping[str, Array]
    residual: Array
    spread: float
    freedom: int

    def mean(self, members: NDArray[np.intp]) -> float:
        """Mean activation of these regions of the atlas."""
        return float(self.activation[np.isin(self.columns, members)].mean())

    def error(self, members: NDArray[np.intp]) -> float:
        """Standard error of their mean activation, for residuals that are white over time."""
        mean = self.residual[:, np.isin(self.columns, members)].mean(axis=1)
        return float(self.spread * np.sqrt(mean @ mean / self.freedom))


@once_per_recording
def task_fit(recording: Recording) -> TaskFit:
    """Least-squares fit of the task's regressors to the path without our band-pass.

    Over the usable frames, with all that denoising removed as confounds: the regressors are
    residualised against it, which gives the coefficients of the one-step model (Frisch & Waugh
    1933). Where the signal came filtered, the regressors pass a filter of the same corners.

    Raises E301 as `carrying` does, E306 where there is no contrast (no task, or no rest beside it)
    and E303 where confounds or filters take it away.
    """
    columns, usable = carrying(recording), recording.usable
    path = recording.signal if recording.unfiltered is None else recording.unfiltered
    design, nuisance = task_design(recording), nuisance_basis(recording)
    left = without(filtered_alike(design.regressors, recording)[usable], nuisance)
    _check_share(_share_left(design.regressors[usable], left, design.contrast))
    rank = np.linalg.matrix_rank(left, tol=SMALLEST * float(np.linalg.norm(left)))
    freedom = int(usable.sum()) - nuisance.shape[1] - int(rank)
    if freedom < 1:
        raise DefaultModeError("E303", "Task and confounds leave no degree of freedom.")
    signal = without(path[np.ix_(usable, columns)], nuisance)
    inverse = np.linalg.pinv(left, rcond=SMALLEST)
    betas = inverse @ signal
    each = {
        name: contrast @ betas
        for name, contrast in design.each.items()
        if _share_left(design.regressors[usable], left, contrast) >= LEAST_SHARE_LEFT
    }
    spread = float(np.linalg.norm(design.contrast @ inverse))
    residual = signal - left @ betas
    return TaskFit(columns, design.contrast @ betas, each, residual, spread, freedom)


def nuisance_basis(recording: Recording) -> Array:
    """Orthonormal columns that span what was removed and a constant, (n_usable, rank)."""
    constant = np.ones((int(recording.usable.sum()), 1))
    if recording.removed is None:
        return _basis(constant)
    return _basis(np.column_stack([constant, recording.removed[recording.usable]]))


def _share_left(design: Array, left: Array, contrast: Array) -> float:
    """Share of the variance of a contrast that is left, NaN where the design does not hold it."""
    alone = _efficiency(design - design.mean(axis=0), contrast)
    return _efficiency(left, contrast) / alone if alone else float("nan")


def _check_share(share: float) -> None:
    if np.isnan(share):
        msg = "Trial types of task and rest always come together and cannot be told apart."
        raise DefaultModeError("E306", msg)
    if share < LEAST_SHARE_LEFT:
        msg = (
            f"Confounds and filters take the task away: {100 * share:.1f} % of the variance of its "
            f"contrast is left, {100 * LEAST_SHARE_LEFT:g} % are needed."
        )
        raise DefaultModeError("E303", msg)


def _efficiency(design: Array, contrast: Array) -> float:
    """Precision of the contrast for noise of variance 1, 0 where the design does not hold it."""
    _, sizes, right = np.linalg.svd(design, full_matrices=False)
    held = sizes > SMALLEST * max(np.sqrt(len(design)), sizes[0])
    shares = right[held] @ contrast
    if not held.any() or not np.isclose(np.linalg.norm(shares), np.linalg.norm(contrast)):
        return 0.0
    return float(1 / np.sum((shares / sizes[held]) ** 2))


def _basis(columns: Array) -> Array:
    """Orthonormal columns that span the same, empty ones and doubles left out."""
    length = np.linalg.norm(columns, axis=0)
    left, sizes, _ = np.linalg.svd(columns[:, length > 0] / length[length > 0], full_matrices=False)
    return np.asarray(left[:, sizes > SMALLEST * sizes[0]])


def without(columns: Array, basis: Array) -> Array:
    """Columns (n, k) less what an orthonormal basis (n, rank) explains of them, (n, k)."""
    return np.asarray(columns - basis @ (basis.T @ columns))
