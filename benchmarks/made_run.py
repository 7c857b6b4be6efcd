"""A made fMRIPrep-like run of 91×109×91 voxels, in either data type, and all that belongs to it."""

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

SHAPE = (91, 109, 91)
TR_S = 2.0
N_REGIONS = 400
TYPES = {"int16": "<i2", "float32": "<f4"}
NETWORKS = ("Default", "DorsAttn", "Visual", "Limbic")
STEM = "sub-01_task-rest"
ON_GRID = f"{STEM}_space-MNI152NLin6Asym_res-2"
LABELS = "atlas-bench.nii.gz"
AFFINE = np.array([[-2.0, 0, 0, 90], [0, 2, 0, -126], [0, 0, 2, -72], [0, 0, 0, 1]])
MOTION = tuple(f"{kind}_{axis}" for kind in ("trans", "rot") for axis in "xyz")


def func(folder: Path, kind: str) -> Path:
    """The folder of the run in one data type; each has a derivatives folder of its own."""
    return folder / kind / "sub-01" / "func"


def bold(folder: Path, kind: str) -> Path:
    """The run itself."""
    return func(folder, kind) / f"{ON_GRID}_desc-preproc_bold.nii.gz"


def mask(folder: Path, kind: str) -> Path:
    """The brain mask beside it."""
    return func(folder, kind) / f"{ON_GRID}_desc-brain_mask.nii.gz"


def make(folder: Path, kind: str, n_time: int) -> None:
    """Write smooth noise on the MNI brain, seeded; data types differ by rounding alone."""
    from scipy.spatial import cKDTree

    template, brain = _brain()
    inside = np.argwhere(brain)
    seeds = inside[np.random.default_rng(0).choice(len(inside), N_REGIONS, replace=False)]
    labels = np.zeros(SHAPE, np.int32)
    labels[brain] = cKDTree(seeds).query(inside)[1] + 1
    func(folder, kind).mkdir(parents=True)
    _write_image(folder / LABELS, labels)
    rows = [f"{i}\tr{i:03d}\t{NETWORKS[i % 4]}" for i in range(1, N_REGIONS + 1)]
    (folder / "atlas-bench.tsv").write_text("\n".join(["index\tname\tnetwork", *rows]) + "\n")
    _write_image(mask(folder, kind), brain.astype(np.uint8))
    _write_texts(folder / kind, n_time)
    mean = np.where(brain, 600 + 600 * template / template.max(), 12).astype(np.float32)
    _write_run(bold(folder, kind), (mean, labels), np.dtype(TYPES[kind]), n_time)


def _brain() -> tuple[np.ndarray, np.ndarray]:
    """The MNI template and its brain on the grid of the run."""
    import nibabel as nib
    from nilearn.datasets import load_mni152_brain_mask, load_mni152_template
    from nilearn.image import resample_to_img

    grid = nib.Nifti1Image(np.zeros(SHAPE, np.uint8), AFFINE)
    options = {"force_resample": True, "copy_header": True}
    template = resample_to_img(load_mni152_template(2), grid, **options).get_fdata()
    brain = resample_to_img(load_mni152_brain_mask(2), grid, "nearest", **options).get_fdata()
    return template, brain > 0


def _write_image(path: Path, values: np.ndarray) -> None:
    import nibabel as nib

    image = nib.Nifti1Image(values, AFFINE)
    image.set_qform(AFFINE, 4)
    image.set_sform(AFFINE, 4)
    image.to_filename(path)


def _header(dtype: np.dtype, n_time: int) -> bytes:
    import nibabel as nib

    header = nib.Nifti1Header()
    header.set_data_dtype(dtype)
    header.set_data_shape((*SHAPE, n_time))
    header.set_zooms((2, 2, 2, TR_S))
    header.set_xyzt_units("mm", "sec")
    header.set_qform(AFFINE, 4)
    header.set_sform(AFFINE, 4)
    header["vox_offset"], header["magic"] = 352, b"n+1"
    return header.binaryblock + bytes(4)


def _write_run(
    path: Path, mean_and_labels: tuple[np.ndarray, np.ndarray], dtype: np.dtype, n_time: int
) -> None:
    """Volume after volume, so that the run is never held; each is compressed beside the next."""
    from scipy.ndimage import gaussian_filter

    mean, labels = mean_and_labels
    rng = np.random.default_rng(1)
    spread = np.where(labels > 0, mean / 60, 4).astype(np.float32)
    steps = rng.standard_normal((n_time, N_REGIONS + 1))
    regional = gaussian_filter(steps, (1.5, 0)).astype(np.float32)
    with gzip.open(path, "wb", compresslevel=1) as file, ThreadPoolExecutor(1) as thread:
        written = thread.submit(file.write, _header(dtype, n_time))
        for t in range(n_time):
            noise = gaussian_filter(rng.standard_normal(SHAPE, dtype=np.float32), 0.8) * 3
            volume = np.maximum(mean + spread * (noise + regional[t][labels]), 0)
            stored = np.rint(volume) if dtype.kind == "i" else volume
            written.result()
            written = thread.submit(file.write, stored.astype(dtype).tobytes(order="F"))
        written.result()


def _write_texts(derivatives: Path, n_time: int) -> None:
    described = {"Name": "made", "BIDSVersion": "1.10.0", "DatasetType": "derivative"}
    (derivatives / "dataset_description.json").write_text(json.dumps(described))
    beside = derivatives / "sub-01" / "func"
    sidecar = beside / f"{ON_GRID}_desc-preproc_bold.json"
    sidecar.write_text(json.dumps({"RepetitionTime": TR_S}))
    _write_confounds(beside / f"{STEM}_desc-confounds_timeseries.tsv", n_time)


def _write_confounds(path: Path, n_time: int) -> None:
    columns, meta = confounds(n_time)
    table = zip(*columns.values(), strict=True)
    lines = ["\t".join("n/a" if np.isnan(v) else f"{v:.9g}" for v in row) for row in table]
    path.write_text("\n".join(["\t".join(columns), *lines]) + "\n")
    path.with_suffix(".json").write_text(json.dumps(meta))


def confounds(n_time: int) -> tuple[dict[str, np.ndarray], dict[str, dict[str, object]]]:
    """The columns of fMRIPrep that the presets need, and their sidecar; no frame is over a limit.

    A derivative begins with 0 instead of n/a, which nilearn and we fill differently.
    """
    rng = np.random.default_rng(2)
    columns: dict[str, np.ndarray] = {}
    for name in (*MOTION, "csf", "white_matter", "global_signal"):
        values = 0.01 * rng.standard_normal(n_time).cumsum()
        change = np.r_[0.0, np.diff(values)]
        columns |= {
            name: values,
            f"{name}_derivative1": change,
            f"{name}_power2": values**2,
            f"{name}_derivative1_power2": change**2,
        }
    meta: dict[str, dict[str, object]] = {}
    for kind, tissue in (("c", "CSF"), ("w", "WM")):
        for i in range(6):
            name = f"{kind}_comp_cor_{i:02d}"
            columns[name] = rng.standard_normal(n_time)
            meta[name] = {"Method": "aCompCor", "Mask": tissue, "Retained": True}
    columns["framewise_displacement"] = np.r_[np.nan, 0.1 + 0.02 * rng.random(n_time - 1)]
    columns["std_dvars"] = np.r_[np.nan, 1 + 0.1 * rng.standard_normal(n_time - 1)]
    return columns, meta
