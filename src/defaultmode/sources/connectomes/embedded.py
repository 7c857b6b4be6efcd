"""The group connectome, connectivity and region maps of healthy young adults in the package."""

import json
import tomllib
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.connectome import Connectome
from defaultmode.sources.atlases import match_atlas
from defaultmode.sources.connectomes.fitting import with_unit_strength

Array = NDArray[np.float64]
GROUPS = ("group706", "group303")
MAPS = ("myelin", "gradient")


def embedded_connectome() -> Connectome:
    """Who is wired to whom in 706 healthy people, in the order of the atlas "schaefer100".

    Weights (100, 100) are median tract counts divided by one number so that a region receives 1 on
    average; lengths are median tract lengths in mm, 0 where there is no tract. Symmetric. Source:
    cubnm 0.1.0, Human Connectome Project; see `connectome_notes`.
    """
    arrays, (names, order) = _arrays(), _atlas_order()
    notes = _notes()["connectome"]
    counted = Connectome(
        name="schaefer100_706",
        regions=names,
        weights=_square(arrays["half_counts"], order) / 2,
        lengths_mm=_square(arrays["lengths_mm"], order),
        sentence=notes["sentence"],
        cites=tuple(notes["cites"]),
        licence=_embedded_notes()["package"]["cubnm"]["licence"],
    )
    return with_unit_strength(counted)


def embedded_connectivity() -> dict[str, Array]:
    """Functional connectivity at rest of two groups of people, "group706" and "group303".

    Correlations (100, 100) in the order of the atlas "schaefer100", symmetric with ones on the
    diagonal: the mean over people of Fisher-z values, turned back. Rounded to single precision.
    """
    arrays, (_, order) = _arrays(), _atlas_order()
    return {group: _square(arrays[group], order) + np.eye(len(order)) for group in GROUPS}


def embedded_maps() -> dict[str, Array]:
    """Two maps of the cortical hierarchy, "myelin" and "gradient", z-scores (100,).

    myelin : T1w/T2w ratio, high in sensory and motor cortex (Glasser and Van Essen 2011)
    gradient : principal gradient of connectivity, high in the default mode network (Margulies 2016)
    """
    arrays, (_, order) = _arrays(), _atlas_order()
    return {name: arrays[name][order] for name in MAPS}


def connectome_notes() -> tuple[str, ...]:
    """Whose data these are, under which licence, the acknowledgement to print, what to mind."""
    notes, shared = _notes(), _embedded_notes()
    package = shared["package"]["cubnm"]
    owner = (
        f"Connectome, connectivity and maps (from cubnm {package['version']}): "
        f"groups of {package['whose']}. Licence: {package['licence']}."
    )
    return (owner, shared["acknowledgement"], notes["terms"], *notes["caveats"])


def _atlas_order() -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Region names as the atlas has them now, and where each of them is stored."""
    table = json.loads(files(__package__).joinpath("schaefer100.json").read_text("utf-8"))
    atlas, order = match_atlas(table["regions"], table["atlas"])
    return atlas.names, order


def _square(upper: NDArray[Any], order: NDArray[np.intp]) -> Array:
    """The symmetric matrix, zero on its diagonal, of which only the upper triangle is stored."""
    matrix = np.zeros((len(order), len(order)))
    matrix[np.triu_indices(len(order), 1)] = upper
    return (matrix + matrix.T)[np.ix_(order, order)]


def _arrays() -> dict[str, NDArray[Any]]:
    with (
        files(__package__).joinpath("schaefer100.npz").open("rb") as stream,
        np.load(stream, allow_pickle=False) as archive,
    ):
        return {key: archive[key] for key in archive.files}


def _notes() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("notes.toml").read_text("utf-8"))


def _embedded_notes() -> dict[str, Any]:
    """Licence and acknowledgement, which stand beside the recordings from the same package."""
    folder = files("defaultmode.sources.embedded")
    return tomllib.loads(folder.joinpath("notes.toml").read_text("utf-8"))
