"""How strongly signals follow the concentration of a drug: a linear model of one run."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array, Recording
from defaultmode.measures._regions import carrying, once_per_recording
from defaultmode.measures._task_model import LEAST_SHARE_LEFT, nuisance_basis, without


@dataclass(frozen=True, slots=True, eq=False)
class ExposureFit:
    """What a run's concentration explains beyond a straight line and the confounds.

    columns : (k,) regions of the atlas that carry a signal
    regressor : (n_usable,) concentration over its peak, less what nuisance explains of it
    signal : (n_usable, k) the regions, likewise
    basis : (n_usable, rank) orthonormal, what was taken off both
    """

    columns: NDArray[np.intp]
    regressor: Array
    signal: Array
    basis: Array

    def change(self, signal: Array) -> Array:
        """Change of signals (n_usable, n) at the peak of the concentration, (n,)."""
        size = self.regressor @ self.regressor
        return np.asarray(self.regressor @ signal / size)


@once_per_recording
def exposure_fit(recording: Recording) -> ExposureFit:
    """The run's concentration in plasma against the path without our band-pass.

    The concentration is not convolved with a haemodynamic response: it moves over minutes, and the
    response would only delay it by some 5 s. Constant, straight line and confounds are taken off
    both sides (Frisch & Waugh 1933), so what a drug does in a straight line is lost to the drift.
    Raises E301 as `carrying` does, E306 where plasma does not vary or is not known in every frame,
    E303 where less than 5 % of its variance is left.
    """
    plasma, usable, columns = _plasma(recording), recording.usable, carrying(recording)
    course = plasma[usable]
    if not np.isfinite(course).all():
        raise DefaultModeError("E306", "Plasma samples do not reach over the whole run.")
    if np.ptp(course) <= 0:
        raise DefaultModeError("E306", "The concentration does not vary within the run.")
    line = np.linspace(-1, 1, recording.n_time)[usable]
    basis, _ = np.linalg.qr(np.column_stack([nuisance_basis(recording), line]))
    scaled = course / course.max()
    left = without(scaled, basis)
    share = float(left @ left / np.sum((scaled - scaled.mean()) ** 2))
    if share < LEAST_SHARE_LEFT:
        msg = (
            f"A straight line and the confounds explain the concentration: {100 * share:.1f} % of "
            f"its variance is left, {100 * LEAST_SHARE_LEFT:g} % are needed."
        )
        raise DefaultModeError("E303", msg)
    path = recording.signal if recording.unfiltered is None else recording.unfiltered
    return ExposureFit(columns, left, without(path[np.ix_(usable, columns)], basis), basis)


def _plasma(recording: Recording) -> Array:
    if recording.exposure is None or isinstance(recording.exposure.plasma, Missing):
        raise DefaultModeError("E306", "No concentration is known for this run.")
    return recording.exposure.plasma
