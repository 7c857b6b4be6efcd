"""Regional means of one fMRIPrep-like run: ours beside nilearn's masker, in alternating processes.

python benchmarks/extraction.py [--pairs 5] [--volumes 300] [--folder KEEP]
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

SHAPE = (91, 109, 91)
TR_S = 2.0
N_REGIONS = 400
TOOLS = ("ours", "nilearn", "nilearn reports=False", "gunzip only")
STEM = "sub-01_task-rest_space-MNI152NLin6Asym_res-2"


def make(folder: Path, n_time: int) -> None:
    """Write a run of smooth noise on a brain, its mask and a label image; int16, 2 mm, seeded."""
    import nibabel as nib
    import numpy as np
    from scipy.spatial import cKDTree

    affine = np.array([[-2.0, 0, 0, 90], [0, 2, 0, -126], [0, 0, 2, -72], [0, 0, 0, 1]])
    template, brain = _brain(affine)
    rng = np.random.default_rng(0)
    inside = np.argwhere(brain)
    seeds = inside[rng.choice(len(inside), N_REGIONS, replace=False)]
    labels = np.zeros(SHAPE, np.int32)
    labels[brain] = cKDTree(seeds).query(inside)[1] + 1
    for name, values in (("desc-brain_mask", brain.astype(np.uint8)), ("dseg", labels)):
        image = nib.Nifti1Image(values, affine)
        image.set_qform(affine, 4)
        image.set_sform(affine, 4)
        image.to_filename(folder / f"{STEM}_{name}.nii.gz")
    mean = np.where(brain, 600 + 600 * template / template.max(), 12).astype(np.float32)
    _write_run(folder, affine, (mean, labels), n_time)


def _brain(affine):
    """The MNI template and its brain on the grid of the run."""
    import nibabel as nib
    import numpy as np
    from nilearn.datasets import load_mni152_brain_mask, load_mni152_template
    from nilearn.image import resample_to_img

    grid = nib.Nifti1Image(np.zeros(SHAPE, np.uint8), affine)
    options = {"force_resample": True, "copy_header": True}
    template = resample_to_img(load_mni152_template(2), grid, **options).get_fdata()
    brain = resample_to_img(load_mni152_brain_mask(2), grid, "nearest", **options).get_fdata()
    return template, brain > 0


def _write_run(folder: Path, affine, mean_and_labels, n_time: int) -> None:
    """Volume after volume, so that the whole run is never held."""
    import gzip

    import nibabel as nib
    import numpy as np
    from scipy.ndimage import gaussian_filter

    mean, labels = mean_and_labels
    rng = np.random.default_rng(1)
    spread = np.where(labels > 0, mean / 60, 4).astype(np.float32)
    regional = gaussian_filter(rng.standard_normal((n_time, N_REGIONS + 1)), (1.5, 0))
    header = nib.Nifti1Header()
    header.set_data_dtype(np.int16)
    header.set_data_shape((*SHAPE, n_time))
    header.set_zooms((2, 2, 2, TR_S))
    header.set_xyzt_units("mm", "sec")
    header.set_qform(affine, 4)
    header.set_sform(affine, 4)
    header["vox_offset"], header["magic"] = 352, b"n+1"
    with gzip.open(folder / f"{STEM}_desc-preproc_bold.nii.gz", "wb", compresslevel=1) as out:
        out.write(header.binaryblock + bytes(4))
        for t in range(n_time):
            noise = gaussian_filter(rng.standard_normal(SHAPE, dtype=np.float32), 0.8) * 3
            volume = mean + spread * (noise + regional[t].astype(np.float32)[labels])
            out.write(np.maximum(np.rint(volume), 0).astype("<i2").tobytes(order="F"))


def measure(tool: str, folder: Path) -> dict[str, float]:
    """Run one tool once in this process; imports are timed apart."""
    started = time.perf_counter()
    work = {"ours": _ours, "gunzip only": _gunzip}.get(tool, _nilearn)(tool, folder)
    imported = time.perf_counter()
    busy = time.process_time()
    signal = work()
    done, busy = time.perf_counter(), time.process_time() - busy
    if signal is not None:
        import numpy as np

        np.save(folder / f"{tool.split(maxsplit=1)[0]}.npy", signal)
    return {
        "import_s": imported - started,
        "read_s": done - imported,
        "cpu_s": busy,
        "peak_mb": peak_mb(),
    }


def _ours(_: str, folder: Path):
    """Labels read, run read strictly, regions averaged."""
    import nibabel as nib
    import numpy as np

    from defaultmode.core.atlas import Atlas, Region
    from defaultmode.core.recording import Entities
    from defaultmode.sources.atlases import Parcellation
    from defaultmode.sources.bids import RunFiles
    from defaultmode.sources.volumes import read_volumes

    atlas = Atlas("bench", tuple(Region(f"r{i}", "x") for i in range(N_REGIONS)))
    files = RunFiles(
        Entities("01", task="rest"),
        "volumes",
        folder / f"{STEM}_desc-preproc_bold.nii.gz",
        {"RepetitionTime": TR_S},
        mask=folder / f"{STEM}_desc-brain_mask.nii.gz",
        space="MNI152NLin6Asym",
    )

    def work():
        image = nib.load(folder / f"{STEM}_dseg.nii.gz")
        labels = np.asarray(image.dataobj).astype(np.int32)
        parcels = Parcellation(labels, image.affine, tuple(range(1, N_REGIONS + 1)))
        return read_volumes(files, atlas, parcels).signal

    return work


def _nilearn(tool: str, folder: Path):
    """The masker of nilearn, with its report and without."""
    from nilearn.maskers import NiftiLabelsMasker

    masker = NiftiLabelsMasker(
        folder / f"{STEM}_dseg.nii.gz",
        mask_img=folder / f"{STEM}_desc-brain_mask.nii.gz",
        standardize=None,
        reports="reports=False" not in tool,
    )
    return lambda: masker.fit_transform(folder / f"{STEM}_desc-preproc_bold.nii.gz")


def _gunzip(_: str, folder: Path):
    """The floor: every byte inflated and thrown away."""
    from defaultmode.sources.nifti_stream import open_bytes

    def work() -> None:
        buffer = memoryview(bytearray(8 << 20))
        with open_bytes(folder / f"{STEM}_desc-preproc_bold.nii.gz") as source:
            while source.fill(buffer):
                pass

    return work


def peak_mb() -> float:
    """Highest resident memory of this process; getrusage would count its parent's too."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return float("nan")


