"""Every comparison that the design of a study supports."""

from collections.abc import Sequence

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.result import Result
from defaultmode.core.study import Study
from defaultmode.statistics.block import atlas_blocks, blocks
from defaultmode.statistics.contrasts import contrasts
from defaultmode.statistics.design import Design
from defaultmode.statistics.effects import CONFIDENCE, SMALLEST_N
from defaultmode.statistics.rows import (
    FDR,
    FDR_FAMILY,
    counts,
    effect_rows,
    effect_table,
    is_motion,
)

CITES = {
    "Hedges g": ("Hedges1981", "Steiger1997", "Welch1947"),
    "d_z": ("Lakens2013", "Steiger1997"),
}


def compare(study: Study, design: Design, *, outcomes: Sequence[str] | None = None) -> Result:
    """Groups, pairs of conditions and interactions, with standardised effects and 95 % intervals.

    outcomes : columns to compare; by default what was measured, and in a study without recordings
        the clinical numbers. Rows of different atlases are never compared, and every participant
        counts once in each contrast. Raises E410 for an unknown column, E411 for one of text.
    Hedges (1981); Lakens (2013); Steiger & Fouladi (1997); Benjamini & Hochberg (1995).
    """
    chosen = _outcomes(study, outcomes)
    parts = [
        effect_rows(study, block, contrast)
        for block in blocks(study, design, chosen)
        for contrast in contrasts(block, design)
    ]
    table = effect_table(parts)
    used = sorted(set(table["statistic"]))
    cites = [key for name in used for key in CITES[name]]
    return Result(
        table=table,
        sentence=_sentence(counts(table) if len(table) else "", chosen),
        cites=tuple(dict.fromkeys([*cites, "Benjamini1995"])) if used else (),
        settings={
            "outcomes": chosen,
            "confidence": CONFIDENCE,
            "smallest_n": SMALLEST_N,
            "false_discovery_rate": FDR,
            "false_discovery_family": FDR_FAMILY,
            "reference": {f.name: f.reference for f in (*design.between, *design.within)},
        },
        notes=(*_notes(study, design), *refusals(design)),
    )


def refusals(design: Design) -> tuple[str, ...]:
    """What the design does not support, one sentence each."""
    return tuple(f"{name} is not used: {why}." for name, why in design.unsupported)


def _sentence(numbers: str, chosen: tuple[str, ...]) -> str:
    if numbers:
        return f"Of all comparisons, {numbers}."
    if not chosen:
        return "There is no measured or clinical number to compare."
    return (
        "The design supports no comparison: it has no groups and no condition that varies within "
        "participants."
    )


def _outcomes(study: Study, wanted: Sequence[str] | None) -> tuple[str, ...]:
    if wanted is not None:
        for name in wanted:
            if name not in study.columns:
                raise DefaultModeError("E410", f"the study has no column {name!r} to compare.")
            if study.columns[name].kind != "number":
                raise DefaultModeError("E411", f"column {name!r} holds text; a number is compared.")
        return tuple(wanted)
    measured = study.named(role="measure", kind="number")
    if measured:  # motion is no outcome, but a drug that moves the head moves connectivity too
        motion = [c for c in study.columns.values() if is_motion(c) and c not in measured]
        known = [c for c in motion if study.table[c.name].notna().any()]
        return tuple(c.name for c in (*measured, *known))
    clinical = study.named(role="clinical", kind="number")
    varying = [c.name for c in clinical if c.level != "participant"]
    return tuple(varying or [c.name for c in clinical])


def _notes(study: Study, design: Design) -> list[str]:
    notes = list(design.notes)
    if any(block.several_runs(design) for block in atlas_blocks(study, design, ())):
        notes.append("Runs of one participant under the same conditions are averaged.")
    if design.between and design.baseline:
        where = ", ".join(f"{f.name} = {f.reference}" for f in design.baseline)
        notes.append(f"Groups are compared at {where}.")
    if design.between:
        notes.append(
            "The interval of Hedges g assumes equal variances, its p value (Welch) does not: "
            "the two can disagree, most where groups are small or unequal. g is corrected for "
            "small samples, its interval is that of the population effect."
        )
    if any(design.crossed):
        notes.append(
            "Period, order and carry-over are not modelled; what a condition changes beyond the "
            "other is the interaction."
        )
    if design.between or design.within:
        notes.append(f"The false discovery rate is controlled over {FDR_FAMILY}.")
    return notes
