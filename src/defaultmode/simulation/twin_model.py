"""The mean field as a fit sees it: scores in, cross-spectra and exact derivatives out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.simulation.controlled import Control, cross_spectra, derivatives, slowest
from defaultmode.simulation.twin_space import Space

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]


@dataclass(frozen=True, slots=True, eq=False)
class TwinModel:
    """A space of brains under one inhibition control, as `fitting.search` asks for a model."""

    space: Space
    control: Control

    def __len__(self) -> int:
        return len(self.space)

    def crossed(
        self, scores: Array, frequencies_hz: Array
    ) -> tuple[Complex, Callable[[Complex], Array]]:
        """Cross-spectra of S_E, (n_frequencies, n, n), and the way back to the scores."""
        spectra = cross_spectra(self.space.parameters(scores), self.control, frequencies_hz)

        def back(by_crossed: Complex) -> Array:
            return self.space.by_scores(scores, derivatives(spectra, by_crossed))

        return spectra.crossed, back

    def growth(self, scores: Array) -> tuple[float, Array]:
        """Growth per second that no disturbance exceeds, and its derivative by the scores."""
        growth, by = slowest(self.space.parameters(scores), self.control)
        return growth, self.space.by_scores(scores, by)
