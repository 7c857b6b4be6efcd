"""States learnt over a study once, kept in it, and every run scored by them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from defaultmode import __version__
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.core.reference import States
from defaultmode.core.settings import Settings
from defaultmode.measures import Measure, chosen, learn_states, state_labels
from defaultmode.outputs import (
    FinishedRun,
    Labels,
    Variant,
    finished_runs,
    read_states,
    scored_files,
    states_path,
    states_text,
)
from defaultmode.pipeline.folder import Folder
from defaultmode.pipeline.referencing import reference_of
from defaultmode.running import Fingerprint, Manifest, Task, launch, progress, write_text

STATES = "states"
MOST_RUNS = 200  # evenly spaced ones teach the states of a larger study: they are held in memory


@dataclass(frozen=True, slots=True)
class Learning:
    """What a process needs to learn the states of one atlas and preset."""

    tables: tuple[str, ...]
    denoise: str
    path: str
    about: Mapping[str, object]
    settings: Settings


@dataclass(frozen=True, slots=True)
class Scoring:
    """What a process needs to score one run."""

    key: str
    table: str
    states: Mapping[str, str]  # preset → file
    basis: Mapping[str, object]
    settings: Settings


@dataclass(frozen=True, slots=True)
class Scored:
    """How many runs were scored now, and those that could not be, with the error."""

    runs: int = 0
    failed: Mapping[str, DefaultModeError] = field(default_factory=dict)


def score_states(
    folder: Folder, settings: Settings, keys: Sequence[str], *, processes: int, quiet: bool = False
) -> Scored:
    """Learn the states that are not there yet and score every run that they have not scored.

    States stay as they are when runs are added, so that a later participant is scored by the same;
    they are learnt again when what taught them, their number or the code has changed. A call for
    some participants only learns none: the first of them would teach the states of all.
    """
    if not state_measures(settings):
        return Scored()
    finished = {m.key: m for m in folder.finished()}
    show = partial(_follow, folder, quiet=quiet)
    if not settings.states and not selects(settings):
        waiting = _to_learn(folder, settings, finished)
        show(launch(learn, waiting, processes=processes), len(waiting), "learning states")
    scorings = [scoring_of(folder, settings, finished[key]) for key in keys if key in finished]
    open_ = [Task(s.key, s) for s in scorings if not folder.is_scored(s.key, s.basis)]
    failed = show(launch(score, open_, processes=processes), len(open_), "scoring")
    return Scored(len(open_) - len(failed), failed)


def _follow(
    folder: Folder,
    outcomes: Iterator[tuple[Task[Any], DefaultModeError | None]],
    total: int,
    label: str,
    *,
    quiet: bool,
) -> dict[str, DefaultModeError]:
    """Show how far the tasks are; those that ended with an error, which are logged."""
    failed = {}
    for task, outcome in progress(outcomes, total, label, quiet=quiet):
        if outcome is not None:
            folder.log(f"no {label}", task.key, code=outcome.code, reason=outcome.detail)
            failed[task.key] = outcome
    return failed


def check_states(settings: Settings) -> None:
    """Raise E101 or E206 where the study whose states are to be used has none that can be read.

    E411 where their number is given as well.
    """
    if not settings.states:
        return
    if settings.n_states != Settings().n_states:
        raise DefaultModeError("E411", "--states takes states as they are; --n-states learns them.")
    found = sorted(_states_folder(settings.states).glob("*_states.json"))
    if not found:
        raise DefaultModeError("E101", f"there are no states in {settings.states}.")
    for path in found:
        read_states(path)


def _states_folder(given: str) -> Path:
    """The folder of states in a folder of results, or that folder itself."""
    return Path(given) if Path(given).name == STATES else Path(given) / STATES


def states_files(folder: Folder, settings: Settings) -> list[Path]:
    """The files of the states that runs were scored by, one for each atlas and preset."""
    root = _states_folder(settings.states) if settings.states else folder.path / STATES
    return sorted(root.glob("*_states.json"))


def states_said(folder: Folder, settings: Settings) -> list[str]:
    """For each atlas and preset how many states runs were scored by, and how stable they are."""
    said = []
    for path in states_files(folder, settings):
        states, about = read_states(path)
        agreement = ", ".join(
            f"{method} {'not known' if math.isnan(s.stability) else f'{s.stability:.2f}'}"
            for method, s in states.items()
        )
        where = f"{about['atlas']}, {about['denoise']}"
        said.append(
            f"{where}: {about['n_states']} states by each method, learnt from "
            f"{len(about['learnt_from'])} runs. Agreement of the labels that states of either half "
            f"of the people give (1 the same, 0 chance): {agreement or 'no states'}."
        )
    return said


def state_measures(settings: Settings) -> list[Measure]:
    """The measures asked for that need states."""
    return [m for m in chosen(settings.measures) if "states" in m.needs]


def selects(settings: Settings) -> bool:
    """Whether only some of the runs were asked for."""
    some = (settings.participants, settings.sessions, settings.tasks, settings.bids_filter_file)
    return any(some)


def _to_learn(
    folder: Folder, settings: Settings, finished: Mapping[str, Manifest]
) -> list[Task[Learning]]:
    """One piece of work for each atlas and preset whose states are missing or stale.

    States of what is not measured any more are removed.
    """
    together = _series(folder, finished)
    paths = {key: states_path(*key) for key in sorted(together)}
    for old in sorted((folder.path / STATES).glob("*.json")):
        if old.relative_to(folder.path).as_posix() not in paths.values():
            old.unlink()
    waiting = []
    for (atlas, denoise), path in paths.items():
        taught = together[atlas, denoise]
        teachers = dict(sorted(taught.items())[:: -(-len(taught) // MOST_RUNS)])
        if not _is_current(folder.path / path, settings, taught):
            about = _about(settings) | {"learnt_from": teachers, "atlas": atlas, "denoise": denoise}
            waiting.append(Task(path, Learning(tuple(teachers), denoise, path, about, settings)))
    return waiting


def _series(
    folder: Folder, finished: Mapping[str, Manifest]
) -> dict[tuple[str, str], dict[str, str]]:
    """Atlas and preset → table of measures → hash of the series that was measured."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    tables = {str(m.outcome["measures"]): m for m in finished.values()}
    for table, run in zip(tables, finished_runs(folder.path, list(tables)), strict=True):
        hashes = {f.name: f.sha256 for f in tables[table].files}
        for denoise, file in run.series.items():
            series = file.relative_to(folder.path).as_posix()
            found.setdefault((_atlas_label(run), denoise), {})[table] = hashes[series]
    return found


