"""What a drug is: where its numbers come from, how it is given, how it moves, what it changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.notebook import Shown
from defaultmode.simulation.mechanisms import Mechanism

if TYPE_CHECKING:
    from defaultmode.simulation.pharmacology import Course

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number with its unit and its source: a key of the reference list, or "our own".

    verified : it was checked against the source
    low, high : other published values, where sources disagree
    """

    value: float
    unit: str
    source: str
    verified: bool = True
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Studied:
    """A range of doses that people were given in a published study.

    unit : "mg", "mg/kg", "mg/h", "mg/kg/h" or "ml"
    over_min : shortest and longest duration in minutes; (0, 0) is all at once
    """

    route: str
    unit: str
    low: float
    high: float
    over_min: tuple[float, float] = (0.0, 0.0)
    source: str
    verified: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinetics:
    """Compartments around the blood, for a person of 70 kg.

    clearance_l_min : what leaves for good
    volumes_l : the blood's compartment first, then those around it
    flows_l_min : exchange between the blood and each compartment around it
    effect_rate_per_min : k_e0 of the effect site; None where plasma drives the effect directly
    scales_with_weight : volumes ∝ weight and flows ∝ weight^¾; False where none was found to matter
    numbers : what the source states, by name
    """

    name: str
    sentence: str
    clearance_l_min: float
    volumes_l: tuple[float, ...]
    flows_l_min: tuple[float, ...] = ()
    effect_rate_per_min: float | None = None
    scales_with_weight: bool = True
    numbers: Mapping[str, Number] = field(default_factory=dict)

    @property
    def steady_volume_l(self) -> float:
        """Volume of distribution at steady state, in litres."""
        return sum(self.volumes_l)


@dataclass(frozen=True, slots=True, kw_only=True)
class Absorption:
    """A share of a dose that reaches the blood, and the rate at which it does (first order)."""

    share: Number
    rate_per_min: float
    rate: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Metabolite:
    """What part of the cleared drug becomes, in one compartment of its own (70 kg)."""

    name: str
    share: float
    clearance_l_min: float
    volume_l: float
    numbers: Mapping[str, Number] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saturation:
    """A level that rises with concentration and saturates: maximum · Cʰ / (halfʰ + Cʰ)."""

    sentence: str
    half_ng_ml: float
    maximum: float = 1.0
    exponent: float = 1.0
    numbers: Mapping[str, Number] = field(default_factory=dict)

    def at(self, concentration_ng_ml: ArrayLike, *, half_factor: ArrayLike = 1.0) -> Array:
        """The level at a concentration, same shape; `half_factor` scales the half-maximal one."""
        relative = np.asarray(concentration_ng_ml, dtype=np.float64) / (
            self.half_ng_ml * np.asarray(half_factor, dtype=np.float64)
        )
        power = relative**self.exponent
        return np.asarray(self.maximum * power / (1.0 + power))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Drug(Shown):
    """A drug as data; the first route and the first mechanism of the file are the default ones.

    level : concentration at the effect site → what a mechanism's effects are multiplied with
    dissociation : concentration → expected dissociation score; None where none is known
    standard : the dose on which the plasticity drive is scaled
    plasticity : peak of the plasticity drive after that dose in the typical person, 1 for ketamine
    """

    name: str
    title: str
    sentence: str
    routes: tuple[str, ...]
    studied: tuple[Studied, ...]
    kinetics: Mapping[str, Kinetics]
    absorption: Mapping[str, tuple[Absorption, ...]]
    metabolite: Metabolite | None
    saturation: Saturation | None
    dissociation: Saturation | None
    mechanisms: Mapping[str, Mechanism]
    standard: str
    plasticity: Number
    variability: Mapping[str, Number]
    notes: tuple[str, ...]
    cites: tuple[str, ...]

    def about(self) -> dict[str, object]:
        """What a notebook shows of it."""
        return {
            "name": self.name,
            "sentence": self.sentence,
            "routes": self.routes,
            "standard dose": self.standard,
            "mechanisms": tuple(self.mechanisms),
            "notes": self.notes,
            "sources": self.cites,
        }

    @property
    def default_kinetics(self) -> str:
        """Name of the kinetics used unless another is asked for; empty for a placebo."""
        return next(iter(self.kinetics), "")

    @property
    def default_mechanism(self) -> str:
        """Name of the mechanism used unless another is asked for."""
        return next(iter(self.mechanisms))

    def mechanism(self, name: str = "") -> Mechanism:
        """One mechanism by name, the default one for an empty name; raises E511."""
        wanted = name or self.default_mechanism
        if wanted not in self.mechanisms:
            known = ", ".join(self.mechanisms)
            msg = f"{self.name} has no mechanism called {wanted!r}; there are {known}."
            raise DefaultModeError("E511", msg)
        return self.mechanisms[wanted]

    def kinetics_called(self, name: str = "") -> Kinetics:
        """One set of kinetics by name, the default one for an empty name; raises E511."""
        wanted = name or self.default_kinetics
        if wanted not in self.kinetics:
            known = ", ".join(self.kinetics) or "none"
            msg = f"{self.name} has no kinetics called {wanted!r}; there are {known}."
            raise DefaultModeError("E511", msg)
        return self.kinetics[wanted]

    def level(self, course: "Course") -> Array:
        """How strongly the drug acts, 0 to 1, shape of the course (n_times, n_people)."""
        if self.saturation is None:
            return np.zeros_like(course.effect_site_ng_ml)
        return self.saturation.at(course.effect_site_ng_ml)
