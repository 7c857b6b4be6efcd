"""The section on twins: how far each can be believed, and what they say of groups."""

from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd

from defaultmode.core.study import KEYS
from defaultmode.figures import Scaled, Standing, twin_belief, twin_parameters
from defaultmode.report.choosing import MOST_ATLASES
from defaultmode.report.chosen_effects import chosen_effects
from defaultmode.report.drawings import Drawing, drawing
from defaultmode.report.nouns import Page
from defaultmode.report.panels import (
    CATEGORY,
    SHADE,
    categorised,
    category_panel,
    panel_table,
    panel_words,
)
from defaultmode.report.section import Filled
from defaultmode.report.section_nouns import TwinsFound
from defaultmode.report.tables import without_empty
from defaultmode.report.writing import (
    NOT_THERE,
    Cell,
    Table,
    counted,
    cut,
    figure,
    listed,
    plain,
    shown,
    word,
)

MOST_LISTED = 300
# Ways to know a person's second half, from the least that they need of the person.
RIVALS = {
    "structure_only_r": "structure\nonly",
    "group_average_r": "others'\naverage",
    "blend_r": "no-model\nblend",
    "held_out_r": "twin",
    "ceiling_r": "first half\nitself",
    "noiseless_ceiling_r": "ceiling",
}
LISTED = {
    "held_out_r": "twin",
    "group_average_r": "others' average",
    "structure_only_r": "structure only",
    "blend_r": "no-model blend",
    "ceiling_r": "first half itself",
    "noiseless_ceiling_r": "ceiling",
    "other_run_r": "another run",
}
LEARNT = "Median share of what was open that a recording closed"
LIMITS = (
    "A twin is a model for studying mechanisms.",
    "It finds no dose for its person.",
    "It predicts neither mood nor response.",
    "Model output is not evidence of effect in people.",
)


def fill_twins(page: Page) -> Filled | None:
    """How far the twins of the folder can be believed; None where there are none."""
    found = page.twins
    if found is None or found.table.empty:
        return None
    return {
        "sentences": _sentences(found.table),
        "limits": LIMITS,
        "drawings": [_belief(part, atlas) for atlas, part in _by_atlas(found.table)],
        "statuses": _statuses(found),
        "excluded": _excluded(found),
        "parameters": [
            made for atlas, _ in _by_atlas(found.table) if (made := _parameters(page, found, atlas))
        ],
        "recovery": _recovery(found),
        "each": _each(found),
        "effects": chosen_effects(
            page, _recovered(found), name="twin-effects", caption="Comparisons of twins' parameters"
        ),
        "meaning": {
            name.replace("\n", " "): found.meaning.get(k, "") for k, name in RIVALS.items()
        },
        "status": found.meaning.get("status", ""),
    }


