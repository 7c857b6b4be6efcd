"""How far twins lie from their group, how long they are sought, and how wide intervals must be."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


def standard_deviations() -> dict[str, float]:
    """Standard deviation between people of every block of parameters that a twin may move.

    In the unit of one score of that block, as `priors.toml` states it beside the numbers.
    """
    return {name: float(sd) for name, sd in _chosen()["standard_deviations"].items()}


def steps() -> int:
    """Steps of L-BFGS after which a fit to a person ends."""
    return int(_chosen()["steps"])


def group_samples() -> float:
    """How many independent samples of a person's own recording the group's is worth to `shrunk`."""
    return float(_chosen()["group_samples"])


def independent_share() -> float:
    """Independent samples in a band-passed recording, of the 2 × bandwidth × duration of noise."""
    return float(_chosen()["independent_share"])


def stretches() -> dict[str, float]:
    """How much wider intervals must be than plausible brains scatter, by the name of a number.

    Root mean square of (truth − mean) / standard deviation over simulated people: the scatter of
    approximate posteriors is set right by what it does (Rodrigues 2018, doi
    10.1016/j.csda.2018.04.004, in its simplest form).
    """
    return {name: float(k) for name, k in _chosen()["stretch"].items()}


@cache
def _chosen() -> dict[str, Any]:
    return tomllib.loads(files("defaultmode.fitting").joinpath("priors.toml").read_text("utf-8"))
