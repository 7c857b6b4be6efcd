"""A model's parameters laid on a connectome, for one virtual person or many."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.notebook import Shown

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Brain(Shown):
    """Everything a model needs to run, frozen and read-only.

    model : registry name of the model, such as "mean_field"
    regions : names in order
    values : parameter → its value, (n_regions or 1, n_people or 1), in the unit the model states
    routes : kind of connection → (n_regions, n_regions), a row receives from its columns; the same
        for everybody in the batch
    """

    model: str
    regions: tuple[str, ...]
    values: Mapping[str, Array]
    routes: Mapping[str, Array]

    def __post_init__(self) -> None:
        values = {name: self._value(name, v) for name, v in self.values.items()}
        routes = {name: self._route(name, m) for name, m in self.routes.items()}
        object.__setattr__(self, "values", MappingProxyType(values))
        object.__setattr__(self, "routes", MappingProxyType(routes))
        if len({v.shape[1] for v in values.values()} - {1}) > 1:
            raise DefaultModeError("E506", "the parameters are of different numbers of people.")

    def _value(self, name: str, value: ArrayLike) -> Array:
        array = np.array(value, dtype=np.float64)
        array = array.reshape(-1, 1) if array.ndim < 2 else array
        if array.ndim != 2 or array.shape[0] not in {1, len(self.regions)}:
            n = len(self.regions)
            msg = f"parameter {name!r} has shape {array.shape}; expected (1 or {n}, n_people)."
            raise DefaultModeError("E506", msg)
        if not np.isfinite(array).all():
            raise DefaultModeError("E506", f"parameter {name!r} is not a finite number everywhere.")
        array.flags.writeable = False
        return array

    def _route(self, name: str, matrix: ArrayLike) -> Array:
        array = np.array(matrix, dtype=np.float64, order="C")
        n = len(self.regions)
        if array.shape != (n, n) or not np.isfinite(array).all() or (array < 0).any():
            msg = f"route {name!r} must be ({n}, {n}), finite and not negative."
            raise DefaultModeError("E506", msg)
        array.flags.writeable = False
        return array

    def about(self) -> dict[str, object]:
        """What a notebook shows of it."""
        return {
            "model": self.model,
            "regions": self.n_regions,
            "people": self.n_people,
            "parameters": tuple(self.values),
            "routes": tuple(self.routes),
        }

    @property
    def n_regions(self) -> int:
        """Number of regions."""
        return len(self.regions)

    @property
    def n_people(self) -> int:
        """Number of virtual people whose parameters these are; 1 where all are alike."""
        return int(max(v.shape[1] for v in self.values.values()))

    def value(self, name: str) -> Array:
        """One parameter, (n_regions or 1, n_people or 1); raises E506 where there is none."""
        if name not in self.values:
            known = ", ".join(sorted(self.values))
            msg = f"model {self.model!r} has no parameter {name!r}; it has {known}."
            raise DefaultModeError("E506", msg)
        return self.values[name]

    def full(self, name: str) -> Array:
        """One parameter for every region and person, (n_regions, n_people)."""
        return np.broadcast_to(self.value(name), (self.n_regions, self.n_people))

    def changed(self, **values: ArrayLike) -> "Brain":
        """The same brain with these parameters; raises E506 for a name it does not have."""
        for name in values:
            self.value(name)
        new = {name: np.asarray(v, dtype=np.float64) for name, v in values.items()}
        return replace(self, values={**self.values, **new})

    def person(self, index: int) -> "Brain":
        """One person's brain out of many."""
        one = {k: v[:, [index]] if v.shape[1] > 1 else v for k, v in self.values.items()}
        return replace(self, values=one)