def _by_atlas(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    fitted = table[table["held_out_r"].notna()]
    return [(str(a), part) for a, part in fitted.groupby("atlas", sort=False)][:MOST_ATLASES]


def _sentences(table: pd.DataFrame) -> list[str]:
    """How many there are of each status, and how near they come to what others' averages give."""
    counts = table["status"].value_counts()
    said = [
        f"{counted(len(table), 'run')} of {table['participant_id'].nunique()} people: "
        + ", ".join(f"{n} {status}" for status, n in counts.items())
        + "."
    ]
    for atlas, part in _by_atlas(table):
        complete = part.dropna(subset=[r for r in RIVALS if part[r].notna().any()])
        means = complete.groupby("participant_id")[list(RIVALS)].mean().mean()
        n = complete["participant_id"].nunique()
        whom = counted(n, "person").replace("persons", "people")
        said.append(
            f"{atlas}: on the half of the run that it was not fitted to, a twin reaches a "
            f"correlation of {shown(means['held_out_r'], 2)}; the others' average "
            f"{shown(means['group_average_r'], 2)}, the connectome alone "
            f"{shown(means['structure_only_r'], 2)}, the same first half blended with the group "
            f"without any model {shown(means['blend_r'], 2)}, the first half itself "
            f"{shown(means['ceiling_r'], 2)}, and a perfect model of what lasts would reach "
            f"{shown(means['noiseless_ceiling_r'], 2)} (means over {whom} of "
            "whom all of these are known)." + _no_better(means)
        )
    return said


def _no_better(means: pd.Series) -> str:
    """A sentence where the model adds nothing to the data; empty where either is not known."""
    if means["held_out_r"] <= means["blend_r"]:
        return " The model itself foretells no more than the blend that it was fitted to."
    return ""


def _belief(part: pd.DataFrame, atlas: str) -> tuple[Drawing, Table]:
    """Each twin against the others' average, and beside every rival."""
    compared = part[part["group_average_r"].notna()]
    standings = [
        Standing(
            str(status),
            own["held_out_r"].to_numpy(np.float64),
            own["group_average_r"].to_numpy(np.float64),
        )
        for status, own in compared.groupby("status", sort=True)
    ]
    long = part.melt(["participant_id"], list(RIVALS), CATEGORY, "r")
    long[SHADE] = (long[CATEGORY] == "held_out_r").astype(int)
    long[CATEGORY] = long[CATEGORY].map(RIVALS)
    panel = category_panel(long, "r", "")
    picture = twin_belief(
        standings, Scaled(panel, "r with the unseen half"), title=f"Twins, {atlas}"
    )
    words = panel_words(panel).replace("\n", " ")
    caption = (
        "Left: each point is the twin of one run; above the dashed line it shows its person better "
        "than the average of the others does. Right: everything that could be known of the same "
        "unseen half; bars are means over people with 95 % intervals."
    )
    kept = [*(k for k in KEYS if k in part), "status", *RIVALS, "other_run_r"]
    alt = f"How well twins show unseen data. {words}"
    name = f"twin-belief-{atlas}"
    means = f"Correlation with the unseen half, {atlas}: means and 95 % intervals over people"
    return (
        drawing(name, picture, part[kept], alt=alt, caption=caption),
        panel_table(f"{name}-means", means, {"r": (panel, "")}),
    )


def _statuses(found: TwinsFound) -> Table:
    """How many of each status in each atlas."""
    counts = found.table.groupby(["atlas", "status"], dropna=False, sort=False).size()
    frame = counts.rename("runs").reset_index()
    rows = [
        (word(atlas), word(status), figure(n, str(n)))
        for atlas, status, n in frame.itertuples(index=False, name=None)
    ]
    head = ("Atlas", "Status", "Runs")
    return Table("twin-statuses", "What twins are good for", head, tuple(rows))


def _excluded(found: TwinsFound) -> Table | None:
    """Twins that are left out of comparisons, and why."""
    rows = found.table[found.table["status"].isin(["failed", "no twin"])]
    if rows.empty:
        return None
    cells = [
        (word(run_name(row)), word(row["status"]), word(row["reason"]))
        for row in rows.to_dict("records")
    ]
    shown_rows, note = cut(cells, MOST_LISTED)
    caption = f"Left out of every comparison: {counted(len(rows), 'run')}"
    return Table("twins-excluded", caption, ("Run", "Status", "Why"), shown_rows, note=note)


def run_name(row: Mapping[Hashable, object]) -> str:
    """What a run is called, from its keys, such as "sub-01 ses-a task-rest run-1"."""
    said = []
    for key in (k for k in KEYS if k != "atlas"):
        value, entity = row.get(key), key.removesuffix("_id")
        if isinstance(value, str) and value != NOT_THERE:
            bare = entity in {"participant", "session"}
            said.append(value if bare else f"{entity}-{value}")
    return " ".join(said)


def _parameters(page: Page, found: TwinsFound, atlas: str) -> tuple[Drawing, Table] | None:
    """The parameters that join the study, by group and session."""
    table = categorised(page, atlas)
    panels, words, names = [], [], []
    for column in page.study.named(role="measure"):
        if column.measure not in set(_recovered(found)) or column.name not in table:
            continue
        if table[column.name].notna().any():
            title = plain(column.measure.removeprefix("twin_"))
            nothing_at = 1.0 if column.unit == "of the group's" else None
            panels.append(
                Scaled(category_panel(table, column.name, title), column.unit, nothing_at)
            )
            words.append(f"{title}: {panel_words(panels[-1].panel)}")
            names.append(column.name)
    if not panels:
        return None
    picture = twin_parameters(panels, title=f"Parameters of twins, {atlas}")
    caption = (
        "Each point is the twin of one run, the bar the mean over people with its 95 % interval; "
        "dashed: the group's brain. Parameters of a model fitted to these runs, not measurements."
    )
    frame = table[[*(k for k in KEYS if k in table), CATEGORY, *names]]
    alt = f"Parameters of twins by group and session. {' '.join(words)}"
    name = f"twin-parameters-{atlas}"
    means = {one.panel.title: (one.panel, one.unit) for one in panels}
    said = f"Parameters of twins, {atlas}: means and 95 % intervals over people"
    return (
        drawing(name, picture, frame, alt=alt, caption=caption),
        panel_table(f"{name}-means", said, means),
    )


def _recovered(found: TwinsFound) -> list[str]:
    """The parameters that come back when they are fitted to simulated people."""
    if found.parameters.empty:
        return []
    known = found.parameters[found.parameters["recovered"].astype(str).str.lower() == "true"]
    return list(dict.fromkeys(known["parameter"]))


def _recovery(found: TwinsFound) -> Table | None:
    """What each recovered parameter means, and how much of it the recordings settled."""
    if found.parameters.empty:
        return None
    rows, plainly = [], []
    for name in _recovered(found):
        own = found.parameters[found.parameters["parameter"] == name]
        learnt, sentence = float(own["learnt"].median()), str(own["description"].iloc[0])
        plainly.append((name, sentence, learnt, len(own)))
        settled = figure(learnt, shown(learnt, 2)) if np.isfinite(learnt) else word("")
        rows.append((word(plain(name)), word(sentence), settled))
    left = found.parameters["parameter"].nunique() - len(rows)
    note = f"{left} more do not come back, and join no comparison." if left else ""
    frame = pd.DataFrame(plainly, columns=["parameter", "meaning", "median_learnt", "twins"])
    caption = "Parameters that come back when simulated people are fitted"
    head, kept = without_empty(("Parameter", "Meaning", LEARNT), rows)
    return Table("twin-recovery", caption, head, tuple(kept), frame, note)


def _each(found: TwinsFound) -> Table:
    """One row for each twin."""
    kept = [name for name in LISTED if found.table[name].notna().any()]
    rows: list[tuple[Cell, ...]] = [
        (
            word(run_name(row)),
            word(row["atlas"]),
            word(row["status"]),
            *(figure(row[name], shown(row[name], 2)) for name in kept),
        )
        for row in found.table.to_dict("records")
    ]
    shown_rows, note = cut(rows, MOST_LISTED)
    head = ("Run", "Atlas", "Status", *(LISTED[name] for name in kept))
    caption = f"Correlation with the unseen half, by {listed(LISTED[name] for name in kept)}"
    return Table("twins", caption, head, shown_rows, found.table, note, search=True)
