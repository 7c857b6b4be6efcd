"""The models, one per file; a new file here is found unasked."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from defaultmode.core.errors import DefaultModeError
from defaultmode.simulation.models._model import Model, Parameter, Slopes

__all__ = ["Model", "Parameter", "Slopes", "all_models", "find_model"]


@cache
def all_models() -> dict[str, Model]:
    """Every model by name, in alphabetical order."""
    names = (m.name for m in iter_modules(__path__) if not m.name.startswith("_"))
    found = (import_module(f"{__name__}.{name}").MODEL for name in names)
    return {model.name: model for model in sorted(found, key=lambda m: m.name)}


def find_model(name: str) -> Model:
    """One model by name; raises E511 where there is none."""
    models = all_models()
    if name not in models:
        raise DefaultModeError(
            "E511", f"no model is called {name!r}; there are {', '.join(models)}."
        )
    return models[name]
