"""The verbs: the only place where the folders of the package are joined."""

from defaultmode.pipeline.checking import CheckReport, check
from defaultmode.pipeline.demonstrating import demo, demo_notes
from defaultmode.pipeline.listing import list_atlases, list_measures, list_presets
from defaultmode.pipeline.measuring import MeasureReport, measure
from defaultmode.pipeline.studying import StudyReport, study, study_settings
from defaultmode.report import person_table

__all__ = [
    "CheckReport",
    "MeasureReport",
    "StudyReport",
    "check",
    "demo",
    "demo_notes",
    "list_atlases",
    "list_measures",
    "list_presets",
    "measure",
    "person_table",
    "study",
    "study_settings",
]
