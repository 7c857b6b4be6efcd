"""Nouns → the files of a BIDS derivative, as text, and back; whoever calls writes them."""

from defaultmode.outputs.crate import crate_file
from defaultmode.outputs.dataset import dataset_files
from defaultmode.outputs.layout import misplaced
from defaultmode.outputs.maps import images_of
from defaultmode.outputs.motion import read_displacement
from defaultmode.outputs.read_back import FinishedRun, finished_runs, mean_fisher_z
from defaultmode.outputs.run import MeasuredRun, Variant, measures_path, run_files, run_key
from defaultmode.outputs.states import (
    Labels,
    labels_path,
    read_states,
    scored_files,
    states_path,
    states_text,
)
from defaultmode.outputs.study import gather, ledger_dictionary, result_file, slug, study_files
from defaultmode.outputs.windows import gathered_windows

__all__ = [
    "FinishedRun",
    "Labels",
    "MeasuredRun",
    "Variant",
    "crate_file",
    "dataset_files",
    "finished_runs",
    "gather",
    "gathered_windows",
    "images_of",
    "labels_path",
    "ledger_dictionary",
    "mean_fisher_z",
    "measures_path",
    "misplaced",
    "read_displacement",
    "read_states",
    "result_file",
    "run_files",
    "run_key",
    "scored_files",
    "slug",
    "states_path",
    "states_text",
    "study_files",
]
