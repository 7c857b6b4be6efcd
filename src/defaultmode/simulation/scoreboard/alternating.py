"""What the two-network switch model does in the settings that statements name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.atlas import Atlas, Region
from defaultmode.core.errors import DefaultModeError
from defaultmode.core.missing import Missing
from defaultmode.simulation.batches import side_by_side
from defaultmode.simulation.brain import Brain
from defaultmode.simulation.effects import Effect, apply_effects, region_weights
from defaultmode.simulation.mechanisms import parse_effect
from defaultmode.simulation.switching import (
    NETWORKS,
    Timeline,
    alternate,
    disengagement_s,
    leads,
    switch_brain,
    switching,
    task_blocks,
)
from defaultmode.simulation.toml_table import Table, parse_toml

Array = NDArray[np.float64]

STEP_S = 0.05  # of `alternate`
REST_S, TASK_S = 30.0, 30.0
TASK = "task"


@dataclass(frozen=True, slots=True, eq=False)
class Turns:
    """One situation of everybody: activity (n_samples, 2, n_people), and when it is a task."""

    activity: Array
    task: NDArray[np.bool_]
    blocks: int


def alternation(
    situations: Sequence[str], seeds: Sequence[int], *, duration_s: float
) -> dict[tuple[str, str], Array]:
    """Every quantity of every situation, (situation, quantity) → (n_seeds,), NaN where Missing.

    situations : such as "depressed + task"; a task comes in blocks of 30 s after 30 s of rest
    Situations run side by side, with the same noise for the same seed. Raises E511.
    """
    found = {}
    for tasked in (False, True):
        alike = [text for text in situations if (TASK in _names(text)) == tasked]
        for text, turns in zip(alike, _turns(alike, seeds, duration_s=duration_s), strict=True):
            for name, quantity in QUANTITIES.items():
                found[text, name] = quantity(turns)
    return found


def _turns(situations: Sequence[str], seeds: Sequence[int], *, duration_s: float) -> list[Turns]:
    """Situations that all have a task, or none of which has."""
    if not situations:
        return []
    tasked = TASK in _names(situations[0])
    sizes = [len(seeds)] * len(situations)
    named = [_names(text) for text in situations]
    resting = [_brain([name for name in names if name != TASK]) for names in named]
    brain: Brain | Timeline = side_by_side(resting, sizes)
    n_samples, blocks = round(duration_s / STEP_S), 0
    if tasked:
        doing = side_by_side([_brain(names) for names in named], sizes)
        at_rest = side_by_side(resting, sizes)
        brain = task_blocks(at_rest, doing, rest_s=REST_S, task_s=TASK_S)
        blocks = int(duration_s // (REST_S + TASK_S))
    activity = alternate(brain, [*seeds] * len(situations), duration_s=duration_s)
    within = (np.arange(n_samples) * STEP_S) % (REST_S + TASK_S)
    task = tasked & (within >= REST_S - STEP_S / 2)
    parts = np.split(activity, len(situations), axis=2)
    return [Turns(part, task, blocks) for part in parts]


def activity_default(turns: Turns) -> Array:
    """Mean activity of the default mode network, in task blocks where there are any."""
    during = turns.task if turns.task.any() else ~turns.task
    return np.asarray(turns.activity[during, 0].mean(axis=0))


def _taken(turns: Turns, name: str) -> Array:
    people = np.moveaxis(turns.activity, 2, 0)
    return np.array([_number(getattr(switching(one, STEP_S), name)) for one in people])


def dwell_default_s(turns: Turns) -> Array:
    """Time that the default mode network keeps the lead."""
    return _taken(turns, "dwell_default_s")


def switches_per_min(turns: Turns) -> Array:
    """Changes of lead."""
    return _taken(turns, "switches_per_min")


def fraction_default(turns: Turns) -> Array:
    """Share of the time that the default mode network leads."""
    return _taken(turns, "fraction_default")


def disengaged_s(turns: Turns) -> Array:
    """Median time from a task's start until the default mode network has lost the lead."""
    cues = [REST_S + k * (REST_S + TASK_S) for k in range(turns.blocks)]
    return _over_people(turns, lambda one: disengagement_s(one, STEP_S, cues, longest_s=TASK_S))


def engaged_s(turns: Turns) -> Array:
    """Median time from a task's end until the default mode network leads."""
    ends = [round(k * (REST_S + TASK_S) / STEP_S) for k in range(1, turns.blocks)]
    within = round(REST_S / STEP_S)
    rows = []
    for one in np.moveaxis(turns.activity, 2, 0):
        leading = leads(one)
        after = [leading[end : end + within] for end in ends if not leading[end]]
        times = [float(np.argmax(led)) * STEP_S if led.any() else np.inf for led in after]
        rows.append(float(np.median(times)) if times else np.nan)
    found = np.array(rows)
    return np.where(np.isfinite(found), found, np.nan)


QUANTITIES: Mapping[str, Callable[[Turns], Array]] = {
    "activity_default": activity_default,
    "dwell_default_s": dwell_default_s,
    "switches_per_min": switches_per_min,
    "fraction_default": fraction_default,
    "disengagement_s": disengaged_s,
    "engagement_s": engaged_s,
}


def _over_people(turns: Turns, asked: Callable[[Array], float | Missing]) -> Array:
    n_people = turns.activity.shape[2]
    return np.array([_number(asked(turns.activity[..., [k]])) for k in range(n_people)])


def _number(value: float | Missing) -> float:
    return np.nan if isinstance(value, Missing) else float(value)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split("+")]


def _brain(names: Sequence[str]) -> Brain:
    atlas = Atlas("switch", tuple(Region(name, name, role=name) for name in NETWORKS))
    settings = read_settings()
    unknown = [name for name in names if name not in settings]
    if unknown:
        msg = f"the switch model has no setting {unknown[0]!r}; there are {', '.join(settings)}."
        raise DefaultModeError("E511", msg)
    acting = [(e, region_weights(e, atlas, {}), 1.0) for name in names for e in settings[name]]
    return apply_effects(switch_brain(), acting)


@cache
def read_settings() -> Mapping[str, tuple[Effect, ...]]:
    """The effects of every setting by name; raises E510 where their file is not valid."""
    name = "switch.toml"
    text = files(__package__).joinpath(name).read_text("utf-8")
    with Table(parse_toml(text, name), name) as whole:
        found = {}
        for key in whole.keys:
            with whole.table(key) as t:
                found[key] = tuple(parse_effect(e) for e in t.tables("effect"))
        return found
