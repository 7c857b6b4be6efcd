"""The matrices that come with the package, read back in the order of their atlas."""

import json
import tomllib
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from defaultmode.sources.atlases import match_atlas

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Stored:
    """What is stored for one atlas: its table (a JSON file) and its arrays by name."""

    table: dict[str, Any]
    arrays: dict[str, NDArray[Any]]

    @cached_property
    def _match(self) -> tuple[tuple[str, ...], NDArray[np.intp]]:
        atlas, order = match_atlas(self.table["regions"], self.table["atlas"])
        return atlas.names, order

    @property
    def regions(self) -> tuple[str, ...]:
        """Region names as the atlas has them now, which need not be as they were stored."""
        return self._match[0]

    def column(self, name: str) -> Array:
        """One value for each region, (n_regions,)."""
        return np.asarray(self.arrays[name], dtype=np.float64)[self._match[1]]

    def square(self, name: str) -> Array:
        """A symmetric matrix with a zero diagonal, of which the upper triangle is stored."""
        order = self._match[1]
        matrix = np.zeros((len(order), len(order)))
        matrix[np.triu_indices(len(order), 1)] = self.arrays[name]
        return (matrix + matrix.T)[np.ix_(order, order)]


def stored(atlas: str) -> Stored:
    """What is stored for an atlas that has a connectome here."""
    folder = files(__package__)
    with (
        folder.joinpath(f"{atlas}.npz").open("rb") as stream,
        np.load(stream, allow_pickle=False) as archive,
    ):
        arrays = {key: archive[key] for key in archive.files}
    return Stored(json.loads(folder.joinpath(f"{atlas}.json").read_text("utf-8")), arrays)


def notes() -> dict[str, Any]:
    """What is said of them; under each atlas, its own part."""
    return tomllib.loads(files(__package__).joinpath("notes.toml").read_text("utf-8"))


def recordings_notes() -> dict[str, Any]:
    """Licence and acknowledgement, which stand beside the recordings from the same packages."""
    folder = files("defaultmode.sources.embedded")
    return tomllib.loads(folder.joinpath("notes.toml").read_text("utf-8"))


def licence_of(package: str) -> str:
    """The licence under which a package passed its data on."""
    return str(recordings_notes()["package"][package]["licence"])
