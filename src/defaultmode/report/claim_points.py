"""The figure of the raw values behind a claim's test, across denoising presets."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import gaussian_kde

from defaultmode.claims import Claim
from defaultmode.figures import (
    Rain,
    RainPanel,
    Strand,
    StrandPanel,
    motion,
    raincloud,
    spaghetti,
)
from defaultmode.report.drawings import Drawing, drawing
from defaultmode.report.nouns import Behind, Verdicts
from defaultmode.report.verdict_tables import anchor_of
from defaultmode.report.writing import Marks, counted, listed, plain, shown

Floats = NDArray[np.float64]
MOST_PANELS, MOST_LINES, MOST_GROUPS = 2, 120, 4
FEWEST_FOR_SHAPE = 5  # people, below which a violin would show the smoothing and not the people
OUTLINE_STEPS = 18
EVERYBODY = "everybody"
RAW_LEVELS = (
    " These are levels under the treatment as measured; the test takes them given both baselines "
    "and, where the reference has people of its own, as the slope beyond theirs."
)
WITHOUT_POINTS = {
    "mediation": "a mediation joins three changes, which no single picture of people shows",
    "moderation": "a moderation compares effects, not people",
    "prediction": "a prediction is judged over people held out, not by one value of each",
    "overlap": "maps of change are compared region by region",
    "enrichment": "regions of a map are compared, not people",
    "within scan": "windows of each scan are compared, many for each person",
}
DIGITS = 5  # significant, of the numbers that can be downloaded


def points_drawing(verdicts: Verdicts, claim: Claim) -> Drawing | None:
    """Raincloud, spaghetti or scatter of what the deciding test rests on; None without."""
    rows = [one for one in verdicts.behind if one.claim == claim.id and one.people]
    chosen = [one for one in rows if one.atlas == rows[0].atlas and one.test == rows[0].test]
    if not chosen:
        return None
    decides = verdicts.deciding.get(claim.id, ())
    drawn = [one for one in chosen if one.denoise in decides][:MOST_PANELS] or chosen[:MOST_PANELS]
    figure, caption = _figure(claim, drawn)
    caption += _groups_left(drawn)
    if len(drawn) < len(chosen):
        caption += " The first presets that decide are drawn; study.tsv holds every one."
    name = f"{anchor_of(claim.id)}-points"
    alt = f"Each person behind {claim.id}, test {rows[0].test}. {' '.join(map(_words, drawn))}"
    made = drawing(name, figure, pd.concat(map(_numbers, drawn)), alt=alt, caption=caption)
    presets = tuple(one.denoise for one in drawn)
    return replace(made, marks=Marks(presets=presets))


def no_points(verdicts: Verdicts, claim: Claim) -> str:
    """Why no person is drawn behind the test that decides a claim, "" where each is."""
    if any(one.claim == claim.id and one.people for one in verdicts.behind):
        return ""
    row = verdicts.table[verdicts.table["claim"] == claim.id].iloc[0]
    test = next(t for t in claim.tests if t.name == row["test"])
    why = WITHOUT_POINTS.get(test.contrast, "it has not one value of each person")
    return f"No person is drawn behind {test.name}: {why}."


def _figure(claim: Claim, drawn: Sequence[Behind]) -> tuple[Figure, str]:
    first = drawn[0]
    test = next(t for t in claim.tests if t.name == first.test)
    title = f"{claim.id}, {first.test}: each person"
    unit = plain(test.outcome) + (f" ({first.unit})" if first.unit else "")
    said = "Each point is one person."
    if first.pair:
        pairs = [(one.denoise, list(one.moments.values())) for one in drawn]
        clouds = [(name, x, y) for name, (x, y) in pairs]
        if test.contrast == "change with change":
            said += RAW_LEVELS
        return motion(clouds, x_label=plain(test.partner), y_label=unit, title=title), said
    if len(first.moments) == 1:
        panels = [RainPanel(one.denoise, tuple(_rains(one))) for one in drawn]
        return raincloud(panels, unit=unit, title=title), said
    strands = [StrandPanel(one.denoise, tuple(one.moments), tuple(_strands(one))) for one in drawn]
    said = "Each thin line is one person, the thick one the mean of the group."
    most = max(len(one.people) for one in drawn)
    if most > MOST_LINES * len(_groups(first)):
        said += f" Of {most} people {MOST_LINES} of each group are drawn, evenly by their mean."
    return spaghetti(strands, unit=unit, title=title), said


def _groups(one: Behind) -> dict[str, NDArray[np.bool_]]:
    """Group → its people; one group where they are not told apart."""
    labels = np.array([g or EVERYBODY for g in one.groups])
    return {name: labels == name for name in sorted(set(labels))[:MOST_GROUPS]}


def _groups_left(drawn: Sequence[Behind]) -> str:
    """A sentence on the groups that are not drawn; empty where all are, or none is told apart."""
    known = {group or EVERYBODY for one in drawn for group in one.groups}
    left = sorted(known - {group for one in drawn for group in _groups(one)})
    if not left or drawn[0].pair:
        return ""
    return f" Not drawn: {counted(len(left), 'further group')} ({listed(left)})."


def _rains(one: Behind) -> list[Rain]:
    [values] = one.moments.values()
    found = []
    for shade, (name, who) in enumerate(_groups(one).items()):
        own = values[who]
        few = len(own) < FEWEST_FOR_SHAPE or not np.ptp(own)
        level, density = (np.empty(0), np.empty(0)) if few else _outline(own)
        box = None if few else tuple(np.quantile(own, (0.25, 0.5, 0.75)).tolist())
        found.append(Rain(name, own, level, density, box, shade))
    return found


def _outline(values: Floats) -> tuple[Floats, Floats]:
    """Density over the range of the values, 1 at its peak; Scott's rule."""
    level = np.linspace(values.min(), values.max(), OUTLINE_STEPS)
    density = gaussian_kde(values)(level)
    return level, density / density.max()


def _strands(one: Behind) -> list[Strand]:
    values = np.array(list(one.moments.values()))
    found = []
    for shade, (name, who) in enumerate(_groups(one).items()):
        own = values[:, who]
        known = np.isfinite(own)
        totals = np.where(known, own, 0.0).sum(axis=1)
        counts = known.sum(axis=1)
        means = np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)
        found.append(Strand(name, own[:, _evenly(own)], means, shade))
    return found


def _evenly(values: Floats) -> NDArray[np.intp]:
    """Some of the people, evenly by their mean; all where they are few."""
    order = np.argsort(np.nanmean(values, axis=0), kind="stable")
    if len(order) <= MOST_LINES:
        return order
    steps = np.linspace(0, len(order) - 1, MOST_LINES).round().astype(np.intp)
    return np.asarray(order[steps])


def _words(one: Behind) -> str:
    """The median of each group and moment in words."""
    said = [
        f"{name}{f', {moment}' if len(one.moments) > 1 else ''}: median "
        f"{shown(float(np.median(known)))}, n = {len(known)}"
        for name, who in _groups(one).items()
        for moment, values in one.moments.items()
        if len(known := values[who][np.isfinite(values[who])])
    ]
    return f"{one.denoise}: {'; '.join(said)}."


def _numbers(one: Behind) -> pd.DataFrame:
    """One row per person, as the download holds them."""
    frame = pd.DataFrame({"participant_id": one.people, "group": one.groups})
    for name, values in one.moments.items():
        frame[name] = [float(f"{v:.{DIGITS}g}") for v in values]
    return frame.assign(denoise=one.denoise, atlas=one.atlas)
