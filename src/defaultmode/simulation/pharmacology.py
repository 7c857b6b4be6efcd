"""How much of a drug is in the blood and at its site, over time, in one virtual person or many."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.doses import Dose
from defaultmode.simulation.drugs import Drug, Kinetics, Metabolite

Array = NDArray[np.float64]

REFERENCE_KG = 70.0
CLEARANCE_POWER = 0.75  # allometry: flows ∝ weight^¾, volumes ∝ weight (our own choice)
NG_ML_PER_MG_L = 1000.0
# Stages in a row that are equally fast have no basis of eigenvectors. Made a few millionths faster,
# none is: the course stays the same to six digits, and the basis is good to ten.
SITE_APART, METABOLITE_APART, DEPOT_APART = 1.0 + 1e-6, 1.0 + 2e-6, 1.0 + 3e-6


@dataclass(frozen=True, slots=True, eq=False)
class Disposition:
    """What makes one body clear a drug faster than another; each a number or (n_people,), > 0.

    weight_kg : body weight
    clearance_factor, volume_factor : relative to the typical person of that weight
    Raises E506 for a value that is not positive, or for different numbers of people.
    """

    weight_kg: ArrayLike = REFERENCE_KG
    clearance_factor: ArrayLike = 1.0
    volume_factor: ArrayLike = 1.0

    def __post_init__(self) -> None:
        names = ("weight_kg", "clearance_factor", "volume_factor")
        rows = [np.atleast_1d(np.asarray(getattr(self, n), dtype=np.float64)) for n in names]
        n_people = max(row.size for row in rows)
        for name, row in zip(names, rows, strict=True):
            if row.ndim > 1 or row.size not in {1, n_people}:
                msg = f"{name} has shape {row.shape}; expected one value or ({n_people},)."
                raise DefaultModeError("E506", msg)
            if not (np.isfinite(row) & (row > 0)).all():
                raise DefaultModeError("E506", f"{name} must be positive; got {row.min():g}.")
            object.__setattr__(self, name, np.broadcast_to(row, (n_people,)))

    @property
    def columns(self) -> tuple[Array, Array, Array]:
        """Weight, clearance and volume factor, (n_people,) each."""
        rows = (self.weight_kg, self.clearance_factor, self.volume_factor)
        weight, clearance, volume = (np.asarray(row, dtype=np.float64) for row in rows)
        return weight, clearance, volume

    @property
    def n_people(self) -> int:
        """How many virtual people these are."""
        return int(np.size(self.weight_kg))


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Concentrations over time, (n_times, n_people) each, in ng/ml.

    effect_site_ng_ml : what acts; equals plasma where the kinetics have no effect site
    metabolite_ng_ml : None where the drug's file knows no metabolite
    """

    times_min: Array
    plasma_ng_ml: Array
    effect_site_ng_ml: Array
    metabolite_ng_ml: Array | None = None


def draw_dispositions(
    n_people: int, rng: np.random.Generator, drug: Drug, *, weight_kg: ArrayLike = REFERENCE_KG
) -> Disposition:
    """People who differ in clearance and volume, log-normal with median 1, from the drug's file.

    weight_kg : a number or (n_people,)
    """
    if not drug.variability:
        return Disposition(np.broadcast_to(np.asarray(weight_kg, dtype=np.float64), (n_people,)))
    spread = {key: number.value for key, number in drug.variability.items()}
    r = spread["correlation"]
    common, own = rng.standard_normal((2, n_people))
    sd = {key: np.sqrt(np.log1p(spread[key] ** 2)) for key in ("clearance", "volume")}
    clearance = np.exp(sd["clearance"] * common)
    volume = np.exp(sd["volume"] * (r * common + np.sqrt(1.0 - r**2) * own))
    return Disposition(weight_kg, clearance, volume)


TYPICAL = Disposition()


def concentration(
    drug: Drug,
    dosing: Sequence[Dose],
    times_min: ArrayLike,
    *,
    person: Disposition = TYPICAL,
    kinetics: str = "",
) -> Course:
    """Concentrations after any number of doses, which add up: the exact solution, not a simulation.

    times_min : (n_times,), minutes on the clock of the doses, in any order
    kinetics : which of the drug's sets of compartments; empty for its default one
    The compartments form a linear system dx/dt = A x + dose; each dose contributes sums of
    exponentials of the eigenvalues of A. Raises E511 for unknown kinetics, E507 for a route by
    which the drug is not given.
    """
    times = np.asarray(times_min, dtype=np.float64).reshape(-1)
    if not drug.kinetics:
        nothing = np.zeros((times.size, person.n_people))
        return Course(times, nothing, nothing)
    chosen = drug.kinetics_called(kinetics)
    body = _Body.of(chosen, drug.metabolite, person)
    seen = np.zeros((3, times.size, person.n_people))
    for uptake, doses in _by_uptake(drug, dosing).items():
        modes = body.modes(uptake)
        for share, dose in doses:
            later = times >= dose.start_min
            arrived = share * dose.mass_mg(person.weight_kg)
            seen[:, later] += modes.course(times[later], dose) * arrived
    # rounding of differences of exponentials leaves values of −1e-17 where nothing is left
    seen = np.maximum(seen, 0.0)
    metabolite = seen[2] if drug.metabolite else None
    return Course(times, seen[0], seen[1] if chosen.effect_rate_per_min else seen[0], metabolite)


