"""`demo`: the embedded real recordings, and beside them a small virtual trial, to their reports."""

import json
from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path

from defaultmode import __version__
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.settings import Settings
from defaultmode.outputs import run_key
from defaultmode.pipeline.measuring import MeasureReport, measure, measure_works
from defaultmode.pipeline.one_run import Work
from defaultmode.pipeline.studying import StudyReport, study
from defaultmode.running import refuse_occupied
from defaultmode.sources.embedded import embedded_notes, embedded_recordings

VIRTUAL_TRIAL = "virtual-trial"
# A few measures of each kind, so that the demo stays short.
VIRTUAL_MEASURES = (
    "alff_default_mode",
    "boundary_contrast",
    "censored_share",
    "default_mode_task_positive",
    "framewise_displacement_mean",
    "global_signal_variance",
    "usable_s",
    "within_default_mode",
)


@dataclass(frozen=True, slots=True, eq=False)
class DemoReport:
    """What `demo` did with real people and, in a folder and tables of their own, virtual ones."""

    measured: MeasureReport
    studied: StudyReport
    virtual_measured: MeasureReport
    virtual_studied: StudyReport

    @property
    def exit(self) -> int:
        """The worst exit code of its parts."""
        real = max(self.measured.exit, self.studied.exit)
        return max(real, self.virtual_measured.exit, self.virtual_studied.exit)


def demo(settings: Settings, *, quiet: bool = False) -> DemoReport:
    """Measure the embedded recordings, then a virtual trial, and write a report of each.

    Errors as `measure`, `study` and `trial`; E603 where the folder holds the virtual trial of
    another version or seed.
    """
    if not settings.out:
        raise DefaultModeError("E411", "OUT is empty; name a folder.")
    settings = replace(settings, source="")
    if not is_made(virtual_folder(settings), settings.seed):
        refuse_occupied(virtual_folder(settings))
    measured = measure_works(embedded_works(settings), settings, quiet=quiet)
    studied = study(settings, notes=embedded_notes())
    return DemoReport(measured, studied, *virtual_demo(settings, quiet=quiet))


def embedded_works(settings: Settings) -> list[Work]:
    """One piece of work for each embedded recording."""
    return [
        Work(run_key(recording), index, recording.atlas.name, settings)
        for index, recording in enumerate(embedded_recordings())
    ]


def virtual_demo(settings: Settings, *, quiet: bool) -> tuple[MeasureReport, StudyReport]:
    """The virtual trial below the demo's folder: simulated where it is not there yet, measured."""
    dataset = virtual_folder(settings)
    if not is_made(dataset, settings.seed):
        simulate_demo(dataset, settings, quiet=quiet)
    virtual = replace(
        settings,
        source=str(dataset.absolute()),
        out=str(dataset.with_name("results")),
        measures=settings.measures or VIRTUAL_MEASURES,
    )
    return measure(virtual, quiet=quiet), study(virtual)


def virtual_folder(settings: Settings) -> Path:
    """Where the demo's virtual data set lies."""
    return Path(settings.out) / VIRTUAL_TRIAL / "dataset"


def is_made(dataset: Path, seed: int) -> bool:
    """Whether the virtual trial of this version and seed is there; it is whole or not there."""
    path = dataset / "truth" / "simulation.json"
    if not path.is_file():
        return False
    record = json.loads(path.read_text("utf-8"))
    return bool(record["version"] == __version__ and record["settings"]["seed"] == seed)


def simulate_demo(dataset: Path, settings: Settings, *, quiet: bool) -> None:
    """Simulate the demo's trial, with regions reading one another every millisecond."""
    from defaultmode.pipeline.substrate import VirtualSettings
    from defaultmode.pipeline.trialling import trial

    virtual = VirtualSettings(
        out=dataset,
        seed=settings.seed,
        coupling_every_ms=1.0,
        threads=settings.nprocs,
    )
    with as_file(files(__package__).joinpath("demo_trial.toml")) as file:
        trial(file, virtual, quiet=quiet)


def demo_text(report: DemoReport) -> list[str]:
    """Whose recordings these are, and a line for each person, for a terminal."""
    from defaultmode.report import person_table

    return [*embedded_notes(), "", *person_table(report.studied.study)]
