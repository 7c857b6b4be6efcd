"""The first sentences of a report and the line of each person, computed from the study table."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from defaultmode.core.study import Column, Study

WITHIN, BETWEEN, MEMBERSHIP = (
    "within_default_mode",
    "default_mode_task_positive",
    "default_mode_membership",
)
GSR = "+GSR"


@dataclass(frozen=True, slots=True)
class Person:
    """What the account of the default mode network says of one person under one preset.

    within, between : Fisher z; membership : share (0–1) of default mode regions that are closest to
    their own network; `_gsr` : the same with global signal regression. NaN where missing.
    """

    participant: str
    group: str
    atlas: str
    denoise: str
    runs: int
    within: float
    between: float
    between_gsr: float
    membership: float
    membership_gsr: float


def persons(
    study: Study, *, where: Mapping[str, str] | None = None, by: str = ""
) -> tuple[Person, ...]:
    """One entry for each preset that keeps the global signal, atlas and participant.

    where : column → level: only these rows count; by : the column that names the group.
    """
    rows = study.table
    for column, level in (where or {}).items():
        rows = rows[rows[column] == level]
    found = []
    for denoise in _presets(study):
        columns = {
            "within": _column(study, WITHIN, denoise),
            "between": _column(study, BETWEEN, denoise),
            "between_gsr": _column(study, BETWEEN, denoise + GSR),
            "membership": _column(study, MEMBERSHIP, denoise),
            "membership_gsr": _column(study, MEMBERSHIP, denoise + GSR),
        }
        frame = pd.DataFrame(
            {k: rows[c] if c else np.nan for k, c in columns.items()}, index=rows.index
        ).join(rows[["participant_id", "atlas"]])
        frame["group"] = rows[by].fillna("") if by else ""
        keys = ["atlas", "group", "participant_id"]
        for (atlas, group, participant), part in frame.groupby(keys, sort=True):
            means = {k: float(part[k].mean()) for k in columns}
            if np.isfinite(list(means.values())).any():
                found.append(
                    Person(str(participant), str(group), str(atlas), denoise, len(part), **means)
                )
    return tuple(found)


def _presets(study: Study) -> list[str]:
    """Presets under which something was measured and that keep the global signal."""
    measured = study.named(role="measure")
    return list(dict.fromkeys(c.denoise for c in measured if c.denoise and _keeps(c)))


def _keeps(column: Column) -> bool:
    return not (column.global_signal_removed or column.denoise.endswith(GSR))


def _column(study: Study, measure: str, denoise: str) -> str:
    names = (c.name for c in study.columns.values() if (c.measure, c.denoise) == (measure, denoise))
    return next(names, "")


def highlights(
    study: Study, *, where: Mapping[str, str] | None = None, by: str = ""
) -> tuple[str, ...]:
    """Plain sentences on membership and on the sign of the anticorrelation.

    One pair for each preset, atlas and group: nothing is pooled over them; where, by as `persons`.
    """
    everyone = persons(study, where=where, by=by)
    kinds = dict.fromkeys((p.denoise, p.atlas, p.group) for p in everyone)
    at = "".join(f", {column} = {level}" for column, level in (where or {}).items())
    sentences = []
    for kind in kinds:
        people = [p for p in everyone if (p.denoise, p.atlas, p.group) == kind]
        denoise, atlas, group = kind
        place = f"{denoise}, {atlas}{f', {group}' if group else ''}{at}"
        sentences += [s for s in (_membership(people, place), _boundary(people, place)) if s]
    return tuple(sentences)


def _known(values: list[float]) -> NDArray[np.float64]:
    array = np.array(values)
    known: NDArray[np.float64] = array[np.isfinite(array)]
    return known


def _membership(people: list[Person], place: str) -> str:
    shares = 100 * _known([p.membership for p in people])
    removed = 100 * _known([p.membership_gsr for p in people])
    if not shares.size:
        return ""
    with_it = f"; {removed.mean():.0f} % with global signal regression" if removed.size else ""
    return (
        f"In {_counted(shares.size)}, {shares.mean():.0f} % of the default mode regions (from "
        f"{shares.min():.0f} to {shares.max():.0f} % by person) correlate more with their own "
        f"network than with any other{with_it} ({place})."
    )


def _boundary(people: list[Person], place: str) -> str:
    pairs = np.array([(p.between, p.between_gsr) for p in people])
    pairs = pairs[np.isfinite(pairs).all(axis=1)]
    if not len(pairs):
        return ""
    plain, removed = pairs.T
    means = [f"{mean:+.2f}".replace("-", "−") for mean in (plain.mean(), removed.mean())]
    changed = int((np.sign(plain) != np.sign(removed)).sum())
    return (
        f"The default mode and task-positive networks correlate at a mean Fisher z of {means[0]} "
        f"without global signal regression (below zero in {int((plain < 0).sum())} of "
        f"{_counted(len(pairs))}) and {means[1]} with it (below zero in "
        f"{int((removed < 0).sum())}): in {changed} the sign is the pipeline's choice ({place}). "
        "Global signal regression pushes correlations below zero by construction."
    )


def _counted(people: int) -> str:
    return f"{people} participant{'' if people == 1 else 's'}"


def person_table(study: Study) -> list[str]:
    """Lines of text, one for each person and preset, for a terminal."""
    header = (
        *("participant", "atlas", "denoising", "runs", "within DMN", "DMN–TP", "DMN–TP, GSR"),
        *("own network", "own network, GSR"),
    )
    rows: list[tuple[str, ...]] = [header]
    for p in persons(study):
        z = [f"{v:+.2f}" if np.isfinite(v) else "n/a" for v in (p.within, p.between, p.between_gsr)]
        shares = [
            f"{100 * v:.0f} %" if np.isfinite(v) else "n/a"
            for v in (p.membership, p.membership_gsr)
        ]
        rows.append((p.participant, p.atlas, p.denoise, str(p.runs), *z, *shares))
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    return ["  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
