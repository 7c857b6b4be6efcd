"""Whether what is measured was simulated, and the line that says so wherever results are read."""

from pathlib import Path

from defaultmode.core.settings import Settings
from defaultmode.outputs.virtual import is_virtual
from defaultmode.sources.bids import dataset_description

WARNING = (
    "VIRTUAL: every participant is simulated; model output is not evidence of effect in people."
)


def virtual_warning(settings: Settings) -> str:
    """What must stand above results on simulated people; empty where the source is not simulated.

    Raises E206 where a dataset_description.json is broken.
    """
    given = [settings.source, *settings.bids_dirs]
    folders = [Path(name) for name in given if name and Path(name).is_dir()]
    return WARNING if any(is_virtual(dataset_description(f)) for f in folders) else ""
