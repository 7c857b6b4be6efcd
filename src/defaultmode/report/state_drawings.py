"""The figures of brain states: what they are, who is in them when, and for how long."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd

from defaultmode.core.recording import Array
from defaultmode.core.study import BEYOND, KEYS, Column
from defaultmode.figures import Scaled, Track, dwell_times, state_profiles, state_timeline
from defaultmode.report.choosing import factors, measured, preset_labels
from defaultmode.report.drawings import Drawing, drawing
from defaultmode.report.nouns import Page
from defaultmode.report.panels import (
    CATEGORY,
    categorised,
    category_panel,
    panel_table,
    panel_words,
)
from defaultmode.report.section_nouns import LabelledRun, LearntStates
from defaultmode.report.writing import Marks, Table, counted, shown

QUANTITIES = {
    "default_occupancy": "share of time",
    "default_dwell_s": "dwell time",
    "switching_rate": "switching",
}
METHODS = {
    "hmm": "hidden Markov model",
    "leida": "phase states (LEiDA)",
    "cap": "co-activation patterns",
}
Keys = tuple[str, ...]
BEYOND_SURROGATES = "beyond surrogates"
DWELL = (
    "Above: as seen. Below: what is left beyond phase-randomised surrogates of the same run, by "
    "states that the person did not help to learn; at the dashed line nothing is. Each point is "
    "one run, the bar the mean over people with its 95 % interval."
)
MOST_TRACKS = 12
MOST_PROFILED = 14  # networks of which the numbers fit


def state_names(learnt: LearntStates) -> list[str]:
    """Names of the states; the one most like the default mode network is marked."""
    return [f"{n} ★" if i == learnt.default else n for i, n in enumerate(learnt.names)]


def title_of(page: Page, learnt: LearntStates) -> str:
    """Method, atlas and preset."""
    label = preset_labels(page.study).get(learnt.denoise, learnt.denoise)
    return f"{METHODS.get(learnt.method, learnt.method)}, {learnt.atlas}, {label}"


def _name(learnt: LearntStates, what: str) -> str:
    return "-".join(("states", what, learnt.atlas, learnt.denoise)).replace("+", "-")


def people_mean(runs: Sequence[LabelledRun], values: Sequence[Array]) -> Array:
    """Mean of what is known over the runs of a person, then over people."""
    people: dict[str, list[Array]] = {}
    for run, value in zip(runs, values, strict=True):
        people.setdefault(run.person, []).append(value)
    return _known_mean([_known_mean(own) for own in people.values()])


def _known_mean(values: Sequence[Array]) -> Array:
    there = np.isfinite(values)
    total = np.where(there, values, 0.0).sum(axis=0)
    count = there.sum(axis=0)
    return np.asarray(np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0))


def profile_drawing(page: Page, learnt: LearntStates) -> Drawing:
    """Networks of each state, and which state follows it."""
    names, runs = state_names(learnt), learnt.runs
    follows = people_mean(runs, [run.next_state for run in runs])
    shares = people_mean(runs, [run.occupancy for run in runs])
    kept = _widest(learnt)
    figure = state_profiles(
        learnt.profiles[:, kept],
        follows,
        states=names,
        networks=[learnt.networks[i] for i in kept],
        title=title_of(page, learnt),
    )
    people = len({run.person for run in runs})
    unit = "standard deviations" if learnt.method == "hmm" else "1 = all regions alike"
    caption = (
        f"Left: mean of each network in each state ({unit}). Right: probability of the state one "
        f"volume later, by row, mean over {counted(people, 'person')} ({counted(len(runs), 'run')})"
        "; the diagonal is staying. ★ is the state most like the default mode network. "
    ).replace("persons", "people")
    words = [f"{n} {shown(100 * s, 0)} %" for n, s in zip(names, shares, strict=True)]
    frame = pd.DataFrame(
        np.column_stack([shares, learnt.profiles, follows]),
        columns=["share_of_time", *learnt.networks, *(f"next: {n}" for n in learnt.names)],
    )
    frame.insert(0, "state", list(learnt.names))
    alt = f"Networks of each state, and which follows: {title_of(page, learnt)}. Shares of time: "
    said = f"{', '.join(words)}."
    words_below = f"{caption}Shares of time: {said}"
    made = drawing(_name(learnt, "profiles"), figure, frame, alt=alt + said, caption=words_below)
    return replace(made, marks=_marks(learnt))


def _widest(learnt: LearntStates) -> list[int]:
    """The networks that differ most between states, in their order, the default mode among them."""
    spread = np.ptp(learnt.profiles, axis=0)
    return sorted(np.argsort(-spread, kind="stable")[:MOST_PROFILED].tolist())


def timeline_drawing(page: Page, learnt: LearntStates) -> Drawing:
    """The states of some people's runs in time."""
    where = _whereabouts(page, learnt.atlas)
    chosen = first_people(learnt.runs, {key: group for key, (group, _) in where.items()})
    labels = _labels(chosen, {key: label for key, (_, label) in where.items()})
    names = state_names(learnt)
    tracks = [Track(n, run.tr_s, run.labels) for n, run in zip(labels, chosen, strict=True)]
    figure = state_timeline(tracks, names, default=learnt.default, title=title_of(page, learnt))
    people, everybody = ({run.person for run in runs} for runs in (chosen, learnt.runs))
    caption = (
        f"{counted(len(chosen), 'run')} of {len(people)} of {len(everybody)} people: the first by "
        "label of each group, with their runs in order; nobody was chosen for what they show. The "
        "state most like the default mode network (★) is drawn tallest; white is unknown."
    )
    shares = [
        f"{n} {run.occupancy[learnt.default]:.0%}" for n, run in zip(labels, chosen, strict=True)
    ]
    alt = f"State of every volume. Share of time in {names[learnt.default]}: {', '.join(shares)}."
    frame = pd.concat(
        [_visits(n, run, learnt) for n, run in zip(labels, chosen, strict=True)], ignore_index=True
    )
    made = drawing(_name(learnt, "timeline"), figure, frame, alt=alt, caption=caption)
    return replace(made, marks=_marks(learnt))


