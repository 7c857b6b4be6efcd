"""Finding 10 000 runs of a folder, with everything that belongs to each.

python -m jobs.indexing (in the folder benchmarks)
"""

import json
import os
import tempfile
import time
from pathlib import Path

from jobs.answering import answer

PEOPLE, SESSIONS, RUNS = 1250, 2, 4
COMPONENTS = {f"c_comp_cor_{i:02d}": {"Method": "aCompCor", "Mask": "CSF"} for i in range(6)}


def make_tree(root: Path) -> int:
    """Empty images, masks and tables, two JSON sidecars for every run; the number of files."""
    described = {"Name": "made", "BIDSVersion": "1.10.0", "DatasetType": "derivative"}
    (root / "dataset_description.json").write_text(json.dumps(described))
    for person in range(PEOPLE):
        for session in range(SESSIONS):
            folder = root / f"sub-{person:04d}" / f"ses-{session}" / "func"
            folder.mkdir(parents=True)
            for run in range(RUNS):
                _make_run(folder, f"sub-{person:04d}_ses-{session}_task-rest_run-{run}")
    return 1 + 5 * PEOPLE * SESSIONS * RUNS


def _make_run(folder: Path, stem: str) -> None:
    on_grid = f"{stem}_space-MNI152NLin6Asym_res-2"
    (folder / f"{on_grid}_desc-preproc_bold.nii.gz").touch()
    (folder / f"{on_grid}_desc-brain_mask.nii.gz").touch()
    (folder / f"{stem}_desc-confounds_timeseries.tsv").touch()
    (folder / f"{on_grid}_desc-preproc_bold.json").write_text('{"RepetitionTime": 2.0}')
    (folder / f"{stem}_desc-confounds_timeseries.json").write_text(json.dumps(COMPONENTS))


def visit(root: Path) -> None:
    """The floor: every folder listed and every JSON file read, nothing understood."""
    for folder, _, files in os.walk(root):
        for file in files:
            if file.endswith(".json"):
                (Path(folder) / file).read_bytes()


def main() -> None:
    """Make the tree, find its runs, and visit its files."""
    from defaultmode.sources.bids import find_runs

    with tempfile.TemporaryDirectory() as folder:
        n_files = make_tree(Path(folder))
        started, busy = time.perf_counter(), time.process_time()
        found = len(find_runs(Path(folder)))
        ours_s, cpu_s = time.perf_counter() - started, time.process_time() - busy
        started = time.perf_counter()
        visit(Path(folder))
        floor_s = time.perf_counter() - started
    answer(runs=found, files=n_files, ours_s=ours_s, cpu_s=cpu_s, share=floor_s / ours_s)


if __name__ == "__main__":
    main()
