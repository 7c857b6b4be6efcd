"""Virtual people: how they differ, and a stream of random numbers for each of them alone."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from defaultmode.simulation.conditions import Condition, Scale, find_condition
from defaultmode.simulation.constants import constants
from defaultmode.simulation.drugs import Drug
from defaultmode.simulation.pharmacology import Disposition, draw_dispositions
from defaultmode.simulation.protocol import Protocol
from defaultmode.simulation.readouts import Traits, draw_traits, typical_traits

Array = NDArray[np.float64]
MADRS_POINTS = 60.0
TYPICAL_KG = 70.0


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Virtual people of one condition, each array (n_people,), frozen and read-only.

    seed, numbers : the study's seed and each person's own number; together they fix all that is
        random about a person, so that more people, or people in blocks, change nobody
    sex : "F" or "M"; age_years; weight_kg
    level : of the condition before anything is done; 1 is the condition as its file states it
    baseline_madrs : points before anything is done
    traits : how strongly each responds
    alike : nobody differs from the typical person; only the noise in their brains does
    """

    seed: int
    condition: str
    numbers: tuple[int, ...]
    sex: tuple[str, ...]
    age_years: Array
    weight_kg: Array
    level: Array
    baseline_madrs: Array
    traits: Traits
    alike: bool = False

    def __post_init__(self) -> None:
        for name in ("age_years", "weight_kg", "level", "baseline_madrs"):
            row = np.array(getattr(self, name), dtype=np.float64)
            row.flags.writeable = False
            object.__setattr__(self, name, row)

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def ids(self) -> tuple[str, ...]:
        """BIDS participant ids, "sub-virtual0001" for number 0."""
        return tuple(f"sub-virtual{number + 1:04d}" for number in self.numbers)

    def take(self, indices: Sequence[int]) -> "People":
        """Some of them, in this order, unchanged."""
        rows = list(indices)
        return replace(
            self,
            numbers=tuple(self.numbers[i] for i in rows),
            sex=tuple(self.sex[i] for i in rows),
            age_years=self.age_years[rows],
            weight_kg=self.weight_kg[rows],
            level=self.level[rows],
            baseline_madrs=self.baseline_madrs[rows],
            traits=Traits(**{f.name: getattr(self.traits, f.name)[rows] for f in fields(Traits)}),
        )

    def generators(self, purpose: str) -> tuple[np.random.Generator, ...]:
        """One stream per person; it depends on seed, number and purpose only."""
        return tuple(_stream(self.seed, number, purpose) for number in self.numbers)

    def seeds(self, purpose: str) -> tuple[int, ...]:
        """One seed of 64 bits per person, such as for the noise of one scan."""
        sequences = (_sequence(self.seed, number, purpose) for number in self.numbers)
        return tuple(int(s.generate_state(1, np.uint64)[0]) for s in sequences)

    def disposition(self, drug: Drug) -> Disposition:
        """How each of their bodies handles a drug."""
        if self.alike:
            return Disposition(self.weight_kg)
        streams = self.generators(f"disposition {drug.name}")
        drawn = [draw_dispositions(1, rng, drug) for rng in streams]
        return Disposition(
            self.weight_kg,
            np.concatenate([np.atleast_1d(d.clearance_factor) for d in drawn]),
            np.concatenate([np.atleast_1d(d.volume_factor) for d in drawn]),
        )


def _sequence(seed: int, number: int, purpose: str) -> np.random.SeedSequence:
    return np.random.SeedSequence(seed, spawn_key=(number, zlib.crc32(purpose.encode())))


def _stream(seed: int, number: int, purpose: str) -> np.random.Generator:
    return np.random.default_rng(_sequence(seed, number, purpose))


def draw_people(
    n_people: int,
    *,
    seed: int,
    condition: str = "healthy",
    first: int = 0,
    weight_kg: float | None = None,
) -> People:
    """People of one condition, numbered from `first`; raises E511 for an unknown condition.

    weight_kg : of everybody; None draws it
    """
    of = find_condition(condition)
    numbers = tuple(range(first, first + n_people))
    bodies = [_body(_stream(seed, number, "body")) for number in numbers]
    drawn = np.array([b[1:] for b in bodies]).reshape(-1, 2)
    return People(
        seed=seed,
        condition=condition,
        numbers=numbers,
        sex=tuple(body[0] for body in bodies),
        age_years=drawn[:, 0],
        weight_kg=drawn[:, 1] if weight_kg is None else np.full(n_people, weight_kg),
        level=np.array([_level(of, _stream(seed, number, "level")) for number in numbers]),
        baseline_madrs=np.array([_madrs(of.madrs, _stream(seed, n, "madrs")) for n in numbers]),
        traits=_joined([draw_traits(1, _stream(seed, number, "traits")) for number in numbers]),
    )


def typical_people(
    n_people: int,
    *,
    seed: int,
    condition: str = "healthy",
    first: int = 0,
    weight_kg: float = TYPICAL_KG,
) -> People:
    """The typical person of a condition, several times over, each with noise of its own.

    Sex and age are drawn as for anybody: nothing in the model depends on them.
    """
    people = draw_people(n_people, seed=seed, condition=condition, first=first, weight_kg=weight_kg)
    of = find_condition(condition)
    return replace(
        people,
        level=np.full(n_people, _typical_level(of)),
        baseline_madrs=np.full(n_people, of.madrs.mean),
        traits=typical_traits(n_people),
        alike=True,
    )


def people_of(protocol: Protocol, *, seed: int) -> People:
    """The people that a protocol asks for."""
    crowd = protocol.people
    if not crowd.alike:
        return draw_people(
            crowd.count, seed=seed, condition=protocol.condition, weight_kg=crowd.weight_kg
        )
    weight = TYPICAL_KG if crowd.weight_kg is None else crowd.weight_kg
    return typical_people(crowd.count, seed=seed, condition=protocol.condition, weight_kg=weight)


def _body(rng: np.random.Generator) -> tuple[str, float, float]:
    """Sex, age in years and weight in kg."""
    numbers = {name: constant.value for name, constant in constants("people").items()}
    sex = "F" if rng.random() < numbers["female"] else "M"
    age = rng.uniform(numbers["youngest"], numbers["oldest"])
    median = numbers["weight_female" if sex == "F" else "weight_male"]
    return sex, float(age), float(median * np.exp(numbers["weight_spread"] * rng.standard_normal()))


def _typical_level(condition: Condition) -> float:
    return 1.0 if any(m.effects for m in condition.mechanisms) else 0.0


def _level(condition: Condition, rng: np.random.Generator) -> float:
    """Log-normal with mean 1: everybody of a condition has some of it."""
    variance = np.log1p(condition.level_sd**2)
    drawn = np.exp(rng.standard_normal() * np.sqrt(variance) - variance / 2.0)
    return float(_typical_level(condition) * drawn)


def _madrs(scale: Scale, rng: np.random.Generator) -> float:
    """Beta-distributed over the scale's 0 to 60 points, with its mean and standard deviation."""
    if not scale.sd:
        return scale.mean
    mean, variance = scale.mean / MADRS_POINTS, (scale.sd / MADRS_POINTS) ** 2
    strength = mean * (1.0 - mean) / variance - 1.0
    return float(MADRS_POINTS * rng.beta(mean * strength, (1.0 - mean) * strength))


def _joined(traits: Sequence[Traits]) -> Traits:
    rows = {f.name: [getattr(t, f.name) for t in traits] for f in fields(Traits)}
    return Traits(**{name: np.concatenate(values) for name, values in rows.items()})
