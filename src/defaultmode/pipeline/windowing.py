"""The windows along a run as rows: quantities beside concentration and ratings."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.exposure import Rating
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Recording
from defaultmode.core.settings import Settings
from defaultmode.measures import WindowPlan, WindowSeries, window_series
from defaultmode.outputs import gathered_windows
from defaultmode.outputs.windows import ENDING, ERROR, RATING
from defaultmode.pipeline.folder import Folder
from defaultmode.running import write_text

Row = Mapping[str, object]
NOT_IN_THE_RECORDING = "E3"


def plan_of(settings: Settings) -> WindowPlan:
    """The windows that the settings ask for; raises E447."""
    return WindowPlan(settings.window_s, settings.window_step_s, settings.window_across)


def windows_of_run(
    recording: Recording, settings: Settings, denoise: str
) -> tuple[Row, ...] | Missing | None:
    """One row per window of a denoised run; None where it has no dose and nobody asked.

    Missing where the run is too short or lacks a network. Concentrations are those in the middle of
    a window; a rating belongs to the windows in which it was given, and their ratings are averaged.
    """
    if recording.exposure is None and not settings.windows:
        return None
    try:
        series = window_series(recording, plan_of(settings))
    except DefaultModeError as problem:
        if not problem.code.startswith((NOT_IN_THE_RECORDING, "E447")):
            raise
        return Missing(problem.detail, problem.code)
    rated = {f"{RATING}{name}": values for name, values in _rated(recording, series).items()}
    quantities = dict(series.values) | {f"{n}{ERROR}": e for n, e in series.errors.items()}
    exposed = _exposed(recording, series)
    columns = {"start_s": series.start_s, "end_s": series.end_s, "usable_s": series.usable_s}
    numbers = columns | quantities | rated
    return tuple(
        {"denoise": denoise, "window": k + 1, "phase": phase}
        | {name: float(values[k]) for name, values in numbers.items()}
        | {name: cells[k] for name, cells in exposed.items()}
        for k, phase in enumerate(series.phase)
    )


def write_windows(folder: Folder) -> None:
    """windows.tsv of every finished run that has windows, or nothing where none has."""
    ending = f"{ENDING}.tsv"
    tables = [f.name for m in folder.finished() for f in m.files if f.name.endswith(ending)]
    texts = gathered_windows(folder.path, tables)
    for name in ("windows.tsv", "windows.json"):
        if name in texts:
            write_text(folder.path / name, texts[name])
        else:
            Path(folder.path / name).unlink(missing_ok=True)


def _rated(recording: Recording, series: WindowSeries) -> dict[str, NDArray[np.float64]]:
    """Name of what was rated → its mean in each window, NaN where nothing was said."""
    found: dict[str, list[Rating]] = {}
    for rating in recording.ratings:
        found.setdefault(rating.name, []).append(rating)
    return {name: _means(said, series) for name, said in sorted(found.items())}


def _means(said: Sequence[Rating], series: WindowSeries) -> NDArray[np.float64]:
    times = np.array([r.time_s for r in said])
    values = np.array([r.value for r in said])
    inside = (times >= series.start_s[:, None]) & (times < series.end_s[:, None])
    count = inside.sum(axis=1)
    return np.where(count > 0, inside @ values / np.maximum(count, 1), np.nan)


def _exposed(recording: Recording, series: WindowSeries) -> dict[str, list[object]]:
    """Drug, time since its first dose and concentrations for each window."""
    n, exposure = len(series.start_s), recording.exposure
    if exposure is None:
        return {}
    since = series.middle_s - exposure.begins_s
    found: dict[str, list[object]] = {
        "time_since_dose_s": since.tolist(),
        "drug": [exposure.drug] * n,
    }
    if isinstance(exposure.plasma, Missing) or exposure.nominal:
        return found
    frames_s = np.arange(recording.n_time) * recording.tr_s
    levels = {"concentration": exposure.plasma, "effect_site_concentration": exposure.effect_site}
    for name, course in levels.items():
        if course is not None:
            found[name] = np.interp(series.middle_s, frames_s, course).tolist()
    return found | {
        "concentration_unit": [exposure.unit] * n,
        "modelled": [exposure.modelled] * n,
    }
