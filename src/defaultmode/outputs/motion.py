"""Head motion of a run, frame by frame, as text and back."""

from pathlib import Path

import pandas as pd

from defaultmode.core.missing import Missing
from defaultmode.core.recording import Array, Motion
from defaultmode.outputs.text import as_json, table

MOTION = "_desc-motion_timeseries"
DISPLACEMENT, DVARS = "framewise_displacement", "std_dvars"
SIDECAR = {
    DISPLACEMENT: {"Description": "Framewise displacement, 0 in the first frame.", "Units": "mm"},
    DVARS: {"Description": "Standardised DVARS, 0 in the first frame.", "Units": "arbitrary"},
}


def motion_files(base: str, motion: Motion | None, tr_s: float) -> dict[str, str]:
    """The files of a run's motion: path → text; none where no motion is known.

    base : path of the run's files without their suffix
    """
    if motion is None:
        return {}
    known = {DISPLACEMENT: motion.framewise_displacement_mm, DVARS: motion.std_dvars}
    columns = {name: values for name, values in known.items() if values is not None}
    sidecar = {name: SIDECAR[name] for name in columns} | {"RepetitionTime": tr_s}
    rows = zip(*columns.values(), strict=True)
    return {
        f"{base}{MOTION}.tsv": table(list(columns), rows),
        f"{base}{MOTION}.json": as_json(sidecar),
    }


def read_displacement(base: Path) -> Array | Missing:
    """Framewise displacement in mm, (n_time,), of the measured run whose files begin with base."""
    path = base.with_name(f"{base.name}{MOTION}.tsv")
    if not path.is_file():
        return Missing("no motion is known of this run, frame by frame", "E304")
    values: Array = pd.read_csv(path, sep="\t", na_values=["n/a"])[DISPLACEMENT].to_numpy("float64")
    return values
