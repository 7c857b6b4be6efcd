"""The verbs: the only place where the folders of the package are joined.

Those of the simulator, in `simulating` and `trialling`, are imported from there: they load numba.
"""

from defaultmode.pipeline.checking import CheckReport, check
from defaultmode.pipeline.demonstrating import DemoReport, demo, demo_text
from defaultmode.pipeline.gathering import study_settings
from defaultmode.pipeline.listing import list_atlases, list_measures, list_presets, list_regions
from defaultmode.pipeline.measuring import MeasureReport, measure
from defaultmode.pipeline.studying import StudyReport, study

__all__ = [
    "CheckReport",
    "DemoReport",
    "MeasureReport",
    "StudyReport",
    "check",
    "demo",
    "demo_text",
    "list_atlases",
    "list_measures",
    "list_presets",
    "list_regions",
    "measure",
    "study",
    "study_settings",
]
