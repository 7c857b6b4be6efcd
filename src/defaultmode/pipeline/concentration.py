"""The course of a drug over a run: measured in plasma, or modelled for a typical adult."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.exposure import Exposure
from defaultmode.core.missing import Missing
from defaultmode.sources.drug_timeline import Dose

if TYPE_CHECKING:
    from defaultmode.simulation import doses as simulated

Array = NDArray[np.float64]
# Our own: after a week nothing of any of these drugs is left, and a time in years is a mistake.
FURTHEST_S = 7 * 86_400.0
TYPICAL_KG = 70.0
AT_ONCE = ("oral", "intranasal")  # routes of a dose that takes no time of its own
PLACEBO = "placebo"
UNKNOWN = "E306"


@dataclass(frozen=True, slots=True)
class Dosing:
    """What is known of the drug in one run, on the clock of its start.

    doses : in order, those of which a start is known; weight_kg : None where no table gives it
    nominal : they are those of the same person's other session, infused in the same way, and this
        run's own infusion was inert
    plasma : (time in s, ng/ml) of each sample, in order
    problem : why what is stated could not be used, "" where it could
    """

    doses: tuple[Dose, ...] = ()
    weight_kg: float | None = None
    nominal: bool = False
    plasma: tuple[tuple[float, float], ...] = ()
    problem: str = ""

    @property
    def timed(self) -> bool:
        """Whether windows can be aligned to a dose."""
        return bool(self.doses)


def exposure_of(dosing: Dosing, n_time: int, tr_s: float, *, shift_s: float = 0.0) -> Exposure:
    """The exposure over the frames of a run with at least one dose.

    shift_s : what the first volume shows happened so long after the start of the scan (StartTime)
    Plasma samples beat the model: linear between them, 0 before the first dose, not known before
    the first and after the last sample. Else the simulator's kinetics, for an adult of the weight
    that a table gives or 70 kg. Missing where a dose, its unit or its kinetics are not known; never
    0 in place of what is not known.
    """
    frames_s = np.arange(n_time, dtype=np.float64) * tr_s + shift_s
    first = dosing.doses[0]
    given = tuple(
        (begin - shift_s, begin - shift_s + (d.duration_s or 0.0))
        for d in dosing.doses
        if (begin := d.start_s) is not None
    )
    drug = PLACEBO if dosing.nominal else ", ".join(dict.fromkeys(d.drug for d in dosing.doses))
    if dosing.plasma:
        plasma = _between_samples(dosing.plasma, frames_s, float(first.start_s or 0.0))
        told = f"{len(dosing.plasma)} plasma samples"
        return Exposure(drug, given, plasma, modelled=False, source=told)
    try:
        plasma, site, told = _modelled(dosing.doses, frames_s, dosing.weight_kg or TYPICAL_KG)
    except DefaultModeError as problem:
        return Exposure(drug, given, Missing(problem.detail, UNKNOWN), nominal=dosing.nominal)
    about = "from participants.tsv" if dosing.weight_kg else "assumed"
    told = f"modelled, not measured: {told}, {dosing.weight_kg or TYPICAL_KG:g} kg {about}"
    if dosing.nominal:
        told = f"nominal, of the same person's active session; {told}"
    return Exposure(drug, given, plasma, site, nominal=dosing.nominal, source=told)


def _between_samples(
    samples: Sequence[tuple[float, float]], frames_s: Array, begins_s: float
) -> Array:
    times, values = np.array(sorted(samples), dtype=np.float64).T
    course = np.interp(frames_s, times, values, left=np.nan, right=np.nan)
    return np.where((frames_s < begins_s) & (frames_s < times[0]), 0.0, course)


def _modelled(
    doses: Sequence[Dose], frames_s: Array, weight_kg: float
) -> tuple[Array, Array | None, str]:
    """Plasma and effect site in ng/ml, (n_time,), and the kinetics in words; raises E5xx, E444."""
    from defaultmode.simulation.drugs import find_drug
    from defaultmode.simulation.pharmacology import Disposition, concentration

    if len({d.drug for d in doses}) > 1:
        raise DefaultModeError("E507", "Several drugs were given; their courses are not added up.")
    drug = find_drug(doses[0].drug)
    if not drug.kinetics:
        raise DefaultModeError("E511", f"{drug.name} has no kinetics.")
    given = [_simulated(dose) for dose in doses]
    course = concentration(drug, given, frames_s / 60.0, person=Disposition(weight_kg))
    chosen = drug.kinetics_called()
    site = course.effect_site_ng_ml[:, 0] if chosen.effect_rate_per_min else None
    return course.plasma_ng_ml[:, 0], site, f"kinetics {chosen.name} of {drug.name}"


def _simulated(dose: Dose) -> "simulated.Dose":
    from defaultmode.simulation import doses as simulated

    if dose.amount is None or not dose.unit:
        raise DefaultModeError("E507", f"The dose of {dose.drug} has no amount.")
    duration_s = dose.duration_s
    if duration_s is None and dose.route in AT_ONCE:
        duration_s = 0.0
    if duration_s is None or dose.start_s is None:
        raise DefaultModeError("E507", f"How long the dose of {dose.drug} took is not stated.")
    return simulated.Dose(
        amount=dose.amount,
        unit=dose.unit,
        route=dose.route,
        start_min=dose.start_s / 60.0,
        over_min=duration_s / 60.0,
    )
