"""The verdicts of the claims, as the page shows them: in words first, then number by number."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from defaultmode.claims import Claim, Test, sign
from defaultmode.report.nouns import Verdicts
from defaultmode.report.verdict_tables import (
    Row,
    anchor_of,
    effect_cell,
    evidence_table,
    place_of,
    pooled_table,
    presets_table,
    records,
    size_cell,
    verdict_cell,
)
from defaultmode.report.writing import Cell, Table, counted, figure, shown_p, word

PUBLISHED, OWN = "published", "your study"
COMMON = ("pooled, common effect", "pooled, common effect, with your study")
POOLED = ("pooled", "pooled with your study", *COMMON)
UNTESTED = "not testable"
DIFFERS = "differs between atlases"
NONE_DECIDES = "no preset that could decide was measured, such as one that keeps the global signal"
MEANINGS = {
    "supported": (
        "The 95 % interval excludes no effect on the side that the claim states, or on either side "
        "where it states a change, p < .05."
    ),
    "contradicted": "The same on the other side.",
    "negligible": (
        "The 90 % interval lies inside the smallest effect of interest: whatever is there is too "
        "small to matter."
    ),
    "pipeline-dependent": "The denoising presets disagree: the choice of preset decides.",
    DIFFERS: "The atlases in which it could be tested came to different verdicts.",
    "inconclusive": "The interval includes no effect, and effects that would matter.",
    "not testable": "The study has not what the claim is about; the reason is given.",
}


@dataclass(frozen=True, slots=True, eq=False)
class ClaimTables:
    """One claim that the study could test: the words over all presets, and its tables."""

    claim: Claim
    words: tuple[tuple[str, str], ...]  # (atlas or "", word)
    reason: str
    presets: Table
    evidence: Table
    pooled: Table | None

    @property
    def anchor(self) -> str:
        """Where on the page it stands."""
        return anchor_of(self.claim.id)

    @property
    def tests(self) -> list[str]:
        """Every test in a sentence, with what was fixed for it beforehand."""
        return [
            f"{test.name}: {test.sentence} Smallest effect ±{test.smallest:g} "
            f"({test.why_smallest}); prior: {_prior(test)}."
            for test in self.claim.tests
        ]


def _prior(test: Test) -> str:
    if sign(test) == 0:
        return f"normal of scale {test.prior_sd:g}"
    return f"half-normal of scale {test.prior_sd:g}"


def claims_tested(verdicts: Verdicts) -> list[Claim]:
    """The claims of which at least one test gave an effect under the claim's own treatment."""
    found = own_specifications(verdicts)
    tested = set(found.loc[found["estimate"].notna(), "claim"])
    return [claim for claim in verdicts.claims if claim.id in tested]


def claims_lost(verdicts: Verdicts) -> list[Claim]:
    """The claims that the study cannot decide, in any atlas."""
    return [c for c in verdicts.claims if word_of(verdicts, c.id) == UNTESTED]


def stand_in_claims(verdicts: Verdicts) -> list[Claim]:
    """The other claims, whose questions were put to another treatment than theirs."""
    table = verdicts.specifications
    found = set(table.loc[(table["treatment"] != "") & table["estimate"].notna(), "claim"])
    tested = claims_tested(verdicts)
    return [claim for claim in verdicts.claims if claim.id in found and claim not in tested]


def own_specifications(verdicts: Verdicts) -> pd.DataFrame:
    """The specifications without those of another treatment in place of the claim's."""
    table = verdicts.specifications
    return table[table["treatment"] == ""]


def words_of(verdicts: Verdicts, claim: str) -> tuple[tuple[str, str], ...]:
    """The verdict over presets in each atlas, as (atlas, word); one empty name where it is one."""
    rows = verdicts.table[verdicts.table["claim"] == claim].drop_duplicates("atlas")
    found = list(zip(rows["atlas"], rows["verdict_over_presets"], strict=True))
    return tuple((str(a) if len(found) > 1 else "", str(w)) for a, w in found)


def word_of(verdicts: Verdicts, claim: str) -> str:
    """The one word of a claim over presets and atlases."""
    return over_atlases(word for _, word in words_of(verdicts, claim))


def over_atlases(words: Iterable[str]) -> str:
    """The word on which the atlases that could test a claim agree, or `DIFFERS`."""
    found = set(words) - {UNTESTED}
    return DIFFERS if len(found) > 1 else next(iter(found), UNTESTED)


