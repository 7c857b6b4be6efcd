"""The section of the page that says what became of the claims."""

from dataclasses import dataclass

from defaultmode.report.claim_drawings import claim_drawings
from defaultmode.report.drawings import Drawing
from defaultmode.report.nouns import Verdicts
from defaultmode.report.verdict_tables import anchor_of
from defaultmode.report.verdicts import (
    MEANINGS,
    ClaimTables,
    claim_tables,
    overview,
    stand_ins,
    supported_first,
    tested_claims,
    untestable,
)
from defaultmode.report.writing import Table, counted

MOST_DRAWN = 12  # claims with figures; every number of the others stands in their tables


@dataclass(frozen=True, slots=True, eq=False)
class ClaimSection:
    """What the template needs of the claims; drawings : by the anchor of the claim."""

    sentence: str
    limits: tuple[str, ...]
    overview: Table | None
    claims: tuple[ClaimTables, ...]
    drawings: dict[str, list[Drawing]]
    untestable: Table | None
    stand_ins: Table | None
    not_drawn: str

    @property
    def meanings(self) -> dict[str, str]:
        """What each word of a verdict means."""
        return MEANINGS


def claim_section(verdicts: Verdicts | None) -> ClaimSection | None:
    """The section of the claims; None where no claim was asked."""
    if verdicts is None:
        return None
    tested = tested_claims(verdicts)
    chosen = supported_first(verdicts, tested)[:MOST_DRAWN]
    left = len(tested) - len(chosen)
    return ClaimSection(
        verdicts.sentence,
        verdicts.limits,
        overview(verdicts),
        tuple(claim_tables(verdicts, claim) for claim in tested),
        {anchor_of(claim.id): claim_drawings(verdicts, claim) for claim in chosen},
        untestable(verdicts),
        stand_ins(verdicts),
        f"Figures of {counted(left, 'further claim')} are not drawn." if left else "",
    )


def claim_cites(section: ClaimSection | None) -> list[str]:
    """The references of the published findings that the section shows."""
    if section is None:
        return []
    return [row.cite for one in section.claims for row in one.claim.evidence]
