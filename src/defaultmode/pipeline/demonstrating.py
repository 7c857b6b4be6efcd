"""`demo`: the embedded real recordings, from start to report."""

from dataclasses import replace

from defaultmode.core.settings import Settings
from defaultmode.outputs import run_key
from defaultmode.pipeline.measuring import MeasureReport, Work, measure_works
from defaultmode.pipeline.studying import StudyReport, study
from defaultmode.sources.embedded import embedded_notes, embedded_recordings


def demo(settings: Settings, *, quiet: bool = False) -> tuple[MeasureReport, StudyReport]:
    """Measure the embedded recordings and write their report; errors as `measure` and `study`."""
    settings = replace(settings, source="", nprocs=settings.nprocs or 1)
    works = [
        Work(run_key(recording), index, recording.atlas.name, settings)
        for index, recording in enumerate(embedded_recordings())
    ]
    measured = measure_works(works, settings, quiet=quiet)
    return measured, study(settings, notes=demo_notes())


def demo_notes() -> tuple[str, ...]:
    """Whose recordings the demo measures, under which terms, and what to mind."""
    return embedded_notes()