def overview(verdicts: Verdicts) -> Table | None:
    """Claims by presets: one word each, and what it becomes after correction."""
    chosen = [claim.id for claim in claims_tested(verdicts)]
    table = verdicts.table[verdicts.table["claim"].isin(chosen)]
    presets = list(dict.fromkeys(table["denoise"]))
    several = table["atlas"].nunique() > 1
    rows = []
    for (claim, atlas), part in table.groupby(["claim", "atlas"], sort=False):
        first = records(part)[0]
        name = Cell(f"{claim} {first['title']}", link=f"#{anchor_of(str(claim))}")
        by_preset = {row["denoise"]: row for row in records(part)}
        decides = verdicts.deciding.get(str(claim), presets)
        words = [_word(by_preset.get(p), decides=p in decides) for p in presets]
        where = [word(atlas)] if several else []
        rows.append((name, *where, *words, verdict_cell(first["verdict_over_presets"])))
    head = ("Claim", *(["Atlas"] if several else []), *presets, "Over presets")
    return Table("verdicts", "Verdicts by denoising preset", head, tuple(rows)) if rows else None


def _word(row: Row | None, *, decides: bool) -> Cell:
    if row is None:
        return word("")
    said = str(row["verdict"])
    if said == UNTESTED:
        said += " as a whole"
    elif row["verdict_corrected"] != said:
        said += f"; {row['verdict_corrected']} after correction"
    if not decides:
        said += " (does not decide)"
    return verdict_cell(row["verdict"], said)


def claim_tables(verdicts: Verdicts, claim: Claim) -> ClaimTables:
    """What the page says of one claim."""
    rows = verdicts.table[verdicts.table["claim"] == claim.id]
    decides = verdicts.deciding.get(claim.id, list(rows["denoise"]))
    first = rows[rows["denoise"].isin(decides)] if rows["denoise"].isin(decides).any() else rows
    said = records(verdicts.evidence[verdicts.evidence["claim"] == claim.id])
    return ClaimTables(
        claim,
        words_of(verdicts, claim.id),
        _reason(records(first)),
        presets_table(claim, records(rows), decides),
        evidence_table(claim, [row for row in said if row["source"] == PUBLISHED]),
        pooled_table(claim, [row for row in said if row["source"] in POOLED]),
    )


def _reason(rows: Sequence[Row]) -> str:
    """Why the claim has its verdict: that of the first preset, or which of them disagree."""
    over = over_atlases(str(row["verdict_over_presets"]) for row in rows)
    if over in (DIFFERS, "pipeline-dependent"):
        return "; ".join(f"{place_of(row)}: {row['verdict']}" for row in rows)
    return str(rows[0]["reason"])


def untestable(verdicts: Verdicts) -> Table | None:
    """Claims that the study cannot decide, those with the same reason together."""
    tested = {claim.id for claim in claims_tested(verdicts)}
    lost = claims_lost(verdicts)
    reasons = {claim.id: why_untested(verdicts, claim) for claim in lost}
    common = Counter(reasons.values())
    lost.sort(key=lambda claim: (-common[reasons[claim.id]], reasons[claim.id], claim.order))
    rows = [
        (
            word(reasons[claim.id]),
            Cell(
                f"{claim.id} {claim.title}",
                link=f"#{anchor_of(claim.id)}" if claim.id in tested else "",
            ),
            word(claim.needs),
        )
        for claim in lost
    ]
    head = ("Why not here", "Claim", "What a study would need")
    said = f"{counted(len(rows), 'claim')} that this study cannot test, and what they would need"
    return Table("untestable", said, head, tuple(rows)) if rows else None


def why_untested(verdicts: Verdicts, claim: Claim) -> str:
    """Why the test that decides cannot be run, in the first preset."""
    row = _of(verdicts.table, claim).iloc[0]
    if row["verdict"] != UNTESTED:
        return NONE_DECIDES
    found = _of(own_specifications(verdicts), claim)
    same = found[found["test"] == row["test"]]
    return str(same["reason"].iloc[0] if len(same) else row["reason"])


def stand_ins(verdicts: Verdicts) -> Table | None:
    """Effects of another treatment, in the questions of claims about a treatment not given here."""
    table = verdicts.specifications
    rows = records(table[(table["treatment"] != "") & table["estimate"].notna()])
    tests = {(c.id, t.name): t for c in verdicts.claims for t in c.tests}
    cells = []
    for row in rows:
        test = tests[str(row["claim"]), str(row["test"])]
        cells.append(
            (
                word(f"not {row['claim']}"),
                word(row["treatment"]),
                word(row["test"]),
                word(place_of(row)),
                word(row["adjustment"]),
                effect_cell(row),
                size_cell(row),
                figure(row["p"], shown_p(row["p"])),
                word(f"{test.treatment}: {test.direction}"),
            )
        )
    head = (
        "Not the claim", "Treatment here", "Test", "Preset", "Adjusted for",
        "Effect with 95 % interval", "n", "p", "The claim says",
    )  # fmt: skip
    caption = "Another treatment in place of the claim's own: this decides nothing"
    return Table("stand-ins", caption, head, tuple(cells)) if rows else None


def _of(table: pd.DataFrame, claim: Claim) -> pd.DataFrame:
    return table[table["claim"] == claim.id]
