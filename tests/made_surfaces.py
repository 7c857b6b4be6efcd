"""Small surface and CIFTI files: series and labels, whole or damaged."""

import json
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.freesurfer.io import write_annot

STEM = "sub-01_task-rest"
SIDES = ("L", "R")
N_VERTICES, N_TIME, TR_S = 40, 12, 0.8
NAMES = {
    side: tuple(f"7Networks_{side}H_{n}_1" for n in ("Default", "DorsAttn", "Vis", "SomMot"))
    for side in SIDES
}
CORTEX = {"L": "CortexLeft", "R": "CortexRight"}


def columns() -> np.ndarray:
    """Label of each vertex of a hemisphere: 0 for the first eight (medial wall), then 1 to 4."""
    return np.repeat(np.arange(5), N_VERTICES // 5)


def values(seed: int = 0, n_vertices: int = N_VERTICES, n_time: int = N_TIME) -> np.ndarray:
    """Series (n_vertices, n_time) about 1000; the medial wall is 0."""
    rng = np.random.default_rng(seed)
    series = (1000 + 20 * rng.standard_normal((n_vertices, n_time))).astype(np.float32)
    series[: n_vertices // 5] = 0
    return series


def gifti(path: Path, arrays: list[np.ndarray], *, intent: str, **meta: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    made = [nib.gifti.GiftiDataArray(a, intent=intent) for a in arrays]
    image = nib.gifti.GiftiImage(darrays=made, meta=nib.gifti.GiftiMetaData(meta))
    image.to_filename(path)
    return path


def series(folder: Path, side: str, data: np.ndarray, space: str = "fsnative", **meta: str) -> Path:
    """One hemisphere of a run, and the sidecar that both share."""
    meta = {"AnatomicalStructurePrimary": CORTEX[side]} | meta
    name = f"{STEM}_hemi-{side}_space-{space}_bold.func.gii"
    (folder / f"{STEM}_space-{space}_bold.json").write_text(json.dumps({"RepetitionTime": TR_S}))
    arrays = [np.ascontiguousarray(frame) for frame in data.T]
    return gifti(folder / name, arrays, intent="NIFTI_INTENT_TIME_SERIES", **meta)


def labels(folder: Path, side: str, names: tuple[str, ...] = ()) -> Path:
    """Labels of one hemisphere in GIFTI."""
    path = folder / f"atlas_hemi-{side}_dseg.label.gii"
    array = nib.gifti.GiftiDataArray(columns().astype(np.int32), intent="NIFTI_INTENT_LABEL")
    image = nib.gifti.GiftiImage(darrays=[array])
    for key, name in enumerate(("???", *(names or NAMES[side]))):
        label = nib.gifti.GiftiLabel(key)
        label.label = name
        image.labeltable.labels.append(label)
    image.to_filename(path)
    return path


def annotation(folder: Path, side: str, names: tuple[str, ...] = ()) -> Path:
    """The same labels as FreeSurfer writes them."""
    path = folder / f"{side.lower()}h.atlas.annot"
    colours = np.column_stack([np.arange(1, 6)] * 3 + [np.zeros(5)] * 2).astype(int)
    write_annot(path, columns(), colours, ["Medial_wall", *(names or NAMES[side])], fill_ctab=True)
    return path


def brain_models(*, voxels: bool = True) -> nib.cifti2.BrainModelAxis:
    """Both cortices without their medial wall, and six voxels."""
    used = np.arange(N_VERTICES // 5, N_VERTICES)
    left, right = (
        nib.cifti2.BrainModelAxis.from_surface(used, N_VERTICES, CORTEX[s]) for s in SIDES
    )
    if not voxels:
        return left + right
    mask = np.zeros((4, 4, 4), dtype=bool)
    mask[1:3, 1, 1:4] = True
    thalamus = nib.cifti2.BrainModelAxis.from_mask(
        mask, name="thalamus_left", affine=np.diag([2.0, 2, 2, 1])
    )
    return left + right + thalamus


def dense(
    path: Path, data: np.ndarray, axis: nib.cifti2.BrainModelAxis, step_s: float = TR_S
) -> Path:
    """A dense series; data (n_time, n_places)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    axes = (nib.cifti2.SeriesAxis(0, step_s, len(data), unit="SECOND"), axis)
    nib.Cifti2Image(data.astype(np.float32), header=axes).to_filename(path)
    return path


def dense_labels(path: Path, *, voxels: bool = False) -> Path:
    """Labels 1 to 8 of the cortex, and 9 of the voxels."""
    axis = brain_models(voxels=voxels)
    cortex = columns()[N_VERTICES // 5 :]
    keys = np.concatenate([cortex, cortex + 4, *([np.full(6, 9)] if voxels else [])])
    names = ["???", *NAMES["L"], *NAMES["R"], "Thalamus_L"]
    table = {key: (name, (0.1, 0.2, 0.3, 1.0)) for key, name in enumerate(names)}
    axes = (nib.cifti2.LabelAxis(["atlas"], [table]), axis)
    nib.Cifti2Image(keys[None].astype(np.float32), header=axes).to_filename(path)
    return path
