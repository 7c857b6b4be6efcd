"""The simulator's page: one HTML text that asks its own server, or one file that holds a grid."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

import numpy as np

from defaultmode.report.brain_payload import BRAIN_SCRIPTS, BRAIN_STYLES
from defaultmode.report.page import references_of
from defaultmode.report.rendering import asset, rendered
from defaultmode.report.writing import MINUS, json_block

Json = Mapping[str, Any]
STYLES = ("style.css", *BRAIN_STYLES, "simulator.css")
SCRIPTS = (
    *BRAIN_SCRIPTS,
    "matrix.js",
    "simulator_time.js",
    "simulator_source.js",
    "simulator_charts.js",
    "simulator_controls.js",
    "simulator_course.js",
    "simulator_scan.js",
    "simulator_scene.js",
    "simulator_clock.js",
    "simulator_compare.js",
    "simulator.js",
)
TO_SCRIPTS = ("charts", "comparisons", "reasons", "kinds", "nothing", "given", "signs")
LONGER = (("d", 1440.0), ("h", 60.0))
CURVES = (
    ("plasma_ng_ml", "Plasma, ng/ml", 0),
    ("dissociation", "Dissociation", 1),
    ("mood", "Mood", 1),
)


def _without(name: str) -> Callable[[Json], float]:
    return lambda frame: float(frame["without_global"][name])


FRAME_COLUMNS = (
    (itemgetter("within_default"), "Within the default mode, Fisher z", 3),
    (itemgetter("default_task_positive"), "Default mode to task-positive, Fisher z", 3),
    (_without("within_default"), "Within, without the global signal, Fisher z", 3),
    (_without("default_task_positive"), "Between, without the global signal, Fisher z", 3),
    (itemgetter("global_variance"), "Global signal variance, times untreated", 2),
)


@cache
def words() -> dict[str, Any]:
    """What the page says, from simulator_words.toml."""
    return tomllib.loads(asset("simulator_words.toml"))


def build_simulator(catalogue: Json, *, grid: Json | None = None, token: str = "") -> str:
    """The page on which the model brain is given a dose, as one HTML text.

    catalogue : brains, treatments and regions that can be chosen from
    grid : {catalogue, courses, live, edges}, computed beforehand, with a catalogue of its own; the
    page then asks nothing of anybody. Without it the page asks the server that it came from.
    token : what the server wants to see in the header X-Token
    """
    said = words()
    catalogue = grid["catalogue"] if grid else catalogue
    data = {
        "catalogue": catalogue,
        "grid": grid and {name: part for name, part in grid.items() if name != "catalogue"},
        "token": token,
        "words": {key: said[key] for key in TO_SCRIPTS},
    }
    context = {
        "words": said,
        "catalogue": catalogue,
        "begin": begin_with(catalogue),
        "offline": grid is not None,
        "data": json_block(data),
        "tables": usual_tables(grid) if grid else [],
    }
    return rendered(
        "simulator.html.j2",
        context | references_of([{"texts": [part["text"] for part in said["primer"]]}]),
        styles=STYLES,
        scripts=SCRIPTS,
        connects=grid is None,
    )


def begin_with(catalogue: Json) -> dict[str, str]:
    """The brain and the treatment that the page begins with, as {brain, treatment} of ids.

    The second virtual brain, as the first is healthy and has no mood to follow; the first drug.
    """
    virtual = [brain for brain in catalogue["brains"] if brain["kind"] == "virtual"]
    drugs = [t for t in catalogue["treatments"] if t["kind"] == "drug"]
    brains, treatments = virtual[1:] or catalogue["brains"], drugs or catalogue["treatments"]
    return {"brain": brains[0]["id"], "treatment": treatments[0]["id"]}


def usual_tables(grid: Json) -> list[dict[str, Any]]:
    """The numbers of each treatment's usual course in the first brain: {caption, head, rows}."""
    catalogue = grid["catalogue"]
    known = {_identity(course["request"]): course for course in grid["courses"].values()}
    wanted = begin_with(catalogue)["brain"]
    brain = next(brain for brain in catalogue["brains"] if brain["id"] == wanted)
    tables = []
    for treatment in catalogue["treatments"]:
        usual = next((dose for dose in treatment["doses"] if dose.get("usual")), None)
        course = known.get((wanted, treatment["id"], usual and usual["value"], None))
        if course is not None and not course["refused"]:
            given = ", ".join([treatment["name"], *([usual["label"]] if usual else [])])
            tables.append({"caption": f"{brain['name']}: {given}"} | _table(course))
    return tables


def _identity(request: Json) -> tuple[Any, ...]:
    return tuple(request[key] for key in ("brain", "treatment", "dose", "therapy_at_min"))


def _table(course: Json) -> dict[str, Any]:
    """Head and rows: one row per time at which connectivity is known."""
    curves = [(course[key], name, digits) for key, name, digits in CURVES if course[key]]
    names = [_with_unit(curve, name) for curve, name, _ in curves]
    head = ["Time", *(name for _, name, _ in FRAME_COLUMNS), *names]
    rows = []
    for frame in course["frames"]:
        row = [said_time(frame["at_min"])]
        row += [_fixed(at(frame), digits) for at, _, digits in FRAME_COLUMNS]
        row += [_fixed(_at(course, curve, frame["at_min"]), digits) for curve, _, digits in curves]
        rows.append(row)
    return {"head": head, "rows": rows}


def _with_unit(curve: Json | Sequence[float], name: str) -> str:
    return f"{name}, {curve['unit']}" if isinstance(curve, Mapping) else name


def _fixed(value: float, digits: int) -> str:
    """Never scientific: what is left of a drug after a week is 0."""
    return f"{value:.{digits}f}".replace("-", MINUS)


def _at(course: Json, curve: Json | Sequence[float], at_min: float) -> float:
    values = curve["mean"] if isinstance(curve, Mapping) else curve
    return float(np.interp(at_min, course["times_min"], values))


def said_time(at_min: float) -> str:
    """Minutes since the treatment as a reader says them: 40 min, 4 h, 7 d."""
    for unit, minutes in LONGER:
        if at_min >= 2 * minutes or at_min == minutes:
            return f"{at_min / minutes:.3g} {unit}"
    return f"{-at_min:.3g} min before" if at_min < 0 else f"{at_min:.3g} min"
