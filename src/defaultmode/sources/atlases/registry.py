"""The atlases of the package by name; adding one means adding its two files to `data/`."""

import difflib
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.atlases.own import is_path, own_atlas, own_files, own_parcellation
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
def _registered(name: str) -> Atlas:
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


def atlas_files(name_or_path: str) -> list[Path]:
    """The files whose change makes an atlas another one; none for an atlas of the package."""
    return own_files(Path(name_or_path)) if is_path(name_or_path) else []


def load_atlas(name_or_path: str) -> Atlas:
    """An atlas of the package by name, or the user's own from a table or a label image.

    A path is anything that ends in .tsv, .nii or .nii.gz. The table needs the columns `name` (or
    `label`) and `network` (or `network_label`); a label image has its table beside it, under the
    same name with .tsv, joined by the column `index`.

    Raises E410 (no such name), E101 (no such file), E130, E132, E135 (damaged table) and
    E140 (incomplete atlas).
    """
    if is_path(name_or_path):
        return own_atlas(Path(name_or_path))
    return _registered(name_or_path.lower())


def parcellation(name_or_path: str) -> Parcellation | None:
    """The label volume of an atlas, None where its regions are spheres or columns of a table only.

    Raises the errors of `load_atlas`, and E101 to E113 where the image is damaged.
    """
    if is_path(name_or_path):
        return own_parcellation(Path(name_or_path))
    name = name_or_path.lower()
    about(name)
    volume = _folder() / f"{name}{VOLUME}"
    if not volume.is_file():
        return None
    return read_parcellation(volume, tuple(range(1, len(table_of(name)) + 1)))


def absent_places(name: str) -> dict[str, str]:
    """Which of the five anatomical places an atlas of the package lacks, and why."""
    return dict(about(name.lower()).get("absent_places", {}))
