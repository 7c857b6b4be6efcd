"""`demo`: the embedded real recordings, from start to report."""

from dataclasses import replace

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.settings import Settings
from defaultmode.outputs import run_key
from defaultmode.pipeline.measuring import MeasureReport, Work, measure_works
from defaultmode.pipeline.studying import StudyReport, study
from defaultmode.sources.embedded import embedded_notes, embedded_recordings


def demo(settings: Settings, *, quiet: bool = False) -> tuple[MeasureReport, StudyReport]:
    """Measure the embedded recordings and write their report; errors as `measure` and `study`."""
    if not settings.out:
        raise DefaultModeError("E411", "OUT is empty; name a folder.")
    settings = replace(settings, source="", nprocs=settings.nprocs or 1)
    works = [
        Work(run_key(recording), index, recording.atlas.name, settings)
        for index, recording in enumerate(embedded_recordings())
    ]
    measured = measure_works(works, settings, quiet=quiet)
    return measured, study(settings, notes=embedded_notes())


def demo_text(report: StudyReport) -> list[str]:
    """Whose recordings these are, and a line for each person, for a terminal."""
    from defaultmode.report import person_table

    return [*embedded_notes(), "", *person_table(report.study)]