def _whereabouts(page: Page, atlas: str) -> dict[Keys, tuple[str, str]]:
    """Keys of a run → its group, and its group and session."""
    table = categorised(page, atlas)
    between = factors(page).between
    groups = table[between[0]].astype(str) if between else [""] * len(table)
    keys = table[list(KEYS)].astype(str).itertuples(index=False, name=None)
    return dict(zip(keys, zip(groups, table[CATEGORY], strict=True), strict=True))


def first_people(runs: Sequence[LabelledRun], groups: Mapping[Keys, str]) -> list[LabelledRun]:
    """Runs of the first people of each group by label, as many as there is room for.

    groups : keys of a run → its group; a run that has none is left out
    """
    found: dict[str, dict[str, list[LabelledRun]]] = {}
    for run in sorted(runs, key=lambda r: tuple(r.keys.values())):
        group = groups.get(tuple(run.keys.values()))
        if group is not None:
            found.setdefault(group, {}).setdefault(run.person, []).append(run)
    room = max(1, MOST_TRACKS // max(1, len(found)))
    chosen: list[LabelledRun] = []
    for people in list(found.values())[:MOST_TRACKS]:
        taken: list[LabelledRun] = []
        for own in people.values():
            if len(taken) + min(len(own), room) > room:
                break
            taken += own[:room]
        chosen += taken
    return chosen


def _labels(runs: Sequence[LabelledRun], where: Mapping[Keys, str]) -> list[str]:
    """Person, group and session of each run, and its number where that alone tells runs apart."""
    plain = [
        f"{run.person.removeprefix('sub-')} · {where[tuple(run.keys.values())]}" for run in runs
    ]
    return [
        f"{text} · run {run.keys['run_id']}" if plain.count(text) > 1 else text
        for text, run in zip(plain, runs, strict=True)
    ]


def _visits(label: str, run: LabelledRun, learnt: LearntStates) -> pd.DataFrame:
    """Every visit of a run to a state."""
    ends = [0, *(np.flatnonzero(np.diff(run.labels)) + 1).tolist(), len(run.labels)]
    known = [(a, b, run.labels[a]) for a, b in pairwise(ends) if run.labels[a] >= 0]
    rows = [
        (label, round(a * run.tr_s, 3), round(b * run.tr_s, 3), learnt.names[i])
        for a, b, i in known
    ]
    return pd.DataFrame(rows, columns=["run", "start_s", "end_s", "state"])


def dwell_shown(page: Page, learnt: LearntStates) -> tuple[Drawing, Table] | None:
    """Share, dwell time and switching by group and session, and what of them surrogates lack."""
    table = categorised(page, learnt.atlas)
    columns = _dwell_columns(page, learnt, table)
    if not columns:
        return None
    seen: list[Scaled] = []
    beyond: list[Scaled] = []
    panels = {}
    for heading, column in columns.items():
        own = column.role == "surrogate"
        panel = category_panel(table, column.name, BEYOND_SURROGATES if own else heading)
        (beyond if own else seen).append(Scaled(panel, column.unit, 0.0 if own else None))
        panels[heading] = panel, column.unit
    whole = f"Default-mode state: {title_of(page, learnt)}"
    figure = dwell_times(seen, beyond, title=whole)
    names = [column.name for column in columns.values()]
    frame = table[[*(k for k in KEYS if k in table), CATEGORY, *names]]
    alt = f"{whole}, by group and session. {panel_words(seen[0].panel, seen[0].unit)}"
    name = _name(learnt, "dwell")
    return (
        replace(drawing(name, figure, frame, alt=alt, caption=DWELL), marks=_marks(learnt)),
        panel_table(f"{name}-means", f"{whole}: means and 95 % intervals over people", panels),
    )


def _dwell_columns(page: Page, learnt: LearntStates, table: pd.DataFrame) -> dict[str, Column]:
    """Heading → column of the study, of those that have a value."""
    known = measured(page.study)
    asked = {
        heading: known.get(f"{learnt.method}_{quantity}{more}", {}).get(learnt.denoise)
        for quantity, title in QUANTITIES.items()
        for heading, more in ((title, ""), (f"{title}, {BEYOND_SURROGATES}", BEYOND))
    }
    return {h: c for h, c in asked.items() if c and table[c.name].notna().any()}


def _marks(learnt: LearntStates) -> Marks:
    return Marks(presets=(learnt.denoise,))
