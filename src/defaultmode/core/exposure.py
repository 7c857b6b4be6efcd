"""What was given and what was said during a run: a drug's concentration, and ratings."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.missing import Missing

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rating:
    """One answer of the participant within a run; the time counts from the first volume.

    name : of the scale or question, as it was written
    """

    time_s: float
    name: str
    value: float


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """How much of a drug is in the blood while a run lasts.

    drug : its name of `core.treatments`, or as it was written
    given_s : start and end of each dose, in s after the first volume, in order; before it negative
    plasma : (n_time,), in `unit`, at the time of each volume, NaN where no sample reaches; or why
        it is not known
    effect_site : (n_time,), None where the kinetics have none or plasma was measured
    modelled : the kinetics of a typical adult gave it; else it was measured in plasma
    nominal : the drug's course stands here for that of an inert infusion given in the same way
    source : where it comes from, in words
    """

    drug: str
    given_s: tuple[tuple[float, float], ...]
    plasma: Array | Missing
    effect_site: Array | None = None
    unit: str = "ng/ml"
    modelled: bool = True
    nominal: bool = False
    source: str = ""

    @property
    def begins_s(self) -> float:
        """Start of the first dose, in s after the first volume."""
        return self.given_s[0][0]
