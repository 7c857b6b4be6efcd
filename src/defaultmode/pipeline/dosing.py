"""What sidecars, tables and samples say of the drug in each run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.exposure import Rating
from defaultmode.core.recording import Entities, Recording
from defaultmode.core.settings import Settings
from defaultmode.core.treatments import treatment_named
from defaultmode.pipeline.concentration import FURTHEST_S, PLACEBO, Dosing, exposure_of
from defaultmode.sources.bids import RunFiles
from defaultmode.sources.clinical import Clinical
from defaultmode.sources.drug_timeline import COLUMNS, Dose, drug_timeline
from defaultmode.sources.task_events import start_time
from defaultmode.sources.text_tables import MISSING, is_number, read_text_table
from defaultmode.sources.timed_values import TimedValue, read_ratings, read_timed

WEIGHTS = ("weight_kg", "weight", "body_weight", "bodyweight")
LIGHTEST_KG, HEAVIEST_KG = 30.0, 300.0  # our own: outside it is no adult's weight in kg
SAME_S = 60.0  # infusions that begin and last alike within it were given in the same way
KEYS = {"participant_id", "session_id", "task_id", "run_id"}
USED = {*KEYS, *WEIGHTS, "acq_time", *(name for names in COLUMNS.values() for name in names)}
Rows = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Given:
    """What was given and said in one run, ready to travel to another process.

    ratings : (time in s after the first volume, name, value)
    """

    dosing: Dosing = field(default_factory=Dosing)
    ratings: tuple[tuple[float, str, float], ...] = ()

    @property
    def anything(self) -> bool:
        """Whether the run has a dose with a time, a rating, or a statement that is wrong."""
        return self.dosing.timed or bool(self.ratings) or bool(self.dosing.problem)


NOTHING = Given()


def given_in(runs: Sequence[RunFiles], clinical: Clinical, settings: Settings) -> dict[str, Given]:
    """Key of a run → what was given and said in it, of the runs where there was anything.

    A statement that cannot be used is kept as the run's problem; the run is measured without it.
    Raises E445 where a table of `--within-scan` cannot be read.
    """
    timed = [v for path in settings.within_scan for v in read_timed(Path(path))]
    rows = _by_participant(clinical)
    found = {files.key: _given(files, rows, timed) for files in runs}
    entities = {files.key: files.entities for files in runs}
    found = {key: _with_nominal(given, key, found, entities) for key, given in found.items()}
    return {key: given for key, given in found.items() if given.anything}


def exposed(recording: Recording, given: Given, sidecar: Mapping[str, object]) -> Recording:
    """The recording with its ratings, and with its exposure where a dose has a time."""
    shift_s = start_time(sidecar)
    ratings = tuple(Rating(t - shift_s, name, value) for t, name, value in given.ratings)
    recording = replace(recording, ratings=ratings)
    if not given.dosing.timed:
        return recording
    exposure = exposure_of(given.dosing, recording.n_time, recording.tr_s, shift_s=shift_s)
    return replace(recording, exposure=exposure)


def _given(files: RunFiles, people: Mapping[str, Rows], timed: Sequence[TimedValue]) -> Given:
    rows = people.get(f"sub-{files.entities.participant}", [])
    ours = [v for v in timed if v.of(files.entities)]
    ratings = [v for v in ours if not v.is_plasma]
    try:
        doses = _doses(files, rows)
        ratings += read_ratings(files.events) if files.events else ()
        said = tuple(sorted((v.time_s, v.name, v.value) for v in ratings))
        dosing = Dosing(
            doses,
            _weight_kg(rows) if doses else None,
            plasma=tuple(sorted((v.time_s, v.value) for v in ours if v.is_plasma)),
        )
    except DefaultModeError as problem:
        return Given(Dosing(problem=f"{problem.code} measured without doses: {problem.detail}"))
    return Given(dosing, said)


def _doses(files: RunFiles, rows: Rows) -> tuple[Dose, ...]:
    """The doses whose start is known; raises E417, and E444 where they are of another time."""
    events = _rows(read_text_table(files.events)) if files.events else []
    told = drug_timeline(
        files.sidecar,
        rows=[row for row in rows if _is_of(row, files.entities)],
        events=events,
        where=files.key,
    )
    doses = tuple(d for d in told if d.start_s is not None)
    for dose in doses:
        if abs(dose.start_s or 0.0) > FURTHEST_S:
            days = (dose.start_s or 0.0) / 86_400
            msg = f"{files.key}: {dose.drug} is {days:+.0f} days from the scan; expected within 7."
            raise DefaultModeError("E444", msg)
    return doses


def _by_participant(clinical: Clinical) -> dict[str, Rows]:
    """Participant → her rows of the participants, sessions and scans tables."""
    found: dict[str, Rows] = {}
    for frame in (clinical.participants, clinical.sessions, clinical.runs):
        wanted = [c for c in frame.columns if c in USED]
        for row in _rows(frame[wanted]) if set(wanted) - KEYS else ():
            found.setdefault(row["participant_id"], []).append(row)
    return found


def _rows(frame: pd.DataFrame) -> Rows:
    return [{str(k): str(v) for k, v in row.items()} for row in frame.to_dict("records")]


def _is_of(row: Mapping[str, str], run: Entities) -> bool:
    """Whether a row of a session or of a scan is of this run; what it does not say fits any."""
    session = f"ses-{run.session}" if run.session else MISSING
    labels = {"session_id": session, "task_id": run.task, "run_id": run.run}
    stated = {name: row[name] for name in labels if row.get(name)}
    return bool(stated) and all(labels[name] == cell for name, cell in stated.items())


def _weight_kg(rows: Rows) -> float | None:
    """The participant's weight where a table gives one that an adult can have."""
    cells = (row[name] for row in rows for name in WEIGHTS if name in row)
    known = (float(c) for c in cells if c != MISSING and is_number(c))
    return next((kg for kg in known if LIGHTEST_KG <= kg <= HEAVIEST_KG), None)


def _with_nominal(
    given: Given, key: str, everything: Mapping[str, Given], entities: Mapping[str, Entities]
) -> Given:
    """An inert infusion with the doses of the same person's drug that was infused likewise."""
    inert = given.dosing.doses
    if len(inert) != 1 or treatment_named(inert[0].drug) != PLACEBO:
        return given
    for other, theirs in everything.items():
        active = theirs.dosing.doses
        same = entities[other].participant == entities[key].participant and other != key
        if same and len(active) == 1 and _alike(inert[0], active[0]):
            return replace(given, dosing=replace(theirs.dosing, nominal=True, plasma=()))
    return given


def _alike(inert: Dose, active: Dose) -> bool:
    if treatment_named(active.drug) == PLACEBO or inert.start_s is None or active.start_s is None:
        return False
    lasts = abs((inert.duration_s or 0.0) - (active.duration_s or 0.0))
    return abs(inert.start_s - active.start_s) <= SAME_S and lasts <= SAME_S
