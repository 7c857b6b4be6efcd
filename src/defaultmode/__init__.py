"""The default mode network in depression and under ketamine: measured, tested, simulated.

Nouns: Atlas, Recording, Study, Result, Missing, Settings. Verbs: `defaultmode.pipeline`.
Research use only: not a medical device; not for diagnosis or treatment decisions.
"""

from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.errors import DefaultModeError, explain
from defaultmode.core.missing import Missing
from defaultmode.core.recording import Entities, Motion, Processing, Recording
from defaultmode.core.settings import Settings

__version__ = "0.1.0"
DISCLAIMER = "Research use only: not a medical device; not for diagnosis or treatment decisions."
__all__ = [
    "DISCLAIMER",
    "Atlas",
    "DefaultModeError",
    "Entities",
    "Missing",
    "Motion",
    "Processing",
    "Recording",
    "Region",
    "Settings",
    "explain",
]
