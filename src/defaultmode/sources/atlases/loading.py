"""An atlas by the name or the path that a user gives: of the package, or the user's own."""

from pathlib import Path

from defaultmode.core.atlas import Atlas
from defaultmode.sources.atlases.own import is_path, own_atlas, own_files, own_parcellation
from defaultmode.sources.atlases.parcels import Parcellation
from defaultmode.sources.atlases.registry import registered_atlas, registered_parcellation
from defaultmode.sources.atlases.surface_labels import (
    is_surface_path,
    read_surface_labels,
    surface_files,
)


def atlas_files(name_or_path: str) -> list[Path]:
    """The files whose change makes an atlas another one; none for an atlas of the package."""
    path = Path(name_or_path)
    if is_surface_path(name_or_path):
        return surface_files(path)
    return own_files(path) if is_path(name_or_path) else []


def load_atlas(name_or_path: str) -> Atlas:
    """An atlas of the package by name, or the user's own from a table, a label image or surfaces.

    A path is anything that ends in .tsv, .nii or .nii.gz, or for surfaces in .dlabel.nii,
    .label.gii or .annot. The table needs the columns `name` (or `label`) and `network` (or
    `network_label`); a label image has its table beside it, under the same name with .tsv, joined
    by the column `index`; labels of surfaces may have one, joined by `name`.

    Raises E410 (no such name), E101 (no such file), E130, E132, E135 (damaged table), E140
    (incomplete atlas), and for surfaces E119, E123 and E133 (labels that no known atlas has).
    """
    if is_surface_path(name_or_path):
        return read_surface_labels(Path(name_or_path)).atlas
    if is_path(name_or_path):
        return own_atlas(Path(name_or_path))
    return registered_atlas(name_or_path.lower())


def parcellation(name_or_path: str) -> Parcellation | None:
    """The label volume of an atlas, None where its regions are spheres, columns or surfaces only.

    Raises the errors of `load_atlas`, and E101 to E113 where the image is damaged.
    """
    if is_surface_path(name_or_path):
        return None
    if is_path(name_or_path):
        return own_parcellation(Path(name_or_path))
    return registered_parcellation(name_or_path.lower())
