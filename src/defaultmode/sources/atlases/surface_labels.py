"""A user's own atlas of surfaces: labels of vertices in GIFTI, FreeSurfer or CIFTI files."""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas
from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.atlases.matching import match_columns
from defaultmode.sources.atlases.own import own_atlas
from defaultmode.sources.surface_files import other_hemisphere, sides, surface_image

DENSE, PAIRED = ".dlabel.nii", (".label.gii", ".annot")
# What labels of surfaces call the vertices that belong to no region.
NO_REGION = re.compile(
    r"\?+|unknown|none|unlabell?ed|corpuscallosum|background.*|.*medial[ _-]?wall.*", re.IGNORECASE
)
Labels = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceLabels:
    """Column of the atlas to which each vertex belongs, −1 for none.

    parts : (n_vertices,) for the left and the right hemisphere of a pair of files; (n_places,) for
        the one CIFTI file
    axis : the brain models of the CIFTI file, which say where its places lie; None for a pair
    """

    atlas: Atlas
    parts: tuple[Labels, ...]
    axis: Any = None


def is_surface_path(name_or_path: str) -> bool:
    """Whether this names a file of surface labels."""
    return name_or_path.lower().endswith((DENSE, *PAIRED))


def surface_files(path: Path) -> list[Path]:
    """The files of such an atlas: both hemispheres, and the table beside them if there is one."""
    table = _table_of(path)
    pair = [path] if path.name.lower().endswith(DENSE) else list(sides(path))
    return [*pair, table] if table.is_file() else pair


def read_surface_labels(path: Path) -> SurfaceLabels:
    """Read a `.dlabel.nii`, or the `.label.gii` or `.annot` of both hemispheres from either one.

    Regions are told by the names of their labels: with a table beside the file (the same name with
    .tsv, columns `name` and `network`) they are the rows of that table, else the atlas is one that
    the package knows. A name that both hemispheres use gains the prefix L_ or R_.

    Raises E101 (no file), E119 (not labels), E123 (a hemisphere is missing), E130 to E140 (the
    table) and E133 (no known atlas has these regions).
    """
    if path.name.lower().endswith(DENSE):
        axis, named = _dense(path)
        parts = [named]
    else:
        axis, parts = None, _pair(path)
    names = list(dict.fromkeys(name for part in parts for name in np.unique(part).tolist() if name))
    table = _table_of(path)
    given = own_atlas(table) if table.is_file() else None
    atlas, order = match_columns(names, "", given)
    column = {names[i]: region for region, i in enumerate(order)}
    columns = tuple(_looked_up(part, column) for part in parts)
    return SurfaceLabels(atlas, columns, axis)


def _looked_up(part: NDArray[np.str_], column: Mapping[str, int]) -> Labels:
    found, back = np.unique(part, return_inverse=True)
    return np.array([column.get(name, -1) for name in found.tolist()], dtype=np.intp)[back]


def _table_of(path: Path) -> Path:
    """The table beside a file of labels; that of two hemispheres is called like the left one."""
    left = path if path.name.lower().endswith(DENSE) else sides(path)[0]
    end = next(e for e in (DENSE, *PAIRED) if left.name.lower().endswith(e))
    return left.with_name(left.name[: -len(end)] + ".tsv")


def _dense(path: Path) -> tuple[Any, NDArray[np.str_]]:
    """Brain models of a CIFTI label file, and the name of the label of each place, "" for none."""
    image = surface_image(path, kind="Cifti2Image")
    axes = [image.header.get_axis(i) for i in range(image.ndim)]
    kinds = [type(axis).__name__ for axis in axes]
    if kinds != ["LabelAxis", "BrainModelAxis"] or len(axes[0]) != 1:
        msg = f"{path} has the axes {', '.join(kinds)}; expected one map of labels of brain models."
        raise DefaultModeError("E119", msg)
    table = {int(key): str(name) for key, (name, _) in axes[0].label[0].items()}
    return axes[1], _named(path, image.get_fdata(dtype="float32")[0], table)


def _pair(path: Path) -> list[NDArray[np.str_]]:
    """Name of the label of each vertex, left and right, "" for none."""
    if not path.is_file():
        raise DefaultModeError("E101", f"there is no file {path}.")
    parts = []
    for file in sides(path):
        if not file.is_file():
            raise DefaultModeError("E123", f"{other_hemisphere(file)} is there, {file} is not.")
        read = _annot if file.name.lower().endswith(".annot") else _gifti
        parts.append(_named(file, *read(file)))
    if not set(np.unique(parts[0])) & set(np.unique(parts[1])) - {""}:
        return parts
    return [
        np.where(part == "", "", np.char.add(f"{side}_", part))
        for side, part in zip("LR", parts, strict=True)
    ]


def _gifti(path: Path) -> tuple[NDArray[np.generic], dict[int, str]]:
    image = surface_image(path, kind="GiftiImage")
    if len(image.darrays) != 1 or image.darrays[0].data.ndim != 1:
        msg = f"{path} holds {len(image.darrays)} arrays; expected one, of a label per vertex."
        raise DefaultModeError("E119", msg)
    table = {int(label.key): str(label.label) for label in image.labeltable.labels}
    return image.darrays[0].data, table


def _annot(path: Path) -> tuple[NDArray[np.generic], dict[int, str]]:
    from nibabel.freesurfer.io import read_annot

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of a damaged file, which fails below
            read: Any = read_annot
            values, _, names = read(path)
    except (ValueError, LookupError, TypeError, OSError, MemoryError) as problem:
        raise DefaultModeError("E119", f"{path} is not an annotation: {problem}.") from problem
    return values, {key: name.decode("utf-8", "replace") for key, name in enumerate(names)}


def _named(path: Path, keys: NDArray[np.generic], table: Mapping[int, str]) -> NDArray[np.str_]:
    """The name of each key, "" for one that stands for no region."""
    found, back = np.unique(keys, return_inverse=True)
    names = []
    for key in found.tolist():
        if key not in table and key > 0:
            raise DefaultModeError("E119", f"{path}: the label {key} has no name in its table.")
        name = table.get(key, "").strip()
        names.append("" if NO_REGION.fullmatch(name) else name)
    return np.asarray(np.array(names, dtype=np.str_)[back.ravel()])
