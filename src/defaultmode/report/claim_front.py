"""What became of every claim, in a sentence and a line each: the first thing that a reader sees."""

from collections import Counter
from dataclasses import dataclass

from defaultmode.claims import WORDS, Claim
from defaultmode.claims.claim import PARTS
from defaultmode.report.nouns import Verdicts
from defaultmode.report.verdict_tables import anchor_of, effect_cell, place_of, records
from defaultmode.report.verdicts import UNTESTED, claims_tested, why_untested, words_of
from defaultmode.report.writing import counted

SAID = {
    "supported": "supported by these data",
    "contradicted": "contradicted by them",
    "negligible": "too small to matter",
    "pipeline-dependent": "dependent on the denoising preset",
    "inconclusive": "inconclusive",
    "not testable": "not testable here",
}
MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One claim: its verdict in each atlas (empty name where there is one), and its effect.

    link : to its card, "" where it has none; effect : of the first preset that decides, in words
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
    counts = Counter(_word(verdicts, claim) for claim in verdicts.claims)
    known = [(counts[word], SAID[word]) for word in WORDS if counts[word]]
    n, first = known[0]
    verb = "is" if n == 1 else "are"
    said = [f"{n} of {counted(len(verdicts.claims), 'claim')} {verb} {first}"]
    said += [f"{n} {'is' if n == 1 else 'are'} {word}" for n, word in known[1:]]
    return (", ".join(said) + ".", *_reasons(verdicts))


def _reasons(verdicts: Verdicts) -> tuple[str, ...]:
    """The commonest reasons why claims cannot be tested."""
    lost = [claim for claim in verdicts.claims if _word(verdicts, claim) == UNTESTED]
    reasons = Counter(why_untested(verdicts, claim) for claim in lost)
    common = reasons.most_common(MOST_REASONS)
    said = "; ".join(f"{reason} ({counted(n, 'claim')})" for reason, n in common)
    rest = len(lost) - sum(n for _, n in common)
    others = f"; other reasons ({counted(rest, 'claim')})" if rest else ""
    return (f"Why not here: {said}{others}.",) if lost else ()


def _word(verdicts: Verdicts, claim: Claim) -> str:
    """One word over atlases: what says most."""
    return min((w for _, w in words_of(verdicts, claim.id)), key=list(SAID).index)


def parts(verdicts: Verdicts) -> tuple[Part, ...]:
    """Every claim as a line, by part of the account."""
    tested = {claim.id for claim in claims_tested(verdicts)}
    found = []
    for name in PARTS:
        claims = [claim for claim in verdicts.claims if claim.part == name]
        lines = tuple(_line(verdicts, claim, tested=claim.id in tested) for claim in claims)
        if lines:
            found.append(Part(name, lines))
    return tuple(found)


def _line(verdicts: Verdicts, claim: Claim, *, tested: bool) -> Line:
    rows = records(verdicts.table[verdicts.table["claim"] == claim.id])
    decides = verdicts.deciding.get(claim.id, ())
    first = next((row for row in rows if row["denoise"] in decides), rows[0])
    effect = effect_cell(first).text
    return Line(
        f"{claim.id} {claim.title}",
        f"#{anchor_of(claim.id)}" if tested else "#untestable",
        words_of(verdicts, claim.id),
        f"{effect}, {place_of(first)}" if tested and effect else "",
    )
