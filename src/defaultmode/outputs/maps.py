"""Maps of voxels or vertices as images: NIfTI, GIFTI or CIFTI, whichever they were read from."""

import gzip
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.grid import Grid
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array, Recording
from defaultmode.outputs.run import MeasuredRun, label_of, run_key
from defaultmode.outputs.text import as_json

DESCRIPTIONS = {
    "reho": "Regional homogeneity: Kendall's W of each place and its neighbours",
    "seedconnectivity": "Fisher z of the correlation with the posterior cingulate",
    "dualregression": "The person's own default mode network by dual regression, standardised",
}
SIDES = {"L": "CortexLeft", "R": "CortexRight"}


def images_of(run: MeasuredRun) -> dict[str, bytes]:
    """The maps of a run under every preset: path relative to the output folder → bytes."""
    files: dict[str, bytes] = {}
    for variant in run.variants:
        if variant.maps and not isinstance(variant.recording, Missing):
            files |= map_files(variant.recording, variant.maps)
    return files


def map_files(recording: Recording, maps: Mapping[str, Array]) -> dict[str, bytes]:
    """Images of maps (n_places,) over the grid of a recording, each with its sidecar.

    Path relative to the output folder → bytes, the same for the same maps. A place without a value
    is NaN. Raises E304 where the recording has no grid.
    """
    grid = recording.grid
    if grid is None:
        raise DefaultModeError("E304", "no voxels or vertices were read, so there is no map.")
    files: dict[str, bytes] = {}
    for name, values in maps.items():
        stem = _stem(recording, grid, name)
        for entity, ending, content in _images(grid, name, values):
            files[f"{stem.format(entity)}{ending}"] = content
        files[f"{stem.format('')}.json"] = as_json(_sidecar(recording, name)).encode()
    return files


def _stem(recording: Recording, grid: Grid, name: str) -> str:
    """The path up to the ending, with a gap for the hemisphere."""
    run, preset = recording.entities.stem, label_of(recording.processing.preset)
    atlas = run_key(recording).removeprefix(run)
    space = f"_space-{label_of(str(grid.form['space']))}" if grid.form.get("space") else ""
    density = "_den-91k" if "axis" in grid.form else ""
    entities = f"{run}{{}}{space}{density}{atlas}_stat-{label_of(name)}_desc-{preset}"
    return f"{recording.entities.folder}/{entities}_boldmap"


def _sidecar(recording: Recording, name: str) -> dict[str, object]:
    return {
        "Description": DESCRIPTIONS.get(name, name),
        "Denoising": recording.processing.preset,
        "Atlas": recording.atlas.name,
        "Missing": "NaN, where a place has no value",
    }


def _images(grid: Grid, name: str, values: Array) -> list[tuple[str, str, bytes]]:
    """What an image's name says of the hemisphere, its ending and its bytes."""
    if grid.kind == "voxels":
        return [("", ".nii.gz", _nifti(grid, values))]
    if "axis" in grid.form:
        return [("", ".dscalar.nii", _cifti(grid, name, values))]
    return [
        (f"_hemi-{side}", ".func.gii", _gifti(part, side))
        for side, part in zip(SIDES, _hemispheres(grid, values), strict=True)
    ]


def _spread(grid: Grid, values: Array, n: int) -> NDArray[np.float32]:
    """Values in their places among all n of the image, NaN elsewhere."""
    whole = np.full(n, np.nan, dtype=np.float32)
    whole[grid.index] = values
    return whole


def _nibabel() -> Any:
    """Imported where a map is written, and not typed: half of its functions are not."""
    return import_module("nibabel")


def _nifti(grid: Grid, values: Array) -> bytes:
    nib = _nibabel()
    shape: Any = grid.form["shape"]
    data = _spread(grid, values, int(np.prod(shape))).reshape(shape, order="F")
    image = nib.Nifti1Image(data, np.asarray(grid.form["affine"]))
    image.header.set_xyzt_units("mm", "sec")
    mni = str(grid.form["space"]).upper().startswith("MNI")
    for place in (image.set_sform, image.set_qform):
        place(image.affine, 4 if mni else 2)  # 4: MNI space; 2: aligned to something else
    return gzip.compress(image.to_bytes(), 6, mtime=0)


def _cifti(grid: Grid, name: str, values: Array) -> bytes:
    nib = _nibabel()
    axis: Any = grid.form["axis"]
    data = _spread(grid, values, len(axis))[None]
    image = nib.Cifti2Image(data, header=(nib.cifti2.ScalarAxis([name]), axis))
    image.nifti_header.set_intent("NIFTI_INTENT_CONNECTIVITY_DENSE_SCALARS")
    return bytes(image.to_bytes())


def _hemispheres(grid: Grid, values: Array) -> list[NDArray[np.float32]]:
    counts: Any = grid.form["n_vertices"]
    return np.split(_spread(grid, values, sum(counts)), [counts[0]])


def _gifti(values: NDArray[np.float32], side: str) -> bytes:
    gifti = _nibabel().gifti
    array = gifti.GiftiDataArray(values, intent="NIFTI_INTENT_NONE", datatype="NIFTI_TYPE_FLOAT32")
    meta = gifti.GiftiMetaData({"AnatomicalStructurePrimary": SIDES[side]})
    return bytes(gifti.GiftiImage(darrays=[array], meta=meta).to_bytes())
