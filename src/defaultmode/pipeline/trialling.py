"""`trial`: arms, sites, drop-outs and beliefs, simulated as a data set like a real one."""

from pathlib import Path

from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline.simulating import SimulateReport, make_dataset
from defaultmode.pipeline.substrate import VirtualSettings
from defaultmode.simulation.trial_file import read_trial


def trial(
    file: Path, settings: VirtualSettings, *, dry: bool = False, quiet: bool = False
) -> SimulateReport:
    """Simulate everybody of a trial into a new folder.

    Raises E101 and E507–E511 for a trial that cannot be used, E411 for settings that a trial states
    itself, and what `make_dataset` raises.
    """
    if settings.people is not None or settings.condition:
        msg = "a trial says in its file how many people of which condition each arm has."
        raise DefaultModeError("E411", msg)
    texts = {"trial.toml": file.read_text("utf-8") if file.is_file() else ""}
    return make_dataset(read_trial(file), settings, texts, dry=dry, quiet=quiet)
