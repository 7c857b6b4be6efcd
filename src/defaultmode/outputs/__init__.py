"""Nouns → the files of a BIDS derivative, as text; whoever calls writes them."""

from defaultmode.outputs.crate import crate_file
from defaultmode.outputs.dataset import dataset_files
from defaultmode.outputs.run import MeasuredRun, Variant, measures_path, run_files, run_key
from defaultmode.outputs.study import gather, slug, study_files

__all__ = [
    "MeasuredRun",
    "Variant",
    "crate_file",
    "dataset_files",
    "gather",
    "measures_path",
    "run_files",
    "run_key",
    "slug",
    "study_files",
]