def _by_uptake(drug: Drug, dosing: Sequence[Dose]) -> dict[float | None, list[tuple[float, Dose]]]:
    """Rate of absorption, None for straight in → the shares of doses that go in like that."""
    found: dict[float | None, list[tuple[float, Dose]]] = {}
    for dose in dosing:
        route = dose.route or drug.routes[0]
        if route == "intravenous" and route in drug.routes:
            found.setdefault(None, []).append((1.0, dose))
            continue
        if route not in drug.absorption:
            known = ", ".join(drug.routes)
            msg = f"{drug.name} is not given by the route {route!r}; its routes are {known}."
            raise DefaultModeError("E507", msg)
        for path in drug.absorption[route]:
            found.setdefault(path.rate_per_min, []).append((path.share.value, dose))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Body:
    """The compartments of many people as one linear system dx/dt = A x.

    States are amounts in mg: blood, the compartments around it, the effect site (a lag behind the
    blood that takes nothing from it), metabolite.
    rates : A, (n_people, n_states, n_states), per minute
    outputs : (3, n_people, n_states), ng/ml per mg: plasma, effect site, metabolite
    """

    rates: Array
    outputs: Array

    @classmethod
    def of(cls, kinetics: Kinetics, metabolite: Metabolite | None, person: Disposition) -> "_Body":
        """The body of each person; sizes scale as the kinetics say."""
        weight, clearing, widening = person.columns
        size = weight / REFERENCE_KG if kinetics.scales_with_weight else np.ones_like(weight)
        flow = size**CLEARANCE_POWER
        volumes = np.outer(kinetics.volumes_l, size * widening)
        site, made = len(volumes), len(volumes) + 1
        rates = np.zeros((size.size, made + 1, made + 1))
        outputs = np.zeros((3, size.size, made + 1))
        cleared = kinetics.clearance_l_min * flow * clearing / volumes[0]
        rates[:, 0, 0] -= cleared
        for there, exchange in enumerate(kinetics.flows_l_min, start=1):
            out, back = exchange * flow / volumes[0], exchange * flow / volumes[there]
            rates[:, 0, 0] -= out
            rates[:, there, 0] = out
            rates[:, there, there] = -back
            rates[:, 0, there] = back
        lag = SITE_APART * (kinetics.effect_rate_per_min or 1.0)
        rates[:, site, 0], rates[:, site, site] = lag, -lag
        outputs[0, :, 0] = outputs[1, :, site] = NG_ML_PER_MG_L / volumes[0]
        rates[:, made, made] = -1.0
        if metabolite is not None:
            volume = metabolite.volume_l * size * widening
            gone = metabolite.clearance_l_min * flow * clearing / volume
            rates[:, made, 0] = metabolite.share * cleared
            rates[:, made, made] = -METABOLITE_APART * gone
            outputs[2, :, made] = NG_ML_PER_MG_L / volume
        return cls(rates, outputs)

    def modes(self, uptake_per_min: float | None) -> "_Modes":
        """The eigenmodes of doses taken up at this rate; None is straight into the blood."""
        rates, outputs, entry = self.rates, self.outputs, 0
        if uptake_per_min is not None:
            entry, uptake = rates.shape[1], DEPOT_APART * uptake_per_min
            rates = np.pad(rates, ((0, 0), (0, 1), (0, 1)))
            rates[:, entry, entry], rates[:, 0, entry] = -uptake, uptake
            outputs = np.pad(outputs, ((0, 0), (0, 0), (0, 1)))
        values, vectors = np.linalg.eig(rates)
        into = np.linalg.inv(vectors)[:, :, entry]
        weights = np.einsum("opn,pnk,pk->okp", outputs, vectors, into)
        return _Modes(np.real(values).T, np.real(weights))


@dataclass(frozen=True, slots=True, eq=False)
class _Modes:
    """How amounts decay, and what is seen of it.

    values : (n_modes, n_people) per minute, below 0; weights : (3, n_modes, n_people), ng/ml per mg
    """

    values: Array
    weights: Array

    def course(self, times_min: Array, dose: Dose) -> Array:
        """Plasma, effect site, metabolite for 1 mg, from its start on, (3, n_times, n_people)."""
        since = (times_min - dose.start_min)[:, None, None]
        left = np.exp(self.values * np.maximum(since - dose.over_min, 0.0))
        if dose.over_min:
            given = np.clip(since, 0.0, dose.over_min)
            left *= np.expm1(self.values * given) / (self.values * dose.over_min)
        return np.asarray(np.einsum("okp,tkp->otp", self.weights, left))
