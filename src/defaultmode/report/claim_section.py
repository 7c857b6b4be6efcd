"""The section of the page that says what became of the claims."""

from dataclasses import dataclass, replace

from defaultmode.report.claim_drawings import claim_drawings, curve_drawing
from defaultmode.report.claim_front import Part, parts, said_first
from defaultmode.report.claim_points import no_points
from defaultmode.report.drawings import Drawing
from defaultmode.report.nouns import Verdicts
from defaultmode.report.verdict_tables import anchor_of
from defaultmode.report.verdicts import (
    MEANINGS,
    ClaimTables,
    claim_tables,
    claims_tested,
    overview,
    stand_in_claims,
    stand_ins,
    untestable,
)
from defaultmode.report.writing import Table

MOST_STAND_INS = 6  # figures of another treatment in place of a claim's own


@dataclass(frozen=True, slots=True, eq=False)
class ClaimSection:
    """What the template needs of the claims.

    drawings : by the anchor of the claim; pointless : anchor → why each person is not drawn
    """

    said: tuple[str, ...]
    parts: tuple[Part, ...]
    limits: tuple[str, ...]
    notes: tuple[str, ...]
    overview: Table | None
    claims: tuple[ClaimTables, ...]
    drawings: dict[str, list[Drawing]]
    pointless: dict[str, str]
    untestable: Table | None
    stand_ins: Table | None
    stand_in_drawings: tuple[Drawing, ...]

    @property
    def meanings(self) -> dict[str, str]:
        """What each word of a verdict means."""
        return MEANINGS


def claim_section(verdicts: Verdicts | None) -> ClaimSection | None:
    """The section of the claims; None where no claim was asked."""
    if verdicts is None:
        return None
    verdicts = _without_only_atlas(verdicts)
    tested = claims_tested(verdicts)
    others = stand_in_claims(verdicts)[:MOST_STAND_INS]
    return ClaimSection(
        said_first(verdicts),
        parts(verdicts),
        verdicts.limits,
        verdicts.notes,
        overview(verdicts),
        tuple(claim_tables(verdicts, claim) for claim in tested),
        {anchor_of(claim.id): claim_drawings(verdicts, claim) for claim in tested},
        {anchor_of(claim.id): said for claim in tested if (said := no_points(verdicts, claim))},
        untestable(verdicts),
        stand_ins(verdicts),
        tuple(one for claim in others if (one := curve_drawing(verdicts, claim))),
    )


def _without_only_atlas(verdicts: Verdicts) -> Verdicts:
    """The same without the name of the atlas, where there is but one and no reader needs it."""
    if len(set(verdicts.specifications["atlas"]) - {""}) > 1:
        return verdicts
    names = ("table", "specifications", "evidence")
    return replace(verdicts, **{name: getattr(verdicts, name).assign(atlas="") for name in names})


def claim_cites(section: ClaimSection | None) -> list[str]:
    """The references of the published findings that the section shows."""
    if section is None:
        return []
    return [row.cite for one in section.claims for row in one.claim.evidence]
