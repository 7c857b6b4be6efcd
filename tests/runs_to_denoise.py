"""Made runs whose answer is known, for the tests of denoising."""

import json
from importlib.resources import files

import numpy as np

from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.recording import Array, Entities, Motion, Processing, Recording

MOTION = tuple(f"{kind}_{axis}" for kind in ("trans", "rot") for axis in "xyz")
SIGNALS = ("white_matter", "csf", "global_signal")
SUFFIXES = ("", "_derivative1", "_power2", "_derivative1_power2")
LOOSE = {"min_usable_s": 0.0, "min_freedom": -1e9}  # choices that turn the two minima off


def atlas_of(n_regions: int) -> Atlas:
    return Atlas("made", tuple(Region(f"r{i}", "none") for i in range(n_regions)))


def run(signal: Array, *, tr_s: float = 2.0, **fields: object) -> Recording:
    """A recording of this signal (n_time, n_regions); further fields as in Recording."""
    return Recording(signal, tr_s, atlas_of(signal.shape[1]), Entities("01"), **fields)


def noise(n_time: int = 200, n_regions: int = 6, *, seed: int = 0, mean: float = 1000.0) -> Array:
    """Smooth noise of about one percent about a mean, shape (n_time, n_regions)."""
    rng = np.random.default_rng(seed)
    steps = rng.standard_normal((n_time + 4, n_regions))
    smooth = np.apply_along_axis(np.convolve, 0, steps, np.ones(5) / 5, "valid")
    return mean + 10 * smooth * np.linspace(0.5, 2, n_regions)


def confounds_table(n_time: int = 200, *, seed: int = 1) -> dict[str, Array]:
    """Every column the presets ask for, in the shape fMRIPrep gives them."""
    rng = np.random.default_rng(seed)
    table: dict[str, Array] = {}
    for name in (*MOTION, *SIGNALS):
        values = np.cumsum(rng.standard_normal(n_time)) * 0.05
        slope = np.concatenate(([np.nan], np.diff(values)))
        for suffix, column in zip(SUFFIXES, (values, slope, values**2, slope**2), strict=True):
            table[name + suffix] = column
    for name in [f"{letter}_comp_cor_{i:02d}" for letter in "wc" for i in range(7)]:
        table[name] = rng.standard_normal(n_time)
    for name in ("rvt", "hr", "aroma_motion_01", "aroma_motion_12"):
        table[name] = rng.standard_normal(n_time)
    table["cosine00"] = np.cos(np.pi * (np.arange(n_time) + 0.5) / n_time)
    table["framewise_displacement"] = np.concatenate(([np.nan], np.full(n_time - 1, 0.1)))
    table["std_dvars"] = np.concatenate(([np.nan], np.full(n_time - 1, 1.0)))
    return table


def full_run(n_time: int = 300, **fields: object) -> Recording:
    """A run with a complete confounds table."""
    table = confounds_table(n_time)
    motion = Motion(np.nan_to_num(table["framewise_displacement"]))
    return run(noise(n_time), confounds=table, motion=motion, **fields)


FILTERED = Processing(low_cutoff_hz=0.01, high_cutoff_hz=0.08)


def nilearn_table(name: str) -> tuple[dict[str, Array], dict[str, object]]:
    """A real fMRIPrep confounds table that nilearn ships, and its sidecar."""
    import pandas as pd

    folder = files("nilearn.interfaces.fmriprep") / "data"
    with (folder / f"{name}.tsv").open() as stream:
        table = pd.read_csv(stream, sep="\t", na_values="n/a")
    sidecar = folder / f"{name}.json"
    columns = {str(c): table[c].to_numpy(dtype=np.float64) for c in table}
    return columns, json.loads(sidecar.read_text()) if sidecar.is_file() else {}
