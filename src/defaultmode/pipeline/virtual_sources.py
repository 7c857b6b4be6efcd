"""Whether what is measured was simulated, and the line that says so wherever results are read."""

from pathlib import Path

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.settings import Settings
from defaultmode.outputs.virtual import is_of_twins, is_virtual
from defaultmode.sources.bids import dataset_description

WARNING = (
    "VIRTUAL: every participant is simulated; model output is not evidence of effect in people."
)


def virtual_warning(settings: Settings) -> str:
    """What must stand above results on simulated people; empty where the source is not simulated.

    Raises E206 where a dataset_description.json is broken.
    """
    return WARNING if any(map(is_virtual, _descriptions(settings))) else ""


def refuse_twins(settings: Settings) -> None:
    """Nothing is predicted from simulations of real people's twins; raises E517, E206."""
    if any(map(is_of_twins, _descriptions(settings))):
        msg = (
            "the recordings are simulations of twins; a fitted twin's parameters may be predictors."
        )
        raise DefaultModeError("E517", msg)


def _descriptions(settings: Settings) -> list[dict[str, object]]:
    given = [settings.source, *settings.bids_dirs]
    folders = [Path(name) for name in given if name and Path(name).is_dir()]
    return [dataset_description(folder) for folder in folders]
