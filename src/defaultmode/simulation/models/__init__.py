"""The models, one per file; a new file here is found unasked."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from defaultmode.simulation.models._model import Model, Parameter, Slopes
from defaultmode.simulation.registry import member

__all__ = ["Model", "Parameter", "Slopes", "all_models", "find_model"]


@cache
def all_models() -> dict[str, Model]:
    """Every model by name, in alphabetical order."""
    names = (m.name for m in iter_modules(__path__) if not m.name.startswith("_"))
    found = (import_module(f"{__name__}.{name}").MODEL for name in names)
    return {model.name: model for model in sorted(found, key=lambda m: m.name)}


def find_model(name: str) -> Model:
    """One model by name; raises E511 where there is none."""
    return member(all_models(), name, kind="model")
