"""The atlases of the package by name; adding one means adding its two files to `data/`."""

import difflib
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.atlases.parcels import Parcellation, read_parcellation
from defaultmode.sources.atlases.rows import Row, read_rows, region_in
from defaultmode.sources.atlases.spheres import joined_with_nilearn

VOLUME = ".nii.gz"


def _folder() -> Path:
    return Path(str(files("defaultmode.sources.atlases"))) / "data"


@cache
def atlas_names() -> tuple[str, ...]:
    """Names of the atlases of the package, sorted."""
    return tuple(sorted(path.stem for path in _folder().glob("*.tsv")))


@cache
def about(name: str) -> dict[str, Any]:
    """What the TOML file of an atlas says of it; raises E410 when there is no such atlas."""
    if name not in atlas_names():
        near = difflib.get_close_matches(name.lower(), atlas_names(), n=1, cutoff=0.0)[0]
        known = ", ".join(atlas_names())
        msg = f"no atlas is called {name!r}; did you mean {near!r}? There are: {known}."
        raise DefaultModeError("E410", msg)
    return tomllib.loads((_folder() / f"{name}.toml").read_text("utf-8"))


@cache
def table_of(name: str) -> tuple[Row, ...]:
    """Rows of the committed table of an atlas, as text."""
    return tuple(read_rows(_folder() / f"{name}.tsv"))


@cache
def registered_atlas(name: str) -> Atlas:
    """An atlas of the package by its name; raises E410 when there is none."""
    notes = about(name)
    rows: list[Row] = list(table_of(name))
    if "nilearn" in notes:
        rows = joined_with_nilearn(name, rows, notes["nilearn"])
    return Atlas(
        name=name,
        regions=tuple(region_in(row, f"{name}.tsv") for row in rows),
        label=notes["label"],
        sentence=notes["sentence"],
        cites=tuple(notes["cites"]),
        licence=notes["licence"],
    )


def registered_parcellation(name: str) -> Parcellation | None:
    """The label volume of an atlas of the package, None where it has none."""
    about(name)
    volume = _folder() / f"{name}{VOLUME}"
    if not volume.is_file():
        return None
    return read_parcellation(volume, tuple(range(1, len(table_of(name)) + 1)))


def absent_places(name: str) -> dict[str, str]:
    """Which of the five anatomical places an atlas of the package lacks, and why."""
    return dict(about(name.lower()).get("absent_places", {}))
