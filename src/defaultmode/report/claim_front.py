"""What became of every claim, in a sentence and a line each: the first thing that a reader sees."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from defaultmode.claims import Claim
from defaultmode.claims.claim import PARTS
from defaultmode.report.nouns import Verdicts
from defaultmode.report.verdict_tables import anchor_of, effect_cell, place_of, records
from defaultmode.report.verdicts import (
    DIFFERS,
    UNTESTED,
    claims_lost,
    why_untested,
    word_of,
    words_of,
)
from defaultmode.report.writing import counted

SAID = {
    "supported": "support {}",
    "contradicted": "contradict {}",
    "negligible": "{} too small to matter",
    "pipeline-dependent": "{} dependent on the denoising preset",
    DIFFERS: "{} different between atlases",
    "inconclusive": "{} inconclusive",
    "not testable": "{} cannot be tested here",
}
FOUND = ("negligible", "pipeline-dependent", DIFFERS, "inconclusive")
MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One claim: its verdict in each atlas (empty name where there is one), and its effect.

    link : to its card; effect : of the first preset that decides, in words
    """

    title: str
    link: str
    words: tuple[tuple[str, str], ...]
    effect: str


@dataclass(frozen=True, slots=True)
class Part:
    """The claims of one part of the account, in its order."""

    name: str
    lines: tuple[Line, ...]


def said_first(verdicts: Verdicts) -> tuple[str, ...]:
    """How many claims came out how, and why the others cannot be tested."""
    if not verdicts.claims:
        return ()
    counts = Counter(word_of(verdicts, claim.id) for claim in verdicts.claims)
    said = {word: SAID[word].format(n) for word, n in counts.items()}
    found = _together([said[word] for word in FOUND if word in said])
    verbs = [said[word] for word in ("supported", "contradicted") if word in said]
    told = _together([*verbs, *([f"find {found}"] if found else [])])
    clauses = [f"these data {told}"] if told else []
    clauses += [said[UNTESTED]] if UNTESTED in said else []
    first = f"Of {counted(len(verdicts.claims), 'claim')}, {'; '.join(clauses)}."
    return (first, *_reasons(verdicts))


def _together(items: Sequence[str]) -> str:
    """Items as a sentence lists them: a, b and c."""
    return " and ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def _reasons(verdicts: Verdicts) -> tuple[str, ...]:
    """The commonest reasons why claims cannot be tested."""
    lost = claims_lost(verdicts)
    reasons = Counter(why_untested(verdicts, claim) for claim in lost)
    common = reasons.most_common(MOST_REASONS)
    said = "; ".join(f"{reason} ({counted(n, 'claim')})" for reason, n in common)
    rest = len(lost) - sum(n for _, n in common)
    others = f"; other reasons ({counted(rest, 'claim')})" if rest else ""
    return (f"Why not here: {said}{others}.",) if lost else ()


def parts(verdicts: Verdicts) -> tuple[Part, ...]:
    """Every claim that has a verdict as a line, by part of the account."""
    lost = {claim.id for claim in claims_lost(verdicts)}
    found = []
    for name in PARTS:
        claims = [c for c in verdicts.claims if c.part == name and c.id not in lost]
        if claims:
            found.append(Part(name, tuple(_line(verdicts, claim) for claim in claims)))
    return tuple(found)


def _line(verdicts: Verdicts, claim: Claim) -> Line:
    rows = records(verdicts.table[verdicts.table["claim"] == claim.id])
    decides = verdicts.deciding.get(claim.id, ())
    first = next((row for row in rows if row["denoise"] in decides), rows[0])
    effect = effect_cell(first).text
    return Line(
        f"{claim.id} {claim.title}",
        f"#{anchor_of(claim.id)}",
        words_of(verdicts, claim.id),
        f"{effect}, {place_of(first)}" if effect else "",
    )
