"""The first sentences of a report and the line of each person, computed from the study table."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from defaultmode.core.study import Study

WITHIN, BETWEEN, MEMBERSHIP = (
    "within_default_mode",
    "default_mode_task_positive",
    "default_mode_membership",
)
GSR = "+GSR"


@dataclass(frozen=True, slots=True)
class Person:
    """What the account of the default mode network says of one person under one pair of presets.

    within, between : Fisher z; membership : share (0–1) of default mode regions that are closest to
    their own network; `_gsr` : the same with global signal regression. NaN where missing.
    """

    participant: str
    atlas: str
    denoise: str
    runs: int
    within: float
    between: float
    between_gsr: float
    membership: float
    membership_gsr: float


def persons(study: Study) -> tuple[Person, ...]:
    """One entry for each participant, atlas and pair of presets, the mean over their runs."""
    found = []
    for denoise in _paired_presets(study):
        columns = {
            "within": _column(study, WITHIN, denoise),
            "between": _column(study, BETWEEN, denoise),
            "between_gsr": _column(study, BETWEEN, denoise + GSR),
            "membership": _column(study, MEMBERSHIP, denoise),
            "membership_gsr": _column(study, MEMBERSHIP, denoise + GSR),
        }
        frame = pd.DataFrame(
            {k: study.table[c] if c else np.nan for k, c in columns.items()},
            index=study.table.index,
        ).join(study.table[["participant_id", "atlas"]])
        for (atlas, participant), rows in frame.groupby(["atlas", "participant_id"], sort=True):
            means = {k: float(rows[k].mean()) for k in columns}
            if np.isfinite(list(means.values())).any():
                found.append(Person(str(participant), str(atlas), denoise, len(rows), **means))
    return tuple(found)


def _paired_presets(study: Study) -> list[str]:
    """Presets without global signal regression under which something was measured."""
    names = dict.fromkeys(c.denoise for c in study.named(role="measure"))
    return [name for name in names if name and not name.endswith(GSR)]


def _column(study: Study, measure: str, denoise: str) -> str:
    names = (c.name for c in study.columns.values() if (c.measure, c.denoise) == (measure, denoise))
    return next(names, "")


def highlights(study: Study) -> tuple[str, ...]:
    """Plain sentences on membership and on the sign of the anticorrelation, one pair per preset."""
    everyone = persons(study)
    sentences = []
    for denoise in dict.fromkeys(p.denoise for p in everyone):
        people = [p for p in everyone if p.denoise == denoise]
        sentences += [s for s in (_membership(people), _boundary(people)) if s]
    return tuple(sentences)


def _membership(people: list[Person]) -> str:
    shares = np.array([p.membership for p in people])
    shares = 100 * shares[np.isfinite(shares)]
    if not shares.size:
        return ""
    removed = np.array([p.membership_gsr for p in people])
    removed = 100 * removed[np.isfinite(removed)]
    with_it = f"; with global signal regression {removed.mean():.0f} %" if removed.size else ""
    return (
        f"In {shares.size} participants, {shares.mean():.0f} % of the default mode regions (from "
        f"{shares.min():.0f} to {shares.max():.0f} % by person) correlate more with their own "
        f"network than with any other ({people[0].denoise}{with_it})."
    )


def _boundary(people: list[Person]) -> str:
    pairs = np.array([(p.between, p.between_gsr) for p in people])
    pairs = pairs[np.isfinite(pairs).all(axis=1)]
    if not len(pairs):
        return ""
    plain, removed = pairs.T
    means = [f"{mean:+.2f}".replace("-", "−") for mean in (plain.mean(), removed.mean())]
    changed = int((np.sign(plain) != np.sign(removed)).sum())
    return (
        f"The default mode and task-positive networks correlate at a mean Fisher z of "
        f"{means[0]} without global signal regression (below zero in "
        f"{int((plain < 0).sum())} of {len(pairs)}) and {means[1]} with it (below zero "
        f"in {int((removed < 0).sum())}): in {changed} of {len(pairs)} the sign is the pipeline's "
        f"choice ({people[0].denoise}). Global signal regression pushes correlations below zero "
        f"by construction."
    )


def person_table(study: Study) -> list[str]:
    """Lines of text, one for each person, for a terminal."""
    header = (
        *("participant", "atlas", "runs", "within DMN", "DMN–TP", "DMN–TP, GSR"),
        *("own network", "own network, GSR"),
    )
    rows: list[tuple[str, ...]] = [header]
    for p in persons(study):
        z = [f"{v:+.2f}" if np.isfinite(v) else "n/a" for v in (p.within, p.between, p.between_gsr)]
        shares = [
            f"{100 * v:.0f} %" if np.isfinite(v) else "n/a"
            for v in (p.membership, p.membership_gsr)
        ]
        rows.append((p.participant, p.atlas, str(p.runs), *z, *shares))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
