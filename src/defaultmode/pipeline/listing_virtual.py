"""The simulator's registries, as tables to print: every number with its source."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass

from defaultmode.report.references import all_references, format_reference
from defaultmode.simulation.conditions import all_conditions, find_condition
from defaultmode.simulation.drugs import all_drugs, find_drug
from defaultmode.simulation.events import all_events, find_event
from defaultmode.simulation.models import all_models, find_model
from defaultmode.simulation.parameter_sets import all_parameter_sets

Rows = list[dict[str, object]]
KINDS = ("drugs", "conditions", "events", "models")


def list_virtual(kind: str, name: str = "") -> Rows:
    """Every drug, condition, event or model; with a name everything that one of them rests on.

    Raises E511 for a name that does not exist.
    """
    overviews = {
        "drugs": _drugs,
        "conditions": _conditions,
        "events": _events,
        "models": _models,
    }
    if not name:
        return overviews[kind]()
    finders: dict[str, Callable[[str], object]] = {
        "drugs": find_drug,
        "conditions": find_condition,
        "events": find_event,
        "models": _model,
    }
    found = finders[kind](name)
    about = next(row for row in overviews[kind]() if row["name"] == name)
    return [about, *_sourced("", found)]


def list_sources(rows: Sequence[Mapping[str, object]]) -> dict[str, str]:
    """Reference key → its formatted reference, of all that a list of `list_virtual` cites."""
    known = all_references()
    said = " ".join(str(row.get(name, "")) for row in rows for name in ("source", "sources"))
    keys = sorted(set(re.findall(r"\w+", said)) & set(known))
    return {key: format_reference(known[key]) for key in keys}


def _drugs() -> Rows:
    return [
        {
            "name": d.name,
            "sentence": d.sentence,
            "routes": ", ".join(d.routes),
            "standard dose": d.standard,
            "mechanisms": ", ".join(d.mechanisms),
            "hypothetical": _hypothetical(m.hypothetical for m in d.mechanisms.values()),
            "notes": " ".join(d.notes),
            "sources": ", ".join(d.cites),
        }
        for d in all_drugs().values()
    ]


def _conditions() -> Rows:
    return [
        {
            "name": c.name,
            "sentence": c.sentence,
            "mechanisms": ", ".join(m.name for m in c.mechanisms),
            "hypothetical": _hypothetical(m.hypothetical for m in c.mechanisms),
        }
        for c in all_conditions().values()
    ]


def _events() -> Rows:
    return [
        {
            "name": e.name,
            "sentence": e.sentence,
            "in the scanner": _yes(e.in_scanner),
            "duration": f"{e.duration_min:g} min",
            "mechanisms": ", ".join(m.name for m in e.mechanisms),
            "hypothetical": _yes(e.hypothetical),
        }
        for e in all_events().values()
    ]


def _models() -> Rows:
    """The models, then the named parameter sets that run on them."""
    models: Rows = [
        {
            "name": m.name,
            "sentence": m.sentence,
            "states": ", ".join(m.states),
            "parameters": len(m.parameters),
            "sources": ", ".join(m.cites),
        }
        for m in all_models().values()
    ]
    return models + [
        {
            "name": s.name,
            "sentence": s.sentence,
            "parameter set of": s.model,
            "sources": ", ".join(s.cites),
        }
        for s in all_parameter_sets().values()
    ]


def _model(name: str) -> object:
    """What a parameter set rests on, or the parameters of a model; raises E511."""
    sets = all_parameter_sets()
    return sets[name] if name in sets else find_model(name).parameters


def _sourced(path: str, part: object) -> Iterator[dict[str, object]]:
    """A row for everything inside that has a source of its own: numbers, effects, evidence."""
    if isinstance(part, Mapping):
        for key, value in part.items():
            yield from _sourced(f"{path} {key}".strip(), value)
    elif isinstance(part, tuple):
        for value in part:
            yield from _sourced(path, value)
    elif is_dataclass(part):
        inside = {f.name: getattr(part, f.name) for f in fields(part)}
        own = str(inside.get("name", "")) if path else ""
        here = path if path.endswith(own) else f"{path} {own}"
        if "source" in inside:
            yield _row(here, inside)
        for name, value in inside.items():
            if isinstance(value, Mapping | tuple) or is_dataclass(value):
                silent = name in {"effects", "numbers"}
                yield from _sourced(here if silent else f"{here} {name}".strip(), value)


def _row(path: str, inside: Mapping[str, object]) -> dict[str, object]:
    """One line of the list; a truth value is written out, so that what is not verified shows."""
    said = {k: _plain(v) for k, v in inside.items() if k != "name" and not is_dataclass(v)}
    name = path or str(inside.get("name", ""))
    return {"name": name, **{k: v for k, v in said.items() if v}}


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return _yes(value)
    if isinstance(value, tuple) and all(isinstance(v, int | float) for v in value):
        return "–".join(f"{v:g}" for v in value)
    if isinstance(value, int | float):
        return f"{value:g}"
    return value if isinstance(value, str) else ""


def _yes(value: bool) -> str:  # it only words what it is given
    return "yes" if value else "no"


def _hypothetical(accounts: Iterator[bool]) -> str:
    found = list(accounts)
    return "yes" if all(found) else "in some accounts" if any(found) else "no"
