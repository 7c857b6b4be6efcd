"""The contrast "within scan" of a claim, from the windows of a folder of results."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.result import Estimate
from defaultmode.outputs.windows import RATING
from defaultmode.statistics.within_scan import within_scan

CODE = "E446"
TEXT = (
    *("participant_id", "session_id", "task_id", "run_id", "atlas", "denoise", "phase"),
    *("drug", "concentration_unit", "modelled"),
)
ACROSS = "across"
STREAM = 20  # of the random shifts: the same windows give the same p


def answer(
    out: Path,
    measure: str,
    denoise: str,
    atlas: str,
    construct: str,
    *,
    treatment: str = "",
) -> Estimate:
    """How a quantity follows a rating of a construct within scans under a drug (claim C20).

    measure : a quantity of windows.tsv; construct : "dissociation", "intensity", …; treatment :
        the drug, any for an empty name
    Of several ratings of the construct the one given in most windows is taken. Windows across the
    start or end of a dose are left out. Estimate with code E446 where the folder has no windows or
    no such rating.
    """
    try:
        windows = read_windows(out)
        rating = rating_of(out, windows, construct)
    except DefaultModeError as problem:
        return Estimate("Pearson r", code=problem.code, reason=problem.detail)
    here = (windows["denoise"] == denoise) & (windows["atlas"] == atlas)
    here &= windows["phase"] != ACROSS
    if treatment:
        here &= windows["drug"] == treatment
    return within_scan(windows[here], measure, rating, rng=np.random.default_rng(STREAM))


def read_windows(out: Path) -> pd.DataFrame:
    """windows.tsv of a folder of results, numbers as numbers; raises E446 where there is none."""
    path = out / "windows.tsv"
    if not path.is_file():
        raise DefaultModeError(CODE, "no run was cut into windows: none has a dose with a time")
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, na_values=[])
    numbers = [name for name in table.columns if name not in TEXT]
    return table.assign(**table[numbers].replace("n/a", "nan").astype(np.float64))


def rating_of(out: Path, windows: pd.DataFrame, construct: str) -> str:
    """The column of a construct with most values; raises E446 where there is none."""
    described = json.loads((out / "windows.json").read_text("utf-8"))
    rated = [n for n in windows.columns if n.startswith(RATING)]
    ours = [n for n in rated if described.get(n, {}).get("Construct") == construct]
    if not ours:
        there = ", ".join(n.removeprefix(RATING) for n in rated) or "nothing"
        raise DefaultModeError(CODE, f"no rating of {construct} within a scan; rated was {there}")
    return str(windows[ours].count().idxmax())
