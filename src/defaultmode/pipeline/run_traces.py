"""A measured run along time: its signal, what was censored, its motion and its states."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array
from defaultmode.core.study import KEYS
from defaultmode.figures import network_order
from defaultmode.outputs import FinishedRun, read_displacement, read_states, states_path
from defaultmode.outputs.run import label_of
from defaultmode.report.quality_nouns import StateSequence, Trace

METHODS = ("hmm", "leida", "cap")  # the first that a run was scored by is drawn


def keys_of(run: FinishedRun) -> dict[str, str]:
    """What a run is, as in the study's table."""
    entities: Mapping[str, str] = run.description["entities"]
    named = {k: entities.get(k.removesuffix("_id"), "") or "n/a" for k in KEYS if k != "atlas"}
    session = named["session_id"]
    named["participant_id"] = run.participant
    named["session_id"] = session if session == "n/a" else f"ses-{session}"
    return named | {"atlas": str(run.description["atlas"])}


def leading_preset(run: FinishedRun) -> str:
    """The first preset that left a signal and keeps the global signal, else the first; or ""."""
    done = run.description["Denoising"]
    left = [name for name in done if name in run.series]
    keep = [n for n in left if not done[n]["processing"]["global_signal_removed"]]
    return next(iter([*keep, *left]), "")


def trace_of(run: FinishedRun, denoise: str, folder: Path) -> Trace:
    """One run along time under one preset; folder : of the results, where its states lie."""
    recording = run.denoised_recording(denoise)
    order = network_order(recording.atlas)
    return Trace(
        keys=keys_of(run),
        denoise=denoise,
        signal=_in_deviations(recording.signal[:, order], recording.usable),
        roles=tuple(recording.atlas.regions[i].role for i in order),
        usable=recording.usable,
        tr_s=recording.tr_s,
        displacement_mm=read_displacement(run.base),
        states=_states(run, denoise, folder),
    )


def _in_deviations(signal: Array, usable: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Array:
    """Each column less its mean, in its standard deviations over the usable frames."""
    kept = signal[usable]
    spread = kept.std(axis=0)
    scaled: Array = (signal - kept.mean(axis=0)) / np.where(spread > 0, spread, np.nan)
    return scaled


def _states(run: FinishedRun, denoise: str, folder: Path) -> StateSequence | None:
    path = run.base.with_name(f"{run.base.name}_desc-{label_of(denoise)}_states.tsv")
    if not path.is_file():
        return None
    table = pd.read_csv(path, sep="\t", na_values=["n/a"])
    method = next((m for m in METHODS if m in table), "")
    if not method:
        return None
    labels = table[method].fillna(-1).to_numpy(np.intp)
    names, default = _named(run, denoise, folder, method=method)
    return StateSequence(method, labels, names, default)


def _named(
    run: FinishedRun, denoise: str, folder: Path, *, method: str
) -> tuple[tuple[str, ...], int]:
    """Names of the states and which is the default mode's; none where they lie elsewhere."""
    with suppress(DefaultModeError):
        states, _ = read_states(folder / states_path(run.description["AtlasLabel"], denoise))
        if method in states:
            return states[method].names, states[method].default
    return (), -1
