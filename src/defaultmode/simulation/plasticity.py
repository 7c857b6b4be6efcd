"""What stays after a drug has gone: a drive that rises within hours and fades over days."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.simulation.doses import Dose, parse_dose
from defaultmode.simulation.drugs import Drug, Number
from defaultmode.simulation.pharmacology import TYPICAL, Disposition, concentration

Array = NDArray[np.float64]

# Minutes after a dose begins at which the drug's level is looked up: it moves fast, then slowly.
# Between them it is taken to be linear.
LOOKED_UP_MIN = np.concatenate([np.arange(0, 180, 2), np.arange(180, 720, 10), [720, 1440, 2880]])
PEAK_SOUGHT_MIN = np.arange(0.0, 4 * 1440.0, 10.0)


@cache
def numbers() -> Mapping[str, Mapping[str, Number]]:
    """The numbers behind plasticity, mood and dissociation, by table and name."""
    tables = tomllib.loads(files(__package__).joinpath("readouts.toml").read_text("utf-8"))
    return {t: {k: Number(**row) for k, row in rows.items()} for t, rows in tables.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """Two stages in a row, dP₁/dt = H − P₁/τ_on and dP/dt = P₁/τ_on − P/τ_off.

    H = levelʰ / (halfʰ + levelʰ) is steep, so that a small dose does next to nothing.
    """

    onset_min: float
    decay_min: float
    half_level: float
    exponent: float

    def follow(self, times_min: Array, level: Array) -> Array:
        """P at these times, (n_times, n_people), from 0 at the first; level linear between them.

        Partial fractions: the stages in a row are the difference of two single ones.
        """
        power = (level / self.half_level) ** self.exponent
        drive = power / (1.0 + power)
        slow, fast = (_stage(times_min, drive, tau) for tau in (self.decay_min, self.onset_min))
        return (slow - fast) * self.decay_min / (self.decay_min - self.onset_min)


@cache
def fitted_stages() -> Stages:
    """The stages that scripts/fit_mood.py fitted to published courses of mood."""
    found = numbers()["plasticity"]
    return Stages(
        onset_min=60.0 * found["onset"].value,
        decay_min=1440.0 * found["decay"].value,
        half_level=found["half_level"].value,
        exponent=found["exponent"].value,
    )


def plasticity(
    drug: Drug,
    dosing: Sequence[Dose],
    at_min: ArrayLike,
    *,
    person: Disposition = TYPICAL,
    kinetics: str = "",
) -> Array:
    """The plasticity drive P at any minutes after any number of doses, (n_at, n_people), ≥ 0.

    1 is where P peaks in the typical person after one standard infusion of ketamine; other drugs
    peak at the value in their file after their own standard dose. Doses add up without limit: what
    saturates is what P does (see readouts). Raises what concentration raises.
    """
    at = np.asarray(at_min, dtype=np.float64).reshape(-1)
    if not drug.plasticity.value or not dosing:
        return np.zeros((at.size, person.n_people))
    raw = unscaled(drug, dosing, at, person=person, kinetics=kinetics)
    return raw * (drug.plasticity.value / _standard_peak(drug, kinetics))


def unscaled(
    drug: Drug,
    dosing: Sequence[Dose],
    at_min: Array,
    *,
    person: Disposition = TYPICAL,
    kinetics: str = "",
    stages: Stages | None = None,
) -> Array:
    """P as its equations give it, in minutes at full drive, (n_at, n_people)."""
    looked_up = [dose.start_min + LOOKED_UP_MIN for dose in dosing]
    ends = [np.array([dose.end_min]) for dose in dosing]
    times = np.unique(np.concatenate([*looked_up, *ends, at_min]))
    course = concentration(drug, dosing, times, person=person, kinetics=kinetics)
    followed = (stages or fitted_stages()).follow(times, drug.level(course))
    return np.maximum(followed[np.searchsorted(times, at_min)], 0.0)


@cache
def _standard_peak(drug: Drug, kinetics: str) -> float:
    dose = parse_dose(drug.standard)
    return float(unscaled(drug, [dose], PEAK_SOUGHT_MIN, kinetics=kinetics).max())


def _stage(times_min: Array, drive: Array, tau_min: float) -> Array:
    """x(t) of dx/dt = drive − x/τ from x = 0, exact for a drive that is linear between times."""
    x = np.zeros_like(drive)
    for k, step in enumerate(np.diff(times_min)):
        # ∫ e^{−(h−s)/τ} ds over one step h, and the part of it that belongs to the step's end
        whole = -tau_min * np.expm1(-step / tau_min)
        late = tau_min * (1.0 - whole / step)
        x[k + 1] = np.exp(-step / tau_min) * x[k] + (whole - late) * drive[k] + late * drive[k + 1]
    return x
