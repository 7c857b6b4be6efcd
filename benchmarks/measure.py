"""`defaultmode measure` as a whole beside nilearn's masker and connectivity on the same run.

python benchmarks/measure.py [--pairs 5] [--volumes 300] [--folder KEEP]
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import extraction
import numpy as np

TOOLS = ("defaultmode measure", "nilearn")
MOTION = tuple(f"{kind}_{axis}" for kind in ("trans", "rot") for axis in "xyz")


def prepare(folder: Path, n_time: int) -> Path:
    """An fMRIPrep-like tree around the run of `extraction.py`, and an atlas of its 400 labels."""
    source = folder / "derivatives"
    func = source / "sub-01" / "func"
    if func.exists():
        return source
    func.mkdir(parents=True)
    extraction.make(folder, n_time)
    stem = extraction.STEM
    for name in ("desc-preproc_bold.nii.gz", "desc-brain_mask.nii.gz"):
        shutil.move(folder / f"{stem}_{name}", func / f"{stem}_{name}")
    shutil.move(folder / f"{stem}_dseg.nii.gz", folder / "atlas-bench.nii.gz")
    sidecar = {"RepetitionTime": extraction.TR_S}
    (func / f"{stem}_desc-preproc_bold.json").write_text(json.dumps(sidecar))
    described = {"Name": "made", "BIDSVersion": "1.10.0", "DatasetType": "derivative"}
    (source / "dataset_description.json").write_text(json.dumps(described))
    networks = ["Default", "DorsAttn", "Visual", "Limbic"]
    rows = [f"{i}\tr{i:03d}\t{networks[i % 4]}" for i in range(1, extraction.N_REGIONS + 1)]
    (folder / "atlas-bench.tsv").write_text("\n".join(["index\tname\tnetwork", *rows]) + "\n")
    write_confounds(func / "sub-01_task-rest_desc-confounds_timeseries.tsv", n_time)
    return source


def write_confounds(path: Path, n_time: int) -> None:
    """Made confounds with the columns of fMRIPrep that the presets of both tools need."""
    rng = np.random.default_rng(2)
    columns: dict[str, np.ndarray] = {}
    for name in (*MOTION, "csf", "white_matter", "global_signal"):
        values = 0.01 * rng.standard_normal(n_time).cumsum()
        change = np.r_[np.nan, np.diff(values)]
        columns |= {
            name: values,
            f"{name}_derivative1": change,
            f"{name}_power2": values**2,
            f"{name}_derivative1_power2": change**2,
        }
    meta = {}
    for kind, mask in (("c", "CSF"), ("w", "WM")):
        for i in range(6):
            columns[f"{kind}_comp_cor_{i:02d}"] = rng.standard_normal(n_time)
            meta[f"{kind}_comp_cor_{i:02d}"] = {
                "Method": "aCompCor",
                "Mask": mask,
                "Retained": True,
            }
    columns["framewise_displacement"] = np.r_[np.nan, 0.1 + 0.02 * rng.random(n_time - 1)]
    columns["std_dvars"] = np.r_[np.nan, 1 + 0.1 * rng.standard_normal(n_time - 1)]
    table = zip(*columns.values(), strict=True)
    lines = ["\t".join("n/a" if np.isnan(v) else f"{v:.6f}" for v in row) for row in table]
    path.write_text("\n".join(["\t".join(columns), *lines]) + "\n")
    path.with_suffix(".json").write_text(json.dumps(meta))


def nilearn_arm(folder: Path) -> None:
    """One pipeline of a nilearn user: confounds, masker with cleaning, correlation matrix."""
    from nilearn.connectome import ConnectivityMeasure
    from nilearn.maskers import NiftiLabelsMasker
    from sklearn.covariance import EmpiricalCovariance

    func = folder / "derivatives" / "sub-01" / "func"
    table = func / "sub-01_task-rest_desc-confounds_timeseries.tsv"
    with table.open() as stream:
        names = stream.readline().split("\t")
        values = np.genfromtxt(stream, missing_values="n/a", filling_values=0.0)
    chosen = [i for i, n in enumerate(names) if n.startswith(("trans", "rot", "c_comp", "w_comp"))]
    masker = NiftiLabelsMasker(
        folder / "atlas-bench.nii.gz",
        mask_img=func / f"{extraction.STEM}_desc-brain_mask.nii.gz",
        standardize="zscore_sample",
        detrend=True,
        low_pass=0.1,
        high_pass=0.01,
        t_r=extraction.TR_S,
        reports=False,
    )
    bold = func / f"{extraction.STEM}_desc-preproc_bold.nii.gz"
    series = masker.fit_transform(bold, confounds=np.nan_to_num(values[:, chosen]))
    connectivity = ConnectivityMeasure(EmpiricalCovariance(), kind="correlation")
    np.save(folder / "nilearn.npy", connectivity.fit_transform([series])[0])


def once(tool: str, folder: Path) -> tuple[float, float]:
    """Wall time in seconds and peak memory in MB of one fresh process, imports included."""
    if tool == "nilearn":
        command = [sys.executable, __file__, "--child", "--folder", str(folder)]
    else:
        shutil.rmtree(folder / "out", ignore_errors=True)
        words = ["measure", folder / "derivatives", folder / "out", "--nprocs", 1, "--quiet"]
        atlas = ["--atlas", folder / "atlas-bench.nii.gz"]
        command = [sys.executable, "-m", "defaultmode", *(str(w) for w in [*words, *atlas])]
    started = time.perf_counter()
    process = subprocess.Popen(command)
    peak: list[float] = [0.0]
    watcher = threading.Thread(target=watch, args=(process.pid, peak))
    watcher.start()
    code = process.wait()
    wall_s = time.perf_counter() - started
    watcher.join()
    if code:
        raise SystemExit(f"{tool} ended with {code}")
    return wall_s, peak[0]


def watch(pid: int, peak: list[float]) -> None:
    """Keep the high-water mark of a process while it lives."""
    status = Path(f"/proc/{pid}/status")
    while True:
        try:
            lines = status.read_text("ascii").splitlines()
        except OSError:
            return
        mark = [line for line in lines if line.startswith("VmHWM")]
        if not mark:
            return
        peak[0] = max(peak[0], int(mark[0].split()[1]) / 1024)
        time.sleep(0.02)


def main() -> None:
    """Make the tree unless it is there, run both in turns, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--volumes", type=int, default=300)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        nilearn_arm(options.folder)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        prepare(folder, options.volumes)
        print(extraction.machine(), "\n")
        runs: dict[str, list[tuple[float, float]]] = {tool: [] for tool in TOOLS}
        for i in range(options.pairs):
            for tool in TOOLS[:: 1 if i % 2 == 0 else -1]:
                runs[tool].append(once(tool, folder))
        print("| tool | wall s (all runs) | median | ratio of pairs | peak MB |")
        print("|---|---|---|---|---|")
        for tool, found in runs.items():
            ratio = statistics.median(
                theirs[0] / ours[0] for theirs, ours in zip(found, runs[TOOLS[0]], strict=True)
            )
            each = " ".join(f"{wall:.1f}" for wall, _ in found)
            middle = statistics.median(wall for wall, _ in found)
            memory = statistics.median(mb for _, mb in found)
            print(f"| {tool} | {each} | {middle:.1f} | {ratio:.2f} | {memory:.0f} |")
        written = sum(p.is_file() for p in (folder / "out").rglob("*"))
        print(f"\nfiles written by measure: {written}")


if __name__ == "__main__":
    main()
