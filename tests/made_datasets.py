"""Makes whole small data sets: tables of AAL-90 regions, or fMRIPrep-like volumes with confounds."""

import json
from pathlib import Path

import numpy as np

from defaultmode.sources.atlases import load_atlas
from runs_to_denoise import MOTION, SIGNALS
from volume_images import nifti, packed

N_TIME, TR_S = 130, 2.0  # 260 s, just over what a resting estimate needs
SPACE = "space-MNI152NLin6Asym"


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def describe(folder: Path) -> None:
    made = {"Name": "made", "BIDSVersion": "1.10.0", "DatasetType": "derivative"}
    write(folder / "dataset_description.json", json.dumps(made))


def series(seed: int, n_time: int = N_TIME) -> np.ndarray:
    """Signal of the AAL-90 regions in scanner units: networks share a part, (n_time, 90)."""
    rng = np.random.default_rng(seed)
    networks = load_atlas("aal90").networks
    shared = {n: rng.standard_normal(n_time) for n in sorted(set(networks))}
    own = rng.standard_normal((n_time, len(networks)))
    return 1000 + 10 * (own + np.stack([shared[n] for n in networks], axis=1))


def write_table(folder: Path, stem: str, signal: np.ndarray, **sidecar: object) -> Path:
    """One run as a time-series table with its sidecar; `RepetitionTime=None` leaves it out."""
    person = stem.split("_", maxsplit=1)[0]
    session = next((f"{p}/" for p in stem.split("_") if p.startswith("ses-")), "")
    base = folder / person / session / "func" / f"{stem}_atlas-AAL90_stat-mean_timeseries"
    names = load_atlas("aal90").names
    rows = ["\t".join("n/a" if np.isnan(v) else f"{v:.4f}" for v in row) for row in signal]
    fields = {"RepetitionTime": TR_S} | sidecar
    write(base.with_suffix(".json"), json.dumps({k: v for k, v in fields.items() if v is not None}))
    return write(base.with_suffix(".tsv"), "\n".join(["\t".join(names), *rows]) + "\n")


def tables(folder: Path, people: dict[str, str] | None = None) -> Path:
    """A data set of tables: participant label → group."""
    people = people or {"01": "patient", "02": "patient", "03": "control", "04": "control"}
    describe(folder)
    for seed, person in enumerate(people):
        write_table(folder, f"sub-{person}_task-rest", series(seed))
    rows = [f"sub-{person}\t{group}\t{30 + i}" for i, (person, group) in enumerate(people.items())]
    write(folder / "participants.tsv", "\n".join(["participant_id\tgroup\tage", *rows]) + "\n")
    return folder


def volumes(folder: Path, *, tr_s: float = TR_S, flip_mask: bool = False) -> Path:
    """One participant's fMRIPrep-like run on an 8 mm grid; returns the path of the image."""
    describe(folder)
    shape = (23, 28, 23)
    affine = np.diag([8.0, 8.0, 8.0, 1.0])
    affine[:3, 3] = (-88, -124, -72)
    rng = np.random.default_rng(0)
    drift = rng.standard_normal(N_TIME)
    data = (1000 + 20 * rng.standard_normal((*shape, N_TIME)) + 5 * drift).astype(np.int16)
    base = folder / "sub-01" / "func" / f"sub-01_task-rest_{SPACE}"
    image = packed(nifti(data, affine, tr_s=tr_s))
    path = write(Path(f"{base}_desc-preproc_bold.nii.gz"), image)
    mask_affine = np.diag([-1.0, 1, 1, 1]) @ affine if flip_mask else affine
    mask = packed(nifti(np.ones(shape, np.uint8), mask_affine))
    write(Path(f"{base}_desc-brain_mask.nii.gz"), mask)
    write(
        path.with_name(path.name.replace(".nii.gz", ".json")), json.dumps({"RepetitionTime": TR_S})
    )
    write_confounds(folder, N_TIME)
    return path


def write_confounds(folder: Path, n_rows: int) -> Path:
    """Motion, tissue signals and aCompCor components with the first-row `n/a` of fMRIPrep."""
    rng = np.random.default_rng(1)
    columns: dict[str, np.ndarray] = {}
    for name in (*MOTION, *SIGNALS):
        values = 0.01 * rng.standard_normal(n_rows).cumsum()
        change = np.r_[np.nan, np.diff(values)]
        columns |= {
            name: values,
            f"{name}_derivative1": change,
            f"{name}_power2": values**2,
            f"{name}_derivative1_power2": change**2,
        }
    for kind in "cw":
        columns |= {f"{kind}_comp_cor_{i:02d}": rng.standard_normal(n_rows) for i in range(6)}
    columns["framewise_displacement"] = np.r_[np.nan, 0.1 + 0.02 * rng.random(n_rows - 1)]
    columns["std_dvars"] = np.r_[np.nan, 1 + 0.1 * rng.standard_normal(n_rows - 1)]
    lines = ["\t".join(columns)]
    lines += [
        "\t".join("n/a" if np.isnan(v) else f"{v:.6f}" for v in row)
        for row in zip(*columns.values(), strict=True)
    ]
    path = folder / "sub-01" / "func" / "sub-01_task-rest_desc-confounds_timeseries.tsv"
    write(path.with_suffix(".json"), "{}")
    return write(path, "\n".join(lines) + "\n")
