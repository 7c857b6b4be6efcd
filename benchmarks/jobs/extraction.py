"""One tool extracts and denoises the made run once, in this process.

python -m jobs.extraction TOOL KIND FOLDER (in the folder benchmarks)
"""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import made_run
import numpy as np
from jobs.answering import answer

PRESET = "36P+scrub"  # none of the frames of the made run is censored
BAND_HZ = (0.01, 0.1)
Work = Callable[[], np.ndarray | None]


def ours(kind: str, folder: Path) -> Work:
    """Find the run, read it strictly, average 400 regions, denoise by one preset."""
    import pandas as pd  # noqa: F401 - reads the confounds; imports are timed apart

    from defaultmode.core.missing import Missing
    from defaultmode.denoising import all_presets, denoise
    from defaultmode.sources.bids import find_runs
    from defaultmode.sources.reading import read_recording

    def work() -> np.ndarray:
        (files,) = find_runs(folder / kind)
        recording = read_recording(files, str(folder / made_run.LABELS))
        cleaned = denoise(recording, all_presets()[PRESET])
        if isinstance(cleaned, Missing):
            raise SystemExit(cleaned.reason)
        return cleaned.signal

    return work


def nilearn(kind: str, folder: Path, *, reports: bool = True) -> Work:
    """The masker of nilearn with the same confounds, filter and padding."""
    from nilearn.interfaces.fmriprep import load_confounds
    from nilearn.maskers import NiftiLabelsMasker

    path = str(made_run.bold(folder, kind))

    def work() -> np.ndarray:
        confounds, _ = load_confounds(
            path,
            strategy=("motion", "wm_csf", "global_signal"),
            motion="full",
            wm_csf="full",
            global_signal="full",
        )
        masker = NiftiLabelsMasker(
            folder / made_run.LABELS,
            mask_img=made_run.mask(folder, kind),
            standardize="zscore_sample",
            detrend=True,
            high_pass=BAND_HZ[0],
            low_pass=BAND_HZ[1],
            t_r=made_run.TR_S,
            reports=reports,
            clean_args={
                "butterworth__order": 2,
                "butterworth__padtype": "constant",
                "butterworth__padlen": len(confounds) - 1,
            },
        )
        return masker.fit_transform(path, confounds=confounds)

    return work


def inflate(kind: str, folder: Path) -> Work:
    """The floor: every byte inflated, the checksum of gzip compared, nothing kept."""
    from defaultmode.sources.nifti_stream import open_bytes

    def work() -> None:
        buffer = memoryview(bytearray(8 << 20))
        with open_bytes(made_run.bold(folder, kind)) as source:
            while source.fill(buffer):
                pass

    return work


def whole_verb(kind: str, folder: Path) -> Work:
    """`defaultmode measure`: every check, every preset, every measure, every file written."""
    from defaultmode.cli import main

    out = folder / f"measured-{kind}"
    shutil.rmtree(out, ignore_errors=True)
    words = ["measure", str(folder / kind), str(out), "--nprocs", "1", "--quiet"]

    def work() -> None:
        main([*words, "--atlas", str(folder / made_run.LABELS)])

    return work


TOOLS: dict[str, Callable[[str, Path], Work]] = {
    "ours": ours,
    "nilearn": nilearn,
    "nilearn without report": lambda kind, folder: nilearn(kind, folder, reports=False),
    "inflate": inflate,
    "defaultmode measure": whole_verb,
}


def main(tool: str, kind: str, folder: Path) -> None:
    """Time the imports and the work apart."""
    started = time.perf_counter()
    work = TOOLS[tool](kind, folder)
    ready, busy = time.perf_counter(), time.process_time()
    series = work()
    done, busy = time.perf_counter(), time.process_time() - busy
    if series is not None:
        np.save(folder / f"{tool.replace(' ', '-')}-{kind}.npy", series)
    answer(import_s=ready - started, work_s=done - ready, cpu_s=busy)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
