"""Correlation of what was measured with clinical numbers, and with head motion."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from defaultmode.core.result import Result
from defaultmode.core.study import Column, Study
from defaultmode.statistics.block import Block, atlas_blocks, take
from defaultmode.statistics.compare import refusals
from defaultmode.statistics.contrasts import Contrast, change
from defaultmode.statistics.design import Design, Factor
from defaultmode.statistics.effects import (
    CONFIDENCE,
    SMALLEST_N_CORRELATION,
    pearson_r,
    spearman_rho,
)
from defaultmode.statistics.rows import (
    FDR,
    FDR_FAMILY,
    counts,
    effect_rows,
    effect_table,
    is_motion,
)

MOTION_FACTOR = "framewise displacement"
OVERALL = "participant mean"

Array = NDArray[np.float64]


def correlate(study: Study, design: Design) -> Result:
    """Pearson correlations of measured columns with clinical columns and with head motion.

    A clinical number of the participant goes with the participant's mean; one that changes
    between conditions with the change from the reference; any other with each session by itself.
    Mean framewise displacement, where there is one, goes with every other measure; these rows are
    a family of their own for the false discovery rate. Rows of different atlases never meet.
    Fisher (1921); Benjamini & Hochberg (1995).
    """
    measured = study.named(role="measure", kind="number")
    names = [c.name for c in measured]
    motion = [c for c in study.columns.values() if is_motion(c)]
    recorded = [c for c in motion if _people(study, c) >= SMALLEST_N_CORRELATION]
    columns = dict.fromkeys([*names, *(c.name for c in motion), *design.numeric])
    found = list(atlas_blocks(study, design, list(columns))) if names else []
    clinical = [
        effect_rows(study, take(block, names), contrast)
        for block in found
        for name in design.numeric
        for contrast in _clinical(block, design, names, study.columns[name])
    ]
    quality = [
        effect_rows(study, take(block, outcomes), _over_participants(block, outcomes, partner))
        for block in found
        for partner, outcomes in _partners(measured, recorded).items()
    ]
    table = pd.concat([effect_table(clinical), effect_table(quality)], ignore_index=True)
    return Result(
        table=table,
        sentence=f"Of all correlations, {counts(table)}." if len(table) else _none(names),
        cites=("Fisher1921", "Benjamini1995") if len(table) else (),
        settings={
            "confidence": CONFIDENCE,
            "smallest_n": SMALLEST_N_CORRELATION,
            "false_discovery_rate": FDR,
            "false_discovery_family": f"{FDR_FAMILY}, {MOTION_FACTOR} apart from the rest",
        },
        notes=_notes(
            design, max((_people(study, c) for c in motion), default=None), any_row=len(table) > 0
        ),
    )


def _clinical(block: Block, design: Design, names: list[str], column: Column) -> Iterator[Contrast]:
    """Over everybody, and within each group: a difference between groups looks like a relation."""
    together = "all groups together" if design.between else ""
    for text, x, y in _pairs(block, design, names, column):
        yield _contrast(column.name, ", ".join(t for t in (text, together) if t), x, y)
        for group in design.between:
            belongs = block.group(group)
            for i, name in enumerate(group.levels):
                yield _contrast(
                    column.name,
                    f"{text}, {group.name} = {name}",
                    x[belongs == i],
                    y[belongs == i],
                )


def _pairs(
    block: Block, design: Design, names: list[str], column: Column
) -> Iterator[tuple[str, Array, Array]]:
    """What is set against each other: a text, outcomes (n_people, k) and the clinical number."""
    outcomes, clinical = take(block, names), take(block, [column.name])
    factor, changes = _axis(outcomes, clinical, design, column)
    if factor is None:
        yield OVERALL, outcomes.means(), clinical.means()
    elif changes:
        for level in factor.levels[1:]:
            x, y = (
                np.subtract(*change(b, design, factor, level=level, reference=factor.reference))
                for b in (outcomes, clinical)
            )
            yield f"change {level} − {factor.reference}", x, y
    else:
        for level in factor.levels:
            x, y = (b.at((factor, level)).means() for b in (outcomes, clinical))
            yield f"at {factor.name} = {level}", x, y


def _axis(
    outcomes: Block, clinical: Block, design: Design, column: Column
) -> tuple[Factor | None, bool]:
    """The within factor along which both vary and True, or the sessions and False, or None."""
    if column.level == "participant":
        return None, False
    for factor in design.within:
        measured = np.isfinite(outcomes.means(factor)).any(axis=-1)
        values = clinical.means(factor)[..., 0]
        known = measured & np.isfinite(values)
        highest = np.where(known, values, -np.inf).max(axis=1)
        lowest = np.where(known, values, np.inf).min(axis=1)
        if (highest > lowest).any():
            return factor, True
    return next((f for f in design.within if f.level == "session"), None), False


def _over_participants(block: Block, outcomes: list[str], partner: str) -> Contrast:
    x, y = take(block, outcomes).means(), take(block, [partner]).means()
    return _contrast(MOTION_FACTOR, OVERALL, x, y)


def _contrast(factor: str, text: str, x: Array, y: Array) -> Contrast:
    second = ("Spearman rho", spearman_rho(x, y))
    return Contrast("correlation", factor, text, "Pearson r", pearson_r(x, y), second)


def _partners(measured: list[Column], motion: list[Column]) -> dict[str, list[str]]:
    """Motion column → the outcomes that go with it: that of the same preset, or the first."""
    partners: dict[str, list[str]] = {}
    others = [c for c in measured if not is_motion(c)]
    for outcome in others if motion else ():
        same = (m.name for m in motion if m.denoise == outcome.denoise)
        partners.setdefault(next(same, motion[0].name), []).append(outcome.name)
    return partners


def _none(names: list[str]) -> str:
    if not names:
        return "Nothing was measured, so there is nothing to correlate."
    return "There is no clinical number and not enough head motion to correlate with."


def _people(study: Study, column: Column) -> int:
    """How many participants have a value in a column."""
    known = study.table.loc[study.table[column.name].notna(), "participant_id"]
    return int(known.nunique())


def _notes(design: Design, moved: int | None, *, any_row: bool) -> tuple[str, ...]:
    """Moved: how many participants came with head motion, None where it was not measured."""
    notes = [*refusals(design)]
    if moved == 0:
        notes.append("No run came with head motion, so no measure could be set against it.")
    elif moved is not None and moved < SMALLEST_N_CORRELATION:
        notes.append(
            f"Head motion is known for {moved} of the participants; {SMALLEST_N_CORRELATION} are "
            "needed to set a measure against it."
        )
    if design.between and design.numeric:
        notes.append(
            "A correlation over all groups together also reflects the differences between them; "
            "read it within the groups."
        )
    if any_row:
        notes.append(
            "Fisher's intervals assume that both columns are normally distributed; the false "
            f"discovery rate is controlled over {FDR_FAMILY}, {MOTION_FACTOR} apart from the rest."
        )
    return tuple(notes)