def _why_none(settings: Settings) -> str:
    """Why there may be no states for a run."""
    if settings.states:
        return f"{settings.states} has none for this atlas and preset."
    if selects(settings):
        return (
            "States are learnt over the whole study: run `measure` once without choosing "
            "participants, sessions or tasks."
        )
    n = settings.n_states
    return f"The study has too few frames, or too few regions that all runs have, for {n} states."


def _atlas_label(run: FinishedRun) -> str:
    return str(run.description["AtlasLabel"] or run.atlas.name)


def _about(settings: Settings) -> dict[str, object]:
    return {"version": __version__, "n_states": settings.n_states, "seed": settings.seed}


def _is_current(path: Path, settings: Settings, series: Mapping[str, str]) -> bool:
    """Whether the states are there, learnt by this code from series that have not changed."""
    if not path.is_file():
        return False
    _, about = read_states(path)
    taught = about.pop("learnt_from")
    same = {name: about.get(name) for name in _about(settings)} == _about(settings)
    return same and all(series.get(table) == sha256 for table, sha256 in taught.items())


def learn(work: Learning) -> None:
    """Learn the states of one atlas and preset and write them."""
    folder = Path(work.settings.out)
    runs = finished_runs(folder, work.tables)
    recordings = [run.denoised_recording(work.denoise) for run in runs]
    states = learn_states(recordings, n_states=work.settings.n_states, seed=work.settings.seed)
    write_text(folder / work.path, states_text(states, work.about))


def scoring_of(folder: Folder, settings: Settings, manifest: Manifest) -> Scoring:
    """The piece of work that scores a finished run by the states that there are."""
    table = str(manifest.outcome["measures"])
    run = finished_runs(folder.path, [table])[0]
    root = _states_folder(settings.states).parent if settings.states else folder.path
    paths = {denoise: root / states_path(_atlas_label(run), denoise) for denoise in run.series}
    found = {denoise: str(path) for denoise, path in paths.items() if path.is_file()}
    basis = settings.analysis() | {
        "states": {d: Fingerprint.of(Path(p)).sha256 for d, p in found.items()},
        "files": {f.name: f.sha256 for f in manifest.files},
    }
    return Scoring(manifest.key, table, found, basis, settings)


def score(work: Scoring) -> None:
    """Score one run by the states of the study; its manifest comes last."""
    folder = Folder(Path(work.settings.out))
    texts = scored_texts(work)
    for name, text in texts.items():
        write_text(folder.path / name, text)
    files = tuple(Fingerprint.of(folder.path / name, name) for name in sorted(texts))
    folder.finish_scoring(Manifest(work.key, __version__, work.basis, (), files))


def scored_texts(work: Scoring) -> dict[str, str]:
    """What one run's scoring under every preset writes: path below the folder → text."""
    run = finished_runs(Path(work.settings.out), [work.table])[0]
    wanted = state_measures(work.settings)
    variants, labels = {}, {}
    for denoise in run.series:
        path = work.states.get(denoise)
        states = read_states(Path(path))[0] if path else {}
        variants[denoise], labels[denoise] = _scored(run, denoise, states, work.settings)
    texts = scored_files(run, variants, {m.name: m.unit for m in wanted}, labels)
    beside = Path(work.table).parent.as_posix()
    return {f"{beside}/{name}": text for name, text in texts.items()}


def _scored(
    run: FinishedRun, denoise: str, states: Mapping[str, States], settings: Settings
) -> tuple[Variant, Labels]:
    recording = run.denoised_recording(denoise)
    reference = replace(
        reference_of(settings, recording.atlas, states), no_states=_why_none(settings)
    )
    values = {m.name: m(recording, reference) for m in state_measures(settings)}
    labels = {method: state_labels(recording, found) for method, found in states.items()}
    known = {method: found for method, found in labels.items() if not isinstance(found, Missing)}
    return Variant(denoise, recording, values, {}), known
