"""The second route of `fit`: global factors of every twin, fitted to its run's dynamics."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from defaultmode import __version__
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.settings import Settings
from defaultmode.outputs.text import table
from defaultmode.outputs.twins import TWIN_MEASURES, TWIN_MODEL
from defaultmode.pipeline.dynamic_fit import DynamicFit, DynamicSettings, fit_dynamics
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.one_run import Work, recording_of
from defaultmode.pipeline.twin_finding import load_twin
from defaultmode.pipeline.twin_targets import cleaned_for_twin
from defaultmode.running import Fingerprint, Manifest, Task, launch, progress, write_text

ROUTE = "dynamics"
SHEETS = ("parameters", "losses", "profiles")


@dataclass(frozen=True, slots=True, eq=False)
class DynamicWork:
    """A run, the file of its twin, and what decides the search."""

    work: Work
    twin: Path
    seed: int


def fit_all_dynamics(
    folder: Folder, works: Sequence[Work], settings: Settings, *, processes: int, quiet: bool
) -> dict[str, DefaultModeError]:
    """Fit the dynamics of every run that has a twin and no such fit yet; key → why one failed.

    Raises E519 without the library cma, before any work.
    """
    refuse_without_cma()
    twins = {manifest.key: manifest for manifest in folder.twins()}
    analysis = {w.key: _analysis(w, twins[w.key]) for w in works if w.key in twins}
    open_ = [
        Task(w.key, DynamicWork(w, folder.path / _model(twins[w.key]).name, settings.seed))
        for w in works
        if w.key in twins and not folder.has_twin(w.key, w.inputs, analysis[w.key], route=ROUTE)
    ]
    failed = {}
    outcomes = launch(fit_one, open_, processes=processes)
    for task, outcome in progress(outcomes, len(open_), "fitting dynamics", quiet=quiet):
        if isinstance(outcome, DefaultModeError):
            failed[task.key] = outcome
        else:
            base = str(twins[task.key].outcome["measures"]).removesuffix(TWIN_MEASURES)
            _publish(folder, task.work.work, (base, outcome), analysis[task.key])
    return failed


def refuse_without_cma() -> None:
    """Raise E519 where the library of the search is not installed."""
    from importlib.util import find_spec

    if find_spec("cma") is None:
        msg = "the dynamic route needs the package cma: pip install 'defaultmode[fit]'."
        raise DefaultModeError("E519", msg)


def fit_one(one: DynamicWork) -> DynamicFit:
    """The dynamics of one run; raises E516 where too little is usable, and E515."""
    recording = cleaned_for_twin(recording_of(one.work), one.work.settings)
    seed = one.seed + zlib.crc32(one.work.key.encode())
    return fit_dynamics(recording, load_twin(one.twin).brain(), DynamicSettings(), seed=seed)


def _model(twin: Manifest) -> Fingerprint:
    """The file of a twin's model."""
    return next(file for file in twin.files if file.name.endswith(TWIN_MODEL))


def _analysis(work: Work, twin: Manifest) -> dict[str, object]:
    """The twin that it starts from decides the fit, beside what decides the recording."""
    return work.analysis | {"twin": _model(twin).sha256}


def _publish(
    folder: Folder, work: Work, found: tuple[str, DynamicFit], analysis: Mapping[str, object]
) -> None:
    base, fitted = found
    sheets = dict(zip(SHEETS, (fitted.table, fitted.losses, fitted.profiles), strict=True))
    names = {f"{base}_desc-dynamics_{name}.tsv": _text(sheet) for name, sheet in sheets.items()}
    for name, text in names.items():
        write_text(folder.path / name, text)
    sealed = Manifest(
        work.key,
        __version__,
        analysis,
        tuple(Fingerprint.of(path) for path in work.inputs),
        tuple(Fingerprint.of(folder.path / name, name) for name in sorted(names)),
        {"lost": fitted.lost},
    )
    folder.finish_twin(sealed, route=ROUTE)


def _text(sheet: pd.DataFrame) -> str:
    return table(list(sheet.columns), sheet.itertuples(index=False, name=None))
