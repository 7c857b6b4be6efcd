"""What was published on a claim, as the account shows it: how much on each side, and every row."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite

from markupsafe import Markup

from defaultmode.claims import Claim, Evidence
from defaultmode.core.missing import Missing
from defaultmode.figures import Finding, Target, evidence_forest, lean_svg
from defaultmode.report.references import reference
from defaultmode.report.writing import shown, shown_count

SIDES = {
    "for": "speak for it",
    "against": "speak against it",
    "null": "show no effect",
    "mixed": "say both, or neither",
}
WORDS = {
    "unopposed": "groups speak for it, none against, none show no effect",
    "more for": "more groups speak for it than speak against it or show no effect",
    "divided": "as many speak for it as speak against it or show no effect",
    "more against": "more groups speak against it or show no effect than speak for it",
    "unsupported": "groups speak against it or show no effect, none for it",
    "open": "none on any side: what there is says both, or neither",
}
AGAINST = ("more against", "unsupported")
FEWEST_DRAWN = 2  # numbers of one statistic, below which a figure compares nothing


@dataclass(frozen=True, slots=True)
class Balance:
    """How many groups of people gave findings of each stance; a group counts once for each."""

    counts: tuple[int, int, int, int]

    @property
    def word(self) -> str:
        """One of `WORDS`."""
        supporting, against, null, _ = self.counts
        other = against + null
        if not supporting:
            return "unsupported" if other else "open"
        if not other:
            return "unopposed"
        if supporting == other:
            return "divided"
        return "more for" if supporting > other else "more against"

    @property
    def marks(self) -> list[str]:
        """One stance for each group, in the order of `SIDES`."""
        return [s for s, n in zip(SIDES, self.counts, strict=True) for _ in range(n)]

    @property
    def words(self) -> str:
        """The counts in words."""
        said = [f"{n} {s}" for s, n in zip(SIDES, self.counts, strict=True) if n]
        return ", ".join(said) or "none"


@dataclass(frozen=True, slots=True)
class Forest:
    """The numbers of a claim as a figure, its alt text inside the picture."""

    picture: Markup
    caption: str


def balance(claims: Iterable[Claim], *, read: bool = False) -> Balance:
    """The findings on claims by stance, each group of people once for each stance.

    read : only findings that were read in their source
    """
    rows = [row for claim in claims for row in claim.evidence]
    groups = {(row.stance, row.cohort_id) for row in rows if row.verified or not read}
    found = Counter(stance for stance, _ in groups)
    return Balance((found["for"], found["against"], found["null"], found["mixed"]))


def in_order(claim: Claim) -> list[Evidence]:
    """The findings on a claim, by stance."""
    return sorted(claim.evidence, key=lambda row: [*SIDES].index(row.stance))


def number_of(row: Evidence) -> str:
    """The effect with its 95 % interval, empty where no number was published."""
    if not isfinite(row.value):
        return ""
    name = "" if row.statistic == "other" else f"{row.statistic} "
    between = (
        f" ({shown(row.ci_low, 2)} to {shown(row.ci_high, 2)})" if isfinite(row.ci_low) else ""
    )
    return f"{name}{shown(row.value, 2)}{between}"


def people_of(row: Evidence) -> str:
    """How many people it rests on, empty where that is not known."""
    if not row.n:
        return ""
    return f"n = {shown_count(row.n)}" + (f" and {row.n_reference}" if row.n_reference else "")


def forest_of(claim: Claim) -> Forest | None:
    """Findings that give one and the same statistic; None for fewer than two."""
    known = [row for row in in_order(claim) if isfinite(row.value) and row.statistic != "other"]
    counted = Counter(row.statistic for row in known).most_common(1)
    if not counted or counted[0][1] < FEWEST_DRAWN:
        return None
    statistic, test = counted[0][0], claim.tests[0]
    drawn = [_finding(row) for row in known if row.statistic == statistic]
    null = test.null if statistic == "AUC" else 0.0
    figure = evidence_forest(drawn, Target(statistic, test.smallest, test.direction, null))
    said = "; ".join(f"{f.label}: {f.words}" for f in drawn)
    label = f"Forest plot of {claim.id}, {statistic}. {said}."
    return Forest(
        Markup(lean_svg(figure, label=label)),
        f"The {len(drawn)} findings that give a {statistic}. Yellow: too small to matter. Arrow: "
        "what the claim says. A star: not read in its source. Last: the test it speaks to, if any.",
    )


def _finding(row: Evidence) -> Finding:
    missing = Missing("no interval was published")
    between = (row.ci_low, row.ci_high) if isfinite(row.ci_low) else missing
    star = "" if row.verified else " *"
    words = ", ".join(part for part in (number_of(row), people_of(row)) if part)
    about = f"; {row.test}" if row.test else ""
    label = f"{reference(row.cite).short}{star}"
    return Finding("Published", label, words + about, row.value, between, stance=row.stance)