def alternate(folder: Path, pairs: int) -> dict[str, list[dict[str, float]]]:
    """Every tool once a round, each in a fresh process, the order turned by one every round."""
    runs: dict[str, list[dict[str, float]]] = {tool: [] for tool in TOOLS}
    (folder / f"{STEM}_desc-preproc_bold.nii.gz").read_bytes()  # into the page cache, for all alike
    for i in range(pairs):
        for tool in TOOLS[i % len(TOOLS) :] + TOOLS[: i % len(TOOLS)]:
            command = [sys.executable, __file__, "--child", tool, "--folder", str(folder)]
            started = time.perf_counter()
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found = json.loads(done.stdout.splitlines()[-1])
            runs[tool].append(found | {"process_s": time.perf_counter() - started})
    return runs


def machine() -> str:
    """What the numbers were measured on."""
    model = platform.processor() or "unknown processor"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [x for x in cpuinfo.read_text("utf-8").splitlines() if x.startswith("model name")]
        model = names[0].split(":")[1].strip() if names else model
    packages = ", ".join(f"{p} {version(p)}" for p in ("numpy", "nibabel", "nilearn", "isal"))
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, {model}, {platform.system()}, Python "
        f"{platform.python_version()}, {packages}; load before the first run {load:.1f}"
    )


def report(runs: dict[str, list[dict[str, float]]], folder: Path) -> None:
    """Print the table, the share of the floor and the agreement."""
    import numpy as np

    middle = {
        tool: {key: statistics.median(run[key] for run in found) for key in found[0]}
        for tool, found in runs.items()
    }
    print(
        "| tool | read s (all runs) | median | ratio of pairs | CPU s | with imports s | peak MB |"
    )
    print("|---|---|---|---|---|---|---|")
    for tool, found in runs.items():
        pairs = zip(found, runs["ours"], strict=True)
        ratio = statistics.median(theirs["read_s"] / ours["read_s"] for theirs, ours in pairs)
        each = " ".join(f"{run['read_s']:.2f}" for run in found)
        row = middle[tool]
        print(
            f"| {tool} | {each} | {row['read_s']:.2f} | {ratio:.2f} | {row['cpu_s']:.2f} "
            f"| {row['process_s']:.2f} | {row['peak_mb']:.0f} |"
        )
    ours, theirs = (np.load(folder / f"{name}.npy") for name in ("ours", "nilearn"))
    wall, cpu = (middle["gunzip only"][key] / middle["ours"][key] for key in ("read_s", "cpu_s"))
    print(f"\nshare of the floor (gunzip only) reached: {wall:.0%} of wall, {cpu:.0%} of CPU time")
    print(f"largest relative difference from nilearn: {np.abs(ours / theirs - 1).max():.1e}")


def main() -> None:
    """Make the run unless it is there, measure in turns, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--volumes", type=int, default=300)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--child", choices=TOOLS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.child, options.folder)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        bold = folder / f"{STEM}_desc-preproc_bold.nii.gz"
        if not bold.exists():
            make(folder, options.volumes)
        raw_mb = 2 * 91 * 109 * 91 * options.volumes / 1e6
        print(machine())
        print(f"{bold.stat().st_size / 1e6:.0f} MB compressed, {raw_mb:.0f} MB raw\n")
        report(alternate(folder, options.pairs), folder)


if __name__ == "__main__":
    main()
