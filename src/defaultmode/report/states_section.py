"""The section on brain states: what they are, who was in them when, and whether anyone is stuck."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from defaultmode.core.missing import Missing
from defaultmode.core.study import BEYOND, KEYS, Column
from defaultmode.figures import Category
from defaultmode.report.choosing import (
    MOST_ATLASES,
    categories,
    factors,
    leading_presets,
    measured,
    of_atlas,
    preset_labels,
)
from defaultmode.report.chosen_effects import chosen_effects
from defaultmode.report.drawings import Drawing
from defaultmode.report.flow_nouns import EVERYBODY
from defaultmode.report.landscape_drawings import (
    landscape_drawing,
    landscape_table,
    landscape_title,
)
from defaultmode.report.nouns import Page
from defaultmode.report.panels import CATEGORY, SHADE, category_panel, mean_words
from defaultmode.report.section import Filled
from defaultmode.report.section_nouns import Landscapes, LearntStates, Lost
from defaultmode.report.state_drawings import (
    METHODS,
    QUANTITIES,
    dwell_shown,
    profile_drawing,
    timeline_drawing,
)
from defaultmode.report.writing import Table, counted, listed, shown
from defaultmode.statistics.qc_fc import LEVEL

LANDSCAPE_MEASURES = (
    *("landscape_minima", "landscape_default_basin"),
    *("landscape_default_dwell_s", "landscape_default_barrier"),
)
UNGROUPED = "no group known"
CITES = ("Vidaurre2017", "Cabral2017", "Liu2013", "Prichard1994")
LANDSCAPE_CITES = ("Watanabe2013", "Ezaki2017", "Becker1997")


@dataclass(frozen=True, slots=True, eq=False)
class AtlasStates:
    """The states of one atlas; stuck : what visits to the default-mode state say, by preset."""

    title: str
    sentence: str
    profile: Drawing
    timeline: Drawing
    dwells: tuple[tuple[Drawing, Table], ...]
    stuck: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class LandscapeShown:
    """Energy landscapes: their figure and numbers, and (whose, why) of those that are lost."""

    title: str
    drawing: Drawing | None
    table: Table | None
    lost: tuple[tuple[str, Missing], ...]
    left_out: str


def fill_states(page: Page) -> Filled | None:
    """What brain states the study learnt, and what came of them; None where none were learnt."""
    found = page.states
    if found is None or not found.learnt:
        return None
    drawn = [drawn_states(page, ours) for ours in _by_atlas(found.learnt)]
    return {
        "atlases": [_atlas(page, some, found.learnt) for some in drawn],
        "effects": _effects(page, [one for some in drawn for one in some]),
        "landscapes": [_landscape(page, one) for one in found.landscapes],
        "cites": [*CITES, *(LANDSCAPE_CITES if found.landscapes else ())],
    }


def _by_atlas(learnt: Sequence[LearntStates]) -> list[list[LearntStates]]:
    names = list(dict.fromkeys(one.atlas for one in learnt))[:MOST_ATLASES]
    return [[one for one in learnt if one.atlas == name] for name in names]


def _atlas(
    page: Page, drawn: Sequence[LearntStates], learnt: Sequence[LearntStates]
) -> AtlasStates:
    """The states of an atlas by one method, under the presets that are drawn."""
    first = drawn[0]
    beside = [o for o in learnt if (o.atlas, o.denoise) == (first.atlas, first.denoise)]
    return AtlasStates(
        f"States of {first.atlas}",
        _sentence(page, first, [one for one in beside if one is not first]),
        profile_drawing(page, first),
        timeline_drawing(page, first),
        tuple(made for one in drawn if (made := dwell_shown(page, one))),
        tuple(text for one in drawn if (text := stuck_words(page, one))),
    )


def drawn_states(page: Page, ours: Sequence[LearntStates]) -> list[LearntStates]:
    """Of the states of an atlas those that are drawn: one method, with and without global signal.

    The method is the one whose states come back best when they are learnt from half of the people.
    """
    known = measured(page.study)
    columns = next((known[name] for name in _occupancies() if name in known), {})
    there = {one.denoise for one in ours}
    presets = [p for p in leading_presets(columns) if p in there] or [ours[0].denoise]
    best = max(
        (one for one in ours if one.denoise == presets[0]),
        key=lambda one: -np.inf if np.isnan(one.stability) else one.stability,
    )
    return [o for p in presets for o in ours if (o.denoise, o.method) == (p, best.method)]


def _occupancies() -> list[str]:
    return [f"{method}_default_occupancy" for method in METHODS]


def _sentence(page: Page, drawn: LearntStates, rivals: Sequence[LearntStates]) -> str:
    label = preset_labels(page.study).get(drawn.denoise, drawn.denoise)
    said = (
        f"{drawn.atlas}, {label}: {len(drawn.names)} states, learnt from "
        f"{counted(drawn.n_taught, 'run')} by {METHODS[drawn.method]}. "
    )
    if np.isnan(drawn.stability):
        return said + "Whether they would be found in other people is not known."
    others = [f"{METHODS[one.method]} {shown(one.stability, 2)}" for one in rivals]
    return said + (
        "Learnt from either half of the people, they label the same volumes with an agreement of "
        f"{shown(drawn.stability, 2)} (adjusted Rand index: 1 the same, 0 chance)"
        + (f", more than {listed(others)}; so these are drawn." if others else ".")
    )


def stuck_words(page: Page, drawn: LearntStates) -> str:
    """How long untreated people stay in the default-mode state, and how much of it is chance."""
    known = measured(page.study)
    measure = f"{drawn.method}_default_dwell_s"
    column = known.get(measure, {}).get(drawn.denoise)
    if column is None or not page.study.table[column.name].notna().any():
        return ""
    label = preset_labels(page.study).get(drawn.denoise, drawn.denoise)
    table = _untreated(page, drawn.atlas)
    n_runs = int(table[column.name].notna().sum())
    if not n_runs:
        return f"{label}: no run at rest is known to be untreated, so nothing is tested here."
    seen = category_panel(table, column.name, "").categories
    said = (
        f"{label}: a visit to {drawn.names[drawn.default]} lasts "
        f"{_by_group((mean_words(c, 's') for c in seen), seen)} (mean over people with its 95 % "
        f"interval; {counted(n_runs, 'run')} at rest, before any treatment or without one)"
    )
    beyond = known.get(measure + BEYOND, {}).get(drawn.denoise)
    if beyond is None or not table[beyond.name].notna().any():
        return f"{said}. No surrogates were drawn, so nothing says that this is more than chance."
    left = category_panel(table, beyond.name, "").categories
    verdicts = (f"{mean_words(c, 's')}, {_verdict(c)}" for c in left)
    return f"{said}. Beyond surrogates that is {_by_group(verdicts, left)}." + _runs_beyond(column)


def _untreated(page: Page, atlas: str) -> pd.DataFrame:
    """Rows of the untreated runs of an atlas, each under its group."""
    table, groups = of_atlas(page.study, atlas), factors(page).between
    keys = table[list(KEYS)].astype(str).itertuples(index=False, name=None)
    known = page.states.untreated if page.states else frozenset()
    labels = categories(table, groups).fillna(UNGROUPED) if groups else EVERYBODY
    return table.assign(**{CATEGORY: labels, SHADE: 0})[[key in known for key in keys]]


def _by_group(said: Iterable[str], groups: Sequence[Category]) -> str:
    """What is said of each group, after its name where there are several."""
    if [group.label for group in groups] == [EVERYBODY]:
        return "; ".join(said)
    return "; ".join(f"{g.label} {words}" for g, words in zip(groups, said, strict=True))


def _runs_beyond(dwell: Column) -> str:
    """How many single runs differ from their surrogates, beside how many do by chance."""
    if not dwell.note:
        return ""
    return (
        f" Of all runs, treated ones too, the dwell time {dwell.note}; chance alone gives about "
        f"1 in {1 / LEVEL:.0f}."
    )


def _verdict(beyond: Category) -> str:
    """What an interval around nothing says of dwell times, in words."""
    if isinstance(beyond.interval, Missing):
        return "too few people to tell"
    low, high = beyond.interval
    if low > 0:
        return "longer than chance gives"
    if high < 0:
        return "shorter than chance gives"
    return "which cannot be told from chance"


def _effects(page: Page, drawn: Sequence[LearntStates]) -> Table | None:
    """Comparisons of the states that are drawn, and of the landscape."""
    wanted = {f"{one.method}_{q}" for one in drawn for q in QUANTITIES} | {*LANDSCAPE_MEASURES}
    caption = "Comparisons of the drawn states and of the landscape"
    return chosen_effects(page, wanted, name="state-effects", caption=caption)


def _lost(one: Lost) -> str:
    runs = counted(one.n_runs, "run")
    return f"{one.whose}, no landscape of {runs}" if one.whole else f"{one.whose}, without {runs}"


def _landscape(page: Page, found: Landscapes) -> LandscapeShown:
    left = counted(found.left_out, "run") if found.left_out else ""
    return LandscapeShown(
        landscape_title(page, found),
        landscape_drawing(page, found),
        landscape_table(page, found),
        tuple((_lost(one), one.why) for one in found.lost),
        f"{left} of further people were not read again, to save time." if left else "",
    )
